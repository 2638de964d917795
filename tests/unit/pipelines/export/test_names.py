"""The names of exported files."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from curation.domain.choosing.export import ExportMode
from tests.fake_workflow import FakeEvent
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, files_of, prepared, run
from tests.xmp_files import read_back


class TestNames:
    def test_any_characters(self, event: FakeEvent) -> None:
        names = [
            "ümläut.jpg",
            "日本/写真.jpg",
            "-rf.jpg",
            "a'b\"c.jpg",
            "so much  space .jpg",
            "#50%25?.jpg",
            "line\nend.jpg",
        ]
        for name in names:
            as_jpeg(event, name, ANNA)
        prepared(event)
        report = run(event, *names)
        assert report.exported == len(names)
        assert files_of(report) == sorted([*names, "contact_sheet.html", "photos.csv"])
        assert all(read_back(Path(report.path) / name)["XMP-dc:Subject"] == ["Anna"] for name in names)
        page = (Path(report.path) / "contact_sheet.html").read_text(encoding="utf-8")
        assert 'href="./%2350%2525%3F.jpg"' in page and "a&#x27;b&quot;c.jpg" in page

    def test_bytes_that_are_not_text(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        strange = os.fsdecode(b"caf\xe9.jpg")
        try:
            (event.photos / "a.jpg").rename(event.photos / strange)
        except (OSError, UnicodeError):
            pytest.skip("this file system does not allow such a name")
        prepared(event)
        (image_path,) = {row.image_path for row in event.rows()}
        assert (Path(run(event, image_path).path) / strange).is_file()
        with zipfile.ZipFile(run(event, image_path, mode=ExportMode.ZIP).path) as archive:
            assert archive.namelist()[0] == "caf_.jpg"

    def test_names_that_differ_only_in_case(self, event: FakeEvent) -> None:
        for name in ("a.jpg", "A.JPG", "photos.csv.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        report = run(event, "a.jpg", "A.JPG", "photos.csv.jpg")
        assert files_of(report) == ["A (2).JPG", "a.jpg", "contact_sheet.html", "photos.csv", "photos.csv.jpg"]
