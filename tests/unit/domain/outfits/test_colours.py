import numpy as np
import pytest

from curation.domain.outfits.colours import garment_colours
from curation.domain.outfits.outfit import ColourName


def _stripes(*parts: tuple[tuple[int, int, int], int]) -> np.ndarray:
    return np.concatenate([np.full((count, 3), rgb, dtype=np.uint8) for rgb, count in parts])


def test_shares_and_means() -> None:
    colours = garment_colours(_stripes(((200, 20, 30), 600), ((20, 20, 20), 400)), count=5)
    assert [(each.name, each.rgb) for each in colours] == [
        (ColourName.RED, (200, 20, 30)),
        (ColourName.BLACK, (20, 20, 20)),
    ]
    assert [each.share for each in colours] == pytest.approx([0.6, 0.4], abs=0.01)


def test_clusters_of_one_name_are_one_colour() -> None:
    noisy = np.random.default_rng(1).normal((30, 60, 180), 14, (2000, 3)).clip(0, 255).astype(np.uint8)
    (colour,) = garment_colours(noisy, count=6)
    assert colour.name is ColourName.BLUE
    assert colour.share == pytest.approx(1)


def test_weights_count() -> None:
    pixels = _stripes(((200, 20, 30), 500), ((245, 245, 245), 500))
    weights = np.repeat([0.1, 1.0], 500)
    assert garment_colours(pixels, count=3, weights=weights)[0].name is ColourName.WHITE
    assert len(garment_colours(pixels, count=3, weights=np.repeat([0.0, 1.0], 500))) == 1


def test_the_same_pixels_give_the_same_colours() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (9000, 3)).astype(np.uint8)
    assert garment_colours(pixels, count=5) == garment_colours(pixels.copy(), count=5)


def test_nothing_and_a_single_pixel() -> None:
    assert garment_colours(np.zeros((0, 3), dtype=np.uint8), count=5) == ()
    (colour,) = garment_colours(np.array([[250, 220, 40]], dtype=np.uint8), count=5)
    assert (colour.name, colour.share, colour.rgb) == (ColourName.YELLOW, 1.0, (250, 220, 40))


def test_specks_are_no_colour() -> None:
    pixels = _stripes(((20, 20, 20), 995), ((250, 220, 40), 5))
    assert [each.name for each in garment_colours(pixels, count=5)] == [ColourName.BLACK]


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        garment_colours(np.zeros((4, 3), dtype=np.uint8), count=0)
    with pytest.raises(ValueError, match="uint8"):
        garment_colours(np.zeros((4, 4), dtype=np.uint8), count=1)
