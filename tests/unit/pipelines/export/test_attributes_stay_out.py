"""Attributes of faces never leave with exported photos: not in EXIF, XMP, IPTC, sidecars, lists, sheets or names."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.domain.choosing.export import ExportMode, ExportReport
from curation.domain.choosing.programs import Program
from curation.domain.choosing.sidecars import SidecarRequest, WhichPhotos
from tests.fake_workflow import FakeEvent
from tests.family_event import ALL_READERS
from tests.unit.pipelines.export.exports import ANNA, BOB, as_jpeg, run

RULES = {
    "min_children": {"mode": "veto", "count": 7},
    "excuse_children": {"enabled": True},
    "require_main_eyes_open": {"mode": "veto"},
}
# Names, answers and numbers that only the attributes have: the fake reader's people are 6, 17 and 41 to 43 years old.
TELLING = re.compile(
    rb"apparent|child|adult|\bage\b|\bage_|female|\bmale\b|gender|\bsex\b|ethnic|zeta|theta|iota\b|emotion|"
    rb"neutral|dlib|mediapipe|deepface|\b6\.0\b|\b41\.0\b|0\.97\b|0\.03\b",
    re.IGNORECASE,
)


@pytest.fixture
def family(event: FakeEvent) -> Iterator[FakeEvent]:
    """Anna looks like a child; everything is on that could tell it."""
    as_jpeg(event, "one.jpg", ANNA, BOB)
    as_jpeg(event, "two.jpg", ANNA)
    event.add("three.png", BOB, 4)
    event.cluster(attributes=ALL_READERS)
    ids = {person: next(iter(clusters)) for person, clusters in event.ids().items()}
    event.label(
        {
            str(ids[ANNA]): {"name": "Anna", "category": "main"},
            str(ids[BOB]): {"name": "Bob", "category": "important"},
        }
    )
    event.score(attributes=ALL_READERS, scoring={"rules": RULES})
    yield event


def contents(report: ExportReport) -> dict[str, bytes]:
    """Every file of an export by name, without the pixels."""
    path = Path(report.path)
    if path.is_file():
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def words_of(name: str, content: bytes) -> bytes:
    """What an exported file says in words: of a JPEG the segments before the picture, of a sheet no thumbnails."""
    if name.endswith(".jpg"):
        return content[: content.index(b"\xff\xda")]
    if name.endswith(".html"):
        return re.sub(rb"<style>.*?</style>|base64,[A-Za-z0-9+/=]+", b"", content, flags=re.DOTALL)
    return b"" if name.endswith(".png") else content


@pytest.mark.parametrize("mode", [ExportMode.COPY, ExportMode.ZIP])
def test_no_file_of_an_export_tells_anything(family: FakeEvent, mode: ExportMode) -> None:
    scores = (family.output / "photo_scores.csv").read_text(encoding="utf-8")
    assert "of at least 7 children" in scores  # the user's own table names the veto
    # With a name: without one the title is the time, which has any number in it.
    report = run(family, "one.jpg", "two.jpg", "three.png", name="best", mode=mode, sidecars=True)
    files = contents(report)
    assert {"one.jpg", "one.jpg.xmp", "three.png.xmp", "photos.csv", "contact_sheet.html"} <= set(files)
    assert b"Anna" in files["photos.csv"] and b"Anna" in words_of("one.jpg", files["one.jpg"])
    for name, content in files.items():
        assert not TELLING.search(name.encode()), name
        found = TELLING.search(words_of(name, content))
        assert found is None, (name, found)


def test_an_export_is_the_same_with_and_without_attributes(family: FakeEvent) -> None:
    told = contents(run(family, "one.jpg", "two.jpg", "three.png", sidecars=True, contact_sheet=False))
    family.cluster()
    family.score()
    plain = contents(run(family, "one.jpg", "two.jpg", "three.png", sidecars=True, contact_sheet=False))
    told.pop("photos.csv")
    plain.pop("photos.csv")  # has the scores, on which a weighted rule has a part
    assert told == plain


@pytest.mark.parametrize("program", [each for each in Program if each is not Program.WINDOWS])
def test_no_sidecar_beside_the_originals_tells_anything(family: FakeEvent, program: Program) -> None:
    request = SidecarRequest(program, which=WhichPhotos.ALL, dry_run=False)
    report = family.workflow().run_sidecars(request)
    written = sorted(family.photos.glob("*.xmp"))
    assert len(written) == report.new and (written or program is Program.LIGHTROOM)
    for path in written:
        content = path.read_bytes()
        assert b"Anna" in content or b"Bob" in content
        assert TELLING.search(content) is None, path


def test_the_photos_themselves_are_never_changed(family: FakeEvent) -> None:
    assert sorted(path.name for path in family.photos.iterdir()) == ["one.jpg", "three.png", "two.jpg"]
    for path in family.photos.glob("*.jpg"):
        assert not TELLING.search(words_of(path.name, path.read_bytes()))
