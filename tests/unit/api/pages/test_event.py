"""The page Event: what it says about each state of an event, and which step it recommends."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image

from tests.service import ServiceClient

WAIT_S = 20.0
PAGE = "/review/event"


def next_step(html: str) -> str:
    """The title of the step that the page recommends."""
    found = re.findall(r'aria-current="step".*?<h2>(.*?)</h2>', html, re.DOTALL)
    assert len(found) == 1, html
    return str(found[0])


def write_photos(folder: Path, *hours: int) -> None:
    """Small photos that were taken at these hours, whatever their names and files say."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, hour in enumerate(hours):
        exif = Image.Exif()
        taken = datetime(2024, 6, 15) + timedelta(hours=hour)
        exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
        Image.new("RGB", (64, 48), (hour * 10, 90, 90)).save(folder / f"IMG_{number}.jpg", exif=exif)


def test_an_empty_event_begins_with_looking_through_the_photos(empty: ServiceClient) -> None:
    html = empty.get(PAGE).text
    assert next_step(html) == "Look through the photos"
    assert 'data-start="/look-through"' in html
    assert 'id="follow"' not in html


def test_then_people_are_labelled(clustered: ServiceClient) -> None:
    html = clustered.get(PAGE).text
    assert next_step(html) == "Say who matters"
    assert 'href="/review/people"' in html


def test_then_photos_are_ranked(clustered: ServiceClient) -> None:
    labels = clustered.settings.io.output_dir / "cluster_labels.json"
    labels.write_text(json.dumps({"0": "main"}), encoding="utf-8")
    html = clustered.get(PAGE).text
    assert next_step(html) == "Look through the photos"
    assert "The photos are not ranked yet" in html
    assert "1 main" in html


def test_the_last_step_leads_to_choose_picks_and_export(scored: ServiceClient) -> None:
    html = scored.get(PAGE).text
    last = html[html.index("take them home") :]
    assert re.findall(r'href="(/review/[^"]+)"', last)[1:3] == ["/review/photos?pick=picked", "/review/export"]


def test_a_job_at_work_is_shown_with_a_way_to_stop_it(clustered: ServiceClient) -> None:
    clustered.orchestrator.hold = True
    job = clustered.post("/cluster").json()
    assert clustered.orchestrator.began.wait(WAIT_S)
    html = clustered.get(PAGE).text
    assert f'data-job="{job["id"]}"' in html
    assert 'id="job-stop"' in html
    assert 'aria-current="step"' not in html
    assert "what was there before, until this is done" in html


def test_the_first_run_says_what_is_not_there_yet(empty: ServiceClient) -> None:
    empty.orchestrator.hold = True
    empty.post("/cluster")
    assert empty.orchestrator.began.wait(WAIT_S)
    assert "People are here when all photos were looked at" in empty.get(PAGE).text


def test_the_fragment_is_the_page_without_its_frame(clustered: ServiceClient) -> None:
    fragment = clustered.get("/fragments/event").text
    assert "<html" not in fragment
    assert fragment.strip() in clustered.get(PAGE).text


class TestFolder:
    def test_one_that_is_away_is_told_from_an_empty_one(self, clustered: ServiceClient) -> None:
        photos = clustered.settings.io.input_dir
        write_photos(photos, 9)
        assert "is away" not in clustered.get(PAGE).text
        shutil.rmtree(photos)
        # The program's own folder need not exist; this one is somewhere else.
        away = photos.parent / "disk" / "photos"
        settings = clustered.settings.model_copy(
            update={"io": clustered.settings.io.model_copy(update={"input_dir": away})}
        )
        settings._origin = clustered.settings.origin
        object.__setattr__(clustered.app.state.service, "settings", settings)
        html = clustered.get(PAGE).text
        assert "The folder of the photos is away." in html
        assert str(away) in html
        assert "plug the disk in" in html
        assert "What is known of the event is still here." in html
        assert 'id="add-photos"' not in html
        assert re.search(r'id="look-through"[^>]* disabled', html)
        assert clustered.get("/fragments/event/folder").text.strip() == ""

    def test_an_empty_one_says_what_to_do(self, empty: ServiceClient) -> None:
        empty.settings.io.input_dir.mkdir()
        assert "There are no photos in this folder yet" in empty.get("/fragments/event/folder").text


class TestGallery:
    def test_shows_the_photos_by_time_before_anything_was_looked_through(self, empty: ServiceClient) -> None:
        write_photos(empty.settings.io.input_dir, 18, 9, 12)
        html = empty.get("/fragments/event/gallery").text
        assert re.findall(r'alt="([^"]+)"', html) == ["IMG_1.jpg", "IMG_2.jpg", "IMG_0.jpg"]
        address = re.findall(r'src="([^"]+)"', html)[0]
        picture = empty.get(address)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        again = empty.get(address, headers={"if-none-match": picture.headers["etag"]})
        assert again.status_code == 304

    def test_shows_many_page_by_page(self, empty: ServiceClient) -> None:
        folder = empty.settings.io.input_dir
        write_photos(folder, 9)
        for number in range(1, 65):
            shutil.copy(folder / "IMG_0.jpg", folder / f"IMG_{number}.jpg")
        first = empty.get("/fragments/event/gallery").text
        assert "Show more · 60 of 65" in first
        rest = empty.get("/fragments/event/gallery?offset=60").text
        assert rest.count("<img") == 5
        assert "Show more" not in rest

    def test_is_gone_once_there_is_a_ranking(self, scored: ServiceClient) -> None:
        write_photos(scored.settings.io.input_dir, 9)
        assert scored.get("/fragments/event/gallery").text.strip() == ""

    def test_names_no_file_outside_of_the_folder(self, empty: ServiceClient) -> None:
        assert empty.get("/fragments/event/photo/0123456789abcdef").status_code == 404
        assert empty.get("/fragments/event/photo/..%2fconfig").status_code in (404, 422)


class TestEngine:
    def test_the_simpler_one_is_told_with_a_button_that_fetches_the_better_one(self, empty: ServiceClient) -> None:
        html = empty.get("/fragments/event/engine").text
        assert "the simpler engine (dlib)" in html
        assert 'data-start="/engine/weights"' in html
        assert "non-commercial" in html
        assert not list(empty.settings.io.models_dir.glob("*.onnx")), "nothing is fetched unasked"
