"""The responses of the routes of photos and faces."""

from __future__ import annotations

import pytest

from curation.domain.faces.ids import photo_id
from tests.service import PHOTOS, ServiceClient, write_photo_scores
from tests.unit.api.http.test_errors import problem


class TestPhotos:
    def paths(self, client: ServiceClient, query: str = "") -> list[str]:
        response = client.get(f"/photos{query}")
        assert response.status_code == 200, response.text
        return [photo["image_path"] for photo in response.json()["photos"]]

    def test_before_scoring(self, clustered: ServiceClient) -> None:
        assert "POST /score" in problem(clustered.get("/photos"), 409, "not_scored")["detail"]

    def test_rows_are_parsed(self, scored: ServiceClient) -> None:
        page = scored.get("/photos?limit=1").json()
        assert (page["total"], page["limit"], page["offset"]) == (4, 1, 0)
        assert page["photos"] == [
            {
                "photo_id": photo_id("a.jpg"),
                "rank": 1,
                "image_path": "a.jpg",
                "final_score": 0.9,
                "results_string": "",
                "people": ["Anna", "person 1"],
                "main_count": 1,
                "important_count": 0,
                "other_count": 1,
                "unknown_count": 0,
                "eyes_score": None,
                "smile_score": None,
                "focus_score": None,
                "exposure_score": None,
                "people_score": None,
                "picture_score": None,
                "well_shown_count": 0,
                "vetoes": [],
                "problems": [],
                "error": "",
                "burst_id": None,
                "best_of_burst": True,
                "burst_size": 1,
                "pick": None,
                "rating": None,
                "file_rating": None,
                "file_pick": None,
                "file_people": [],
                "file_label": "",
                "picture_url": f"/photos/{photo_id('a.jpg')}/picture",
            }
        ]

    def test_filters(self, scored: ServiceClient) -> None:
        assert self.paths(scored) == ["a.jpg", "b.jpg", "d.jpg", "c d.jpg"]
        assert self.paths(scored, "?min_score=0.8") == ["a.jpg", "d.jpg"]
        assert self.paths(scored, "?max_score=0.8") == ["b.jpg", "d.jpg"]
        assert self.paths(scored, "?vetoed=true") == ["d.jpg"]
        assert self.paths(scored, "?vetoed=false&limit=1&offset=1") == ["b.jpg"]
        assert self.paths(scored, "?category=other") == ["a.jpg"]
        assert self.paths(scored, "?category=important") == []

    def test_bursts(self, scored: ServiceClient) -> None:
        of_burst = [{"burst_id": 1, "best_of_burst": best} for best in ("true", "FALSE")]
        photos = [{**photo, **more} for photo, more in zip(PHOTOS[:2], of_burst, strict=True)]
        write_photo_scores(scored.settings.io.output_dir, [*photos, *PHOTOS[2:]])
        assert [photo["burst_id"] for photo in scored.get("/photos").json()["photos"]] == [1, 1, None, None]
        assert self.paths(scored, "?best_of_burst=true") == ["a.jpg", "d.jpg", "c d.jpg"]
        assert self.paths(scored, "?best_of_burst=false") == ["b.jpg"]

    def test_by_person(self, scored: ServiceClient) -> None:
        assert self.paths(scored, "?person=1") == ["a.jpg", "c d.jpg"]
        assert self.paths(scored, "?person=person 1") == ["a.jpg", "c d.jpg"]
        problem(scored.get("/photos?person=Anna"), 404, "person_not_found")
        scored.put("/labels", json={"0": {"name": "Anna", "category": "main"}})
        assert self.paths(scored, "?person=anna&min_score=0.7") == ["a.jpg", "d.jpg"]
        same = {"name": "Anna", "category": "main"}
        scored.put("/labels", json={"0": same, "1": same})
        assert len(self.paths(scored, "?person=ANNA")) == 4
        assert "Anna" in problem(scored.get("/photos?person=Tom"), 404, "person_not_found")["detail"]

    def test_new_scores_are_seen(self, scored: ServiceClient) -> None:
        assert len(self.paths(scored)) == 4
        write_photo_scores(scored.settings.io.output_dir, PHOTOS[:2])
        assert len(self.paths(scored)) == 2

    @pytest.mark.parametrize(
        ("old", "new"), [("rank", "place"), ("0.9", "good"), ("0.9", "1.9"), ("1,a.jpg", "0,a.jpg")]
    )
    def test_scores_that_were_spoilt(self, scored: ServiceClient, old: str, new: str) -> None:
        path = scored.settings.io.output_dir / "photo_scores.csv"
        path.write_text(path.read_text().replace(old, new))
        problem(scored.get("/photos"), 409, "face_data_invalid")

    def test_several_people(self, scored: ServiceClient) -> None:
        assert self.paths(scored, "?person=0&person=1") == ["a.jpg"]
        assert self.paths(scored, "?people_any=0&people_any=1") == ["a.jpg", "b.jpg", "d.jpg", "c d.jpg"]
        assert self.paths(scored, "?people_any=1") == ["a.jpg", "c d.jpg"]
        assert self.paths(scored, "?person=0&people_any=1") == ["a.jpg"]
        problem(scored.get("/photos?people_any=0&people_any=Tom"), 404, "person_not_found")
        many = "&".join(["person=0"] * 51)
        problem(scored.get(f"/photos?{many}"), 422, "request_invalid")

    def test_by_problem(self, scored: ServiceClient) -> None:
        assert self.paths(scored, "?problem=BLINKS") == ["d.jpg"]
        assert self.paths(scored, "?problem=cut off") == ["c d.jpg"]
        assert self.paths(scored, "?problem=nothing like it") == []

    def test_one_burst(self, scored: ServiceClient) -> None:
        in_burst = [{**PHOTOS[0], "burst_id": 3}, {**PHOTOS[1], "burst_id": 3, "best_of_burst": "false"}]
        write_photo_scores(scored.settings.io.output_dir, [*in_burst, *PHOTOS[2:]])
        assert self.paths(scored, "?burst_id=3") == ["a.jpg", "b.jpg"]
        assert self.paths(scored, "?burst_id=4") == []
        assert [photo["burst_size"] for photo in scored.get("/photos").json()["photos"]] == [2, 2, 1, 1]

    def test_by_what_the_user_said(self, scored: ServiceClient) -> None:
        scored.put(f"/picks/{photo_id('d.jpg')}", json={"pick": "picked", "rating": 4})
        scored.put(f"/picks/{photo_id('a.jpg')}", json={"pick": "rejected"})
        scored.put(f"/picks/{photo_id('b.jpg')}", json={"rating": 2})
        assert self.paths(scored, "?pick=picked") == ["d.jpg"]
        assert self.paths(scored, "?pick=rejected") == ["a.jpg"]
        assert self.paths(scored, "?pick=none") == ["b.jpg", "c d.jpg"]
        assert self.paths(scored, "?rating=4") == ["d.jpg"]
        assert self.paths(scored, "?min_rating=2") == ["d.jpg", "b.jpg"]
        picked = scored.get("/photos?pick=picked").json()["photos"][0]
        assert (picked["pick"], picked["rating"], picked["rank"]) == ("picked", 4, 1)
        problem(scored.get("/photos?rating=6"), 422, "request_invalid")
