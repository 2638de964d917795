from __future__ import annotations

import numpy as np

from training.nobody import directions_of


def test_the_directions_tell_spoilt_faces_from_others() -> None:
    random = np.random.default_rng(3)
    spots = np.eye(24)[:3]
    faces = random.normal(size=(300, 24)) * np.linspace(0.5, 2.0, 24)
    spoilt = np.repeat(4 * spots, 60, axis=0) + 0.5 * random.normal(size=(180, 24))
    directions = directions_of(spoilt, faces - faces.mean(axis=0), 3)
    assert np.allclose(np.linalg.norm(directions, axis=1), 1.0)

    def likeness(vectors: np.ndarray) -> np.ndarray:
        return np.asarray((vectors / np.linalg.norm(vectors, axis=1, keepdims=True) @ directions.T).max(axis=1))

    assert np.quantile(likeness(faces), 0.95) < np.quantile(likeness(spoilt), 0.05)
    assert np.array_equal(directions, directions_of(spoilt, faces - faces.mean(axis=0), 3))
