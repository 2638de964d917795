"""A reader whose networks get small pictures of the faces and answer with probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import AgeEstimate, Attribute, ClassEstimate, FaceAttributes
from curation.engines.attributes.crops import chips_of
from curation.engines.attributes.estimates import age_estimate, as_distribution, class_estimate, softmax
from curation.engines.attributes.measured import measured
from curation.engines.attributes.network import AttributeNetwork
from curation.engines.attributes.reader import FoundAt, ReaderSpec
from curation.engines.base import PhotoPixels, Pixels, WeightsFile

__all__ = ["SEXES", "Branch", "ChipReader", "Head"]

SEXES = ("female", "male")
"""The classes of the attribute sex, in the order of all readers."""


@dataclass(frozen=True, slots=True)
class Head:
    """One output of a network.

    Attributes:
        attribute: What it tells.
        output: Its number among the network's wanted outputs.
        ages: The ages of its numbers in years, if it tells the age.
        classes: The classes of its numbers otherwise.
        is_logits: Whether its numbers become probabilities by the softmax function only.
        order: The place of each class among the network's numbers, if its order is another one.
    """

    attribute: Attribute
    output: int
    ages: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    is_logits: bool = False
    order: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A network with what it looks at.

    Attributes:
        weights: The network's file, to whose content the measured tables belong.
        network: The network.
        chips: Cuts the pictures of a face that are looked at, (S, S, 3) uint8 RGB, at least one; the probabilities of
            all are averaged. Raises ValueError if its points are no face.
        prepared: From such a picture to the network's input, float32.
        heads: The outputs that were asked for.
    """

    weights: WeightsFile
    network: AttributeNetwork
    chips: Callable[[Pixels, FoundAt], Sequence[NDArray[np.uint8]]]
    prepared: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    heads: tuple[Head, ...]


class ChipReader:
    """Reads the faces of a photo with one or several networks; implements `AttributeReader`, safe in threads."""

    def __init__(self, spec: ReaderSpec, branches: Sequence[Branch], *, eye_distance_px: float) -> None:
        """Take the parts.

        Args:
            spec: What the reader was built from.
            branches: Its networks.
            eye_distance_px: Distance of the eyes at which faces show enough detail for all chips.
        """
        self._spec = spec
        self._branches = tuple(branches)
        self._eye_distance_px = eye_distance_px

    @property
    def spec(self) -> ReaderSpec:
        """What this reader was built from."""
        return self._spec

    def read(self, photo: PhotoPixels, faces: Sequence[FoundAt]) -> list[FaceAttributes]:
        """Read all faces of a photo, see `AttributeReader.read`."""
        told: list[dict[Attribute, AgeEstimate | ClassEstimate]] = [{} for _ in faces]
        for branch in self._branches:
            chips = chips_of(photo, faces, branch.chips, eye_distance_px=self._eye_distance_px)
            inputs = [branch.prepared(chip) for of_face in chips for chip in of_face or ()]
            outputs = branch.network.run(inputs)
            for head in branch.heads:
                rows = iter(outputs[head.output])
                for answers, of_face in zip(told, chips, strict=True):
                    mean = _mean([_probabilities(next(rows), head) for _ in of_face or ()])
                    answers[head.attribute] = self._estimate(branch, head, mean)
        return [_attributes(answers) for answers in told]

    def _estimate(
        self, branch: Branch, head: Head, distribution: NDArray[np.float64] | None
    ) -> AgeEstimate | ClassEstimate:
        known = measured(branch.weights.sha256)
        name = self._spec.name
        if head.ages:
            return age_estimate(distribution, head.ages, known.age, name)
        return class_estimate(
            distribution,
            head.classes,
            known.min_certainty.get(head.attribute),
            name,
            temperature=known.temperature.get(head.attribute, 1.0),
        )


def _probabilities(row: NDArray[np.float32], head: Head) -> NDArray[np.float64] | None:
    numbers = row[list(head.order)] if head.order else row
    return as_distribution(softmax(numbers) if head.is_logits else numbers)


def _mean(parts: Sequence[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    """The mean of distributions; None if there is none, or one of them could not be told."""
    good = [part for part in parts if part is not None]
    if not good or len(good) < len(parts):
        return None
    return np.asarray(np.mean(good, axis=0), dtype=np.float64)


def _attributes(answers: Mapping[Attribute, AgeEstimate | ClassEstimate]) -> FaceAttributes:
    age = answers.get(Attribute.AGE)
    classes = {attribute: answer for attribute, answer in answers.items() if isinstance(answer, ClassEstimate)}
    return FaceAttributes(
        age=age if isinstance(age, AgeEstimate) else None,
        sex=classes.get(Attribute.SEX),
        ethnicity=classes.get(Attribute.ETHNICITY),
        emotion=classes.get(Attribute.EMOTION),
    )
