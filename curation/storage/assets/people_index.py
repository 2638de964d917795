"""What can be searched of the people of a picture, read from its document when the document is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curation.domain.bodies.composition import CutAt
from curation.domain.outfits.outfit import ColourName
from curation.storage.assets.rows import PersonRow, colour_bits

__all__ = ["people_of_document"]


def people_of_document(document: Mapping[str, Any]) -> Sequence[PersonRow]:
    """The people of a picture as they are searched.

    Args:
        document: See `curation.domain.assets.document`.
    """
    found = []
    for number, person in enumerate(document.get("people", ())):
        outfit = person.get("outfit") or {}
        composition = person.get("composition") or {}
        found.append(
            PersonRow(
                person_index=int(person.get("person_index", number)),
                tops=_colours(outfit.get("top")),
                bottoms=_colours(outfit.get("bottom")),
                cut_at=str(composition.get("cut_at", CutAt.UNKNOWN)),
            )
        )
    return found


def _colours(garment: Mapping[str, Any] | None) -> int:
    return colour_bits(ColourName(one["name"]) for one in (garment or {}).get("colours", ()))
