import pytest

from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart
from curation.domain.outfits.searching import wears


def _garment(*shares: tuple[ColourName, float]) -> Garment:
    colours = tuple(GarmentColour(name, share, (0, 0, 0)) for name, share in shares)
    return Garment(GarmentPart.TOP, colours, 0.9, 1000)


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        (((ColourName.RED, 0.4), (ColourName.BLACK, 0.3), (ColourName.WHITE, 0.3)), True),
        (((ColourName.BLACK, 0.55), (ColourName.RED, 0.45)), True),
        (((ColourName.BLACK, 0.85), (ColourName.RED, 0.15)), False),
        ((), False),
    ],
)
def test_dominant_and_large_colours_are_found(shares: tuple[tuple[ColourName, float], ...], found: bool) -> None:
    assert wears(_garment(*shares), ColourName.RED) is found
