"""The files beside a record: cut-outs, masks, and the picture with what was found."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from curation.domain.assets.document import cutout_name
from curation.domain.bodies.person import Person
from curation.engines.bodies.base import BodyMask
from curation.photos.files.lazy_photo import OpenPhoto
from curation.pipelines.assets.masks import union_of

__all__ = ["CUTOUT", "cutout_files", "mask_file"]

CUTOUT = "cutout.png"


def cutout_files(
    photo: OpenPhoto, people: Sequence[Person], masks: Sequence[BodyMask], *, icc_profile: bytes | None
) -> dict[str, bytes]:
    """`cutout.png` with all people, and one file for each of several.

    Args:
        photo: The picture.
        people: Who is cut out.
        masks: Of each.
        icc_profile: Of the picture's file.
    """
    cutout_png = import_module("curation.photos.looks.cutouts").cutout_png
    files = {CUTOUT: cutout_png(photo, masks, icc_profile=icc_profile, dpi=None)}
    if len(people) > 1:
        for person, mask in zip(people, masks, strict=True):
            files[cutout_name(person.person_index)] = cutout_png(photo, [mask], icc_profile=icc_profile, dpi=None)
    return files


def mask_file(masks: Sequence[BodyMask], width: int, height: int) -> bytes:
    """A binary PNG of the size of the picture: white is inside any of the masks."""
    mask_png = import_module("curation.photos.looks.cutouts").mask_png
    made: bytes = mask_png(union_of(masks, width, height), (width, height))
    return made
