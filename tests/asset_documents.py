"""Documents of assets with just what a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.domain.assets.document import asset_document
from curation.domain.assets.record import PersonRecord
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit
from tests.event_assets import body, record

__all__ = ["person", "picture_document"]


def person(*, top: Sequence[str] = (), bottom: Sequence[str] = (), cut_at: str = "unknown") -> PersonRecord:
    """A person who wears these colours, each as much as the others."""
    clothes = Outfit(_garment(GarmentPart.TOP, top), _garment(GarmentPart.BOTTOM, bottom))
    return body((10, 10, 100, 300), wears=clothes, lies=Composition(CutAt(cut_at), 1.0, None, 0.1, None))


def _garment(part: GarmentPart, colours: Sequence[str]) -> Garment:
    shares = tuple(GarmentColour(ColourName(name), 1 / len(colours), (1, 2, 3)) for name in colours)
    return Garment(part, shares, 0.9, 1000)


def picture_document(*people: PersonRecord, sha256: str = "0" * 64) -> dict[str, Any]:
    """A picture with these people."""
    return asset_document(record(sha256, *people))
