"""What a search for the colour of a garment finds."""

from __future__ import annotations

from curation.domain.outfits.outfit import ColourName, Garment

__all__ = ["wears"]

# A second colour counts too if it is nearly as large as the first; a red scarf on a black coat is no red top.
_LEAST_SHARE = 0.35


def wears(garment: Garment, name: ColourName) -> bool:
    """Whether somebody who looks for a garment of this colour wants to see this one.

    Args:
        garment: Top or bottom.
        name: The colour that is looked for.

    Returns:
        True for the dominant colour, and for others with a large share; False if the colours cannot be told.
    """
    return any(
        colour.name == name and (place == 0 or colour.share >= _LEAST_SHARE)
        for place, colour in enumerate(garment.colours)
    )
