"""Exports as a whole: which files come, what happens if something fails, and that the originals do not change."""

from __future__ import annotations

import csv
import os
import shutil
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from curation.domain.choosing.export import ExportMode, ExportRequest
from curation.domain.judging.picks import PhotoPick, Pick
from curation.domain.report import Progress
from curation.errors import InputError, RunInterruptedError, StorageError
from tests.fake_workflow import FakeEvent
from tests.unit.pipelines.export.exports import ANNA, BOB, as_jpeg, files_of, pick, prepared, run, state_of
from tests.xmp_files import read_back


class TestFiles:
    def test_copies_with_a_table_and_a_contact_sheet(self, event: FakeEvent) -> None:
        as_jpeg(event, "day 1/a.jpg", ANNA, BOB)
        as_jpeg(event, "b.jpg", ANNA)
        event.add("c.png", BOB)
        prepared(event)
        event.score()
        pick(event, b__jpg=PhotoPick(Pick.PICKED, 5))
        before = state_of(event.photos)

        report = run(event, "b.jpg", "day 1/a.jpg", "c.png", "b.jpg")

        assert state_of(event.photos) == before
        assert (report.total, report.exported, report.failed) == (3, 3, 0)
        assert (report.embedded, report.sidecars) == (3, 1)
        expected = ["b.jpg", "c.png", "c.png.xmp", "contact_sheet.html", "day 1/a.jpg", "photos.csv"]
        assert files_of(report) == expected
        folder = Path(report.path)
        assert folder.parent == event.output / "export"
        assert (folder / "b.jpg").stat().st_mtime_ns == (event.photos / "b.jpg").stat().st_mtime_ns
        for name in ("b.jpg", "day 1/a.jpg"):
            with Image.open(folder / name) as copied, Image.open(event.photos / name) as original:
                assert copied.tobytes() == original.tobytes()
        with (folder / "photos.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["file"] for row in rows] == ["b.jpg", "day 1/a.jpg", "c.png"]
        assert rows[0]["pick"] == "picked" and rows[0]["rating"] == "5"
        assert rows[1]["people"] == "Anna; Zoë <& Bob>" and float(rows[1]["final_score"]) > 0
        page = (folder / "contact_sheet.html").read_text(encoding="utf-8")
        assert page.count("data:image/jpeg;base64,") == 3
        assert "Zoë &lt;&amp; Bob&gt;" in page and 'aria-label="5 of 5 stars"' in page
        assert 'href="./day%201/a.jpg"' in page and "<& Bob>" not in page

    def test_without_any_extras(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        report = run(event, "a.jpg", embed=False, csv=False, contact_sheet=False, name="Best of")
        assert files_of(report) == ["a.jpg"] and report.name == "Best of"
        assert (Path(report.path) / "a.jpg").read_bytes() == (event.photos / "a.jpg").read_bytes()

    def test_a_second_export_never_overwrites_the_first(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        names = [run(event, "a.jpg", name="Party", mode=mode).name for mode in (ExportMode.COPY, ExportMode.ZIP) * 2]
        assert names == ["Party", "Party.zip", "Party (2)", "Party (2).zip"]

    def test_hard_links_are_the_originals(self, event: FakeEvent) -> None:
        original = as_jpeg(event, "a.jpg", ANNA)
        (event.photos / "link.jpg").symlink_to("a.jpg")
        prepared(event)
        report = run(event, "a.jpg", "link.jpg", mode=ExportMode.HARDLINK, embed=False, sidecars=True)
        assert (Path(report.path) / "a.jpg").samefile(original)
        linked = Path(report.path) / "link.jpg"
        assert linked.samefile(original) and not linked.is_symlink()
        assert read_back(Path(report.path) / "a.jpg.xmp")["XMP-dc:Subject"] == ["Anna"]

    def test_a_disk_without_hard_links_is_reported(self, event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)

        def refuse(self: Path, target: Path) -> None:
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
        with pytest.raises(StorageError, match="export copies instead"):
            run(event, "a.jpg", mode=ExportMode.HARDLINK, embed=False)
        assert not list((event.output / "export").iterdir())

    def test_a_zip_file(self, event: FakeEvent) -> None:
        as_jpeg(event, "day 1/ä 日本.jpg", ANNA)
        (event.photos / "a:b?.jpg").write_bytes((event.photos / "day 1/ä 日本.jpg").read_bytes())
        os.utime(event.photos / "a:b?.jpg", (0, 0))  # before the first date that a ZIP file knows
        prepared(event)
        report = run(event, "day 1/ä 日本.jpg", "a:b?.jpg", mode=ExportMode.ZIP)
        with zipfile.ZipFile(report.path) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["day 1/ä 日本.jpg", "a_b_.jpg", "contact_sheet.html", "photos.csv"]
            assert archive.getinfo("a_b_.jpg").date_time[0] == 1980
            archive.extractall(event.folder / "unpacked")
        assert read_back(event.folder / "unpacked" / "a_b_.jpg")["XMP-dc:Subject"] == ["Anna"]

    def test_exports_are_not_photos_of_the_event(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        inside = {"io": {"export_dir": event.photos / "taken"}}
        event.workflow(inside).run_export(ExportRequest(("a.jpg",)))
        assert event.cluster(**inside).total == 1
        assert event.cluster().total == 2


class TestFailures:
    def test_a_full_disk_is_reported_before_anything_is_written(
        self, event: FakeEvent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
        with pytest.raises(StorageError, match="export fewer photos"):
            run(event, "a.jpg")
        linked = run(event, "a.jpg", mode=ExportMode.HARDLINK, embed=False, csv=False, contact_sheet=False)
        assert linked.exported == 1

    def test_names_that_get_too_long_fail_alone(self, event: FakeEvent) -> None:
        lower, upper = "x" * 249 + ".jpg", "X" * 249 + ".jpg"  # one name for some systems: the second gets a number
        for name in (lower, upper):
            as_jpeg(event, name, ANNA)
        prepared(event)
        report = run(event, lower, upper, sidecars=True, csv=False, contact_sheet=False)
        assert files_of(report) == [lower]
        assert "too long" in report.failures[0].reason and "too long" in report.warnings[0]

    def test_missing_photos_are_failures_in_the_report(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        report = run(event, "gone.jpg", "a.jpg", "../outside.jpg")
        assert (report.total, report.exported, report.failed) == (3, 1, 2)
        assert [failure.image_path for failure in report.failures] == ["gone.jpg", "../outside.jpg"]
        assert "not a path inside" in report.failures[1].reason

    @pytest.mark.parametrize("paths", [(), ("gone.jpg",)])
    def test_nothing_to_export_is_an_error_and_leaves_nothing(self, event: FakeEvent, paths: tuple[str, ...]) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        with pytest.raises(InputError):
            run(event, *paths)
        folder = event.output / "export"
        assert not folder.exists() or not list(folder.iterdir())

    @pytest.mark.parametrize("mode", [ExportMode.COPY, ExportMode.ZIP])
    @pytest.mark.parametrize("phase", ["exporting photos", "contact sheet"])
    def test_stopping_leaves_nothing(self, event: FakeEvent, mode: ExportMode, phase: str) -> None:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        cancel = threading.Event()

        def stop(progress: Progress) -> None:
            if progress.phase == phase and progress.done == 1:
                cancel.set()

        with pytest.raises(RunInterruptedError):
            event.workflow().run_export(
                ExportRequest(("a.jpg", "b.jpg", "c.jpg"), mode=mode), progress=stop, cancel=cancel
            )
        assert not list((event.output / "export").iterdir())

    def test_an_undecodable_photo_is_exported_without_a_picture(self, event: FakeEvent) -> None:
        path = as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        path.write_bytes(path.read_bytes()[:-200])
        report = run(event, "a.jpg")
        assert report.exported == 1
        assert "cannot be shown" in (Path(report.path) / "contact_sheet.html").read_text(encoding="utf-8")
