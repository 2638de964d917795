"""Both stages where photos and outputs lie in object storage: a real S3 server, painted photos, faults and kills."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from PIL import Image

from curation import workflow
from curation.bootstrap import build
from curation.domain.choosing.export import ExportRequest
from curation.errors import BusyError, ObjectStorageUnavailableError
from curation.settings import Settings, load_settings
from curation.storage.working_copy.opening import working_copy_of
from curation.workflow import event_listing
from tests.fake_workflow import FakeEvent
from tests.film_event import FilmEvent, event_track
from tests.object_event import ObjectEvent, painted
from tests.s3_server import FaultyProxy, S3Server, s3_address, s3_process, s3_proxy, s3_server

__all__ = ["s3_address", "s3_process", "s3_proxy", "s3_server"]

RECORDS = {"clustering_run.json", "scoring_run.json", "video_run.json"}
PROJECT = Path(__file__).parents[2]


def pixels(pictures: Iterable[Path]) -> set[bytes]:
    return {Image.open(path).tobytes() for path in pictures}


@pytest.fixture
def folder_event(tmp_path: Path) -> FakeEvent:
    return FakeEvent(tmp_path / "folders")


@pytest.fixture
def machine(tmp_path: Path, s3_server: S3Server, folder_event: FakeEvent) -> ObjectEvent:
    photos = painted(folder_event)
    s3_server.put({f"in/{name}": content for name, content in photos.items()})
    s3_server.put(
        {"in/Thumbs.db": b"x", "in/notes.txt": b"x", "in/sub/": b"", "in/empty.jpg": b"", "in/a/../odd.jpg": b"x"}
    )
    for name, content in (("empty.jpg", b""), ("Thumbs.db", b"x")):
        (folder_event.photos / name).write_bytes(content)
    return ObjectEvent(tmp_path / "machine", s3_server.address)


def _there(server: S3Server) -> dict[str, bytes]:
    """All outputs in the bucket but the run records."""
    found = {key.removeprefix("out/"): content for key, content in server.content().items() if key.startswith("out/")}
    return {key: content for key, content in found.items() if key not in RECORDS and not key.startswith(".curation/")}


def test_outputs_are_the_same_as_on_folders_and_a_second_run_analyses_nothing(
    machine: ObjectEvent, folder_event: FakeEvent, s3_server: S3Server
) -> None:
    s3_server.client().delete_object(Bucket=s3_server.bucket, Key="in/a/../odd.jpg")
    before = {key: content for key, content in s3_server.content().items() if key.startswith("in/")}
    report = machine.cluster()
    folder_event.cluster()
    assert [failure.image_path for failure in report.failures] == ["empty.jpg"]
    machine.score()
    folder_event.score()
    assert _there(s3_server) == folder_event.snapshot() == machine.outputs()
    assert {key: content for key, content in s3_server.content().items() if key.startswith("in/")} == before
    record = json.loads(s3_server.content()["out/clustering_run.json"])
    assert record["input_dir"] == record["settings"]["io"]["input_dir"] == f"{s3_server.address}/in"
    analysed = machine.engine.analysed
    # Only the empty file is tried again; a photo that was replaced is analysed anew.
    assert machine.cluster().reused == 5
    assert machine.score().reused == 5
    assert machine.engine.analysed == analysed
    s3_server.put({"in/e.png": folder_event.add("e.png", 2, seed=9).read_bytes()})
    assert machine.cluster().reused == 4
    folder_event.cluster()
    machine.score()
    folder_event.score()
    assert _there(s3_server) == folder_event.snapshot()


def test_a_photo_under_an_odd_key_is_a_row_like_others(machine: ObjectEvent) -> None:
    report = machine.cluster()
    assert [failure.image_path for failure in report.failures] == ["a/%2E%2E/odd.jpg", "empty.jpg"]
    assert report.analysed + report.failed == report.total == 7


def test_a_photo_that_vanishes_after_the_listing_is_a_failed_photo(
    machine: ObjectEvent, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = machine.workflow()

    def listed(settings: Settings, **options: bool) -> object:
        listing = event_listing(settings, **options)
        s3_server.client().delete_object(Bucket=s3_server.bucket, Key="in/c.png")
        return listing

    monkeypatch.setattr(workflow, "event_listing", listed)
    report = select.run_clustering()
    reasons = {failure.image_path: failure.reason for failure in report.failures}
    assert "gone" in reasons["c.png"]


def test_labels_and_exports_of_another_machine(
    machine: ObjectEvent, tmp_path: Path, s3_server: S3Server, folder_event: FakeEvent
) -> None:
    machine.cluster()
    other = ObjectEvent(tmp_path / "other", s3_server.address)
    copy = working_copy_of(other.settings())
    assert copy is not None
    copy.pull()
    other.label({"0": {"name": "Anna", "category": "main"}})
    copy.push_words()
    assert machine.score().labelled_clusters == 1
    copy.pull()
    assert other.outputs() == machine.outputs()
    (folder_event.photos / "a.png").with_suffix(".xmp").write_text("")
    report = other.workflow({"io": {"export_dir": tmp_path / "exports"}}).run_export(ExportRequest(best=2))
    assert (report.exported, report.failed) == (2, 0)
    copies = list(Path(report.path).rglob("*.png"))
    assert copies and pixels(copies) <= pixels(folder_event.photos.rglob("*.png"))


def test_clips_beside_the_photos(machine: ObjectEvent, tmp_path: Path, s3_server: S3Server) -> None:
    s3_server.client().delete_object(Bucket=s3_server.bucket, Key="in/a/../odd.jpg")
    folders = FilmEvent(tmp_path / "clips")
    painted(folders)
    (folders.photos / "empty.jpg").touch()
    for event in (folders, machine):
        clip = event.clip("day 2/dance.mp4", [event_track(0, 6, 0)])
    s3_server.put({"in/day 2/dance.mp4": clip.read_bytes()})
    for event in (folders, machine):
        event.cluster()
        assert event.look().analysed == 1
        event.score()
    assert _there(s3_server) == {
        name: content for name, content in folders.snapshot().items() if name != "video_run.json"
    }
    assert "videos.csv" in _there(s3_server)


def test_faults_of_the_storage_change_nothing(
    machine: ObjectEvent, folder_event: FakeEvent, s3_server: S3Server, s3_proxy: FaultyProxy
) -> None:
    s3_proxy.add("status", path="list-type", times=2)
    s3_proxy.add("status", path=r"/in/", method="GET", times=3)
    s3_proxy.add("truncate", path=r"/in/", method="GET", times=3)
    s3_proxy.add("drop", path=r"/out/", method="PUT", times=3)
    s3_proxy.add("lost", path=r"/out/", method="PUT", times=2)
    machine.cluster()
    machine.score()
    folder_event.cluster()
    folder_event.score()
    there = _there(s3_server)
    assert {key: there[key] for key in folder_event.snapshot()} == there
    assert there["face_data.csv"] == machine.snapshot()["face_data.csv"]


def test_storage_that_is_away_for_a_while_in_mid_run(
    machine: ObjectEvent, folder_event: FakeEvent, s3_server: S3Server, s3_proxy: FaultyProxy
) -> None:
    back = threading.Timer(3.0, s3_proxy.clear)

    def away(progress: object) -> None:
        if not back.is_alive() and s3_proxy.requests and not back.finished.is_set():
            s3_proxy.add("drop")
            back.start()

    workflow = machine.workflow()
    workflow.run_clustering(progress=away)
    back.join()
    assert workflow.run_scoring().scored == 5
    folder_event.cluster()
    folder_event.score()
    assert machine.outputs()["photo_scores.csv"] == _there(s3_server)["photo_scores.csv"]


def test_storage_that_stays_away_costs_no_work(
    machine: ObjectEvent, s3_server: S3Server, s3_proxy: FaultyProxy
) -> None:
    short = {"io": {"object_timeout_s": 1}}
    s3_proxy.add("drop", path=r"/out/(?!\.curation/lock)", method="PUT")
    with pytest.raises(ObjectStorageUnavailableError) as caught:
        machine.workflow(short).run_clustering()
    assert caught.value.exit_code == 5
    assert "face_data.csv" in machine.outputs()
    assert not _there(s3_server)
    s3_proxy.clear()
    analysed = machine.engine.analysed
    machine.score()  # pushes what the clustering could not push, too
    assert machine.engine.analysed == analysed
    assert _there(s3_server) == machine.outputs()
    s3_proxy.add("drop")
    with pytest.raises(ObjectStorageUnavailableError):
        machine.workflow(short).run_scoring()


def test_one_run_at_a_time_on_all_machines(machine: ObjectEvent, tmp_path: Path, s3_server: S3Server) -> None:
    other = ObjectEvent(tmp_path / "other", s3_server.address)
    refused: list[str] = []

    def meanwhile(progress: object) -> None:
        if not refused:
            with pytest.raises(BusyError) as caught:
                other.cluster()
            refused.append(str(caught.value))

    machine.workflow().run_clustering(progress=meanwhile)
    assert "clustering by" in refused[0]
    other.cluster()


def test_kills_leave_the_old_outputs_or_the_new_ones(
    machine: ObjectEvent, tmp_path: Path, s3_server: S3Server, folder_event: FakeEvent
) -> None:
    s3_server.client().delete_object(Bucket=s3_server.bucket, Key="in/a/../odd.jpg")
    machine.cluster()
    machine.score()
    folder_event.cluster()
    folder_event.score()
    reader = ObjectEvent(tmp_path / "reader", s3_server.address)
    copy = working_copy_of(reader.settings())
    assert copy is not None
    copy.pull()
    states = [reader.outputs()]
    s3_server.put({f"in/{name}": content for name, content in painted(folder_event, 1).items()})
    folder_event.cluster()
    folder_event.score()
    chance = random.Random(7)
    for number in range(2):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.object_event", str(tmp_path / "machine"), s3_server.address],
            cwd=PROJECT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.9))
        process.kill()
        process.wait()
        process.stdout.close()
        try:
            copy.pull()
        except BusyError:
            continue  # a push was killed, and its lock counts for a minute yet
        seen = reader.outputs()
        clustered = seen["face_data.csv"] == folder_event.snapshot()["face_data.csv"]
        assert seen == states[0] or clustered, number
    # The same machine goes on at once: it need not wait for its own lock.
    machine.cluster()
    machine.score()
    copy.pull()
    assert reader.outputs() == _there(s3_server) == folder_event.snapshot()


def test_real_photos_with_real_weights(tmp_path: Path, s3_server: S3Server, test_data: Path) -> None:
    weights = test_data / "weights/deepface_home/.deepface/weights"
    photos = sorted((test_data / "photos/groups").rglob("*.jpg"), key=lambda path: (path.stat().st_size, path.name))
    if not (weights / "retinaface.onnx").is_file() or len(photos) < 35:
        pytest.skip(f"no weights or photos of groups in {test_data}")
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, path in enumerate(photos[20:35]):
        (folder / f"{number:02d}.jpg").write_bytes(path.read_bytes())
    s3_server.put({f"in/{path.name}": path.read_bytes() for path in folder.iterdir()})

    def run(name: str, photos: str, output: str) -> None:
        io = {"input_dir": photos, "output_dir": output, "state_dir": tmp_path / name, "models_dir": weights.resolve()}
        engine = {"name": "retinaface-arcface", "download": False}
        given: dict[str, dict[str, object]] = {"io": {**io}, "engine": {**engine}, "performance": {"workers": 1}}
        workflow = build(load_settings(None, default_root=tmp_path, overrides=given))
        assert workflow.run_clustering().analysed == 15
        assert workflow.run_scoring().scored == 15

    run("state 1", str(folder), str(tmp_path / "out"))
    run("state 2", f"{s3_server.address}/in", f"{s3_server.address}/out")
    here = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*")}
    outputs = {name: path.read_bytes() for name, path in here.items() if path.is_file() and name not in RECORDS}
    for lock in (".curation.lock", ".curation-new.lock"):
        del outputs[lock]
    assert _there(s3_server) == outputs
