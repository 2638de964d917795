"""Photos, faces and their pictures, for an event that was clustered and scored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import anyio
import numpy as np
import pytest
from fastapi import Request
from PIL import Image

from curation.domain.faces.ids import face_id, photo_id
from curation.photos.looks.pictures import PictureSize
from curation.storage.analysis_store import STORE_NAME
from tests.fake_workflow import FakeEvent, fake_event, touch_later
from tests.service import FakeOrchestrator, ServiceClient, service
from tests.unit.api.http.test_errors import problem

A, B, EMPTY = photo_id("day 1/a.png"), photo_id("b.png"), photo_id("empty.png")


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Person 3 in two photos, person 5 in one of them, and a photo without anybody."""
    with fake_event(tmp_path) as event:
        event.add("day 1/a.png", 3, 5)
        event.add("b.png", 3)
        event.add("empty.png")
        event.cluster()
        event.label({"0": {"name": "Anna", "category": "main"}})
        event.score()
        yield event


@pytest.fixture
def client(event: FakeEvent) -> Iterator[ServiceClient]:
    settings = event.settings()
    with service(settings, FakeOrchestrator(settings)) as client:
        yield client


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(jpeg)) as picture:
        assert picture.format == "JPEG"
        return picture.size


class TestPhoto:
    def test_with_faces_people_and_measures(self, client: ServiceClient) -> None:
        photo = client.get(f"/photos/{A}").json()
        assert (photo["photo_id"], photo["image_path"], photo["error"]) == (A, "day 1/a.png", None)
        assert (photo["width"], photo["height"]) == (240, 120)
        assert photo["score"]["photo_id"] == A
        anna, other = photo["faces"]
        assert (anna["face_id"], anna["cluster_id"], anna["person"], anna["category"]) == (
            face_id(A, 0), 0, "Anna", "main",
        )  # fmt: skip
        assert anna["box"] == {"x": 40, "y": 30, "w": 60, "h": 60}
        assert len(anna["landmarks"]) == 5
        assert (other["cluster_id"], other["person"], other["category"]) == (1, "person 1", None)
        # The fake landmark predictor finds nothing, so that focus can be measured, but eyes cannot.
        assert anna["measures"]["eyes"]["value"] is None
        assert anna["measures"]["eyes"]["reason"]
        assert 0 <= anna["measures"]["focus"]["value"] <= 1

    def test_without_faces(self, client: ServiceClient) -> None:
        photo = client.get(f"/photos/{EMPTY}").json()
        assert (photo["faces"], photo["image_path"]) == ([], "empty.png")
        assert photo["score"]["people"] == []

    def test_before_the_scoring_the_size_comes_from_the_file(self, event: FakeEvent, client: ServiceClient) -> None:
        for name in ("photo_scores.csv", "scoring_run.json"):
            (event.output / name).unlink()
        photo = client.get(f"/photos/{A}").json()
        assert (photo["score"], photo["width"], photo["height"]) == (None, 240, 120)
        assert [face["measures"] for face in photo["faces"]] == [None, None]

    def test_measures_of_another_content_are_not_shown(self, event: FakeEvent, client: ServiceClient) -> None:
        event.write("b.png", np.zeros((50, 70, 3), dtype=np.uint8))
        touch_later(event.photos / "b.png")
        photo = client.get(f"/photos/{B}").json()
        assert (photo["width"], photo["height"]) == (70, 50)
        assert photo["faces"][0]["measures"] is None

    def test_a_photo_that_is_gone_or_damaged(self, event: FakeEvent, client: ServiceClient) -> None:
        (event.photos / "b.png").write_bytes(b"nonsense")
        assert client.get(f"/photos/{B}").json()["width"] is None
        (event.photos / "b.png").unlink()
        assert client.get(f"/photos/{B}").json()["width"] is None

    def test_without_the_store(self, event: FakeEvent, client: ServiceClient) -> None:
        (event.settings().io.state_dir / STORE_NAME).rename(event.folder / "moved")
        assert client.get(f"/photos/{A}").json()["width"] == 240
        assert client.get(f"/faces/{face_id(A, 0)}/picture").status_code == 200

    @pytest.mark.parametrize("url", ["/photos/{}", "/photos/{}/picture"])
    def test_unknown(self, client: ServiceClient, url: str) -> None:
        problem(client.get(url.format("0" * 16)), 404, "photo_not_found")
        for wrong in ("0" * 15, "b.png", "..%2Fb.png", "0" * 16 + "%0A"):
            assert client.get(url.format(wrong)).status_code in (404, 422)


