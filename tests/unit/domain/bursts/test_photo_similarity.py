from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from curation.domain.bursts.photo_similarity import hash_bands, photo_similarity, unpacked
from curation.domain.measuring.measures import MINIATURE_BYTES
from curation.photos.looks.miniature import miniature
from tests.unit.domain.bursts.burst_values import Picture, scene


def alike(a: Picture, b: Picture) -> float:
    pictures = unpacked([miniature(a), miniature(b)])
    value = photo_similarity(pictures, np.array([0]), np.array([1]))
    assert value == pytest.approx(photo_similarity(pictures, np.array([1]), np.array([0])), abs=1e-5)
    return float(value[0])


def recoded(picture: Picture) -> Picture:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1), np.uint8)


CHANGES: dict[str, tuple[Callable[[Picture], Picture], float]] = {
    "the same": (lambda p: p, 0.999),
    "coded again": (recoded, 0.99),
    "half the size": (lambda p: p[::2, ::2], 0.99),
    "darker": (lambda p: (p * 0.6).astype(np.uint8), 0.98),
    "warmer": (lambda p: np.clip(p * np.array([1.1, 1.0, 0.9]), 0, 255).astype(np.uint8), 0.95),
    "moved": (lambda p: np.roll(p, (30, -30), (0, 1)), 0.75),
    "nearer": (lambda p: p[18:-18, 24:-24], 0.80),
}


@pytest.mark.parametrize("name", CHANGES)
def test_views_of_one_scene_are_alike(name: str) -> None:
    change, least = CHANGES[name]
    for seed in range(8):
        picture = scene(seed)
        assert alike(picture, change(picture)) >= least


def test_other_scenes_are_not() -> None:
    assert max(alike(scene(a), scene(b)) for a in range(6) for b in range(6, 12)) < 0.6


def test_plain_pictures_are_like_nothing() -> None:
    grey = np.full((64, 64, 3), 100, np.uint8)
    assert abs(alike(grey, scene(1))) < 0.1
    assert abs(alike(grey, grey)) < 0.1


def test_copies_share_a_part_of_their_hash() -> None:
    found = 0
    for seed in range(40):
        picture = scene(seed)
        bands = hash_bands(unpacked([miniature(picture), miniature(recoded(picture[::2, ::2])), miniature(scene(99))]))
        assert bands.shape == (3, 4)
        found += bool((bands[0] == bands[1]).any())
    assert found >= 39


def test_a_miniature_has_its_length() -> None:
    assert len(miniature(scene(1))) == MINIATURE_BYTES
    assert len(miniature(np.zeros((1, 3000, 3), np.uint8))) == MINIATURE_BYTES
    with pytest.raises(ValueError, match="bytes"):
        unpacked([b"short"])
    assert unpacked([]).shape == (0, 3, 16, 16)
