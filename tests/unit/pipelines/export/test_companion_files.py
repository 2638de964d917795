"""What belongs to a photo comes along, or is named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from curation.domain.choosing.export import ExportMode
from curation.domain.judging.picks import PhotoPick, Pick
from tests.fake_workflow import FakeEvent
from tests.unit.photos.finding.test_movies import movie
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, files_of, pick, prepared, run

PLAIN = {"csv": False, "contact_sheet": False}
LEFT = ["IMG_0001.AAE", "IMG_0001.MOV", "IMG_0001.WAV", "IMG_0001.jpg.pp3", "IMG_0001_01.jpg.xmp"]


def with_companions(event: FakeEvent, folder: str = "") -> None:
    as_jpeg(event, f"{folder}IMG_0001.jpg", ANNA)
    place = event.photos / folder
    (place / "IMG_0001.MOV").write_bytes(movie(2.5, 0))
    for name in LEFT:
        if not name.endswith("MOV"):
            (place / name).write_bytes(b"of IMG_0001.jpg")


@pytest.mark.parametrize("mode", list(ExportMode))
def test_they_come_along(event: FakeEvent, mode: ExportMode) -> None:
    with_companions(event, "day/")
    prepared(event)
    report = run(event, "day/IMG_0001.jpg", mode=mode, embed=False, **PLAIN)
    if mode is ExportMode.ZIP:
        with zipfile.ZipFile(report.path) as file:
            names = sorted(file.namelist())
    else:
        names = files_of(report)
        same = (Path(report.path) / "day/IMG_0001.MOV").samefile(event.photos / "day/IMG_0001.MOV")
        assert same is (mode is ExportMode.HARDLINK)
    assert set(names) == {"day/IMG_0001.jpg", *(f"day/{name}" for name in LEFT)}
    assert report.companions == len(LEFT) and not report.warnings


def test_they_are_named_if_the_user_wants_none(event: FakeEvent) -> None:
    with_companions(event)
    prepared(event)
    report = run(event, "IMG_0001.jpg", companions=False, embed=False, **PLAIN)
    assert files_of(report) == ["IMG_0001.jpg"]
    assert report.companions == 0
    assert report.warnings == (
        "IMG_0001.jpg: IMG_0001.AAE, IMG_0001.MOV, IMG_0001.WAV, IMG_0001.jpg.pp3 and IMG_0001_01.jpg.xmp, "
        "which belong to it, stayed behind",
    )


def test_with_another_name_they_still_belong_to_the_photo(event: FakeEvent) -> None:
    with_companions(event)
    as_jpeg(event, "img_0001.JPG", ANNA, ANNA + 1)
    prepared(event)
    report = run(event, "img_0001.JPG", "IMG_0001.jpg", embed=False, **PLAIN)
    folder = Path(report.path)
    # The first of two photos whose names some systems take for one has what both may have.
    assert "img_0001.JPG" in files_of(report) and "IMG_0001 (2).jpg" in files_of(report)
    assert (folder / "img_0001.MOV").exists()
    (event.photos / "img_0001.JPG").unlink()
    alone = run(event, "IMG_0001.jpg", "IMG_0001.jpg", embed=False, name="alone", **PLAIN)
    assert alone.companions == len(LEFT)


def test_texts_name_the_photo_as_it_is_called_now(event: FakeEvent) -> None:
    as_jpeg(event, "a:b.jpg", ANNA)
    (event.photos / "a:b.jpg.pp3").write_bytes(b"of a:b.jpg")
    (event.photos / "a:b.WAV").write_bytes(b"of a:b.jpg")
    prepared(event)
    report = run(event, "a:b.jpg", mode=ExportMode.ZIP, embed=False, **PLAIN)
    with zipfile.ZipFile(report.path) as file:
        assert sorted(file.namelist()) == ["a_b.WAV", "a_b.jpg", "a_b.jpg.pp3"]
        assert file.read("a_b.jpg.pp3") == b"of a_b.jpg"
        assert file.read("a_b.WAV") == b"of a:b.jpg"


def test_a_film_of_its_own_stays(event: FakeEvent) -> None:
    as_jpeg(event, "IMG_0001.jpg", ANNA)
    (event.photos / "IMG_0001.MOV").write_bytes(movie(1200))
    prepared(event)
    for wanted in (True, False):
        report = run(event, "IMG_0001.jpg", embed=False, companions=wanted, **PLAIN)
        assert files_of(report) == ["IMG_0001.jpg"] and not report.warnings


def test_what_the_phone_shows_instead_is_a_photo_of_its_own(event: FakeEvent) -> None:
    as_jpeg(event, "IMG_0001.jpg", ANNA)
    as_jpeg(event, "IMG_E0001.jpg", ANNA, ANNA + 1)
    prepared(event)
    assert files_of(run(event, "IMG_0001.jpg", embed=False, **PLAIN)) == ["IMG_0001.jpg", "IMG_E0001.jpg"]
    both = run(event, "IMG_0001.jpg", "IMG_E0001.jpg", embed=False, **PLAIN)
    assert files_of(both) == ["IMG_0001.jpg", "IMG_E0001.jpg"] and both.companions == 0
    pick(event, IMG_E0001__jpg=PhotoPick(Pick.REJECTED))
    assert files_of(run(event, "IMG_0001.jpg", embed=False, **PLAIN)) == ["IMG_0001.jpg"]


def test_one_that_fails_is_a_note(event: FakeEvent) -> None:
    with_companions(event)
    (event.photos / "IMG_0001.AAE").unlink()
    (event.photos / "IMG_0001.AAE").mkdir()
    prepared(event)
    report = run(event, "IMG_0001.jpg", embed=False, **PLAIN)
    assert report.exported == 1 and report.companions == len(LEFT) - 1
    assert (
        len(report.warnings) == 1 and "IMG_0001.AAE, which belongs to it, could not be exported" in report.warnings[0]
    )
