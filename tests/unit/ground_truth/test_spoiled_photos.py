from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ground_truth.spoiled_photos import RECIPES, spoiled


def _photo(width: int = 320, height: int = 240) -> Image.Image:
    """Noise: sharp, bright and dark everywhere."""
    values = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_recipe_gives_the_same_other_picture_every_time(recipe: str) -> None:
    photo = _photo()
    first, second = (np.asarray(spoiled(recipe, [photo, photo], (0.4, 0.3))) for _ in range(2))
    assert first.ndim == 3 and np.array_equal(first, second)
    assert first.shape != (240, 320, 3) or not np.array_equal(first, np.asarray(photo))


def test_pictures_are_as_bad_as_said() -> None:
    photo = _photo()
    grey = {recipe: np.asarray(spoiled(recipe, [photo], (0.4, 0.3)).convert("L"), dtype=float) for recipe in RECIPES}
    before = np.asarray(photo.convert("L"), dtype=float)
    assert grey["blur"].std() < grey["soft"].std() < before.std()
    assert grey["motion"].std() < before.std()
    assert grey["dark"].mean() < 0.2 * before.mean()
    assert np.median(grey["blown"]) > 1.5 * np.median(before)
    assert max(grey["tiny"].shape) == 110


def test_the_cut_goes_through_the_face_and_keeps_the_larger_side() -> None:
    assert spoiled("cut", [_photo()], (0.25, 0.5)).size == (240, 240)
    assert spoiled("cut", [_photo()], (0.75, 0.5)).size == (240, 240)
    with pytest.raises(ValueError, match="place"):
        spoiled("cut", [_photo()])


def test_wrong_recipes_and_no_pictures_are_errors() -> None:
    with pytest.raises(KeyError):
        spoiled("salt", [_photo()])
    with pytest.raises(ValueError, match="no picture"):
        spoiled("blur", [])
