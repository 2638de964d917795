from __future__ import annotations

import numpy as np

from training.samples.augmentation import covered, degraded, jittered, relit
from training.samples.eyelids import dark_lens


def test_changed_crops_keep_their_kind_and_follow_the_seed() -> None:
    crop = (np.arange(48 * 48).reshape(48, 48) % 200).astype(np.uint8)

    def all_changes(seed: int) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        made = [relit(crop, rng), covered(crop, rng), dark_lens(crop, rng), degraded(crop, 1.0, 0.4, rng)]
        return [*made, jittered(np.eye(2, 3), (23.5, 23.5), rng, shift_px=1.0)]

    for one, same in zip(all_changes(3), all_changes(3), strict=True):
        np.testing.assert_array_equal(one, same)
    assert all(made.shape == (48, 48) and made.dtype == np.uint8 for made in all_changes(4)[:-1])


def test_lower_resolution_takes_detail_away() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 255, (48, 48)).astype(np.uint8)
    assert np.mean([degraded(noise, 1.0, 0.25, rng).std() for _ in range(10)]) < 0.7 * noise.std()
