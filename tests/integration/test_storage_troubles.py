"""Full, read-only and vanishing disks, clocks that run wild, odd names, and files that change under a run."""

from __future__ import annotations

import os
import shutil
import socket
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from curation.domain.choosing.export import ExportMode, ExportRequest
from curation.domain.report import ClusteringReport, Progress, ScoringReport
from curation.errors import CurationError, PhotosMissingError, StorageError
from curation.event.folder.shots import FolderShots
from curation.workers.pool import Outcome, TaskFailure
from curation.workers.serial import SerialPool
from curation.workflow import event_listing
from tests import fake_workflow
from tests.fake_workflow import FakeEvent, fake_event, touch_later
from tests.integration.test_folders_that_vanish import after_photos, clustering, everything, fill, scoring, tables
from tests.mounts import READ_ONLY, cannot_mount, cannot_mount_fuse, hanging_disk, remount, small_disk, unplug
from tests.processes import wait_until

MOUNTS = pytest.mark.skipif(bool(cannot_mount()), reason=cannot_mount())
STAGES = pytest.mark.parametrize("stage", [clustering, scoring])

Stage = Callable[[FakeEvent], ClusteringReport | ScoringReport]


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as made:
        fill(made)
        yield made


def fill_up(disk: Path) -> None:
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def add_photos(event: FakeEvent) -> None:
    """Enough for other tables."""
    for number in range(3):
        event.add(f"new{number}.png", 0, 4, seed=20 + number)


# Disks of the outputs and of the state.


@MOUNTS
def test_a_full_disk_of_outputs_ends_both_stages_and_leaves_the_old_outputs(tmp_path: Path) -> None:
    with fake_event(tmp_path / "event") as event, small_disk(event.output, "8m"):
        fill(event)
        event.cluster()
        before = everything(event)
        add_photos(event)
        fill_up(event.output)
        with pytest.raises(StorageError, match="the disk is full: free some space"):
            event.cluster()
        (event.output / "filler").unlink()
        assert everything(event) == before
        assert event.cluster().failed == 0
        before = everything(event)
        fill_up(event.output)
        with pytest.raises(StorageError, match="the disk is full: free some space"):
            event.score()
        (event.output / "filler").unlink()
        assert everything(event) == before
        assert event.score().scored == 8
        assert not [path for path in event.output.rglob("*") if path.name.endswith("-tmp")]


@MOUNTS
def test_a_read_only_disk_of_outputs_is_named_before_the_work(event: FakeEvent) -> None:
    analysed = event.engine.analysed
    shutil.copytree(event.output, event.folder / "kept")
    with small_disk(event.output, "8m"):
        shutil.copytree(event.folder / "kept", event.output, dirs_exist_ok=True)
        before = everything(event)
        add_photos(event)
        remount(event.output, READ_ONLY, "size=8m")
        for stage in (event.cluster, event.score):
            with pytest.raises(StorageError, match="the disk is read-only"):
                stage()
        assert everything(event) == before
        assert event.engine.analysed == analysed


@MOUNTS
@STAGES
def test_a_full_disk_of_the_state_ends_the_stage(tmp_path: Path, stage: Stage) -> None:
    state = tmp_path / "event" / "state"
    with fake_event(tmp_path / "event") as event, small_disk(state, "2m"):
        fill(event)
        add_photos(event)
        before = everything(event)
        fill_up(state)
        with pytest.raises(StorageError, match=r"cannot be used .*full.*check that its disk is not full"):
            event.cluster() if stage is clustering else scoring_anew(event)
        assert everything(event) == before
        (state / "filler").unlink()
        assert event.cluster().failed == event.score().failed == 0


def scoring_anew(event: FakeEvent) -> ScoringReport:
    """With another landmark model nothing that was measured counts."""
    event.workflow()  # the same settings
    for path in event.photos.rglob("*.png"):
        touch_later(path)
    return event.score()


