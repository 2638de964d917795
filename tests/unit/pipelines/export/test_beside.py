"""Sidecars beside the originals: what is written, what is refused, and taking it back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.choosing.programs import Program
from curation.domain.choosing.sidecars import (
    SidecarAction,
    SidecarEntry,
    SidecarParts,
    SidecarReport,
    SidecarRequest,
    WhichPhotos,
)
from curation.domain.judging.picks import PhotoPick, Pick
from curation.errors import InputError, StorageError
from curation.pipelines.export.beside import writing
from curation.pipelines.export.beside.writing import BACKUPS_DIR
from curation.storage.sidecars.journal import MANIFEST, SidecarJournal
from curation.storage.sidecars.lists import read_list
from curation.workflow import UNDO_LAST
from tests.fake_workflow import FakeEvent
from tests.photo_files import write_dng
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, pick, prepared, state_of
from tests.xmp_files import DARKTABLE, LIGHTROOM, read_back

NAME = "run"


def work(event: FakeEvent, program: str = "digikam", *, name: str = NAME, **options: object) -> SidecarReport:
    request = SidecarRequest(Program(program), **{"dry_run": False, "name": name, **options})  # type: ignore[arg-type]
    return event.workflow().run_sidecars(request)


def undo(event: FakeEvent, name: str = UNDO_LAST) -> SidecarReport:
    return event.workflow().run_sidecars(SidecarRequest(Program.DIGIKAM, undo=name, name="undo"))


def entries(event: FakeEvent, name: str = NAME) -> dict[str, SidecarEntry]:
    found = read_list(event.folder / "state", name, offset=0, limit=1000)
    assert found is not None and found[0] == len(found[1])
    return {entry.file: entry for entry in found[1]}


@pytest.fixture
def pair(event: FakeEvent) -> FakeEvent:
    """Two picked photos of Anna, the second with a sidecar of darktable."""
    for name in ("a.jpg", "day/b.jpg"):
        as_jpeg(event, name, ANNA)
    (event.photos / "day/b.jpg.xmp").write_text(DARKTABLE, encoding="utf-8")
    prepared(event)
    pick(event, a__jpg=PhotoPick(Pick.PICKED, 4), **{"day/b__jpg": PhotoPick(Pick.PICKED)})
    return event


class TestWriting:
    def test_a_dry_run_lists_and_writes_nothing(self, pair: FakeEvent) -> None:
        before = state_of(pair.photos)
        report = work(pair, dry_run=True)
        assert (report.new, report.merged, report.refused, report.outputs) == (1, 1, 0, ())
        assert {name: entry.action for name, entry in entries(pair).items()} == {
            "a.jpg.xmp": SidecarAction.NEW,
            "day/b.jpg.xmp": SidecarAction.MERGED,
        }
        assert state_of(pair.photos) == before and not (pair.output / BACKUPS_DIR).exists()

    def test_written_merged_and_then_unchanged(self, pair: FakeEvent) -> None:
        before = state_of(pair.photos)
        report = work(pair)
        assert (report.new, report.merged, report.unchanged) == (1, 1, 0)
        now = state_of(pair.photos)
        assert {name for name in now if now[name] != before.get(name)} == {"a.jpg.xmp", "day/b.jpg.xmp"}
        found = read_back(pair.photos / "a.jpg.xmp")
        assert (found["XMP-xmp:Rating"], found["XMP-xmp:Label"], found["XMP-dc:Subject"]) == (4, "Green", ["Anna"])
        assert found["XMP-digiKam:PickLabel"] == 3 and found["XMP-digiKam:TagsList"] == ["People/Anna"]
        assert read_back(pair.photos / "day/b.jpg.xmp")["XMP-darktable:History"]
        again = work(pair, name="again")
        assert (again.new, again.merged, again.unchanged, again.outputs) == (0, 0, 2, ())
        assert state_of(pair.photos) == now

    def test_undo_puts_back_what_was_byte_for_byte(self, pair: FakeEvent) -> None:
        before = state_of(pair.photos)
        work(pair)
        report = undo(pair)
        assert (report.removed, report.restored, report.refused) == (1, 1, 0)
        assert state_of(pair.photos) == before
        with pytest.raises(InputError, match="nothing to take back"):
            undo(pair)
        assert undo(pair, NAME).unchanged == 2  # by its name it may be repeated

    def test_undo_leaves_what_somebody_changed_and_names_it(self, pair: FakeEvent) -> None:
        work(pair)
        theirs = pair.photos / "a.jpg.xmp"
        theirs.write_text(LIGHTROOM, encoding="utf-8")
        report = undo(pair)
        assert (report.removed, report.restored, report.refused) == (0, 1, 1)
        assert report.failures[0].image_path == "a.jpg.xmp" and "somebody changed it" in report.failures[0].reason
        assert theirs.read_text(encoding="utf-8") == LIGHTROOM

    def test_runs_are_taken_back_in_turn(self, pair: FakeEvent) -> None:
        before = state_of(pair.photos)
        work(pair, name="1")
        pick(pair, a__jpg=PhotoPick(Pick.REJECTED))
        work(pair, name="2", which=WhichPhotos.ALL)
        assert "take that one back first (2)" in undo(pair, "1").failures[0].reason
        assert undo(pair).restored == 1
        undo(pair, "1")
        assert state_of(pair.photos) == before

    def test_nothing_to_write_about(self, event: FakeEvent) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        event.cluster()
        with pytest.raises(InputError, match="pick some"):
            work(event)
        report = work(event, which=WhichPhotos.ALL)
        assert report.silent == 1 and not entries(event)

    def test_only_the_parts_that_were_asked_for(self, pair: FakeEvent) -> None:
        parts = SidecarParts(stars=True, flags=False, people=False, keywords=False)
        work(pair, parts=parts)
        assert read_back(pair.photos / "a.jpg.xmp") == {"XMP-xmp:Rating": 4}


class TestKilled:
    @pytest.mark.parametrize("killed_at", [0, 1, 2, 3])
    def test_at_any_write_files_are_whole_and_undo_works(
        self, pair: FakeEvent, monkeypatch: pytest.MonkeyPatch, killed_at: int
    ) -> None:
        # An exception that nothing catches stands for the kill: no clean-up of the run may be needed.
        before, steps = state_of(pair.photos), iter(range(100))
        add, replace = SidecarJournal.add, writing._Run._replace

        def killed(step: int) -> None:
            if step == killed_at:
                raise KeyboardInterrupt

        def add_or_die(self: SidecarJournal, *arguments: object) -> None:
            killed(next(steps))
            add(self, *arguments)  # type: ignore[arg-type]

        def replace_or_die(self: writing._Run, path: Path, content: bytes) -> None:
            killed(next(steps))
            replace(self, path, content)

        monkeypatch.setattr(SidecarJournal, "add", add_or_die)
        monkeypatch.setattr(writing._Run, "_replace", replace_or_die)
        with pytest.raises(KeyboardInterrupt):
            work(pair)
        monkeypatch.undo()
        for path in pair.photos.rglob("*.xmp"):
            assert read_back(path)
        if killed_at:
            assert undo(pair).refused == 0
        assert state_of(pair.photos) == before

    def test_an_unfinished_line_of_the_manifest(self, pair: FakeEvent) -> None:
        before = state_of(pair.photos)
        work(pair)
        manifest = pair.output / BACKUPS_DIR / NAME / MANIFEST
        header, first, second = manifest.read_bytes().splitlines(keepends=True)
        assert json.loads(header)["program"] == "digikam"
        file = json.loads(second)["file"]
        manifest.write_bytes(header + first + second[:20])
        undo(pair)
        assert {name for name, state in state_of(pair.photos).items() if before.get(name) != state} == {file}

    def test_a_damaged_manifest_is_refused(self, pair: FakeEvent) -> None:
        work(pair)
        (pair.output / BACKUPS_DIR / NAME / MANIFEST).write_bytes(b"{}\n")
        with pytest.raises(StorageError, match="nothing was taken back"):
            undo(pair, NAME)


class TestRefused:
    def test_files_that_cannot_be_written_or_merged(self, event: FakeEvent) -> None:
        for name in ("damaged.jpg", "good.jpg", "linked.jpg", "locked.jpg", "shut/s.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        (event.photos / "damaged.jpg.xmp").write_bytes(b"not XML")
        (event.folder / "elsewhere.xmp").write_text(LIGHTROOM, encoding="utf-8")
        (event.photos / "linked.jpg.xmp").symlink_to(event.folder / "elsewhere.xmp")
        locked = event.photos / "locked.jpg.xmp"
        locked.write_text(LIGHTROOM, encoding="utf-8")
        locked.chmod(0o444)
        (event.photos / "shut").chmod(0o555)
        before = state_of(event.photos)
        try:
            report = work(event, which=WhichPhotos.ALL)
        finally:
            (event.photos / "shut").chmod(0o755)
        reasons = {name: entry.reason for name, entry in entries(event).items() if entry.reason}
        assert report.new == 1 and report.refused == 4
        assert "cannot be merged" in reasons["damaged.jpg.xmp"] and "link" in reasons["linked.jpg.xmp"]
        assert "read-only" in reasons["locked.jpg.xmp"] and "read-only" in reasons["shut/s.jpg.xmp"]
        assert {name for name in state_of(event.photos) if name not in before} == {"good.jpg.xmp"}

    @pytest.mark.parametrize("program", ["lightroom", "windows"])
    def test_programs_that_read_inside_the_file_only(self, event: FakeEvent, program: str) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        write_dng(event.photos / "c.dng", size=(96, 64), preview=(96, 64))
        prepared(event)
        pick(event, c__dng=PhotoPick(rating=3))
        report = work(event, program, which=WhichPhotos.ALL)
        assert report.refused == 2 and not list(event.photos.glob("*.xmp"))
        assert all("export copies" in entry.reason for entry in entries(event).values())

    def test_object_storage(self, pair: FakeEvent) -> None:
        settings = {"io": {"input_dir": "s3://bucket/party"}}
        with pytest.raises(InputError, match="object storage"):
            pair.workflow(settings).run_sidecars(SidecarRequest(Program.DIGIKAM))

    def test_of_another_folder(self, pair: FakeEvent) -> None:
        work(pair)
        pair.photos.rename(pair.folder / "moved")
        moved = pair.workflow({"io": {"input_dir": pair.folder / "moved"}})
        with pytest.raises(InputError, match="name that folder as --input"):
            moved.run_sidecars(SidecarRequest(Program.DIGIKAM, undo=NAME))


class TestRawFiles:
    def test_of_a_pair_lightroom_reads_that_of_the_raw_file(self, event: FakeEvent) -> None:
        as_jpeg(event, "IMG_1.jpg", ANNA)
        shown = np.asarray(Image.open(event.photos / "IMG_1.jpg").convert("RGB"))
        size = (shown.shape[1], shown.shape[0])
        write_dng(event.photos / "IMG_1.nef", size=size, preview=size, shown=shown)
        prepared(event)
        pick(event, IMG_1__jpg=PhotoPick(Pick.PICKED))
        assert work(event, "lightroom").new == 1
        found = read_back(event.photos / "IMG_1.xmp")
        assert found["XMP-xmpDM:Pick"] == 1 and found["XMP-lr:HierarchicalSubject"] == ["People|Anna"]

    def test_that_of_another_shot_is_left_alone(self, event: FakeEvent) -> None:
        as_jpeg(event, "IMG_1.jpg", ANNA)
        write_dng(event.photos / "IMG_1.nef", size=(96, 64), preview=(96, 64))
        (event.photos / "IMG_1.xmp").write_text(LIGHTROOM, encoding="utf-8")
        prepared(event)
        pick(event, IMG_1__jpg=PhotoPick(Pick.PICKED))
        assert work(event, "lightroom").refused == 1
        assert work(event, "darktable", name="2").new == 1
        assert (event.photos / "IMG_1.xmp").read_text(encoding="utf-8") == LIGHTROOM
        assert read_back(event.photos / "IMG_1.jpg.xmp")

    def test_two_that_share_a_sidecar(self, event: FakeEvent) -> None:
        for extension in ("cr3", "nef"):
            write_dng(event.photos / f"IMG_2.{extension}", size=(96, 64), preview=(96, 64))
        as_jpeg(event, "a.jpg", ANNA)
        prepared(event)
        pick(event, IMG_2__cr3=PhotoPick(rating=5), IMG_2__nef=PhotoPick(rating=2))
        paths = ("IMG_2.cr3", "IMG_2.nef")
        assert work(event, "lightroom", image_paths=paths).refused == 2
        assert work(event, "darktable", name="2", image_paths=paths).new == 2
        assert read_back(event.photos / "IMG_2.nef.xmp") == {"XMP-xmp:Rating": 2}

    @pytest.mark.parametrize(
        ("program", "file"), [("immich", "a.xmp"), ("darktable", "a.xmp"), ("digikam", "a.jpg.xmp")]
    )
    def test_a_short_one_is_not_hidden_by_a_long_one(self, event: FakeEvent, program: str, file: str) -> None:
        as_jpeg(event, "a.jpg", ANNA)
        (event.photos / "a.xmp").write_text(LIGHTROOM, encoding="utf-8")
        prepared(event)
        work(event, program, which=WhichPhotos.ALL)
        assert list(entries(event)) == [file]
        assert "Anna" in read_back(event.photos / file)["XMP-dc:Subject"]
