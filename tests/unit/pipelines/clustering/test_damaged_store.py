"""Damage of the analysis store costs time and nothing else: the results are those without it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from curation.pipelines import per_photo
from curation.storage.analysis_store import STORE_NAME, AnalysisStore
from tests.broken_files import DAMAGES, broken
from tests.fake_workflow import fake_event


def test_results_after_damage_are_those_without_it(tmp_path: Path) -> None:
    with fake_event(tmp_path / "event") as event:
        for number in range(6):
            event.add(f"{number}.png", number % 3, (number + 1) % 3, seed=number)
        event.cluster()
        expected = event.snapshot()
        state, kept = event.folder / "state", tmp_path / "kept"
        _close(state)
        shutil.copytree(state, kept)
        for number, damage in enumerate(DAMAGES):
            _close(state)
            shutil.rmtree(state)
            shutil.copytree(kept, state)
            broken(state / STORE_NAME, damage, random.Random(number))
            event.cluster()
            assert event.snapshot() == expected, damage


def _close(state: Path) -> None:
    while per_photo._current:
        per_photo._current.pop().close()
    AnalysisStore(state).close()  # the last to close it empties the log
