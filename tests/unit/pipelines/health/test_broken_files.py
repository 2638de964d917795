"""Runs over broken files: told in the report, the table, the record, and again on later runs, until they are whole."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from typing import Any

import pytest

from curation.domain.files.health import FaultKind, FileFault
from curation.photos.files.listing import Listing, PhotoFile
from curation.photos.finding.raw_pairs import RawPair
from curation.photos.whole import check
from curation.pipelines.health.broken_files import broken_files
from curation.storage.analysis_store import AnalysisStore
from tests.fake_workflow import FakeEvent
from tests.photo_files import write_dng

COLUMNS = ["image_path", "fault", "reason", "still_good", "size_bytes", "capture_time", "twin"]


def table(event: FakeEvent) -> list[dict[str, str]]:
    with (event.output / "file_health.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    return rows


def recorded(event: FakeEvent) -> Any:
    return json.loads((event.output / "clustering_run.json").read_text())


def kinds(event: FakeEvent) -> dict[str, str]:
    return {row["image_path"]: row["fault"] for row in table(event)}


def test_every_kind_of_broken_file_is_told(event: FakeEvent) -> None:
    event.add("whole.png", 0, 1)
    event.photos.joinpath("empty.jpg").touch()
    event.photos.joinpath("zeros.jpg").write_bytes(bytes(5000))
    event.photos.joinpath("begins.jpg").write_bytes(bytes(5000) + b"rest")
    event.photos.joinpath("cut.jpg").write_bytes(b"\xff\xd8\xff no photo")
    event.photos.joinpath("nowhere.jpg").symlink_to("gone.jpg")
    event.photos.joinpath(".cloud.heic.icloud").write_bytes(b"bplist00")
    report = event.cluster()
    assert kinds(event) == {
        "begins.jpg": "zeroed", "cloud.heic": "placeholder", "cut.jpg": "damaged", "empty.jpg": "empty",
        "nowhere.jpg": "unreadable", "zeros.jpg": "empty",
    }  # fmt: skip
    assert (report.broken_files, report.absent_photos, report.total, report.failed) == (5, 1, 6, 5)
    assert report.warnings[:2] == (
        "5 files are broken: copy these again before you format the card",
        "1 photo is not on this disk (it is in iCloud only): download or copy it, and run again",
    )
    record = recorded(event)
    assert [row["image_path"] for row in record["files"]] == sorted(kinds(event))
    assert (record["counts"]["broken_files"], record["counts"]["absent_photos"]) == (5, 1)
    sizes = {row["image_path"]: row["size_bytes"] for row in table(event)}
    assert (sizes["empty.jpg"], sizes["zeros.jpg"], sizes["cloud.heic"]) == ("0", "5000", "")


def test_what_was_copied_again_is_not_told_any_more(event: FakeEvent) -> None:
    event.add("a.png", 0, 1)
    content = (event.photos / "a.png").read_bytes()
    event.photos.joinpath("b.png").write_bytes(content[: len(content) // 2])
    event.photos.joinpath(".c.png.icloud").write_bytes(b"bplist00")
    assert len(event.cluster().broken) == 2
    assert len(event.cluster().broken) == 2  # nothing was mended: it is told again
    event.add("b.png", 0, 1, seed=5)
    event.add("c.png", 0, seed=6)
    report = event.cluster()
    assert (report.broken, report.warnings, table(event)) == ((), (), [])
    assert recorded(event)["files"] == []


@pytest.fixture
def flagged(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> FakeEvent:
    """An event with a photo that is analysed although its file is broken: only what is not seen is missing."""
    event.add("whole.png", 0, 1)
    broken = event.add("broken.png", 0, seed=3)
    size = broken.stat().st_size

    def faults(file: Any, kind: object) -> tuple[FileFault, ...]:
        if file.size_bytes != size:
            return ()
        reason = "the sensor's data are cut off; only the preview is whole"
        return (FileFault(FaultKind.CUT, reason, "the preview", is_seen=False),)

    monkeypatch.setattr(check, "faults_of", faults)
    return event


def test_a_photo_that_is_analysed_all_the_same_says_so_everywhere_and_on_every_run(flagged: FakeEvent) -> None:
    for _ in range(2):  # the second run has its analysis from the store
        report = flagged.cluster()
        assert (report.failed, report.broken_files) == (0, 1)
        ((path, fault, reason, good, *_),) = [tuple(row.values()) for row in table(flagged)]
        assert (path, fault, good) == ("broken.png", "cut", "the preview")
        assert "sensor's data" in reason
        flagged.score()
        with (flagged.output / "photo_scores.csv").open(encoding="utf-8-sig", newline="") as file:
            problems = {row["image_path"]: row["problems"] for row in csv.DictReader(file)}
        assert problems["broken.png"].startswith("the file is broken: the sensor's data are cut off, only the preview")
        assert "broken" not in problems["whole.png"]


def test_a_clip_of_no_bytes_is_told(event: FakeEvent) -> None:
    event.add("a.png", 0)
    event.photos.joinpath("b.mp4").touch()
    event.cluster()
    assert kinds(event) == {"b.mp4": "empty"}


def test_a_raw_file_that_a_picture_stands_for_is_checked_where_it_was_cut(event: FakeEvent) -> None:
    """It is not looked at, but whoever takes the photo home takes it along."""
    write_dng(event.photos / "whole.dng", size=(180, 120), preview=(900, 600))
    write_dng(event.photos / "cut.dng", size=(180, 120), preview=(900, 600))
    content = (event.photos / "cut.dng").read_bytes()
    (event.photos / "cut.dng").write_bytes(content[: -len(content) // 8])
    (event.photos / "empty.dng").touch()
    raws = tuple(
        PhotoFile(f"{name}.dng", path, path.stat().st_size, 0)
        for name in ("whole", "cut", "empty")
        if (path := event.photos / f"{name}.dng")
    )
    pairs = tuple(RawPair(raw.image_path, raw.path.stem + ".png") for raw in raws)
    paired = Listing(photos=(), ignored=(), failed=(), twins=raws, pairs=pairs)
    with closing(AnalysisStore(event.folder / "state")) as store:
        found = {file.image_path: file for file in broken_files(paired, [], {}, store)}
    assert {path: file.fault.value for path, file in found.items()} == {"cut.dng": "cut", "empty.dng": "empty"}
    assert (found["cut.dng"].twin, found["cut.dng"].is_analysed) == ("cut.png", False)
