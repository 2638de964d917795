"""The files beside a record: cut-outs and masks."""

from __future__ import annotations

from collections.abc import Sequence

from curation.domain.assets.document import cutout_name
from curation.domain.bodies.person import Person
from curation.domain.faces.geometry import clipped_box
from curation.engines.bodies.base import BodyMask
from curation.photos.files.own_colours import OwnColours
from curation.photos.looks.cutouts import cutout_png, mask_png, reach_of
from curation.pipelines.assets.masks import union_of

__all__ = ["CUTOUT", "cutout_files", "mask_file"]

CUTOUT = "cutout.png"

_MARGIN = 0.02  # of the longer side of a person alone, so that nothing touches the edge of the file


def cutout_files(own: OwnColours, people: Sequence[Person], masks: Sequence[BodyMask]) -> dict[str, bytes]:
    """`cutout.png` of the size of the picture with all people, and of several people one file for each.

    Args:
        own: The picture in the colours of its file.
        people: Who is cut out.
        masks: Of each.

    Returns:
        The files by name. Each of several people is in a file of the size of the body, to be put elsewhere.
    """
    files = {CUTOUT: cutout_png(own.photo, masks, icc_profile=own.icc_profile, dpi=own.dpi)}
    if len(people) > 1:
        for person, mask in zip(people, masks, strict=True):
            reach = reach_of(mask)
            if reach is None:
                continue
            margin = _MARGIN * max(reach.w, reach.h)
            area = clipped_box(
                reach.x - margin,
                reach.y - margin,
                reach.x + reach.w + margin,
                reach.y + reach.h + margin,
                own.photo.width,
                own.photo.height,
            )
            files[cutout_name(person.person_index)] = cutout_png(
                own.photo, [mask], icc_profile=own.icc_profile, dpi=own.dpi, area=area
            )
    return files


def mask_file(masks: Sequence[BodyMask], width: int, height: int) -> bytes:
    """A binary PNG of the size of the picture: white is inside any of the masks."""
    return mask_png(union_of(masks, width, height), (width, height))
