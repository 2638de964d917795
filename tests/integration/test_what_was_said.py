"""No word of the user is lost, and none falls on another person or photo, whatever happens in between."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from curation.domain.judging.picks import PhotoPick, Pick
from curation.domain.labelling.corrections import CorrectionKind
from tests.said_world import EDITS, SaidWorld

_STEPS = int(os.environ.get("CURATION_SAID_STEPS", "240"))
"""Steps in all; `CURATION_SAID_STEPS=5000` is a long run."""
_STEPS_AT_ONCE = 40

choice = st.integers(0, 1000)
people = st.lists(st.integers(0, 5), min_size=0, max_size=3, unique=True)
folders = st.sampled_from(["", "disk", "day 2"])


def _in(folder: str) -> str:
    return folder or "card"


class WordsStay(RuleBasedStateMachine):
    """Files come, go and change; the user speaks; runs have other settings and engines, and are killed."""

    def __init__(self) -> None:
        super().__init__()
        self.world = SaidWorld(Path(tempfile.mkdtemp(prefix="curation-said-")))

    def teardown(self) -> None:
        shutil.rmtree(self.world.folder, ignore_errors=True)

    @initialize()
    def an_event(self) -> None:
        for shown, folder in (
            ((0, 1), "card"),
            ((0, 2), "card"),
            ((1, 3), "disk"),
            ((2,), "disk"),
            ((3, 4, 0), "card"),
        ):
            self.world.add(shown, folder)
        self.world.add((), "card")
        self.world.run()

    @rule(shown=people, folder=folders)
    def add(self, shown: list[int], folder: str) -> None:
        if len(self.world.present()) < 12:
            self.world.add(shown, _in(folder))

    @rule(which=choice)
    def remove(self, which: int) -> None:
        self.world.remove(which)

    @rule(which=choice, folder=folders)
    def put_back(self, which: int, folder: str) -> None:
        self.world.put_back(which, _in(folder))

    @rule(folder=st.sampled_from(["card", "disk", "day 2"]))
    def unplug(self, folder: str) -> None:
        self.world.take_away(folder)

    @rule()
    def plug_in(self) -> None:
        self.world.plug_in()

    @rule(which=choice, folder=folders)
    def rename(self, which: int, folder: str) -> None:
        self.world.rename(which, _in(folder))

    @rule(first=choice, second=choice)
    def swap(self, first: int, second: int) -> None:
        self.world.swap(first, second)

    @rule(which=choice, shown=people)
    def replace(self, which: int, shown: list[int]) -> None:
        self.world.replace(which, shown)

    @rule(which=choice, how=st.sampled_from(EDITS))
    def edit(self, which: int, how: str) -> None:
        self.world.edit(which, how)

    @rule(which=choice)
    def break_file(self, which: int) -> None:
        self.world.break_file(which)

    @rule()
    def mend_files(self) -> None:
        self.world.mend_files()

    @rule()
    def run_as_usual(self) -> None:
        self.world.run()

    @rule(threshold=st.sampled_from([0.3, 0.9, 1.5]))
    def run_with_another_threshold(self, threshold: float) -> None:
        self.world.run(threshold=threshold)

    @rule()
    def run_another_engine(self) -> None:
        self.world.run(engine=1)

    @rule(at=st.integers(0, 12))
    def run_and_be_killed(self, at: int) -> None:
        self.world.run(killed_at=at)

    def _see(self) -> None:
        """The user speaks about what a run with the usual settings showed."""
        if not self.world.is_current():
            self.world.run()

    @rule(which=choice)
    def label(self, which: int) -> None:
        self._see()
        self.world.label(which)

    @rule(which=choice, kind=st.sampled_from([CorrectionKind.NOT_A_FACE, CorrectionKind.DIFFERENT_PEOPLE]))
    def correct(self, which: int, kind: CorrectionKind) -> None:
        self._see()
        self.world.correct(which, kind)

    @rule(which=choice)
    def draw(self, which: int) -> None:
        self._see()
        self.world.draw(which)

    @rule(which=choice, pick=st.sampled_from([PhotoPick(Pick.PICKED, 5), PhotoPick(Pick.REJECTED), PhotoPick(None, 2)]))
    def pick(self, which: int, pick: PhotoPick) -> None:
        self._see()
        self.world.pick(which, pick)

    @rule(which=choice, at=st.integers(0, 2), pick=st.sampled_from([PhotoPick(Pick.PICKED, 1), PhotoPick()]))
    def pick_and_be_killed(self, which: int, at: int, pick: PhotoPick) -> None:
        self._see()
        self.world.pick(which, pick, killed_at=at)


TestWordsStay = WordsStay.TestCase
TestWordsStay.settings = settings(
    max_examples=max(1, _STEPS // _STEPS_AT_ONCE),
    stateful_step_count=_STEPS_AT_ONCE,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@pytest.mark.parametrize("killed_at", [0, 1, 2, 3])
def test_a_pick_that_goes_while_two_photos_have_changed_names_falls_on_none_of_them(
    tmp_path: Path, killed_at: int
) -> None:
    world = SaidWorld(tmp_path)
    for shown in ((0, 1), (1, 2), (0, 2)):
        world.add(shown, "card")
    world.run()
    world.pick(0, PhotoPick(Pick.PICKED, 5))
    world.swap(0, 1)
    world.run()
    world.pick(0, PhotoPick(), killed_at=killed_at)
    world.run()
