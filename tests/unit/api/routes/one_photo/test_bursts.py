"""The people of a photo's burst over HTTP."""

from __future__ import annotations

from curation.domain.faces.ids import photo_id
from tests.service import ServiceClient, write_photo_scores
from tests.unit.api.http.test_errors import problem

A, B, D = photo_id("a.jpg"), photo_id("b.jpg"), photo_id("d.jpg")


def test_each_person_in_each_photo(clustered: ServiceClient) -> None:
    write_photo_scores(
        clustered.settings.io.output_dir,
        [
            {"image_path": "b.jpg", "final_score": 0.8, "burst_id": 1, "best_of_burst": "false", "burst_rank": 2},
            {"image_path": "a.jpg", "final_score": 0.7, "burst_id": 1, "burst_rank": 1},
            {"image_path": "d.jpg", "final_score": 0.6},
        ],
    )
    assert clustered.put("/labels", json={"0": {"name": "Anna", "category": "main"}}).status_code == 200
    burst = clustered.get(f"/photos/{B}/burst").json()
    assert burst == clustered.get(f"/photos/{A}/burst").json()
    assert (burst["burst_id"], [one["photo_id"] for one in burst["photos"]]) == (1, [A, B])
    anna, other = burst["people"]
    assert (anna["person"], anna["category"], anna["counts"]) == ("Anna", "main", True)
    assert [face["face_id"] for face in anna["faces"]] == [f"{A}-0", f"{B}-0"]
    assert (other["person"], other["counts"]) == ("person 1", False)
    assert [face["face_id"] for face in other["faces"]] == [f"{A}-1", None]
    assert (other["best_photo_id"], other["faces"][1]["picture_url"]) == (A, None)
    assert burst["best_photo_id"] in (A, B)
    assert sum(face["is_best"] for face in anna["faces"]) == 1
    assert burst["summary"] == ""  # nothing was measured


def test_a_photo_outside_of_bursts_is_alone(scored: ServiceClient) -> None:
    burst = scored.get(f"/photos/{D}/burst").json()
    assert (burst["burst_id"], [one["photo_id"] for one in burst["photos"]]) == (None, [D])


def test_a_photo_that_is_not_there(scored: ServiceClient) -> None:
    problem(scored.get("/photos/0123456789abcdef/burst"), 404, "photo_not_found")
