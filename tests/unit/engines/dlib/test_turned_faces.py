from __future__ import annotations

import numpy as np
import pytest

from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.batching import ChippedFace
from curation.engines.dlib.surroundings import turned_points
from curation.engines.dlib.turned_faces import face_turned_back
from curation.engines.turns import TurnedPhoto
from tests.fakes import ArrayPhoto

_POINTS = np.array([[22, 11], [27, 11], [25, 14], [23, 17], [26, 17]], dtype=np.float64)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_faces_come_back_to_where_they_are_in_the_photo(turns: int) -> None:
    array = np.zeros((40, 60, 3), dtype=np.uint8)
    array[8:20, 20:30] = 255
    photo = ArrayPhoto(array)
    seen = TurnedPhoto(photo, turns).full().array
    rows, columns = np.nonzero(seen[:, :, 0])
    box = Box(int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    landmarks = FiveLandmarks.from_array(turned_points(_POINTS, turns, 60, 40))
    chip = np.zeros((4, 4, 3), dtype=np.uint8)
    back = face_turned_back(ChippedFace(box, landmarks, 0.9, chip), photo, turns)
    assert back.box == Box(20, 8, 10, 12)
    assert back.landmarks.as_array() == pytest.approx(_POINTS)
    assert back.confidence == 0.9 and back.chip is chip
