from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.base import Pixels
from curation.photos.looks.crops import square_crop


@pytest.fixture(scope="module")
def ramp() -> NDArray[np.uint8]:
    """Red holds x, green holds y."""
    picture = np.zeros((120, 200, 3), dtype=np.uint8)
    picture[..., 0] = np.arange(200)
    picture[..., 1] = np.arange(120)[:, None]
    return picture


def test_the_crop_is_centred_and_unchanged(ramp: NDArray[np.uint8]) -> None:
    crop = square_crop(Pixels(ramp, 1.0), np.array([99.5, 59.5]), 10, max_scale=1.0)
    assert crop is not None
    assert crop.array.shape == (20, 20, 3)
    assert crop.centre == (10, 10)
    assert np.array_equal(crop.array, ramp[50:70, 90:110])


def test_nothing_is_enlarged(ramp: NDArray[np.uint8]) -> None:
    crop = square_crop(Pixels(ramp, 1.0), np.array([99.5, 59.5]), 10, max_scale=5.0)
    assert crop is not None
    assert crop.array.shape == (20, 20, 3)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_coordinates_are_those_of_the_full_photo(ramp: NDArray[np.uint8], scale: float) -> None:
    array = ramp if scale == 1.0 else ramp[::2, ::2]
    crop = square_crop(Pixels(array, scale), np.array([100.0, 60.0]), 20, max_scale=0.25)
    assert crop is not None
    assert crop.array.shape[0] in (10, 11)
    x, y = (round(c) for c in crop.centre)
    assert crop.array[y - 1, x - 1, 0] == pytest.approx(100, abs=5)
    assert crop.array[y - 1, x - 1, 1] == pytest.approx(60, abs=5)


def test_edges_clip_and_the_centre_stays(ramp: NDArray[np.uint8]) -> None:
    crop = square_crop(Pixels(ramp, 1.0), np.array([2.5, 2.5]), 10, max_scale=1.0)
    assert crop is not None
    assert crop.array.shape == (13, 13, 3)
    assert crop.centre == (3, 3)


@pytest.mark.parametrize(
    ("centre", "half"), [((-50.0, 10.0), 10.0), ((10.0, 10.0), 1.0), ((np.nan, 1.0), 10.0), ((1.0, 1.0), np.inf)]
)
def test_nothing_left(ramp: NDArray[np.uint8], centre: tuple[float, float], half: float) -> None:
    assert square_crop(Pixels(ramp, 1.0), np.array(centre), half, max_scale=1.0) is None


def test_turned_views_are_fine(ramp: NDArray[np.uint8]) -> None:
    crop = square_crop(Pixels(np.rot90(ramp), 1.0), np.array([60.0, 100.0]), 20, max_scale=0.5)
    assert crop is not None
    assert crop.array.flags.c_contiguous


def test_halving_first_leaves_places_and_sizes_as_they_are(ramp: NDArray[np.uint8]) -> None:
    centre = np.array([99.5, 59.5])
    plain = square_crop(Pixels(ramp, 1.0), centre, 41, max_scale=0.3)
    halved = square_crop(Pixels(ramp, 1.0), centre, 41, max_scale=0.3, halved_to=0.5)
    small = square_crop(Pixels(ramp[::2, ::2], 0.5), centre, 41, max_scale=0.3, halved_to=0.5)
    assert plain is not None and halved is not None and small is not None
    assert plain.array.shape == halved.array.shape == small.array.shape and plain.centre == halved.centre
    assert np.abs(plain.array.astype(int) - halved.array).max() <= 2
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    first, second = (
        square_crop(Pixels(noise, 1.0), centre, 80, max_scale=0.3, halved_to=limit) for limit in (0.5, 0.51)
    )
    assert first is not None and second is not None
    assert not np.array_equal(first.array, second.array)
