"""Films over HTTP: handed in, found, named, played in parts, exported, deleted."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from curation.domain.faces.ids import photo_id
from curation.domain.film.clip import ClipFacts, ClipStatus
from curation.settings import load_settings
from curation.storage.video.exports import EXPORT_FORMATS
from tests.fake_films import FakeEventFilm, FakeEventFilms, FakeFilms, film, poster_picture, two_characters
from tests.service import FACES, ServiceClient, make_settings, service, write_face_data
from tests.unit.api.http.test_errors import problem

WAIT_S = 20.0
UNKNOWN = "0" * 32


@pytest.fixture
def fake() -> FakeFilms:
    return FakeFilms()


@pytest.fixture
def client(tmp_path: Path, fake: FakeFilms) -> Iterator[ServiceClient]:
    with service(make_settings(tmp_path), open_videos=fake.open) as client:
        yield client
        fake.release.set()


def hand_in(client: ServiceClient, content: bytes = film(), **more: Any) -> dict[str, Any]:
    response = client.post("/videos", files={"film": ("trailer.mp4", content), **more})
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


def video(client: ServiceClient, video_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/videos/{video_id}").json()
    return answer


def looked_at(client: ServiceClient, content: bytes = film(), **more: Any) -> str:
    video_id: str = hand_in(client, content, **more)["video"]["video_id"]
    deadline_s = time.monotonic() + WAIT_S
    while video(client, video_id)["state"] in ("waiting", "working"):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return video_id


def patch(client: ServiceClient, video_id: str, cluster: int, body: object, etag: str | None = None) -> httpx.Response:
    headers = {} if etag is None else {"if-match": etag}
    return client.request("PATCH", f"/videos/{video_id}/people/{cluster}", json=body, headers=headers)


class TestHandingIn:
    def test_a_film_and_its_job(self, client: ServiceClient, fake: FakeFilms) -> None:
        answer = hand_in(client, film("slow"))
        video_id = answer["video"]["video_id"]
        assert (answer["video"]["name"], answer["video"]["source"]) == ("trailer.mp4", "upload")
        assert answer["job"]["request"] == {"video_id": video_id, "what": "look", "poster_id": ""}
        waiting = hand_in(client, film("ok", 2))
        assert (waiting["job"], waiting["video"]["state"]) == (None, "waiting")
        assert fake.began.wait(WAIT_S)
        assert video(client, video_id)["state"] == "working"
        assert problem(client.get(f"/videos/{video_id}/people"), 409, "video_not_ready")
        assert client.request("DELETE", f"/jobs/{answer['job']['id']}").status_code == 202
        deadline_s = time.monotonic() + WAIT_S
        while video(client, video_id)["state"] != "stopped":
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        fake.release.set()
        assert client.post(f"/videos/{video_id}/retry").status_code == 202
        page = client.get("/videos").json()
        assert page["total"] == 2
        assert client.get("/videos?limit=1&offset=1").json()["videos"][0]["video_id"] == video_id

    def test_what_is_found(self, client: ServiceClient) -> None:
        video_id = looked_at(client, film("partial"))
        found = video(client, video_id)
        assert (found["state"], found["people"], found["shots"], found["tracks"]) == ("partial", 2, 2, 3)
        assert found["message"] == "the film breaks off at 00:07"
        assert (found["duration_s"], found["end_s"], found["plays_in_browsers"]) == (10.0, 10.0, True)
        assert [face["cluster_id"] for face in found["faces"]] == [0, 1]
        assert client.get("/videos?state=partial").json()["total"] == 1
        assert client.get("/videos?state=done").json()["total"] == 0
        assert client.get("/videos?source=event").json()["total"] == 0

    def test_bodies_that_cannot_be_used(self, client: ServiceClient) -> None:
        problem(client.post("/videos", content=b"film"), 415, "media_type_not_supported")
        problem(client.post("/videos", files={"poster": ("p.jpg", poster_picture())}), 422, "request_invalid")
        form = {"content-type": "multipart/form-data; boundary=x"}
        problem(client.post("/videos", content=b"--x\r\nbroken", headers=form), 400, "bad_request")
        problem(client.post("/videos", files={"film": ("a.mp4", film("broken"))}), 422, "clip_unreadable")
        problem(
            client.post("/videos", files={"film": ("a.mp4", film()), "poster": ("p.jpg", b"no picture")}),
            422,
            "photo_unreadable",
        )
        incoming = client.settings.video.dir / "incoming"
        assert list(incoming.iterdir()) == []

    def test_names_that_clients_send_lead_nowhere(self, client: ServiceClient) -> None:
        files = {"film": ("../../etc/x\\..\\\u202epass\x00wd.mp4", film())}
        name = client.post("/videos", files=files).json()["video"]["name"]
        assert "/" not in name
        assert "\\" not in name
        assert name.isprintable()

    def test_addresses(self, client: ServiceClient) -> None:
        asked = {"trailer": "https://example.org/film.mp4"}
        problem(client.post("/videos", json=asked), 422, "address_refused")
        for wrong in ({}, {"trailer": "/etc/passwd"}, {"trailer": "file:///etc/passwd"}, {**asked, "more": 1}):
            problem(client.post("/videos", json=wrong), 422, "request_invalid")
        allowed = {"trailer": "https://allowed.example/film.mp4", "poster": "https://allowed.example/poster.jpg"}
        answer = client.post("/videos", json=allowed).json()
        assert (answer["video"]["name"], answer["video"]["posters"]) == ("film.mp4", 1)

    def test_too_large(self, tmp_path: Path, fake: FakeFilms) -> None:
        overrides: dict[str, dict[str, Any]] = {
            "io": {"state_dir": tmp_path / "state"},
            "video": {"max_video_mb": 0.01},
            "service": {"upload_photo_mb": 0.1},
        }
        settings = load_settings(None, default_root=tmp_path, overrides=overrides)
        with service(settings, open_videos=fake.open) as small:
            large = film() + bytes(11_000)
            problem(small.post("/videos", files={"film": ("a.mp4", large)}), 413, "too_large")
            problem(small.post("/videos", files={"film": ("a.mp4", large + bytes(200_000))}), 413, "too_large")

    def test_a_full_disk_is_told_before_the_film_is_sent(
        self, client: ServiceClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = shutil.disk_usage("/")._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        detail = problem(client.post("/videos", files={"film": ("a.mp4", film())}), 507, "storage")["detail"]
        assert "video.dir" in detail

    def test_without_the_extra(self, empty: ServiceClient) -> None:
        for url in ("", f"/{UNKNOWN}", f"/{UNKNOWN}/people", f"/{UNKNOWN}/file", f"/{UNKNOWN}/exports/vtt"):
            assert "curation[video]" in problem(empty.get(f"/videos{url}"), 409, "videos_off")["detail"]
        problem(empty.post("/videos", files={"film": ("a.mp4", film())}), 409, "videos_off")


def test_unknown(client: ServiceClient) -> None:
    for url in (
        "",
        "/people",
        "/tracks",
        "/file",
        "/annotated",
        "/cover.jpg",
        "/faces/0.jpg",
        "/exports/vtt",
        "/posters",
    ):
        problem(client.get(f"/videos/{UNKNOWN}{url}"), 404, "video_not_found")
    for url in ("/retry", "/annotate"):
        problem(client.post(f"/videos/{UNKNOWN}{url}"), 404, "video_not_found")
    problem(client.request("DELETE", f"/videos/{UNKNOWN}"), 404, "video_not_found")
    video_id = looked_at(client)
    problem(client.get(f"/videos/{video_id}/faces/99.jpg"), 404, "character_not_found")
    problem(client.get(f"/videos/{video_id}/posters/{'0' * 16}"), 404, "poster_not_found")
    problem(client.get(f"/videos/{video_id}/annotated"), 404, "video_file_not_found")
    for url in ("..%2F..%2Fetc", "x", f"{UNKNOWN}0"):
        assert client.get(f"/videos/{url}").status_code in (404, 422)


class TestCharacters:
    def test_who_when_and_where(self, client: ServiceClient) -> None:
        video_id = looked_at(client)
        people = client.get(f"/videos/{video_id}/people").json()["people"]
        assert [(one["cluster_id"], one["screen_time_s"]) for one in people] == [(0, 10.0), (1, 3.6)]
        assert people[1]["appearances"] == [{"start_s": 5.4, "end_s": 9.0}]
        assert "ethnicity" not in json.dumps(people)
        tracks = client.get(f"/videos/{video_id}/tracks").json()
        assert [track["cluster_id"] for track in tracks["tracks"]] == [0, 0, 1]
        assert tracks["tracks"][0]["boxes"][0] == {"time_s": 0.0, "x": 500, "y": 200, "w": 160, "h": 200}
        part = client.get(f"/videos/{video_id}/tracks?from_s=5.2&to_s=5.3").json()["tracks"]
        assert [track["track"] for track in part] == [1]
        for url in ("faces/0.jpg", "faces/0.jpg?best=1", "faces/1.jpg?best=9", "cover.jpg", "cover.jpg?time_s=3"):
            picture = client.get(f"/videos/{video_id}/{url}")
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
            known = {"if-none-match": picture.headers["etag"]}
            assert client.get(f"/videos/{video_id}/{url}", headers=known).status_code == 304

    def test_names_of_the_film(self, client: ServiceClient) -> None:
        video_id = looked_at(client)
        first = client.get(f"/videos/{video_id}/people")
        named = patch(client, video_id, 1, {"name": "  Zoë   Smith "}, first.headers["etag"])
        assert (named.json()["name"], named.json()["category"], named.json()["of_event"]) == ("Zoë Smith", None, False)
        problem(patch(client, video_id, 0, {"name": "Anna"}, first.headers["etag"]), 412, "labels_changed")
        assert patch(client, video_id, 1, {"category": "main"}, named.headers["etag"]).json()["name"] == "Zoë Smith"
        assert client.get("/videos?person=ZOË smith").json()["total"] == 1
        assert client.get("/videos?person=Anna").json()["total"] == 0
        assert client.get("/videos").json()["videos"][0]["faces"][1]["name"] == "Zoë Smith"
        assert b"Zo\xc3\xab Smith" in client.get(f"/videos/{video_id}/exports/vtt").content
        assert patch(client, video_id, 1, {"name": None, "category": None}).json()["display_name"] == "person 1"
        for wrong in ({}, {"name": "x" * 81}, {"category": "mian"}, {"name": "\x07"}, {"name": "   "}):
            assert patch(client, video_id, 1, wrong).status_code == 422
        problem(patch(client, video_id, 7, {"name": "Anna"}), 404, "character_not_found")

    def test_people_of_the_event_are_named_in_its_labels(self, tmp_path: Path) -> None:
        fake = FakeFilms(joined=frozenset({1}))
        settings = make_settings(tmp_path)
        write_face_data(settings.io.output_dir, FACES)
        with service(settings, open_videos=fake.open) as client:
            video_id = looked_at(client)
            first = client.get(f"/videos/{video_id}/people")
            assert [one["of_event"] for one in first.json()["people"]] == [False, True]
            named = patch(client, video_id, 1, {"name": "Anna", "category": "main"}, first.headers["etag"])
            assert (named.json()["name"], named.json()["of_event"]) == ("Anna", True)
            assert client.get("/people/1").json()["name"] == "Anna"
            assert client.post("/undo").status_code == 200
            assert client.get(f"/videos/{video_id}/people").json()["people"][1]["name"] is None
            client.put("/labels", json={"1": {"name": "Ben", "category": "main"}})
            stale = patch(client, video_id, 1, {"name": "Carl"}, first.headers["etag"])
            assert stale.status_code == 412
            assert client.get("/videos?person=Ben").json()["total"] == 1
            assert patch(client, video_id, 0, {"name": "Dora"}).json()["of_event"] is False
            assert json.loads((settings.io.output_dir / "cluster_labels.json").read_text()).keys() == {"1"}


class TestClipsOfTheEvent:
    @pytest.fixture
    def clip(self, tmp_path: Path) -> Path:
        settings = make_settings(tmp_path)
        path = settings.io.input_dir / "day 1" / "clip.mp4"
        path.parent.mkdir(parents=True)
        path.write_bytes(film())
        return path

    def test_they_are_listed_beside_the_others(self, tmp_path: Path, fake: FakeFilms, clip: Path) -> None:
        result = two_characters()
        named = replace(result, people=(replace(result.people[0], name="Anna"), *result.people[1:]))
        gone = FakeEventFilm("gone.mp4", clip.with_name("gone.mp4"), None, ClipStatus.FAILED, "it is damaged")
        fake.event = FakeEventFilms((FakeEventFilm("day 1/clip.mp4", clip, named), gone))
        settings = make_settings(tmp_path)
        write_face_data(settings.io.output_dir, FACES)
        with service(settings, open_videos=fake.open) as client:
            looked_at(client)
            assert client.get("/videos").json()["total"] == 3
            found = {one["name"]: one for one in client.get("/videos?source=event").json()["videos"]}
            clip_id = photo_id("day 1/clip.mp4")
            assert found["day 1/clip.mp4"]["video_id"] == clip_id
            assert (found["gone.mp4"]["state"], found["gone.mp4"]["message"]) == ("failed", "it is damaged")
            assert [one["name"] for one in client.get("/videos?person=Anna").json()["videos"]] == ["day 1/clip.mp4"]
            assert client.get(f"/videos/{clip_id}/file").content == film()
            assert client.get(f"/videos/{clip_id}/people").json()["people"][0]["of_event"]
            problem(client.request("DELETE", f"/videos/{clip_id}"), 409, "video_of_event")
            problem(client.post(f"/videos/{clip_id}/retry"), 409, "video_of_event")
            problem(client.get(f"/videos/{photo_id('gone.mp4')}/people"), 409, "video_not_ready")
            answer = client.post(f"/videos/{clip_id}/posters", files={"poster": ("p.jpg", poster_picture())})
            assert answer.status_code == 202
            assert client.post(f"/videos/{clip_id}/annotate").status_code == 202
            deadline_s = time.monotonic() + WAIT_S
            while client.get(f"/videos/{clip_id}/annotated").status_code != 200:
                assert time.monotonic() < deadline_s
                time.sleep(0.01)
            assert client.get(f"/videos/{clip_id}/posters").json()["posters"][0]["faces"][0]["name"] == "Anna"
            assert client.get("/videos?source=event").json()["total"] == 2


class TestFiles:
    def test_the_film_in_parts(self, client: ServiceClient) -> None:
        video_id = looked_at(client)
        whole = client.get(f"/videos/{video_id}/file")
        assert (whole.content, whole.headers["content-type"]) == (film(), "video/mp4")
        part = client.get(f"/videos/{video_id}/file", headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        problem(client.get(f"/videos/{video_id}/file", headers={"range": "bytes=999-"}), 416, "range_not_satisfiable")
        head = client.request("HEAD", f"/videos/{video_id}/file")
        assert (head.status_code, head.content, head.headers["accept-ranges"]) == (200, b"", "bytes")
        saved = client.get(f"/videos/{video_id}/file?download=true")
        assert saved.headers["content-disposition"] == 'attachment; filename="trailer.mp4"'
        (client.settings.video.dir / video_id / "original").unlink()
        problem(client.get(f"/videos/{video_id}/file"), 404, "video_file_not_found")
        problem(client.get(f"/videos/{video_id}/cover.jpg"), 404, "video_file_not_found")

    def test_a_film_that_browsers_do_not_play(self, client: ServiceClient, fake: FakeFilms) -> None:
        fake.facts = ClipFacts(Fraction(10), 1280, 720, codec="hevc")
        told = two_characters()
        facts = replace(told.film.facts, codec="hevc")
        fake.result = replace(told, film=replace(told.film, facts=facts))
        video_id = looked_at(client)
        assert video(client, video_id)["plays_in_browsers"] is False
        assert client.post(f"/videos/{video_id}/annotate").json()["video"]["annotated"]["state"] in (
            "waiting",
            "working",
        )

    @pytest.mark.parametrize("name", [*sorted(EXPORT_FORMATS), "vtt", "csv"])
    def test_exports(self, client: ServiceClient, name: str) -> None:
        video_id = looked_at(client)
        export = client.get(f"/videos/{video_id}/exports/{name}")
        assert export.status_code == 200, export.text
        assert export.content
        assert export.headers["content-disposition"].startswith('attachment; filename="trailer ')
        problem(client.get(f"/videos/{video_id}/exports/exe"), 422, "request_invalid")


class TestPosters:
    def test_a_poster(self, client: ServiceClient) -> None:
        answer = hand_in(client, poster=("poster.jpg", poster_picture()))
        video_id, poster_id = answer["video"]["video_id"], answer["poster_id"]
        deadline_s = time.monotonic() + WAIT_S
        while client.get(f"/videos/{video_id}/posters/{poster_id}").json()["task"]["state"] != "done":
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        patch(client, video_id, 0, {"name": "Anna"})
        poster = client.get(f"/videos/{video_id}/posters").json()["posters"][0]
        assert (poster["width"], poster["height"], poster["unmatched"]) == (300, 450, 1)
        assert [(face["status"], face["name"]) for face in poster["faces"]] == [
            ("matched", "Anna"),
            ("unmatched", None),
        ]
        for url in ("picture", "annotated.jpg"):
            picture = client.get(f"/videos/{video_id}/posters/{poster_id}/{url}")
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert client.request("DELETE", f"/videos/{video_id}/posters/{poster_id}").status_code == 204
        assert client.get(f"/videos/{video_id}/posters").json()["posters"] == []

    def test_what_is_no_poster(self, client: ServiceClient) -> None:
        video_id = looked_at(client)
        url = f"/videos/{video_id}/posters"
        problem(client.post(url, files={"poster": ("p.jpg", b"no picture")}), 422, "photo_unreadable")
        problem(client.post(url, json={}), 415, "media_type_not_supported")
        problem(
            client.post(url, files={}, headers={"content-type": "multipart/form-data; boundary=x"}), 400, "bad_request"
        )


def test_delete(client: ServiceClient, fake: FakeFilms) -> None:
    video_id = looked_at(client)
    assert client.request("DELETE", f"/videos/{video_id}").status_code == 204
    problem(client.get(f"/videos/{video_id}"), 404, "video_not_found")
    assert not (client.settings.video.dir / video_id).exists()
    assert len(fake.forgotten) == 1


def test_another_site_may_not_hand_in(client: ServiceClient) -> None:
    response = client.post(
        "/videos", files={"film": ("a.mp4", film())}, headers={"origin": "https://elsewhere.example"}
    )
    problem(response, 403, "origin_not_allowed")