@pytest.mark.parametrize(("stage", "is_replaced"), [(clustering, False), (clustering, True), (scoring, True)])
def test_an_output_folder_that_vanishes_ends_the_stage(
    event: FakeEvent, stage: Stage, is_replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, moved = everything(event), event.folder / "moved"

    def vanish() -> None:
        event.output.rename(moved)
        if is_replaced:
            event.output.mkdir()

    after_photos(event, 2, vanish, monkeypatch)
    with pytest.raises(StorageError, match=r"the output folder .* vanished during the run"):
        stage(event)
    assert not event.output.exists() or not [
        path for path in event.output.rglob("*") if path.suffix in (".csv", ".json")
    ]
    shutil.rmtree(event.output, ignore_errors=True)
    moved.rename(event.output)
    (event.output / ".curation.lock.by").unlink()  # a note of who works there, which decides nothing
    assert everything(event) == before


@MOUNTS
@pytest.mark.parametrize(
    ("mode", "trouble"),
    [(ExportMode.COPY, "export"), (ExportMode.COPY, "photos"), (ExportMode.ZIP, "export"), (ExportMode.ZIP, "full")],
)
def test_an_export_is_whole_or_not_there(event: FakeEvent, mode: ExportMode, trouble: str) -> None:
    done = 0

    def act(progress: Progress) -> None:
        nonlocal done
        done += 1
        if done == 3:
            if trouble == "export":
                unplug(exports)
            elif trouble == "photos":
                event.photos.rename(event.folder / "moved")
            else:
                fill_up(exports)

    with small_disk(event.folder / "exports", "1m") as exports:
        workflow = event.workflow({"io": {"export_dir": exports}})
        error = PhotosMissingError if trouble == "photos" else StorageError
        with pytest.raises(error, match=r"vanished|No such file|the disk is full"):
            workflow.run_export(ExportRequest(best=5, mode=mode), progress=act)
        assert [path.name for path in exports.iterdir()] == (["filler"] if trouble == "full" else [])


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
@pytest.mark.parametrize(
    ("mode", "trouble"), [(ExportMode.COPY, "photos"), (ExportMode.ZIP, "photos"), (ExportMode.COPY, "export")]
)
def test_an_export_waits_for_no_disk_that_hangs(
    event: FakeEvent, mode: ExportMode, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.pipelines.export.pipeline._ANSWER_LIMIT_S", 1.0)
    monkeypatch.setattr("curation.pipelines.export.pipeline._QUICK_LIMIT_S", 0.2)
    exports = event.folder / "exports"
    exports.mkdir()
    with ExitStack() as mounted:
        done = 0

        def act(progress: Progress) -> None:
            nonlocal done
            done += 1
            if done == 3:
                mounted.enter_context(hanging_disk(exports if trouble == "export" else event.photos))

        workflow = event.workflow({"io": {"export_dir": exports}})
        error = PhotosMissingError if trouble == "photos" else StorageError
        with pytest.raises(error, match="has not answered") as told:
            workflow.run_export(ExportRequest(best=5, mode=mode), progress=act)
        assert told.value.exit_code == (3 if trouble == "photos" else 5)
    if trouble == "photos":
        assert not list(exports.iterdir())
    report = workflow.run_export(ExportRequest(best=5, mode=mode))
    assert report.failed == 0, "it goes on as if nothing had been"
    # What waited for the disk removes what it had begun as soon as it goes on.
    wait_until(lambda: [path.name for path in exports.iterdir()] == [report.name], "only the export is there")


# Files that change while a run is at work, and between two.


def pipe(path: Path) -> None:
    os.mkfifo(path)


def socketed(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            one.bind(path.name)
        finally:
            os.chdir(before)


def looped(path: Path) -> None:
    path.symlink_to(path.name)


@STAGES
def test_photos_that_become_something_else_cost_no_time_and_are_named(
    event: FakeEvent, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd: dict[str, Callable[[Path], object]] = {
        "a1.png": pipe, "a2.png": socketed, "card/b0.png": looped, "card/b1.png": Path.mkdir,
    }  # fmt: skip

    def act() -> None:
        for name, make in odd.items():
            (event.photos / name).unlink()
            make(event.photos / name)

    after_photos(event, 1, act, monkeypatch)
    began = time.monotonic()
    report = stage(event)
    assert time.monotonic() - began < 60  # the limit of one photo is 120 s
    reasons = {failure.image_path: failure.reason for failure in report.failures}
    assert reasons.keys() == odd.keys()
    assert all("not a file" in reasons[name] for name in ("a1.png", "a2.png", "card/b1.png"))
    assert "symbolic links" in reasons["card/b0.png"]


def test_what_is_a_pipe_when_it_is_listed_is_left_out_and_named(event: FakeEvent) -> None:
    (event.photos / "a1.png").unlink()
    pipe(event.photos / "a1.png")
    report = event.cluster()
    assert report.failed == 0 and ("a1.png", "not a regular file") in [(f.image_path, f.reason) for f in report.ignored]


def test_photos_that_are_replaced_between_the_stages(event: FakeEvent) -> None:
    (event.photos / "a0.png").unlink()
    event.add("a0.png", 4, 5, seed=40)
    touch_later(event.photos / "a0.png")
    (event.photos / "a1.png").unlink()
    reasons = {failure.image_path: failure.reason for failure in event.score().failures}
    assert reasons.keys() == {"a0.png", "a1.png"}
    assert "changed after the clustering" in reasons["a0.png"] and "is gone" in reasons["a1.png"]


class SomeKilled(SerialPool):
    """The worker of some photos is killed, or takes too long."""

    kinds: dict[str, Any] = {}  # noqa: RUF012 - set by the test

    def run(self, function: Any, tasks: Iterable[Any], **options: Any) -> Iterator[Outcome[Any, Any]]:
        for task in tasks:
            kind = self.kinds.get(getattr(task, "image_path", ""))
            if kind is not None:
                yield Outcome(task, None, TaskFailure(kind, f"the worker was lost: {kind}"))
            else:
                yield from super().run(function, [task], **options)


def test_what_was_said_of_photos_that_failed_this_time_comes_back(
    event: FakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ben is on two photos: one is half copied, the worker of the other is killed; then both can be read."""
    said, before = (event.output / "cluster_labels.json").read_bytes(), event.snapshot()
    half = event.photos / "card" / "b0.png"
    whole = half.read_bytes()
    half.write_bytes(whole[: len(whole) // 2])
    touch_later(event.photos / "card" / "b1.png")
    monkeypatch.setattr(fake_workflow, "SerialPool", SomeKilled)
    for kind in ("killed", "timeout"):
        monkeypatch.setattr(SomeKilled, "kinds", {"card/b1.png": kind})
        report = event.cluster(io={"state_dir": event.folder / f"state of {kind}"})
        assert sorted(failure.image_path for failure in report.failures) == ["card/b0.png", "card/b1.png"]
        told = "\n".join(report.warnings)
        assert "1 name finds nobody: their photos could not be read in the last run" in told and "Ben" in told
        assert (event.output / "cluster_labels.json").read_bytes() == said
    monkeypatch.setattr(SomeKilled, "kinds", {})
    half.write_bytes(whole)
    report = event.cluster()
    assert report.failed == 0 and not report.warnings
    assert event.score().failed == 0
    assert tables(event.snapshot()) == tables(before)


# Clocks and names.


def test_clocks_that_run_wild_change_nothing(event: FakeEvent) -> None:
    before = event.snapshot()
    for name, seconds in (("a0.png", -(2**33)), ("a1.png", 0), ("a2.png", 2**33), ("card/b0.png", 2**40)):
        with suppress(OSError, OverflowError):  # not every disk keeps such times
            os.utime(event.photos / name, (0, seconds))
    for _ in range(2):
        assert event.cluster().failed == event.score().failed == 0
        assert tables(event.snapshot()) == tables(before)
    shots = FolderShots(event.settings(), lambda: event_listing(event.settings())).all()
    assert {shot.image_path for shot in shots} == {"a0.png", "a1.png", "a2.png", "card/b0.png", "card/b1.png"}
    export = ExportRequest(best=5, mode=ExportMode.ZIP)
    assert event.workflow().run_export(export).exported == 5


def test_a_clock_that_was_set_back_hides_no_change(event: FakeEvent) -> None:
    photo = event.photos / "a0.png"
    photo.unlink()
    event.add("a0.png", 5, 5, seed=41)
    os.utime(photo, (0, 1))
    assert event.cluster().reused == 4
    assert 5 in event.ids()


_NAMES = (
    b"new\nline.png", b"caf\xe9.png", b"x" * 251 + b".png", "café.png".encode(),
    unicodedata.normalize("NFD", "café").encode() + b".png", b"-rf.png", b"=cmd|1.png", b"+sum.png", b"twin.PNG",
    b"TWIN.png", b"tab\t.png", b"\\back.png", b"%00.png", b"<b>.png", b"\x7f\x01.png", b"-/b.png", b"a../c.png",
)  # fmt: skip


def test_odd_names_and_links_are_photos_like_others(tmp_path: Path) -> None:
    with fake_event(tmp_path / "event") as event:
        made = 0
        for number, name in enumerate(_NAMES):
            path = event.photos / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                continue  # a disk for which both names are one
            try:
                event.add("made.png", number % 5, seed=number).rename(path)
            except OSError:
                (event.photos / "made.png").unlink()  # a disk that takes no such name
            else:
                made += 1
        os.link(event.photos / "-rf.png", event.photos / "hard link.png")
        (event.photos / "soft link.png").symlink_to("-rf.png")
        elsewhere = event.folder / "elsewhere"
        elsewhere.mkdir()
        event.add("far.png", 1, seed=90).rename(elsewhere / "far.png")
        (event.photos / "linked folder").symlink_to(elsewhere)
        (elsewhere / "back").symlink_to(event.photos)
        report = event.cluster()
        assert (report.total, report.failed, report.faces) == (made + 3, 0, made + 3)
        scored = event.score()
        assert (scored.scored, scored.failed) == (made + 3, 0)
        again = event.cluster()
        assert again.reused == made + 3 and again.clusters == report.clusters


def test_a_photo_of_each_bad_kind_ends_no_run(event: FakeEvent) -> None:
    """No error of the disk is a fault of the program."""
    (event.photos / "empty.png").touch()
    (event.photos / "gone.png").symlink_to(event.folder / "nowhere.png")
    (event.photos / "Card 3").symlink_to(event.folder / "unplugged")
    try:
        report = event.cluster()
    except CurationError as error:  # pragma: no cover
        pytest.fail(str(error))
    assert sorted(failure.image_path for failure in report.failures) == ["Card 3/", "empty.png", "gone.png"]
    assert "1 folder could not be looked into" in "\n".join(report.warnings)
