"""What can be searched of the people of a picture, read from its document when the document is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curation.domain.assets.document import record_of_document
from curation.domain.outfits.outfit import ColourName, Garment
from curation.domain.outfits.searching import wears
from curation.storage.assets.rows import PersonRow, colour_bits

__all__ = ["people_of_document"]


def people_of_document(document: Mapping[str, Any]) -> Sequence[PersonRow]:
    """The people of a picture as they are searched.

    Args:
        document: See `curation.domain.assets.document`.

    Raises:
        AssetDocumentError: If it is no such document.
    """
    return [
        PersonRow(
            person_index=each.person.person_index,
            tops=0 if each.outfit is None else _colours(each.outfit.top),
            bottoms=0 if each.outfit is None else _colours(each.outfit.bottom),
            cut_at=each.composition.cut_at.value,
        )
        for each in record_of_document(document).people
    ]


def _colours(garment: Garment) -> int:
    return colour_bits(name for name in ColourName if wears(garment, name))
