"""Exports as a whole: what comes, under which names, what is said of it, and that the originals stay as they are."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from curation.domain.choosing.export import ExportMode, ExportReport, ExportRequest
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.report import Progress
from curation.errors import InputError, RunInterruptedError, StorageError
from curation.photos.files.decoding import open_photo
from curation.photos.files.exif import upright
from curation.pipelines.export.event import best_photos, picked_photos, read_export_event
from curation.storage.picks_file import PICKS, write_picks
from tests.fake_workflow import FakeEvent, fake_event
from tests.photo_files import EXIF_TRANSPOSITIONS, exif_block, write_dng
from tests.xmp_files import DARKTABLE, LIGHTROOM, read_back

ANNA, BOB = 1, 2


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path) as event:
        yield event


def as_jpeg(event: FakeEvent, name: str, *people: int, orientation: int = 1) -> Path:
    """A JPEG of these people, stored turned."""
    source = event.add("painted.png", *people)
    transposition = EXIF_TRANSPOSITIONS[orientation]
    with Image.open(source) as image:
        stored = image if transposition is None else image.transpose(transposition)
        path = event.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        stored.save(path, "JPEG", quality=97, subsampling=0, exif=b"Exif\0\0" + exif_block(orientation))
    source.unlink()
    return path


def prepared(event: FakeEvent) -> None:
    """Cluster the event, and name Anna and Bob."""
    event.cluster()
    ids = event.ids()
    labels = {}
    for person, name, category in ((ANNA, "Anna", "main"), (BOB, "Zoë <& Bob>", "important")):
        for cluster in ids.get(person, ()):
            labels[str(cluster)] = {"name": name, "category": category}
    event.label(labels)


def pick(event: FakeEvent, **said: PhotoPick) -> None:
    picks = Picks({name.replace("__", "."): one for name, one in said.items()})
    write_picks(event.output / PICKS, picks)


def run(event: FakeEvent, *image_paths: str, **options: object) -> ExportReport:
    request = replace(ExportRequest(image_paths), **options)  # type: ignore[arg-type]
    return event.workflow().run_export(request)


def files_of(report: ExportReport) -> list[str]:
    folder = Path(report.path)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def state_of(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of every file."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class TestWhatComes:
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
        assert (report.embedded, report.sidecars) == (2, 1)
        expected = ["b.jpg", "c.png", "c.png.xmp", "contact_sheet.html", "day 1/a.jpg", "photos.csv"]
        assert files_of(report) == expected
        folder = Path(report.path)
        assert folder.parent == event.output / "export"
        assert (folder / "b.jpg").stat().st_mtime_ns == (event.photos / "b.jpg").stat().st_mtime_ns
        for name in ("b.jpg", "day 1/a.jpg"):
            with Image.open(folder / name) as copied, Image.open(event.photos / name) as original:
                assert copied.tobytes() == original.tobytes()
        with (folder / "photos.csv").open(encoding="utf-8", newline="") as file:
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

    def test_a_disk_without_hard_links_is_told(self, event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
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

    def test_exports_are_no_photos_of_the_event(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        inside = {"io": {"export_dir": event.photos / "taken"}}
        event.workflow(inside).run_export(ExportRequest(("a.jpg",)))
        assert event.cluster(**inside).total == 1
        assert event.cluster().total == 2


class TestWhatIsSaid:
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

    def test_nameless_people_and_strangers_are_not_told(self, event: FakeEvent) -> None:
        path = as_jpeg(event, "a.jpg", ANNA, BOB)
        event.cluster()
        event.label({"0": "main"})
        report = run(event, "a.jpg")
        assert (Path(report.path) / "a.jpg").read_bytes() == path.read_bytes()
        assert report.embedded == 0 and report.sidecars == 0

    def test_a_damaged_packet_is_left_and_a_sidecar_written(self, event: FakeEvent) -> None:
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
        assert "another picture" in report.warnings[0]


class TestSidecars:
    def test_every_photo_gets_one_on_asking(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        report = run(event, "a.jpg", sidecars=True, csv=False, contact_sheet=False)
        assert files_of(report) == ["a.jpg", "a.jpg.xmp"]
        inside, beside = (read_back(Path(report.path) / name) for name in ("a.jpg", "a.jpg.xmp"))
        assert inside == beside

    def test_a_first_one_says_all_that_the_photo_itself_says(self, event: FakeEvent) -> None:
        # Who reads it may not look into the photo any more.
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

    def test_those_that_are_there_come_along_merged(self, event: FakeEvent) -> None:
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

    def test_a_damaged_one_comes_along_as_it_is(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        (event.photos / "a.jpg.xmp").write_bytes(b"not XML")
        prepared(event)
        report = run(event, "a.jpg")
        assert (Path(report.path) / "a.jpg.xmp").read_bytes() == b"not XML"
        assert "copied as it is" in report.warnings[0]

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_raw_files_get_theirs_without_their_extension(self, event: FakeEvent, orientation: int) -> None:
        as_jpeg(event, "day/IMG_1.jpg", ANNA)
        with Image.open(event.photos / "day/IMG_1.jpg") as image:
            width, height = image.size
        raw_size = (height, width) if orientation == 6 else (width, height)
        write_dng(event.photos / "day/IMG_1.DNG", size=raw_size, preview=raw_size, orientation=orientation)
        (event.photos / "day/IMG_1.xmp").write_text(DARKTABLE, encoding="utf-8")
        prepared(event)
        report = run(event, "day/IMG_1.jpg", raw_files=True, csv=False, contact_sheet=False)
        assert files_of(report) == ["day/IMG_1.DNG", "day/IMG_1.jpg", "day/IMG_1.xmp"]
        assert report.raw_files == 1 and report.exported == 1
        found = read_back(Path(report.path) / "day/IMG_1.xmp")
        assert found["XMP-darktable:History"]  # it lay beside the RAW file
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
        assert (Path(report.path) / "IMG_2.dng").read_bytes() == (event.photos / "IMG_2.dng").read_bytes()
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


class TestNames:
    def test_any_letters(self, event: FakeEvent) -> None:
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

    def test_bytes_that_are_no_text(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        strange = os.fsdecode(b"caf\xe9.jpg")
        try:
            (event.photos / "a.jpg").rename(event.photos / strange)
        except (OSError, UnicodeError):
            pytest.skip("this disk takes no such name")
        prepared(event)
        (image_path,) = {row.image_path for row in event.rows()}
        assert (Path(run(event, image_path).path) / strange).is_file()
        with zipfile.ZipFile(run(event, image_path, mode=ExportMode.ZIP).path) as archive:
            assert archive.namelist()[0] == "caf_.jpg"

    def test_names_that_some_system_takes_for_one(self, event: FakeEvent) -> None:
        for name in ("a.jpg", "A.JPG", "photos.csv.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        report = run(event, "a.jpg", "A.JPG", "photos.csv.jpg")
        assert files_of(report) == ["A (2).JPG", "a.jpg", "contact_sheet.html", "photos.csv", "photos.csv.jpg"]


class TestFailing:
    def test_a_full_disk_is_told_before_anything_is_written(
        self, event: FakeEvent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
        with pytest.raises(StorageError, match="export fewer photos"):
            run(event, "a.jpg")
        linked = run(event, "a.jpg", mode=ExportMode.HARDLINK, embed=False, csv=False, contact_sheet=False)
        assert linked.exported == 1

    def test_names_that_grow_too_long_cost_their_sidecar_or_themselves_only(self, event: FakeEvent) -> None:
        lower, upper = "x" * 249 + ".jpg", "X" * 249 + ".jpg"  # one name for some systems: the second gets a number
        for name in (lower, upper):
            as_jpeg(event, name, ANNA)
        prepared(event)
        report = run(event, lower, upper, sidecars=True, csv=False, contact_sheet=False)
        assert files_of(report) == [lower]
        assert "too long" in report.failures[0].reason and "too long" in report.warnings[0]

    def test_photos_that_are_gone_are_rows_of_the_report(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        report = run(event, "gone.jpg", "a.jpg", "../outside.jpg")
        assert (report.total, report.exported, report.failed) == (3, 1, 2)
        assert [failure.image_path for failure in report.failures] == ["gone.jpg", "../outside.jpg"]
        assert "not a path inside" in report.failures[1].reason

    @pytest.mark.parametrize("paths", [(), ("gone.jpg",)])
    def test_nothing_to_take_is_an_error_and_leaves_nothing(self, event: FakeEvent, paths: tuple[str, ...]) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        with pytest.raises(InputError):
            run(event, *paths)
        folder = event.output / "export"
        assert not folder.exists() or not list(folder.iterdir())

    @pytest.mark.parametrize("mode", [ExportMode.COPY, ExportMode.ZIP])
    @pytest.mark.parametrize("phase", ["taking photos", "contact sheet"])
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

    def test_an_undecodable_photo_is_taken_without_its_picture(self, event: FakeEvent) -> None:
        path = as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        path.write_bytes(path.read_bytes()[:-200])
        report = run(event, "a.jpg")
        assert report.exported == 1
        assert "cannot be shown" in (Path(report.path) / "contact_sheet.html").read_text(encoding="utf-8")


class TestChoosing:
    def test_picked_and_best_photos(self, event: FakeEvent) -> None:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        event.score()
        order = list(read_export_event(event.settings()).scores)
        pick(
            event,
            **{
                order[2].replace(".", "__"): PhotoPick(Pick.PICKED),
                order[1].replace(".", "__"): PhotoPick(Pick.REJECTED),
                "gone__jpg": PhotoPick(Pick.PICKED),
            },
        )
        known = read_export_event(event.settings())
        assert picked_photos(known) == (order[2], "gone.jpg")
        assert best_photos(known, 5) == (order[0], order[2])
        assert best_photos(known, 1) == (order[0],)
