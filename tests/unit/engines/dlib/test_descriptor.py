"""The descriptor gives what dlib's own code gives."""

from __future__ import annotations

from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from curation.engines.dlib.converter.conversion import converted_network
from curation.engines.dlib.descriptor import FaceDescriptor
from tests import dlib_files as files
from tests.face_photos import astronaut, grace_hopper

CPU = ("CPUExecutionProvider",)


@pytest.fixture(scope="module")
def descriptor(folder: Path) -> FaceDescriptor:
    return FaceDescriptor(converted_network(files.packaged_descriptor(folder), folder, folder), CPU)


@pytest.fixture(scope="module")
def dlib_descriptor(folder: Path) -> dlib.face_recognition_model_v1:
    return dlib.face_recognition_model_v1(str(files.packaged_descriptor(folder).path))


def test_the_descriptor_gives_what_dlib_gives(
    descriptor: FaceDescriptor, dlib_descriptor: dlib.face_recognition_model_v1
) -> None:
    sizes = [cv2.resize(face, (150, 150)) for face in (astronaut()[60:260, 130:330], grace_hopper()[80:330, 120:370])]
    chips = [np.asarray(face, dtype=np.uint8) for face in (*sizes, sizes[0][:, ::-1], 255 - sizes[1])]
    chips.append(np.random.default_rng(2).integers(0, 256, (150, 150, 3), dtype=np.uint8))
    expected = np.array(dlib_descriptor.compute_face_descriptor([np.ascontiguousarray(chip) for chip in chips]))
    described = descriptor.describe(chips)
    assert described.dtype == np.float32
    assert np.abs(described - expected).max() <= 1e-5


def test_many_faces_are_described_as_one_by_one(descriptor: FaceDescriptor) -> None:
    chips = list(np.random.default_rng(4).integers(0, 256, (35, 150, 150, 3), dtype=np.uint8))
    together = descriptor.describe(chips)
    assert together.shape == (35, 128)
    np.testing.assert_allclose(descriptor.describe(chips[33:34])[0], together[33], atol=1e-6)
    assert descriptor.describe([]).shape == (0, 128)
