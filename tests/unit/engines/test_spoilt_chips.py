from __future__ import annotations

import numpy as np

from curation.engines.spoilt_chips import SPOILT_WAYS, spoilt_chips


def test_a_chip_is_spoilt_in_every_way() -> None:
    chip = np.random.default_rng(1).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    chips = spoilt_chips(chip)
    assert len(chips) == len(SPOILT_WAYS)
    assert all(one.shape == chip.shape and one.dtype == np.uint8 and one.flags.c_contiguous for one in chips)
    assert np.array_equal(chips[0], chip[::-1, ::-1])
    assert np.array_equal(chips[1][0, 0], chip[0, -1])  # turned anticlockwise
    assert not any(np.array_equal(one, chip) for one in chips)


def test_a_piece_is_a_part_of_the_chip_enlarged() -> None:
    chip = np.zeros((100, 100, 3), dtype=np.uint8)
    chip[31:73, 19:61] = 200
    assert (spoilt_chips(chip)[2] == 200).all()