class TestPhotoPicture:
    @pytest.mark.parametrize("size", ["thumbnail", "screen", "full"])
    def test_a_jpeg_of_a_photo_in_any_format(self, client: ServiceClient, size: str) -> None:
        response = client.get(f"/photos/{A}/picture?size={size}")
        assert response.headers["content-type"] == "image/jpeg"
        assert size_of(response.content) == (240, 120)

    def test_thumbnails_are_the_default_and_small(self, event: FakeEvent, client: ServiceClient) -> None:
        Image.new("RGB", (1000, 500)).save(event.photos / "b.png")
        assert size_of(client.get(f"/photos/{B}/picture").content) == (320, 160)
        assert size_of(client.get(f"/photos/{B}/picture?size=screen").content) == (1000, 500)
        problem(client.get(f"/photos/{B}/picture?size=huge"), 422, "request_invalid")

    def test_made_once(self, event: FakeEvent, client: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
        first = client.get(f"/photos/{A}/picture")
        kept = (event.settings().io.state_dir / "pictures").rglob("*.jpg")
        assert [path.read_bytes()[:-16] for path in kept] == [first.content]

        def fail(*_: object, **__: object) -> bytes:
            raise AssertionError("it was made again")

        monkeypatch.setattr("curation.event.pictures.photo_picture", fail)
        assert client.get(f"/photos/{A}/picture").content == first.content

    def test_not_sent_again_until_the_photo_changes(self, event: FakeEvent, client: ServiceClient) -> None:
        first = client.get(f"/photos/{A}/picture")
        etag = first.headers["etag"]
        again = client.get(f"/photos/{A}/picture", headers={"if-none-match": f'"x", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert client.get(f"/photos/{A}/picture?size=full").headers["etag"] != etag
        touch_later(event.photos / "day 1" / "a.png")
        after = client.get(f"/photos/{A}/picture", headers={"if-none-match": etag})
        assert (after.status_code, after.headers["etag"] != etag) == (200, True)

    def test_a_photo_that_is_gone(self, event: FakeEvent, client: ServiceClient) -> None:
        (event.photos / "b.png").unlink()
        assert "b.png" in problem(client.get(f"/photos/{B}/picture"), 404, "picture_not_found")["detail"]

    def test_a_photo_that_is_damaged(self, event: FakeEvent, client: ServiceClient) -> None:
        content = (event.photos / "b.png").read_bytes()
        (event.photos / "b.png").write_bytes(content[: len(content) // 2])
        problem(client.get(f"/photos/{B}/picture"), 422, "photo_unreadable")

    def test_nothing_outside_the_folder_of_photos(self, event: FakeEvent, client: ServiceClient) -> None:
        Image.new("RGB", (50, 50)).save(event.folder / "secret.png")
        table = event.output / "face_data.csv"
        table.write_text(table.read_text().replace("b.png", "../secret.png"))
        problem(client.get(f"/photos/{photo_id('../secret.png')}/picture"), 409, "face_data_invalid")
        problem(client.get(f"/photos/{photo_id('../secret.png')}"), 409, "face_data_invalid")
        problem(client.get(f"/faces/{face_id(photo_id('../secret.png'), 0)}/picture"), 409, "face_data_invalid")

    def test_whoever_has_left_gets_nothing_made(self, event: FakeEvent, client: ServiceClient) -> None:
        async def ask() -> int:
            async def receive() -> dict[str, str]:
                return {"type": "http.disconnect"}

            scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
            request = Request(scope, receive)
            response = await client.app.state.service.pictures.photo(request, A, PictureSize.THUMBNAIL)
            return int(response.status_code)

        assert anyio.run(ask) == 499
        assert not (event.settings().io.state_dir / "pictures").exists()


class TestFaces:
    def test_one(self, client: ServiceClient) -> None:
        face = client.get(f"/faces/{face_id(A, 1)}").json()
        assert (face["photo_id"], face["image_path"], face["person"]) == (A, "day 1/a.png", "person 1")
        assert (face["measures"], face["picture_url"]) == (None, f"/faces/{face_id(A, 1)}/picture")

    def test_the_chip_of_the_clustering(self, event: FakeEvent, client: ServiceClient) -> None:
        chip = client.get(f"/faces/{face_id(B, 0)}/picture")
        assert chip.headers["content-type"] == "image/jpeg"
        assert size_of(chip.content) == (102, 102)
        etag = chip.headers["etag"]
        assert client.get(f"/faces/{face_id(B, 0)}/picture", headers={"if-none-match": etag}).status_code == 304
        assert not (event.settings().io.state_dir / "pictures").exists()

    def test_cut_from_the_photo_where_there_is_no_chip(self, event: FakeEvent, client: ServiceClient) -> None:
        touch_later(event.photos / "b.png")
        cut = client.get(f"/faces/{face_id(B, 0)}/picture")
        assert size_of(cut.content) == (102, 102)
        kept = (event.settings().io.state_dir / "pictures").rglob("*.jpg")
        assert [path.read_bytes()[:-16] for path in kept] == [cut.content]

    @pytest.mark.parametrize("url", ["/faces/{}", "/faces/{}/picture"])
    def test_unknown(self, client: ServiceClient, url: str) -> None:
        problem(client.get(url.format(face_id(A, 2))), 404, "face_not_found")
        problem(client.get(url.format("b.png")), 422, "request_invalid")

    def test_before_clustering(self, empty: ServiceClient) -> None:
        for url in (f"/faces/{A}-0", f"/faces/{A}-0/picture", f"/photos/{A}", f"/photos/{A}/picture"):
            problem(empty.get(url), 409, "not_clustered")


class TestFacesOfACluster:
    def test_best_first_in_pages(self, client: ServiceClient) -> None:
        page = client.get("/clusters/0/faces").json()
        assert (page["total"], page["limit"], page["offset"]) == (2, 100, 0)
        assert {face["photo_id"] for face in page["faces"]} == {A, B}
        qualities = [face["quality"] for face in page["faces"]]
        assert qualities == sorted(qualities, reverse=True)
        assert client.get("/clusters/0/faces?limit=1&offset=1").json()["faces"] == page["faces"][1:]

    def test_unknown(self, client: ServiceClient) -> None:
        problem(client.get("/clusters/9/faces"), 404, "cluster_not_found")

    def test_a_thumbnail_that_was_deleted_is_replaced_by_the_best_face(
        self, event: FakeEvent, client: ServiceClient
    ) -> None:
        (event.output / "output_clusters" / "cluster_0.jpg").unlink()
        best = client.get("/clusters/0/faces?limit=1").json()["faces"][0]
        thumbnail = client.get("/clusters/0/thumbnail")
        assert thumbnail.content == client.get(best["picture_url"]).content


def test_photos_that_are_decoded_keep_no_thread_from_the_other_routes(
    event: FakeEvent, client: ServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()
    at_work: list[object] = []

    def slow(path: object, size: object, **_: object) -> bytes:
        at_work.append(size)
        assert may_end.wait(30)
        return b"\xff\xd8\xff\xd9"

    monkeypatch.setattr("curation.event.pictures.photo_picture", slow)
    urls = [f"/photos/{photo}/picture?size={size}" for photo in (A, B, EMPTY) for size in PictureSize]
    with ThreadPoolExecutor(60) as pool:
        try:
            answers = [pool.submit(client.get, url) for url in urls * 6]  # more than the 40 threads of the routes
            assert client.get("/photos").status_code == 200
            assert client.get("/clusters/0").status_code == 200
            assert len(at_work) <= 4
        finally:
            may_end.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert len(at_work) == len(urls)


class TestClustersThatTheUserChanged:
    def test_a_person_that_was_split_off_shows_a_face(self, client: ServiceClient) -> None:
        new = client.post("/corrections", json={"kind": "different_people", "face_ids": [face_id(B, 0)]}).json()
        split = new["cluster_id"]
        assert split not in (None, 0)
        assert client.get(f"/faces/{face_id(B, 0)}").json()["cluster_id"] == split
        assert client.get("/clusters/0").json()["faces"] == 1
        cluster = client.get(f"/clusters/{split}").json()
        assert (cluster["faces"], cluster["sample_urls"]) == (1, [f"/faces/{face_id(B, 0)}/picture"])
        shown = client.get(f"/clusters/{split}/thumbnail")
        assert shown.content == client.get(f"/faces/{face_id(B, 0)}/picture").content
        assert [photo["photo_id"] for photo in client.get(f"/photos?person={split}").json()["photos"]] == [B]
        client.request("DELETE", f"/corrections/{new['id']}")
        assert client.get(f"/clusters/{split}").status_code == 404
        assert client.get("/clusters/0").json()["faces"] == 2

    def test_a_face_that_is_none_is_not_shown_for_its_person(self, client: ServiceClient) -> None:
        best = client.get("/clusters/0/faces?limit=1").json()["faces"][0]["face_id"]
        client.post("/corrections", json={"kind": "not_a_face", "face_ids": [best]})
        (left,) = client.get("/clusters/0/faces").json()["faces"]
        assert left["face_id"] != best
        assert client.get("/clusters/0/thumbnail").content == client.get(left["picture_url"]).content
        assert client.get(f"/faces/{best}").json()["cluster_id"] is None
