"""What was found in one picture, as values; `document` writes them as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.attributes.values import FaceAttributes
from curation.domain.bodies.composition import Composition
from curation.domain.bodies.person import Person
from curation.domain.outfits.outfit import Outfit

__all__ = ["AssetRecord", "PersonRecord"]


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Everything about one person of a picture.

    Attributes:
        person: Box, skeleton, face.
        composition: How the person lies in the frame.
        outfit: Colours; None if no clothes were found, or nothing of them is in the photo.
        attributes: Age and sex; None unless they are asked for and there is a face.
        clothes_share: The clothes' share of the person's mask, in [0, 1]; None without a mask.
        mask_confidence: Mean certainty of the person's mask inside its outline, in [0, 1]; None without a mask.
        clothes_confidence: Likewise of the clothing mask.
        signature: Colours below the chin as numbers, to compare outfits within one event, see
            `curation.domain.outfits.signature`; empty for "cannot tell".
    """

    person: Person
    composition: Composition
    outfit: Outfit | None = None
    attributes: FaceAttributes | None = None
    clothes_share: float | None = None
    mask_confidence: float | None = None
    clothes_confidence: float | None = None
    signature: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """Everything about one picture.

    Attributes:
        sha256: Of the picture's bytes, hex.
        width: Of the upright full-size picture, in pixels.
        height: Likewise.
        people: From left to right.
        files: Names of the files beside the record (`cutout.png`, `clothes.png`, `annotated.jpg`, `mask.png`), ordered.
        engine: Name of the face engine.
        weights: Name and SHA-256 of each model file, by name.
        notes: What could not be told and why, in words for the user.
    """

    sha256: str
    width: int
    height: int
    people: tuple[PersonRecord, ...]
    files: tuple[str, ...] = ()
    engine: str = ""
    weights: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
