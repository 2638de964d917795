"""The contracts between the pipelines and the networks for whole people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.faces.face import Box
from curation.engines.base import PhotoPixels, WeightsFile

__all__ = ["BodyMask", "BodySpec", "ClothesSegmenter", "PeopleFinder", "Segmenter"]


@dataclass(frozen=True, slots=True)
class BodySpec:
    """A chosen network for bodies whose weights are present; small enough to send to workers.

    Attributes:
        name: As in config.yaml, for instance `u2netp` or `full`.
        weights: The model files that it uses.
        providers: ONNX Runtime's execution providers, in order of preference.
        converted: Models made from some of the weights, which are loaded instead of these.
        beside: Networks that help this one, such as a coarse segmenter beside a fine one.
    """

    name: str
    weights: tuple[WeightsFile, ...]
    providers: tuple[str, ...]
    converted: tuple[WeightsFile, ...] = ()
    beside: tuple[BodySpec, ...] = ()


class BodyMask(NamedTuple):
    """How likely each pixel of a part of a photo belongs to something (a person, clothes).

    Attributes:
        values: (H, W) float32 in [0, 1]; absolute, never stretched to the full range of the picture.
        area: The part of the upright full-size photo that `values` covers, in its pixels; `values` may be smaller.
        scale: Pixels of `values` per pixel of the full-size photo, in (0, 1].
    """

    values: NDArray[np.float32]
    area: Box
    scale: float


class PeopleFinder(Protocol):
    """Finds the people of a picture, each with box, skeleton and face as far as there are any."""

    @property
    def specs(self) -> tuple[BodySpec, ...]:
        """What it was built from."""

    def find(self, photo: PhotoPixels, faces: Sequence[FaceOfBody]) -> tuple[Person, ...]:
        """Find all people.

        Args:
            photo: The picture; any size from 1 x 1 pixel.
            faces: Of the picture, as the face engine found them; each belongs to exactly one person of the result.

        Returns:
            From left to right (left edge of the box, then its upper edge); empty if there is no box, no skeleton and
            no face.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If a network fails.
        """


class Segmenter(Protocol):
    """Tells which pixels belong to a person."""

    @property
    def spec(self) -> BodySpec:
        """What this segmenter was built from."""

    def segment(self, photo: PhotoPixels, people: Sequence[Person]) -> list[BodyMask]:
        """One mask for each person.

        Args:
            photo: The picture.
            people: Whose masks are wanted, in any order; neighbours are kept out of each other's masks.

        Returns:
            In the given order; a mask may be all zeros ("nothing there").

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the network fails.
        """


class ClothesSegmenter(Protocol):
    """Tells which pixels of people are clothes."""

    @property
    def specs(self) -> tuple[BodySpec, ...]:
        """What it was built from."""

    def segment(self, photo: PhotoPixels, people: Sequence[Person], masks: Sequence[BodyMask]) -> list[BodyMask]:
        """One clothing mask for each person.

        Args:
            photo: The picture.
            people: Whose clothes are wanted.
            masks: Their person masks, in the same order, see `Segmenter`.

        Returns:
            In the given order, with the area of the person's mask.

        Raises:
            PhotoUnreadableError: If the photo cannot be decoded.
            FaceAnalysisError: If the network fails.
        """
