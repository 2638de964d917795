"""Folders, disks and clocks that fail in every way while both stages run; at the end all is repaired, and as it was."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

from curation.domain.faces.ids import photo_id
from curation.errors import CurationError
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_embeddings, read_face_data
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from curation.workers.pool import Outcome, TaskFailure
from curation.workers.serial import SerialPool
from tests import fake_workflow
from tests.fake_workflow import FakeEvent, fake_event
from tests.mounts import cannot_mount, cannot_mount_fuse, dead_disk, small_disk
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_PEOPLE = 5
_FOLDERS = ("", "card/", "card 2/deep/")
_STEPS = 5
_OUTSIDE = ("remembered.npz", "said.json", ".curation.lock", ".curation.lock.by", "filler")
"""What grows with each run, and what decides nothing."""

Undo = Callable[[], object]


class _Pool(SerialPool):
    """The workers of some photos are killed or take too long."""

    lost: dict[str, Any] = {}  # noqa: RUF012 - of the event that is at work

    def run(self, function: Any, tasks: Iterable[Any], **options: Any) -> Iterator[Outcome[Any, Any]]:
        for task in tasks:
            kind = self.lost.get(getattr(task, "image_path", ""))
            if kind is not None:
                yield Outcome(task, None, TaskFailure(kind, f"the worker was lost: {kind}"))
            else:
                yield from super().run(function, [task], **options)


class _World:
    """One event, its troubles, and how it was before them."""

    def __init__(self, event: FakeEvent, chance: random.Random, soak: Soak) -> None:
        self.event, self.chance, self.soak = event, chance, soak
        self.disks = ExitStack()
        self.repairs: list[Undo] = []
        self.away: set[str] = set()
        self.paths: list[str] = []
        self.has_vanished = ""
        self._act: Callable[[], object] | None = None
        self._countdown = 0
        analyse, predict = event.engine.analyse, event.predictor.predict

        def analysing(*args: Any) -> Any:
            self._begun()
            return analyse(*args)

        def predicting(*args: Any) -> Any:
            self._begun()
            return predict(*args)

        mock.patch.object(event.engine, "analyse", analysing).start()
        mock.patch.object(event.predictor, "predict", predicting).start()

    def _begun(self) -> None:
        self._countdown -= 1
        if self._countdown == 0 and self._act is not None:
            self._act()

    def fill(self) -> None:
        """Photos of some people in some folders, names for two of them; both stages run, clustering twice."""
        for number in range(self.chance.randrange(6, 14)):
            folder = _FOLDERS[number % len(_FOLDERS)]
            people = self.chance.sample(range(_PEOPLE), self.chance.randrange(1, 4))
            self.event.add(f"{folder}p{number}.png", *people, seed=number)
            self.paths.append(f"{folder}p{number}.png")
        self.event.cluster()
        ids = self.event.ids()
        people = self.chance.sample(sorted(ids), min(2, len(ids)))
        self.event.label({str(min(ids[one])): {"category": "main", "name": f"Name {one}"} for one in people})
        self.event.cluster()
        self.event.score()
        self.begin = self.tables()
        self.labels = self.event.output / "cluster_labels.json"
        self.said = self.labels.read_bytes()

    def tables(self) -> dict[str, bytes]:
        return {name: data for name, data in self.event.snapshot().items() if name not in _OUTSIDE}

    # Troubles that last until they are repaired.

    def _photos_there(self) -> list[str]:
        return [path for path in self.paths if path not in self.away]

    def _set_aside(self, path: str) -> Undo:
        """Take a photo out; returns what puts it back."""
        place, kept = self.event.photos / path, self.event.folder / "kept" / photo_id(path)
        kept.parent.mkdir(exist_ok=True)
        place.rename(kept)
        self.away.add(path)

        def put_back() -> None:
            if place.is_dir() and not place.is_symlink():
                place.rmdir()
            place.unlink(missing_ok=True)
            kept.rename(place)
            self.away.discard(path)

        return put_back

    def spoil_photo(self) -> None:
        """A photo is gone, half copied, empty, or became something else."""
        there = self._photos_there()
        if len(there) < 3:
            return
        path = self.chance.choice(there)
        place = self.event.photos / path
        content = place.read_bytes()
        self.repairs.append(self._set_aside(path))
        kind = self.chance.choice(["gone", "half", "empty", "pipe", "folder", "loop", "dangling"])
        if kind == "half":
            place.write_bytes(content[: len(content) // 2])
        elif kind == "empty":
            place.touch()
        elif kind == "pipe":
            os.mkfifo(place)
        elif kind == "folder":
            place.mkdir()
        elif kind in ("loop", "dangling"):
            place.symlink_to(place.name if kind == "loop" else "nowhere")
        self.soak.counts[f"photos {kind}"] += 1

    def lose_worker(self) -> None:
        """The worker of a photo is killed or takes too long, as often as it is tried."""
        there = self._photos_there()
        if len(there) < 3:
            return
        path = self.chance.choice(there)
        _Pool.lost[path] = self.chance.choice(["killed", "timeout"])
        self.repairs.append(lambda: _Pool.lost.pop(path, None))
        self.soak.counts["workers lost"] += 1

    def take_folder(self) -> None:
        """A folder is away: moved, on a dead disk, an empty mount point, or a link that leads nowhere."""
        folder = self.event.photos / self.chance.choice(["card", "card 2"])
        inside = [path for path in self.paths if path.startswith(f"{folder.name}/")]
        if self.away.intersection(inside) or len(self._photos_there()) <= len(inside) + 1:
            return
        kept = self.event.folder / f"{folder.name} away"
        folder.rename(kept)
        self.away.update(inside)
        disk = ExitStack()
        kind = self.chance.choice(["moved", "dead", "mount point", "link"])
        if kind == "dead" and not cannot_mount_fuse():
            disk.enter_context(dead_disk(folder))
        elif kind == "mount point":
            folder.mkdir()
        elif kind == "link":
            folder.symlink_to("/nowhere/disk")
        self.disks.push(disk)

        def put_back() -> None:
            disk.close()
            if folder.is_symlink():
                folder.unlink()
            elif folder.exists():
                folder.rmdir()
            kept.rename(folder)
            self.away.difference_update(inside)

        self.repairs.append(put_back)
        self.soak.counts[f"folders {kind}"] += 1

    def turn_clock(self) -> None:
        """The time of a file jumps; its content stays."""
        seconds = self.chance.choice([-(2**33), -1, 0, 1, 2**31, 2**33, 2**40])
        with suppress(OSError, OverflowError):
            os.utime(self.event.photos / self.chance.choice(self._photos_there()), (0, seconds))
        self.soak.counts["clocks turned"] += 1

    # Troubles in the middle of a stage.

    @contextmanager
    def mid_run(self) -> Iterator[tuple[int, ...]]:
        """Something happens while photos are looked at; yields the exit codes that fit."""
        kinds = ["nothing", "photos", "folder", "delete", "full" if os.path.ismount(self.event.output) else "output"]
        kind = self.chance.choice(kinds)
        self._countdown = self.chance.randrange(1, 6)
        happened: list[Undo] = []
        photos, folder, output = self.event.photos, self.event.photos / "card", self.event.output

        def move(place: Path) -> None:
            if not os.path.isdir(place) or os.path.islink(place):  # noqa: PTH112, PTH114 - of dead disks both are false
                return
            moved = place.with_name(f"{place.name} moved")
            try:
                place.rename(moved)
            except OSError:
                return  # a disk is mounted in it
            if self.chance.random() < 0.5:
                place.mkdir()
            # Of a folder without photos nothing is asked.
            of_card = any(path.startswith("card/") for path in self._photos_there())
            self.has_vanished = "" if kind == "folder" and not of_card else kind

            def move_back() -> None:
                shutil.rmtree(place, ignore_errors=True)
                moved.rename(place)

            happened.append(move_back)

        def act() -> None:
            if kind == "photos":
                move(photos)
            elif kind == "folder":
                move(folder)
            elif kind == "output":
                move(output)
            elif kind == "delete":
                there = self._photos_there()
                if len(there) > 2:
                    self.repairs.append(self._set_aside(self.chance.choice(there)))
            elif kind == "full":
                with suppress(OSError), (output / "filler").open("wb", buffering=0) as file:
                    while True:
                        file.write(bytes(4096))
                happened.append(lambda: (output / "filler").unlink(missing_ok=True))

        self._act, self.has_vanished = act, ""
        try:
            yield {"photos": (3,), "folder": (3,), "output": (5,), "full": (5,)}.get(kind, ())
        finally:
            self._act = None
            while happened:
                happened.pop()()
            self.soak.counts[f"mid-run: {kind}"] += 1

    def forget(self) -> None:
        """The store loses what it knew, so that photos are looked at again."""
        for table in ("analyses", "measures"):
            with closing(sqlite3.connect(self.event.folder / "state" / "analysis.sqlite")) as store, store:
                store.execute(f"DELETE FROM {table} WHERE random() % 2")

    # What must hold.

    def run_stage(self) -> None:
        stage = self.chance.choice(["clustering", "scoring"])
        before = self.tables()
        with self.mid_run() as codes:
            try:
                report = self.event.cluster() if stage == "clustering" else self.event.score()
            except CurationError as error:
                # None of the photos of the last clustering may be there: that is an error of the folder, too.
                fits = (*codes, 3) if len(self._photos_there()) < 3 or stage == "scoring" else codes
                self.soak.expect(error.exit_code in fits, f"{stage}: {error.exit_code}, not of {fits}: {error}")
                self.soak.counts[f"runs that ended with {error.exit_code}"] += 1
                report = None
        if report is None:
            self.soak.expect(self.tables() == before, f"{stage} that ended with an error changed a table")
        else:
            self.soak.counts[f"runs of {stage}"] += 1
            must_end = self.has_vanished and (stage == "clustering" or self.has_vanished == "output")
            self.soak.expect(not must_end, f"{stage} did not notice that {self.has_vanished} vanished")
            named = {failure.image_path for failure in report.failures}
            done = len({row.image_path for row in self.event.rows()})
            self.soak.expect(report.failed == len(named), f"{stage}: not every failure has its row")
            self.soak.expect(stage == "scoring" or done + len(named) >= len(self._photos_there()), "photos untold")
        self.whole()

    def whole(self) -> None:
        output = self.event.output
        rows = read_face_data(output / FACE_DATA)
        read_embeddings(output / EMBEDDINGS, rows)
        read_photo_scores(output / PHOTO_SCORES)
        for path in output.glob("*.json"):
            json.loads(path.read_bytes())
        self.soak.expect(self.labels.read_bytes() == self.said, "the labels were changed")
        places = (output, self.event.folder / "state")
        left = [path for place in places for path in place.rglob("*.curation-tmp") if path.is_file()]
        self.soak.expect(not left, f"temporary files are left: {left}")
        self.soak.counts["files checked"] += sum(1 for path in output.rglob("*") if path.is_file())

    def repair(self) -> None:
        """Everything is there again: the tables are as they were before all troubles."""
        while self.repairs:
            self.repairs.pop()()
        clustered, scored = self.event.cluster(), self.event.score()
        self.soak.expect(clustered.failed == scored.failed == 0, f"a repaired photo failed: {clustered.failures}")
        self.soak.expect(not clustered.warnings, f"something is still told: {clustered.warnings}")
        after = self.tables()
        other = sorted(name for name in after.keys() | self.begin.keys() if after.get(name) != self.begin.get(name))
        self.soak.expect(not other, f"what was repaired is not as it was: {other}")
        self.whole()


def _run(soak: Soak) -> None:
    with mock.patch.object(fake_workflow, "SerialPool", _Pool):
        for chance in soak.rounds():
            _round(soak, chance, soak.folder / "event")


def _round(soak: Soak, chance: random.Random, folder: Path) -> None:
    _Pool.lost = {}
    with fake_event(folder) as event, ExitStack() as disks:
        if not cannot_mount() and chance.random() < 0.4:
            disks.enter_context(small_disk(event.output, "16m"))
        world = _World(event, chance, soak)
        disks.enter_context(world.disks)
        world.fill()
        for _ in range(_STEPS):
            for trouble in (world.spoil_photo, world.lose_worker, world.take_folder, world.turn_clock):
                if chance.random() < 0.3:
                    trouble()
            if chance.random() < 0.6:
                world.forget()
            world.run_stage()
            if chance.random() < 0.3:
                world.repair()
        world.repair()
    shutil.rmtree(folder)


PART = SoakPart("storage", "folders, disks and clocks that fail while both stages run", _run)
