"""What photos with several faces tell of strangers."""

from __future__ import annotations

import numpy as np
import pytest

from curation.domain.grouping.shared_photos import shared_photos
from tests.unit.domain.grouping.face_vectors import apart, event, unit


def test_faces_of_one_photo_are_strangers() -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(400, 300)))
    found = shared_photos(vectors, np.repeat(np.arange(100), 4), 0.3)
    assert found.strangers is not None
    assert found.strangers.distance == pytest.approx(1.0, abs=0.02)
    assert found.strangers.spread == pytest.approx(1 / np.sqrt(300), rel=0.15)
    assert (found.strangers.pairs, found.strangers.photos, found.repeating) == (600, 100, 0)
    assert found.is_telling.all()


def test_photos_with_near_copies_tell_nothing() -> None:
    vectors = np.concatenate([event(1, 9, 40, 0.5, 40), apart(0, copies=2)])
    photos = np.concatenate([np.repeat(np.arange(10), 4), [3, 3]])
    found = shared_photos(vectors, photos, 0.01)
    assert found.repeating == 1
    assert set(photos[~found.is_telling].tolist()) == {3}


def test_a_near_copy_is_found_in_a_crowd() -> None:
    crowd = unit(np.random.default_rng(1).normal(size=(1100, 40)))
    assert shared_photos(crowd, np.zeros(1100, dtype=np.int64), 0.05).repeating == 0
    crowd[1090] = crowd[5]
    assert shared_photos(crowd, np.zeros(1100, dtype=np.int64), 0.05).repeating == 1


@pytest.mark.parametrize(("photos", "each"), [(40, 1), (4, 6), (20, 2)])
def test_too_few_photos_or_pairs_tell_nothing(photos: int, each: int) -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(photos * each, 30)))
    assert shared_photos(vectors, np.repeat(np.arange(photos), each), 0.1).strangers is None


def test_one_crowd_is_not_the_whole_event() -> None:
    rng = np.random.default_rng(1)
    crowd = unit(2.0 + rng.normal(size=(500, 50)))  # 0.2 apart
    others = unit(rng.normal(size=(120, 50)))  # 1.0 apart
    photos = np.concatenate([np.zeros(500, dtype=np.int64), 1 + np.arange(120) // 3])
    found = shared_photos(np.concatenate([crowd, others]), photos, 0.0)
    assert found.strangers is not None
    assert found.strangers.pairs == 20 * 19 // 2 + 120


def test_an_event_without_faces() -> None:
    found = shared_photos(np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=np.int64), 0.3)
    assert (found.strangers, found.repeating, len(found.is_telling)) == (None, 0, 0)
