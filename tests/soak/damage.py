"""Random damage of each database and cache, followed by what uses it: the same results, or told and refused."""

from __future__ import annotations

import logging
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from curation.pipelines import per_photo
from curation.storage.analysis_store import STORE_NAME, AnalysisStore
from tests.broken_files import DAMAGES, broken
from tests.fake_workflow import FakeEvent, fake_event
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_PEOPLE = 6
_PHOTOS = 24
_LABELS = {"0": "main", "1": "important"}


class _Event:
    """An event that went through both stages, and its state with and without a log beside the store."""

    def __init__(self, event: FakeEvent, folder: Path) -> None:
        self._event = event
        self._store = event.folder / "state" / STORE_NAME
        self._kept = {has_log: folder / f"state-{has_log}" for has_log in (False, True)}
        self._output = folder / "output"
        chance = random.Random(1)
        for number in range(_PHOTOS):
            event.add(f"{number:03}.png", *chance.sample(range(_PEOPLE), 2), seed=number)
        event.cluster()
        event.label(_LABELS)
        event.score()
        _close_workers()
        AnalysisStore(event.folder / "state").close()  # the last to close it empties the log
        shutil.copytree(event.folder / "state", self._kept[False])
        with closing(sqlite3.connect(self._store)) as reader:
            reader.execute("SELECT count(*) FROM files").fetchone()  # who reads keeps the log from being emptied
            with closing(AnalysisStore(event.folder / "state")) as store:
                base = store._database._connection
                base.execute("UPDATE files SET size_bytes = size_bytes")
                base.execute("UPDATE chips SET face_index = face_index")
            shutil.copytree(event.folder / "state", self._kept[True])
        # A log of another store, whose frames have right checksums of their own.
        for kept in self._kept.values():
            shutil.copyfile(self._kept[True] / f"{STORE_NAME}-wal", kept / "another-wal")
        event.cluster()
        event.score()
        self._expected = event.snapshot()
        shutil.copytree(event.output, self._output)

    def round(self, soak: Soak, chance: random.Random) -> None:
        event, state = self._event, self._event.folder / "state"
        _close_workers()
        shutil.rmtree(state)
        shutil.copytree(self._kept[chance.random() < 0.5], state)
        if chance.random() < 0.5:
            for path in ("output_clusters", "photo_scores.csv"):
                place = event.output / path
                if place.is_dir():
                    shutil.rmtree(place)
                else:
                    place.unlink(missing_ok=True)
        damage = chance.choice(DAMAGES)
        broken(self._store, damage, chance)
        event.engine.analysed = 0
        event.cluster()
        again = event.engine.analysed
        event.score()
        was_noticed = any(state.glob(f"{STORE_NAME}.damaged"))
        soak.counts["analysis stores broken"] += 1
        soak.counts["analysis stores whose damage was noticed"] += was_noticed
        soak.counts["photos analysed again"] += again
        got = event.snapshot()
        differing = sorted(name for name in {*got, *self._expected} if got.get(name) != self._expected.get(name))
        soak.expect(not differing, f"results after damage ({damage}) are those without it: {differing}")
        event.engine.analysed = 0
        event.cluster()
        soak.expect(event.engine.analysed == 0, f"after one run nothing is analysed again ({damage})")
        left = [path.name for path in state.iterdir() if path.name.endswith(".curation-tmp")]
        soak.expect(not left, f"nothing is left over ({damage}): {left}")


def _close_workers() -> None:
    """What a pool would end: they have the store open."""
    while per_photo._current:
        per_photo._current.pop().close()


def run(soak: Soak) -> None:
    """Break the files of each kind in turn."""
    logging.disable(logging.WARNING)
    try:
        with fake_event(soak.folder / "event") as event:
            subjects: list[Callable[[Soak, random.Random], None]] = [_Event(event, soak.folder / "kept").round]
            for chance in soak.rounds():
                subjects[soak.counts["rounds"] % len(subjects)](soak, chance)
    finally:
        logging.disable(logging.NOTSET)


PART = SoakPart("damage", "damaged databases and caches, followed by what uses them", run)
