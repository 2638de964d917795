"""Two events of the same people, painted and clustered with a fake engine, and a gallery in memory beside them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from curation.domain.faces.face import DetectedFace
from curation.domain.report import ClusteringReport
from curation.engines.base import PhotoPixels
from curation.event.catalog import Catalog
from curation.event.known_people.after_clustering import recognise_event
from curation.event.known_people.enrolment import Enrolment
from curation.event.known_people.forgetting import EventForgetting
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.known_people.proposals import KnownProposals
from curation.event.known_people.recognition import EventRecognition
from curation.event.people.edits import PeopleEdits
from curation.settings import Settings
from curation.workflow import WorkflowOrchestrator
from tests.fake_gallery import FakeGallery, recognise_nearest
from tests.fake_workflow import CountingEngine, FakeEvent, fake_event

__all__ = ["ANNA", "BEN", "CARA", "STRANGER", "KnownEvent", "enrolled", "known_event"]

ANNA, BEN, CARA, STRANGER = 0, 1, 2, 3
"""People of the fake engine."""


class VariedEngine(CountingEngine):
    """Sees no face twice in the same way, so that a gallery keeps several."""

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        seed = int(photo.full()[0][0, 0, 0])
        out = []
        for index, face in enumerate(super().analyse(photo)):
            random = np.random.default_rng([seed, index])
            vector = face.embedding + 0.06 * random.standard_normal(len(face.embedding))
            out.append(replace(face, embedding=(vector / np.linalg.norm(vector)).astype(np.float32)))
        return out


class KnownEvent:
    """An event with the parts of `curation.event.known_people` on it."""

    def __init__(self, event: FakeEvent, gallery: FakeGallery, **options: Any) -> None:
        self.event = event
        self.gallery = gallery
        self.options = {"enabled": True, **options}
        self.settings = self.settings_of()
        self.opened = OpenGallery(self.settings, lambda _: gallery, recognise_nearest)
        self.catalog = Catalog(self.settings)
        self.edits = PeopleEdits(self.settings, self.catalog)
        self.recognition = EventRecognition(self.settings, self.catalog, self.opened)
        self.proposals = KnownProposals(self.catalog, self.edits, self.opened, self.recognition)
        self.enrolment = Enrolment(self.settings, self.catalog, self.opened, self.recognition)
        self.forgetting = EventForgetting(self.settings, self.catalog, self.edits, self.recognition)

    def settings_of(self, **sections: Mapping[str, Any]) -> Settings:
        return self.event.settings({"gallery": self.options, **sections})

    def workflow(self, **options: Any) -> WorkflowOrchestrator:
        """The stages, with the gallery after the clustering."""
        made = self.event.workflow({"gallery": {**self.options, **options}})

        def recognise(settings: Settings) -> Any:
            return recognise_event(settings, lambda one: OpenGallery(one, lambda _: self.gallery, recognise_nearest))

        return WorkflowOrchestrator(made.settings, replace(made._parts, recognise=recognise))

    def cluster(self, **options: Any) -> ClusteringReport:
        return self.workflow(**options).run_clustering()

    def cluster_of(self, person: int) -> int:
        """The cluster of a person of the fake engine."""
        (cluster,) = self.event.ids()[person]
        return cluster

    def listed(self) -> dict[int, str]:
        """The proposed name by cluster."""
        return {one.cluster_id: one.name for one in self.proposals.listed()}


@contextmanager
def known_event(folder: Path, gallery: FakeGallery | None = None, **options: Any) -> Iterator[KnownEvent]:
    """Anna on five photos, Ben on three, Cara on two, a stranger on one; clustered without a gallery."""
    with fake_event(folder) as event:
        # Painted and clustered once in this process; its folders are copied.
        for part in ("photos", "out"):
            shutil.copytree(_painted() / part, folder / part, dirs_exist_ok=True)
        event.engine = VariedEngine(event.spec)
        event.cluster()
        yield KnownEvent(event, gallery or FakeGallery(), **options)


@cache
def _painted() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with fake_event(folder) as event:
        for number in range(3):
            event.add(f"{number}.png", ANNA, BEN, seed=number)
        event.add("3.png", ANNA, CARA, seed=3)
        event.add("4.png", CARA, ANNA, seed=4)
        event.add("5.png", STRANGER, seed=5)
        event.output.mkdir(exist_ok=True)
    return folder


def enrolled(*people: int) -> FakeGallery:
    """A gallery that knows some people from an event that was before."""
    return deepcopy(_enrolled(*people))


@cache
def _enrolled(*people: int) -> FakeGallery:
    gallery = FakeGallery()
    with tempfile.TemporaryDirectory() as folder, known_event(Path(folder), gallery) as known:
        known.event.label(
            {str(known.cluster_of(one)): {"name": _NAMES[one], "category": "important"} for one in people}
        )
        known.enrolment.add()
    return gallery


_NAMES = {ANNA: "Anna", BEN: "Ben", CARA: "Cara", STRANGER: "Someone"}
