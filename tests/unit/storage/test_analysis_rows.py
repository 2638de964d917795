from __future__ import annotations

import numpy as np
import pytest

from curation.domain.faces.face import Box, FaceQuality
from curation.storage.analysis_rows import pack_embeddings, pack_faces, unpack_photo
from tests.unit.storage.analyses import analysis


def test_packed_faces_are_rounded_and_embeddings_are_exact() -> None:
    packed = analysis(3)
    photo = unpack_photo(packed.width, packed.height, pack_faces(packed), pack_embeddings(packed))
    assert (photo.width, photo.height) == (400, 300)
    assert [face.box for face in photo.faces] == [Box(10 * index, 0, 40, 50) for index in range(3)]
    assert photo.faces[2].landmarks.right_eye == (20.25, 20.0)
    assert photo.faces[2].confidence == 0.9877
    assert photo.faces[2].quality == FaceQuality(40, 0.5123, -12.5, 0.7123)
    assert photo.embeddings.dtype == np.float32
    assert np.array_equal(photo.embeddings, [face.detected.embedding for face in packed.faces])


def test_no_faces() -> None:
    photo = unpack_photo(400, 300, pack_faces(analysis(0)), pack_embeddings(analysis(0)))
    assert photo.faces == ()
    assert photo.embeddings.shape == (0, 0)


@pytest.mark.parametrize("faces", ["{", "[{}]", "[3]", "3"])
def test_damaged_faces(faces: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        unpack_photo(400, 300, faces, b"")


def test_damaged_embeddings() -> None:
    packed = analysis(2)
    with pytest.raises(ValueError, match="reshape"):
        unpack_photo(400, 300, pack_faces(packed), pack_embeddings(packed)[:-4])
