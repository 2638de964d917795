"""Picking photos over HTTP, and the effect on the ranking and the table."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

import pytest

from curation.domain.faces.ids import photo_id
from curation.event import ranked_photos
from tests.service import FACES, PHOTOS, ServiceClient, make_settings, service, write_face_data, write_photo_scores
from tests.unit.api.http.test_errors import problem

A, B, CUT_OFF, D = map(photo_id, ("a.jpg", "b.jpg", "c d.jpg", "d.jpg"))


@pytest.fixture(autouse=True)
def quiet_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """No table is written unless a test does it."""
    monkeypatch.setattr(ranked_photos, "WRITE_AFTER_S", 3600.0)


def ranks(client: ServiceClient) -> list[str]:
    return [photo["image_path"] for photo in client.get("/photos").json()["photos"]]


def kept(client: ServiceClient) -> dict[str, Any]:
    text = (client.settings.io.output_dir / "picks.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["photos"])


def table(client: ServiceClient) -> list[tuple[str, str, str]]:
    with (client.settings.io.output_dir / "photo_scores.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(row["image_path"], row["pick"], row["rating"]) for row in csv.DictReader(file)]


def test_a_pick_wins_over_the_score_at_once(scored: ServiceClient) -> None:
    assert ranks(scored) == ["a.jpg", "b.jpg", "d.jpg", "c d.jpg"]
    answer = scored.put(f"/picks/{D}", json={"pick": "picked", "rating": 4}).json()
    assert answer == {
        "photo_id": D,
        "image_path": "d.jpg",
        "pick": "picked",
        "rating": 4,
        "before": {"pick": None, "rating": None},
    }
    scored.put(f"/picks/{A}", json={"pick": "rejected"})
    assert ranks(scored) == ["d.jpg", "b.jpg", "a.jpg", "c d.jpg"]
    assert kept(scored) == {"a.jpg": {"pick": "rejected"}, "d.jpg": {"pick": "picked", "rating": 4}}
    assert scored.get(f"/picks/{D}").json()["rating"] == 4
    assert scored.get(f"/picks/{B}").json()["pick"] is None
    undone = scored.put(f"/picks/{D}", json=answer["before"]).json()
    assert undone["before"] == {"pick": "picked", "rating": 4}
    assert ranks(scored) == ["b.jpg", "d.jpg", "a.jpg", "c d.jpg"]
    assert kept(scored) == {"a.jpg": {"pick": "rejected"}}


def test_many_at_once(scored: ServiceClient) -> None:
    scored.put(f"/picks/{A}", json={"pick": "picked", "rating": 2})
    changes = [
        {"photo_id": A, "rating": 5},
        {"photo_id": B, "pick": "rejected"},
        {"photo_id": B, "rating": 1},
        {"photo_id": CUT_OFF, "pick": None},
    ]
    answer = scored.request("PATCH", "/picks", json={"changes": changes}).json()
    assert answer["changed"] == 2
    assert [(p["image_path"], p["pick"], p["rating"], p["before"]) for p in answer["photos"]] == [
        ("a.jpg", "picked", 5, {"pick": "picked", "rating": 2}),
        ("b.jpg", "rejected", 1, {"pick": None, "rating": None}),
        ("c d.jpg", None, None, {"pick": None, "rating": None}),
    ]
    assert kept(scored) == {"a.jpg": {"pick": "picked", "rating": 5}, "b.jpg": {"pick": "rejected", "rating": 1}}
    back = [{"photo_id": p["photo_id"], **p["before"]} for p in answer["photos"]]
    scored.request("PATCH", "/picks", json={"changes": back})
    assert kept(scored) == {"a.jpg": {"pick": "picked", "rating": 2}}


def test_the_list(scored: ServiceClient) -> None:
    for photo, body in ((A, {"rating": 3}), (B, {"pick": "rejected"}), (D, {"pick": "picked", "rating": 1})):
        scored.put(f"/picks/{photo}", json=body)
    page = scored.get("/picks").json()
    assert [p["image_path"] for p in page["picks"]] == ["d.jpg", "a.jpg", "b.jpg"]
    assert (page["total"], page["picked"], page["rejected"], page["rated"]) == (3, 1, 1, 2)
    assert [p["image_path"] for p in scored.get("/picks?pick=rejected").json()["picks"]] == ["b.jpg"]
    assert [p["image_path"] for p in scored.get("/picks?min_rating=2").json()["picks"]] == ["a.jpg"]
    page = scored.get("/picks?limit=1&offset=1").json()
    assert ([p["image_path"] for p in page["picks"]], page["total"], page["picked"]) == (["a.jpg"], 3, 1)


def test_photos_can_be_picked_before_they_are_scored(clustered: ServiceClient) -> None:
    clustered.put(f"/picks/{B}", json={"pick": "picked"})
    assert kept(clustered) == {"b.jpg": {"pick": "picked"}}
    clustered.finished(clustered.post("/score"))
    assert ranks(clustered)[0] == "b.jpg"


def test_the_table_follows(scored: ServiceClient) -> None:
    scored.put(f"/picks/{D}", json={"pick": "picked", "rating": 4})
    assert table(scored)[0] == ("a.jpg", "", "")
    scored.app.state.service.catalog.ranked.flush()
    assert table(scored) == [("d.jpg", "picked", "4"), ("a.jpg", "", ""), ("b.jpg", "", ""), ("c d.jpg", "", "")]
    before = (scored.settings.io.output_dir / "photo_scores.csv").stat().st_mtime_ns
    assert ranks(scored) == ["d.jpg", "a.jpg", "b.jpg", "c d.jpg"]
    scored.app.state.service.catalog.ranked.flush()
    assert (scored.settings.io.output_dir / "photo_scores.csv").stat().st_mtime_ns == before


def test_a_downloaded_table_is_as_the_picks_say(scored: ServiceClient) -> None:
    scored.put(f"/picks/{D}", json={"pick": "picked"})
    lines = scored.get("/downloads/photo_scores.csv").text.splitlines()
    assert lines[1].startswith("1,d.jpg,")


def test_the_table_is_written_when_the_user_pauses(scored: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranked_photos, "WRITE_AFTER_S", 0.0)
    scored.put(f"/picks/{D}", json={"pick": "picked"})
    assert ranks(scored)[0] == "d.jpg"
    deadline_s = time.monotonic() + 20
    while table(scored)[0] != ("d.jpg", "picked", ""):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_the_table_is_written_when_the_service_ends(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with service(settings) as client:
        write_face_data(settings.io.output_dir, FACES)
        write_photo_scores(settings.io.output_dir, PHOTOS)
        client.put(f"/picks/{D}", json={"pick": "picked"})
        assert ranks(client)[0] == "d.jpg"
        assert table(client)[0] == ("a.jpg", "", "")
    assert table(client)[0] == ("d.jpg", "picked", "")


def test_what_somebody_wrote_into_the_file_is_kept(scored: ServiceClient) -> None:
    scored.put(f"/picks/{A}", json={"pick": "picked"})
    path = scored.settings.io.output_dir / "picks.json"
    path.write_text('{"version": 1, "photos": {"b.jpg": {"rating": 5}, "gone.jpg": {"pick": "picked"}}}')
    assert ranks(scored)[0] == "b.jpg"
    scored.put(f"/picks/{D}", json={"rating": 1})
    assert kept(scored) == {"b.jpg": {"rating": 5}, "d.jpg": {"rating": 1}, "gone.jpg": {"pick": "picked"}}
    assert scored.get("/picks").json()["total"] == 3


def test_a_broken_file_is_never_overwritten(scored: ServiceClient) -> None:
    path = scored.settings.io.output_dir / "picks.json"
    path.write_text("{")
    for method, url in (("GET", "/picks"), ("GET", "/photos"), ("PUT", f"/picks/{A}")):
        body = {"json": {"rating": 1}} if method == "PUT" else {}
        assert "not valid JSON" in problem(scored.request(method, url, **body), 409, "picks_invalid")["detail"]
    assert path.read_text() == "{"


@pytest.mark.parametrize(
    "body",
    [{"pick": "maybe"}, {"rating": 0}, {"rating": 6}, {"rating": "x"}, {"stars": 3}, [], None, {"rating": 2.5}],
)
def test_a_wrong_body(scored: ServiceClient, body: Any) -> None:
    problem(scored.put(f"/picks/{A}", json=body), 422, "request_invalid")
    assert not (scored.settings.io.output_dir / "picks.json").exists()


def test_unknown_photos(scored: ServiceClient) -> None:
    problem(scored.put(f"/picks/{'0' * 16}", json={}), 404, "photo_not_found")
    problem(scored.get(f"/picks/{'0' * 16}"), 404, "photo_not_found")
    problem(scored.get("/picks/a.jpg"), 422, "request_invalid")
    changes = [{"photo_id": A, "rating": 5}, {"photo_id": "f" * 16, "rating": 5}]
    problem(scored.request("PATCH", "/picks", json={"changes": changes}), 404, "photo_not_found")
    problem(scored.request("PATCH", "/picks", json={"changes": []}), 422, "request_invalid")
    assert not (scored.settings.io.output_dir / "picks.json").exists()


def test_before_clustering(empty: ServiceClient) -> None:
    problem(empty.put(f"/picks/{A}", json={}), 409, "not_clustered")
    assert empty.get("/picks").json()["total"] == 0


class TestUndo:
    def test_one_request_is_one_change(self, scored: ServiceClient) -> None:
        changes = [{"photo_id": photo, "pick": "rejected"} for photo in (A, D)]
        scored.request("PATCH", "/picks", json={"changes": changes})
        answer = scored.post("/picks/undo").json()
        assert answer["what"] == "2 photos rejected"
        assert [photo["image_path"] for photo in answer["photos"]] == ["a.jpg", "d.jpg"]
        assert answer["photos"][0]["before"] == {"pick": "rejected", "rating": None}
        assert kept(scored) == {}
        assert scored.post("/picks/redo").json()["what"] == "2 photos rejected"
        assert kept(scored) == {"a.jpg": {"pick": "rejected"}, "d.jpg": {"pick": "rejected"}}

    def test_without_a_change_it_says_so(self, scored: ServiceClient) -> None:
        problem(scored.post("/picks/undo"), 409, "nothing_to_undo")
        problem(scored.post("/picks/redo"), 409, "nothing_to_undo")
