"""The colours of a person's top and bottom, from the photo and the clothing mask."""

from __future__ import annotations

from curation.domain.bodies.person import Person
from curation.domain.outfits.clothed_pixels import ClothedPixels, MaskValues, PhotoArray, clothed_pixels
from curation.domain.outfits.colours import garment_colours
from curation.domain.outfits.light import is_light_coloured
from curation.domain.outfits.outfit import Garment, GarmentPart, Outfit
from curation.domain.outfits.zones import Zone

__all__ = ["read_outfit"]

_LEAST_AREA = {GarmentPart.TOP: 0.03, GarmentPart.BOTTOM: 0.06}  # in squares of a torso's length
_LEAST_SAMPLES = 25
_ZONES = {GarmentPart.TOP: Zone.TOP, GarmentPart.BOTTOM: Zone.BOTTOM}
# The confidence of a name: from half of the garment's area on, the dominant colour is as good as certain; coloured
# light halves it.
_SURE_SHARE = 0.6
_COLOURED_LIGHT_FACTOR = 0.5


def read_outfit(pixels: PhotoArray, clothes: MaskValues, person: Person, *, colours: int) -> Outfit:
    """Read the colours of an outfit.

    Top and bottom are told apart by the skeleton, else by the face, else by the form of the box. A dress is both, so
    is a long coat. A part that is not in the photo, or of which too little is to be seen, has no colours.

    Args:
        pixels: The photo (`curation.engines.base.Pixels`), at any scale.
        clothes: The person's clothing mask (`curation.engines.bodies.base.BodyMask`).
        person: The person.
        colours: How many clusters of colours are looked for in each part, see `garment_colours`.
    """
    samples = clothed_pixels(pixels, clothes, person)
    coloured = is_light_coloured(pixels, person)
    top, bottom = (_garment(samples, part, colours, coloured) for part in (GarmentPart.TOP, GarmentPart.BOTTOM))
    return Outfit(top, bottom, coloured)


def _garment(samples: ClothedPixels, part: GarmentPart, count: int, coloured_light: bool) -> Garment:
    here = samples.zones == _ZONES[part]
    number = int(here.sum())
    area = number * samples.pixels_each
    if number < _LEAST_SAMPLES or area < _LEAST_AREA[part] * samples.unit**2:
        return Garment(part, (), 0.0, round(area))
    weights = samples.weights[here]
    found = garment_colours(samples.colours[here], count=count, weights=weights)
    confidence = min(1.0, found[0].share / _SURE_SHARE) * float(weights.mean())
    if coloured_light:
        confidence *= _COLOURED_LIGHT_FACTOR
    return Garment(part, found, confidence, round(area))
