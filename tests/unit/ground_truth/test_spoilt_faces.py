from __future__ import annotations

import numpy as np
import pytest

from ground_truth.spoilt_faces import CHIP_SPOILERS, SPOILT_BEYOND_READING, close_up, spoilt_chip


@pytest.mark.parametrize("name", CHIP_SPOILERS)
@pytest.mark.parametrize("size", [112, 150])
def test_each_way_spoils_a_chip_and_leaves_the_chip_alone(name: str, size: int) -> None:
    random = np.random.default_rng(1)
    chip, other = random.integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    before = chip.copy()
    spoilt = spoilt_chip(name, chip, other, np.random.default_rng(2))
    assert spoilt.shape == chip.shape and spoilt.dtype == np.uint8 and spoilt.flags.c_contiguous
    assert not np.array_equal(spoilt, chip)
    assert np.array_equal(chip, before)
    assert np.array_equal(spoilt, spoilt_chip(name, chip, other, np.random.default_rng(2)))


def test_half_a_face_may_still_be_read() -> None:
    assert set(CHIP_SPOILERS) - set(SPOILT_BEYOND_READING) == {"half covered"}


def test_a_close_up_is_filled_by_the_face() -> None:
    photo = np.zeros((200, 300, 3), dtype=np.uint8)
    photo[60:120, 130:170] = 250
    close = close_up(photo, (130, 60, 40, 60), 0.6, 500)
    assert close.shape[:2] == (500, 400)
    assert 280 <= (close[:, 200, 0] > 125).sum() <= 320
    whole = close_up(photo, (0, 0, 300, 200), 1.0, 400)
    assert whole.shape[0] == 400
