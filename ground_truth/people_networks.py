"""The program's networks for whole people on the weights of the test data."""

from __future__ import annotations

from pathlib import Path

from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels
from curation.engines.bodies.base import BodySpec, PeopleFinder, Segmenter
from curation.engines.bodies.people import build_people_finder
from curation.engines.bodies.segmenters.building import build_segmenter
from curation.engines.bodies.selection import BodyEngines, select_bodies
from curation.engines.onnx_sessions import CPU_PROVIDER
from curation.errors import CurationError
from ground_truth.engines import small_engine
from ground_truth.errors import Unavailable

__all__ = ["PeopleNetworks", "box_overlap", "linked_networks", "person_at"]

_LEAST_OVERLAP = 0.3


def linked_networks(data: Path, scratch: Path) -> Path:
    """A models folder of links to the networks of the test data: beside its models the program writes a record.

    Args:
        data: Folder of the test data, into which nothing is written.
        scratch: The models folder; made if it is not there.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    for file in sorted((data / "weights" / "onnx").glob("*.onnx")):
        link = scratch / file.name
        if not link.exists():
            link.symlink_to(file.resolve())
    return scratch


class PeopleNetworks:
    """Finds people and their masks as the program does, with cut-outs (exact masks) and without (cheap masks)."""

    def __init__(self, data: Path, scratch: Path) -> None:
        """Load the networks.

        Args:
            data: Folder of the test data.
            scratch: A folder that links to the weights are put into, as the program keeps a record beside its weights.

        Raises:
            Unavailable: If weights are missing.
        """
        self._faces = small_engine(data)
        models = linked_networks(data, scratch)
        exact, cheap = (_engines(models, cutouts) for cutouts in ("auto", "off"))
        try:
            self._finder = build_people_finder(exact.people)
            self._exact, self._cheap = build_segmenter(exact.mask), build_segmenter(cheap.mask)
        except CurationError as error:
            raise Unavailable(str(error).splitlines()[0]) from error
        self._clothes = exact.clothes

    @property
    def clothes(self) -> tuple[BodySpec, ...]:
        """What tells clothes."""
        return self._clothes

    @property
    def finder(self) -> PeopleFinder:
        """Finds people."""
        return self._finder

    def segmenter(self, *, exact: bool) -> Segmenter:
        """The network for masks."""
        return self._exact if exact else self._cheap

    def people(self, photo: PhotoPixels) -> tuple[Person, ...]:
        """The people of a photo, with the faces that the engine finds."""
        faces = [
            FaceOfBody(number, face.box, face.landmarks, face.confidence)
            for number, face in enumerate(self._faces.find(photo))
        ]
        return self._finder.find(photo, faces)


def _engines(models: Path, cutouts: str) -> BodyEngines:
    try:
        return select_bodies(
            pose="full",
            cutouts=cutouts,
            fine_segmenter="isnet",
            models_dir=models,
            cache_dirs=(models,),
            providers=(CPU_PROVIDER,),
            allow_download=False,
        )
    except CurationError as error:
        raise Unavailable(str(error).splitlines()[0]) from error


def box_overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    along = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    inside = max(0, across) * max(0, along)
    return inside / (one.w * one.h + other.w * other.h - inside)


def person_at(people: tuple[Person, ...], box: Box) -> int | None:
    """The place of the person whose box is most like a labelled one; None if none is."""
    if not people:
        return None
    place = max(range(len(people)), key=lambda each: box_overlap(people[each].box, box))
    return place if box_overlap(people[place].box, box) >= _LEAST_OVERLAP else None
