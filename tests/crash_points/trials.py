"""One scenario at its crash points: killed, looked at, run again, and compared with a run that nobody killed."""

from __future__ import annotations

import gc
import importlib
import json
import random
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.crash_points.changes import Change, Whom
from tests.crash_points.killing import Ended, Kill, Say, run_apart
from tests.crash_points.scenario import Scenario
from tests.crash_points.whole import torn_files

__all__ = ["Broken", "Trial", "Trials"]


class Broken(AssertionError):
    """A scenario does not work even without a kill."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one kill.

    Attributes:
        kill: When, and who.
        where: The change before which it came, and the one before that.
        was_killed: False if the process was through before.
        problems: Broken promises; none if all is well.
    """

    kill: Kill
    where: str
    was_killed: bool
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return f"killed {self.kill} ({self.where}): " + "; ".join(self.problems or ("all kept",))


class Trials:
    """Kills a scenario as often as it is asked to."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        """Prepare the scenario and run it without a kill.

        Args:
            scenario: What is done.
            folder: Empty, of these trials alone.

        Raises:
            Broken: If that fails.
        """
        self.scenario = scenario
        self._world = folder / "world"
        self._prepared = folder / "prepared"
        self._notes = folder / "notes"
        self._notes.mkdir(parents=True)
        self._world.mkdir()
        ended = run_apart(lambda say: scenario.prepare(self._world), self._world, self._notes)
        self._demand(ended, "preparing")
        shutil.copytree(self._world, self._prepared, symlinks=True)
        begun = time.monotonic()
        ended = run_apart(self._unharmed, self._world, self._notes)
        self._length_s = time.monotonic() - begun
        self._demand(ended, "running without a kill")
        *states, leaves, modules = [json.loads(line) for line in ended.said]
        _warm_up()
        for module in modules:  # else each process imports them anew
            with suppress(Exception):
                importlib.import_module(module)
        self._states: list[Any] = states
        self._leaves: Any = leaves
        self.changes: Sequence[Change] = ()
        """What a run changes."""
        trial = self.kill(Kill())
        if trial.problems:
            raise Broken(f"{scenario.name} without a kill: {trial}")

    def _demand(self, ended: Ended, doing: str) -> None:
        if ended.code != 0 or ended.orphans:
            raise Broken(
                f"{self.scenario.name}: {doing} ended with {ended.code}, left {ended.orphans}:\n{ended.output}"
            )

    def every(self) -> Iterator[Trial]:
        """All crash points, one after the other."""
        for point in range(1, len(self.changes) + 1):
            yield self.kill(Kill(point, whom=self.scenario.whom[point % len(self.scenario.whom)]))

    def some(self, chance: random.Random, count: int) -> Iterator[Trial]:
        """So many crash points and moments by chance."""
        spans = max(1, len(self.changes))
        for _ in range(count):
            whom, is_torn = chance.choice(self.scenario.whom), chance.random() < 0.3
            if chance.random() < 0.75:
                yield self.kill(Kill(chance.randint(1, spans), None, whom, is_torn))
            else:
                yield self.kill(Kill(0, chance.random() * self._length_s))

    def kill(self, kill: Kill) -> Trial:
        """One trial, from the prepared folder on."""
        shutil.rmtree(self._world, ignore_errors=True)
        shutil.copytree(self._prepared, self._world, symlinks=True)
        killed = run_apart(self._run, self._world, self._notes, kill)
        where = " <- ".join(str(change) for change in reversed(killed.changes[-2:])) or "before any change"
        done = len(killed.said)
        if not killed.was_killed and not self.changes:
            self.changes = killed.changes
        problems = []
        if killed.is_stuck:
            problems.append(f"it hung: {killed.output[-1000:]}")
        elif not killed.was_killed and killed.code != 0:
            problems.append(f"it ended with {killed.code}: {killed.output[-1500:]}")
        problems += [f"an orphan: {orphan}" for orphan in killed.orphans]
        after = run_apart(lambda say: self._look_and_go_on(done, say), self._world, self._notes)
        problems += after.said
        if after.is_stuck:
            problems.append(f"the next run hung: {after.output[-1000:]}")
        elif after.code != 0:
            problems.append(f"the next run ended with {after.code}: {after.output[-1500:]}")
        problems += [f"an orphan of the next run: {orphan}" for orphan in after.orphans]
        return Trial(kill, where, killed.was_killed or kill.whom is Whom.CHILD, tuple(problems))

    # In the processes:

    def _unharmed(self, say: Say) -> None:
        scenario, folder = self.scenario, self._world
        with scenario.steps(folder) as steps:
            say(json.dumps(scenario.state(folder)))
            for step in steps:
                step()
                say(json.dumps(scenario.state(folder)))
        say(json.dumps(scenario.leaves(folder)))
        say(json.dumps([name for name in sys.modules if name.startswith("curation")]))

    def _run(self, say: Say) -> None:
        with self.scenario.steps(self._world) as steps:
            for number, step in enumerate(steps):
                step()
                say(str(number))

    def _look_and_go_on(self, done: int, say: Say) -> None:
        """What a human would do: look at the files, and start again."""
        scenario, folder = self.scenario, self._world
        for torn in torn_files(folder, made_up=scenario.made_up):
            say(f"torn: {torn}")
        with scenario.steps(folder) as steps:
            at = min(done, len(steps) - 1)
            if scenario.is_atomic:
                found = json.loads(json.dumps(scenario.state(folder)))
                allowed = [place for place in (done, done + 1) if place <= len(steps)]
                fits = [place for place in allowed if self._states[place] == found]
                if not fits:
                    say(f"after {done} answers: {_difference(self._states[done], found)}")
                at = fits[0] if fits else done
            for step in steps[at:]:
                step()
            found = json.loads(json.dumps(scenario.state(folder)))
            if found != self._states[-1]:
                say(f"in the end: {_difference(self._states[-1], found)}")
        left = json.loads(json.dumps(scenario.leaves(folder)))
        if left != self._leaves and not scenario.files_differ:
            say(f"files in the end: {_difference(self._leaves, left)}")


def _warm_up() -> None:
    """What takes long when it is done first in a process, and would be so in every one."""
    cv2.setNumThreads(1)
    cv2.cvtColor(np.zeros((8, 8, 3), dtype=np.uint8), cv2.COLOR_RGB2HSV)
    gc.collect()
    gc.freeze()


def _difference(wanted: Any, found: Any) -> str:
    """What is different, in one line."""
    if not isinstance(wanted, dict) or not isinstance(found, dict):
        return f"wanted {wanted}, found {found}"
    parts = [f"no {key} ({str(wanted[key])[:200]})" for key in wanted if key not in found]
    parts += [f"too much: {key} ({str(found[key])[:200]})" for key in found if key not in wanted]
    parts += [
        f"{key} is {str(found[key])[:300]}, not {str(wanted[key])[:300]}"
        for key in wanted
        if key in found and wanted[key] != found[key]
    ]
    return ", ".join(parts).replace("\n", " ")
