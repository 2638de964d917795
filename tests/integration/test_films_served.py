"""Films in the service: made ones that are really opened, and a real one with real weights from upload to delete."""

from __future__ import annotations

import io
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curation.api.http.video.desk import VideoDesk
from curation.event.catalog import Catalog
from curation.event.people.edits import PeopleEdits
from curation.jobs.video.building import build_films
from curation.settings import Settings, load_settings
from curation.storage.video.segment_store import STORE_NAME
from tests.fake_films import FakeFilms
from tests.film_files import cut_off, shot, write_film, write_sound
from tests.service import ServiceClient, make_settings, service

pytest.importorskip("av")

WAIT_S = 300.0
_FILM = "photos/videos/hamilton/short_hamilton_clip.mp4"
_POSTER = "photos/videos/hamilton/lin-manuel-miranda.png"


def hand_in(client: ServiceClient, path: Path) -> dict[str, Any]:
    response = client.post("/videos", files={"film": (path.name, path.read_bytes())})
    answer: dict[str, Any] = {"status": response.status_code, **response.json()}
    return answer


def looked_at(client: ServiceClient, video_id: str) -> dict[str, Any]:
    deadline_s = time.monotonic() + WAIT_S
    while (video := client.get(f"/videos/{video_id}").json())["state"] in ("waiting", "working"):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    found: dict[str, Any] = video
    return found


def test_films_are_opened_before_they_are_taken(tmp_path: Path) -> None:
    def open_videos(settings: Settings, catalog: Catalog, labels: PeopleEdits) -> VideoDesk:
        jobs, films = build_films(settings, catalog, labels)
        jobs._make_work = FakeFilms().work  # the files are real, the faces are not
        return VideoDesk(jobs, films)

    good = write_film(tmp_path / "good.mp4", list(shot(1, 25)), fps=25)
    webm = write_film(tmp_path / "good.webm", list(shot(2, 10)), fps=10)
    odd = write_film(tmp_path / "old.avi", list(shot(3, 10)), fps=10)
    sound = write_sound(tmp_path / "sound.m4a")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\n{good}\n#EXT-X-ENDLIST\n")
    half = cut_off(good, tmp_path / "half.mp4", share=0.05)
    settings = make_settings(tmp_path / "event")
    with service(settings, open_videos=open_videos) as client:
        answers = {path.name: hand_in(client, path) for path in (good, webm, odd, sound, playlist, half)}
        told = {name: (answer["status"], answer.get("code")) for name, answer in answers.items()}
        assert told["good.mp4"] == told["good.webm"] == told["old.avi"] == (202, None)
        assert told["sound.m4a"] == told["list.m3u8"] == told["half.mp4"] == (422, "clip_unreadable")
        kinds = {
            name: (answer["video"]["media_type"], answer["video"]["plays_in_browsers"])
            for name, answer in answers.items()
            if "video" in answer
        }
        assert kinds == {
            "good.mp4": ("video/mp4", True),
            "good.webm": ("video/webm", True),
            "old.avi": ("video/x-msvideo", False),
        }
        assert client.get("/videos").json()["total"] == 3
        address = client.post("/videos", json={"trailer": "http://127.0.0.1:9/film.mp4"})
        assert (address.status_code, address.json()["code"]) == (422, "address_refused")
        video_id = answers["good.mp4"]["video"]["video_id"]
        looked_at(client, video_id)
        cover = client.get(f"/videos/{video_id}/cover.jpg")
        with Image.open(io.BytesIO(cover.content)) as picture:
            assert picture.size == (160, 90)
        kept = settings.video.dir / video_id / "film_pictures"
        assert len(list(kept.iterdir())) == 1
        part = client.get(f"/videos/{video_id}/file", headers={"range": "bytes=0-99"})
        assert part.content == good.read_bytes()[:100]
        assert client.request("DELETE", f"/videos/{video_id}").status_code == 204
        assert not kept.exists()


def test_a_real_film_from_upload_to_delete(test_data: Path, tmp_path: Path) -> None:
    weights = test_data / "weights/deepface_home/.deepface/weights"
    film, poster = test_data / _FILM, test_data / _POSTER
    if not (weights / "retinaface.onnx").is_file() or not film.is_file():
        pytest.skip(f"no weights or no clip in {test_data}")
    settings = load_settings(
        None,
        default_root=tmp_path,
        overrides={
            "io": {"models_dir": weights.resolve(), "state_dir": tmp_path / "state"},
            "engine": {"name": "retinaface-arcface", "download": False},
            "video": {"num_cpu": 1},
        },
    )

    def open_videos(settings: Settings, catalog: Catalog, labels: PeopleEdits) -> VideoDesk:
        return VideoDesk(*build_films(settings, catalog, labels))

    with service(settings, open_videos=open_videos) as client:
        files = {
            "film": ("clip.mp4", film.read_bytes()),
            "poster": ("poster.png", poster.read_bytes()),
        }
        answer = client.post("/videos", files=files).json()
        video_id = answer["video"]["video_id"]
        found = looked_at(client, video_id)
        assert (found["state"], found["plays_in_browsers"]) == ("done", True)
        people = client.get(f"/videos/{video_id}/people").json()["people"]
        assert people
        assert all(one["appearances"][-1]["end_s"] <= found["end_s"] for one in people)
        first = people[0]["cluster_id"]
        client.request("PATCH", f"/videos/{video_id}/people/{first}", json={"name": "Anna"})
        face = client.get(f"/videos/{video_id}/faces/{first}.jpg")
        assert face.headers["content-type"] == "image/jpeg"
        deadline_s = time.monotonic() + WAIT_S
        while (told := client.get(f"/videos/{video_id}/posters").json()["posters"][0])["task"]["state"] != "done":
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        assert told["faces"]

        # Looking again takes what was kept, and everybody keeps the id and the name.
        client.post(f"/videos/{video_id}/retry")
        looked_at(client, video_id)
        again = client.get(f"/videos/{video_id}/people").json()["people"]
        assert [(one["cluster_id"], one["name"]) for one in again] == [
            (one["cluster_id"], "Anna" if one["cluster_id"] == first else None) for one in people
        ]
        assert client.request("DELETE", f"/videos/{video_id}").status_code == 204
    with closing(sqlite3.connect(settings.io.state_dir / STORE_NAME)) as connection:
        for table in ("films", "facts", "segments"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
