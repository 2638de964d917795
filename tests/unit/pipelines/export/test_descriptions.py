"""What an export writes into the XMP of its copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.judging.picks import PhotoPick, Pick
from curation.photos.files.decoding import open_photo
from curation.photos.files.exif import upright
from tests.fake_workflow import FakeEvent
from tests.unit.pipelines.export.exports import ANNA, BOB, as_jpeg, pick, prepared, run
from tests.xmp_files import read_back


class TestDescriptions:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_regions_lie_where_the_faces_are_stored(self, event: FakeEvent, orientation: int) -> None:
        path = as_jpeg(event, "a.jpg", ANNA, BOB, orientation=orientation)
        prepared(event)
        found = read_back(Path(run(event, "a.jpg").path) / "a.jpg")
        with Image.open(path) as image:
            size = image.size
            stored = np.array(image.convert("RGB"))
        info = found["XMP-mwg-rs:RegionInfo"]
        assert (info["AppliedToDimensions"]["W"], info["AppliedToDimensions"]["H"]) == size
        assert found["XMP-tiff:Orientation"] == orientation
        assert [region["Name"] for region in info["RegionList"]] == ["Anna", "Zoë <& Bob>"]
        whole = open_photo(path, max_megapixels=10).full().array
        for region, row in zip(info["RegionList"], event.rows(), strict=True):
            area, box = region["Area"], row.facial_area
            left, top = (area["X"] - area["W"] / 2) * size[0], (area["Y"] - area["H"] / 2) * size[1]
            x, y, w, h = (round(value) for value in (left, top, area["W"] * size[0], area["H"] * size[1]))
            # What the region cuts out of the stored picture, turned upright, is what the box cuts out of the upright.
            cut = upright(stored[y : y + h, x : x + w], orientation).astype(int)
            face = whole[box.y : box.y + box.h, box.x : box.x + box.w]
            assert cut.shape == face.shape
            assert np.abs(cut - face).mean() < 3

    def test_picks_and_ratings(self, event: FakeEvent) -> None:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        pick(
            event,
            a__jpg=PhotoPick(Pick.PICKED, 4),
            b__jpg=PhotoPick(Pick.REJECTED, 3),
            c__jpg=PhotoPick(rating=1),
        )
        folder = Path(run(event, "a.jpg", "b.jpg", "c.jpg").path)
        said = {name: read_back(folder / name) for name in ("a.jpg", "b.jpg", "c.jpg")}
        assert [found["XMP-xmp:Rating"] for found in said.values()] == [4, -1, 1]
        assert [found.get("XMP-xmp:Label") for found in said.values()] == ["Green", None, None]

    def test_people_without_names_and_strangers_are_not_described(self, event: FakeEvent) -> None:
        path = as_jpeg(event, "a.jpg", ANNA, BOB)
        event.cluster()
        event.label({"0": "main"})
        report = run(event, "a.jpg")
        assert (Path(report.path) / "a.jpg").read_bytes() == path.read_bytes()
        assert report.embedded == 0 and report.sidecars == 0

    def test_a_damaged_packet_stays_and_a_sidecar_is_written(self, event: FakeEvent) -> None:
        path = as_jpeg(event, "a.jpg", ANNA)
        content = path.read_bytes()
        broken = b"http://ns.adobe.com/xap/1.0/\0<x:broken"
        path.write_bytes(content[:2] + b"\xff\xe1" + (len(broken) + 2).to_bytes(2, "big") + broken + content[2:])
        prepared(event)
        report = run(event, "a.jpg")
        assert (Path(report.path) / "a.jpg").read_bytes() == path.read_bytes()
        assert read_back(Path(report.path) / "a.jpg.xmp")["XMP-dc:Subject"] == ["Anna"]
        assert len(report.warnings) == 1 and "its XMP packet is damaged" in report.warnings[0]

    def test_a_photo_that_was_replaced_has_no_regions(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA, BOB)
        prepared(event)
        Image.new("RGB", (50, 40)).save(event.photos / "a.jpg")
        report = run(event, "a.jpg")
        found = read_back(Path(report.path) / "a.jpg")
        assert "XMP-mwg-rs:RegionInfo" not in found and found["XMP-dc:Subject"] == ["Anna", "Zoë <& Bob>"]
        assert "changed after the clustering" in report.warnings[0]
