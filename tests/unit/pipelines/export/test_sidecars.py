"""Which sidecars an export writes, and what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.judging.picks import PhotoPick
from tests.fake_workflow import FakeEvent
from tests.photo_files import write_dng
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, files_of, pick, prepared, run, state_of
from tests.xmp_files import DARKTABLE, LIGHTROOM, read_back


class TestSidecars:
    def test_every_photo_gets_one_on_request(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        report = run(event, "a.jpg", sidecars=True, csv=False, contact_sheet=False)
        assert files_of(report) == ["a.jpg", "a.jpg.xmp"]
        inside, beside = (read_back(Path(report.path) / name) for name in ("a.jpg", "a.jpg.xmp"))
        assert inside == beside

    def test_a_new_one_has_the_metadata_of_the_photo(self, event: FakeEvent) -> None:
        # Programs that read the sidecar may ignore the metadata in the photo.
        path = as_jpeg(event, "a.jpg", ANNA)
        packet = b"http://ns.adobe.com/xap/1.0/\0" + LIGHTROOM.encode()
        content = path.read_bytes()
        path.write_bytes(content[:2] + b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet + content[2:])
        prepared(event)
        pick(event, a__jpg=PhotoPick(rating=3))
        folder = Path(run(event, "a.jpg", sidecars=True).path)
        beside = read_back(folder / "a.jpg.xmp")
        assert beside["XMP-crs:Exposure2012"] == "+0.35" and beside["XMP-dc:Subject"] == ["Garden", "Anna"]
        inside = read_back(folder / "a.jpg")
        assert {key: inside[key] for key in inside if key != "XMP-x:XMPToolkit"} == {
            key: beside[key] for key in beside if key != "XMP-x:XMPToolkit"
        }

    def test_existing_ones_are_merged(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        (event.photos / "a.jpg.xmp").write_text(DARKTABLE, encoding="utf-8")
        (event.photos / "A.XMP").write_text(LIGHTROOM, encoding="utf-8")
        prepared(event)
        pick(event, a__jpg=PhotoPick(rating=3))
        before = state_of(event.photos)
        report = run(event, "a.jpg", csv=False, contact_sheet=False)
        assert state_of(event.photos) == before
        assert files_of(report) == ["a.jpg", "a.jpg.xmp", "a.xmp"]
        darktable = read_back(Path(report.path) / "a.jpg.xmp")
        assert darktable["XMP-darktable:History"] and darktable["XMP-xmp:Rating"] == 3
        lightroom = read_back(Path(report.path) / "a.xmp")
        assert lightroom["XMP-crs:Exposure2012"] == "+0.35" and lightroom["XMP-xmp:Rating"] == 3

    def test_a_damaged_one_is_copied_unchanged(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        (event.photos / "a.jpg.xmp").write_bytes(b"not XML")
        prepared(event)
        report = run(event, "a.jpg")
        assert (Path(report.path) / "a.jpg.xmp").read_bytes() == b"not XML"
        assert "copied unchanged" in report.warnings[0]

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_raw_files_get_theirs_without_their_extension(self, event: FakeEvent, orientation: int) -> None:
        as_jpeg(event, "day/IMG_1.jpg", ANNA)
        with Image.open(event.photos / "day/IMG_1.jpg") as image:
            width, height = image.size
            stored = np.asarray(image.convert("RGB"))
        raw_size = (height, width) if orientation == 6 else (width, height)
        shown = np.ascontiguousarray(np.rot90(stored)) if orientation == 6 else stored
        path = event.photos / "day/IMG_1.DNG"
        write_dng(path, size=raw_size, preview=raw_size, orientation=orientation, shown=shown)
        (event.photos / "day/IMG_1.xmp").write_text(DARKTABLE, encoding="utf-8")
        prepared(event)
        report = run(event, "day/IMG_1.jpg", raw_files=True, csv=False, contact_sheet=False)
        assert files_of(report) == ["day/IMG_1.DNG", "day/IMG_1.jpg", "day/IMG_1.xmp"]
        assert report.raw_files == 1 and report.exported == 1
        found = read_back(Path(report.path) / "day/IMG_1.xmp")
        assert found["XMP-darktable:History"]  # from the sidecar beside the RAW file
        info = found["XMP-mwg-rs:RegionInfo"]
        assert (info["AppliedToDimensions"]["W"], info["AppliedToDimensions"]["H"]) == raw_size
        assert found["XMP-tiff:Orientation"] == orientation
        box = event.rows()[0].facial_area
        centre = ((box.x + box.w / 2) / width, (box.y + box.h / 2) / height)
        area = info["RegionList"][0]["Area"]
        expected = (centre[1], 1 - centre[0]) if orientation == 6 else centre
        assert (area["X"], area["Y"]) == pytest.approx(expected, abs=1e-5)

    def test_a_chosen_raw_file(self, event: FakeEvent) -> None:
        write_dng(event.photos / "IMG_2.dng", size=(96, 64), preview=(96, 64))
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        pick(event, IMG_2__dng=PhotoPick(rating=5))
        asked = run(event, "IMG_2.dng", csv=False, contact_sheet=False, sidecars=True)
        assert files_of(asked) == ["IMG_2.dng", "IMG_2.dng.xmp", "IMG_2.xmp"]
        report = run(event, "IMG_2.dng", csv=False, contact_sheet=False)
        assert files_of(report) == ["IMG_2.dng", "IMG_2.xmp"]
        exported, original = (Path(report.path) / "IMG_2.dng").read_bytes(), (event.photos / "IMG_2.dng").read_bytes()
        assert exported[8 : len(original)] == original[8:]  # the place of its directory, and more at its end
        assert read_back(Path(report.path) / "IMG_2.dng") == {"XMP-xmp:Rating": 5}
        assert read_back(Path(report.path) / "IMG_2.xmp") == {"XMP-xmp:Rating": 5}

    def test_two_raw_files_of_one_name(self, event: FakeEvent) -> None:
        for extension in ("dng", "nef"):
            write_dng(event.photos / f"IMG_2.{extension}", size=(96, 64), preview=(96, 64))
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        pick(event, IMG_2__dng=PhotoPick(rating=5), IMG_2__nef=PhotoPick(rating=2))
        report = run(event, "IMG_2.dng", "IMG_2.nef", csv=False, contact_sheet=False)
        assert files_of(report) == ["IMG_2.dng", "IMG_2.nef", "IMG_2.nef.xmp", "IMG_2.xmp"]
        assert read_back(Path(report.path) / "IMG_2.nef.xmp") == {"XMP-xmp:Rating": 2}
