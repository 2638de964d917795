"""Notes of an export: one line for each kind of note, however many photos have it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from curation.domain.choosing.programs import Program
from curation.domain.judging.picks import PhotoPick, Pick
from curation.pipelines.export.notes import warnings_of
from tests.fake_workflow import FakeEvent
from tests.photo_files import write_dng
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, files_of, pick, prepared, run, state_of
from tests.xmp_files import DARKTABLE, read_back


def test_many_photos_with_one_note_are_one_line() -> None:
    notes = [("a.jpg", "other"), *((f"{n}.jpg", "same") for n in range(500)), ("b.jpg", "other")]
    assert warnings_of(notes) == ("a.jpg: other", "b.jpg: other", "500 files: same (0.jpg, 1.jpg, 2.jpg and 497 more)")
    assert warnings_of([(f"{n}.jpg", str(n)) for n in range(25)])[-1] == "and 5 more such notes"
    assert warnings_of([]) == ()


def test_a_program_that_sees_nothing_of_a_file_is_named(event: FakeEvent) -> None:
    painted = event.add("painted.png", ANNA)
    for number in range(4):
        with Image.open(painted) as image:
            image.save(event.photos / f"{number}.gif")
    painted.unlink()
    prepared(event)
    names = [f"{number}.gif" for number in range(4)]
    report = run(event, *names, program=Program.LIGHTROOM, csv=False, contact_sheet=False)
    (line,) = [each for each in report.warnings if "Lightroom" in each]
    assert line.startswith("4 files: Lightroom reads this only inside") and report.embedded == 0
    assert run(event, *names, program=Program.DIGIKAM).warnings == ()


def test_a_picked_raw_file_is_not_rejected_by_its_sidecar(event: FakeEvent) -> None:
    write_dng(event.photos / "IMG_2.nef", size=(96, 64), preview=(96, 64))
    (event.photos / "IMG_2.xmp").write_text(DARKTABLE, encoding="utf-8")  # Rating -1
    as_jpeg(event, "a.jpg", ANNA)
    prepared(event)
    pick(event, IMG_2__nef=PhotoPick(Pick.PICKED))
    before = state_of(event.photos)
    report = run(event, "IMG_2.nef", csv=False, contact_sheet=False)
    assert state_of(event.photos) == before
    assert files_of(report) == ["IMG_2.nef", "IMG_2.xmp"]
    assert (Path(report.path) / "IMG_2.nef").read_bytes() == (event.photos / "IMG_2.nef").read_bytes()
    found = read_back(Path(report.path) / "IMG_2.xmp")
    assert found["XMP-xmp:Rating"] == 0 and found["XMP-darktable:History"]


def test_a_name_pasted_on_a_mac_is_written_as_it_is_typed(event: FakeEvent) -> None:
    as_jpeg(event, "a.jpg", ANNA)
    event.cluster()
    (cluster,) = event.ids()[ANNA]
    event.label({str(cluster): {"name": "Zoe\u0308", "category": "main"}})
    report = run(event, "a.jpg", csv=False, contact_sheet=False)
    found = read_back(Path(report.path) / "a.jpg")
    assert found["XMP-dc:Subject"] == ["Zo\u00eb"] == found["XMP-iptcExt:PersonInImage"]
    assert found["XMP-mwg-rs:RegionInfo"]["RegionList"][0]["Name"] == "Zo\u00eb"
