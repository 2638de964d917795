"""Processes that are killed before changes of the file system, and at random moments; see `tests.crash_points`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.crash_points.scenarios import ALL
from tests.crash_points.trials import Broken, Trials, warm_up
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_KILLS = 10  # of one scenario before the next has its turn


def _run(soak: Soak) -> None:
    warm_up()
    known: dict[str, Trials] = {}
    turn = 0
    for chance in soak.rounds():
        scenario = ALL[turn % len(ALL)]
        turn += 1
        if scenario.lacking():
            soak.counts[f"scenarios without {scenario.lacking()}"] += 1
            continue
        if scenario.name not in known:
            try:
                known[scenario.name] = Trials(scenario, soak.folder / scenario.name.replace(" ", "-"))
            except Broken as error:
                soak.expect(False, str(error))
        for trial in known[scenario.name].some(chance, _KILLS):
            soak.counts["kills"] += trial.was_killed
            soak.counts[f"kills: {scenario.name}"] += trial.was_killed
            soak.expect(not trial.problems, f"{scenario.name}: {trial}")


def _lacking() -> str:
    if sys.platform != "linux" or not Path("/proc/self/stat").exists():
        return "Linux with /proc"
    return ""


PART = SoakPart("kills", "processes that are killed before each change of the file system", _run, _lacking)
