"""Clustering and scoring: first runs, and runs after photos came, went and were renamed, with what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from curation.domain.judging.picks import PhotoPick
from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import CorrectionPlan, PeopleEdits
from tests.crash_points.scenario import Scenario, Step, tree
from tests.fake_workflow import FakeEvent

__all__ = ["SCENARIOS", "filled_event"]


def filled_event(folder: Path, *, stages: bool = False, words: bool = False) -> FakeEvent:
    """An event of nine photos of four people.

    Args:
        folder: Empty.
        stages: Whether both stages ran.
        words: Whether the user labelled, corrected and picked; then both stages ran again.
    """
    event = FakeEvent(folder)
    for number in range(9):
        event.add(f"{'ab'[number % 2]}/IMG_{number:04}.png", number % 4, (number + 1) % 4, seed=number)
    if stages or words:
        event.cluster()
        event.score()
    if words:
        say_something(event)
        event.cluster()
        event.score()
    return event


def say_something(event: FakeEvent) -> None:
    """A label, two corrections and two picks."""
    settings = event.settings()
    catalog = Catalog(settings)
    edits = PeopleEdits(settings, catalog)
    edits.change_labels(lambda _: (0,), LabelChange(name="Anna", category=Category.MAIN), "Anna")
    edits.change_labels(lambda _: (1,), LabelChange(name="Ben", category=Category.IMPORTANT), "Ben")
    for kind, cluster in ((CorrectionKind.NOT_A_FACE, 2), (CorrectionKind.DIFFERENT_PEOPLE, 3)):
        (face, *_) = catalog.event().faces_of_cluster(cluster)
        request = CorrectionRequest(kind, face_ids=(face.face_id,))
        edits.correct(partial(_planned, catalog, request), kind.value)
    catalog.ranked.change(lambda _: {"a/IMG_0000.png": PhotoPick(rating=4), "b/IMG_0001.png": PhotoPick(rating=2)})


def _planned(catalog: Catalog, request: CorrectionRequest, next_id: int) -> CorrectionPlan:
    return plan_correction(catalog, request, next_id)


class _Stages(Scenario):
    """Both stages on a prepared event."""

    def __init__(self, name: str, what: str, *, stages: bool, words: bool, change: bool, moved: bool = False) -> None:
        self.name, self.what = name, what
        self._stages, self._words, self._change, self._moved = stages, words, change, moved

    def prepare(self, folder: Path) -> None:
        event = filled_event(folder, stages=self._stages, words=self._words)
        if self._change:
            event.add("c/IMG_0100.png", 1, 5, seed=100)
            (event.photos / "a/IMG_0002.png").rename(event.photos / "a/other name.png")
            (event.photos / "moved").mkdir()
            (event.photos / "b/IMG_0003.png").rename(event.photos / "moved/IMG_0003.png")
            (event.photos / "a/IMG_0000.png").rename(event.photos / "moved/IMG_0000.png")
            (event.photos / "a/IMG_0008.png").unlink()
        if self._moved:
            event.photos.rename(folder / "other place")

    def steps(self, folder: Path) -> AbstractContextManager[Sequence[Step]]:
        event = FakeEvent(folder)
        if self._moved:
            event.photos = folder / "other place"
        return self.opened(event.cluster, event.score)

    def leaves(self, folder: Path) -> Mapping[str, str]:
        return tree(folder)


SCENARIOS: tuple[Scenario, ...] = (
    _Stages("first run", "both stages on a new folder", stages=False, words=False, change=False),
    _Stages("run again", "both stages after photos came, went and moved", stages=True, words=False, change=True),
    _Stages("run with words", "the same, with labels, corrections and picks", stages=True, words=True, change=True),
    _Stages("moved event", "the same, in a folder that moved", stages=True, words=True, change=True, moved=True),
)
