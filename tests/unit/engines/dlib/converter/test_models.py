from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.engines.dlib.converter.format import read_network
from curation.engines.dlib.converter.models import descriptor_model, detector_model
from curation.engines.dlib.model_contract import read_detector_metadata
from curation.engines.onnx_sessions import import_onnxruntime
from curation.errors import WeightsBrokenError
from tests import dlib_files as files

RNG = np.random.default_rng(11)
Array = NDArray[np.floating]


def _filters(count: int, channels: int, side: int) -> tuple[Array, Array]:
    return RNG.normal(size=(count, channels, side, side)) / side / channels, RNG.normal(size=count)


def _run(model: bytes, values: NDArray[Any]) -> NDArray[np.float32]:
    session = import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {session.get_inputs()[0].name: values})
    result: NDArray[np.float32] = answer
    return result


def _convolved(planes: Array, filters: Array, biases: Array, stride: int = 1, padding: int = 0) -> Array:
    """The definition of a convolution, term by term."""
    padded = np.pad(planes, ((0, 0), (padding, padding), (padding, padding)))
    side = filters.shape[2]
    rows = range(0, padded.shape[1] - side + 1, stride)
    columns = range(0, padded.shape[2] - side + 1, stride)
    windows = np.array([[padded[:, y : y + side, x : x + side] for x in columns] for y in rows])
    return np.asarray(np.einsum("yxckl,fckl->fyx", windows, filters) + biases[:, None, None])


def test_a_residual_network_with_growing_blocks_computes_what_its_layers_say() -> None:
    first, second, third = _filters(4, 3, 3), _filters(4, 4, 3), _filters(6, 4, 3)
    scale, shift = RNG.normal(size=6), RNG.normal(size=6)
    matrix = RNG.normal(size=(6, 128))
    layers = [
        files.convolution(*first, padding=1),
        files.relu(),
        None,  # marked, and added after the next convolution
        files.convolution(*second, padding=1),
        files.add_layer(),
        None,  # marked, taken up again, halved, and added although it has fewer channels and more pixels
        files.convolution(*third, stride=2),
        files.affine(scale, shift),
        None,
        None,
        files.mean_pool(2, 2),
        files.add_layer(),
        files.mean_pool(0, 1),
        files.matrix(matrix),
    ]
    model = descriptor_model(read_network(files.descriptor_file(layers, input_px=8), "r"), "r")
    chips = RNG.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)

    expected = []
    for chip in chips:
        planes = ((chip - np.array(files.MEAN_RGB)) / 256).transpose(2, 0, 1)
        planes = np.maximum(_convolved(planes, *first, padding=1), 0)
        planes = planes + _convolved(planes, *second, padding=1)
        halved = planes.reshape(4, 4, 2, 4, 2).mean(axis=(2, 4))
        block = _convolved(planes, *third, stride=2) * scale[:, None, None] + shift[:, None, None]
        total = np.zeros((6, 4, 4))
        total[:, :3, :3] += block
        total[:4] += halved
        expected.append(total.mean(axis=(1, 2)) @ matrix)
    np.testing.assert_allclose(_run(model, chips), expected, rtol=1e-4, atol=1e-4)


def test_a_detector_computes_what_its_layers_say_for_any_size() -> None:
    first, last = _filters(5, 3, 5), _filters(1, 5, 3)
    layers = [files.convolution(*first, stride=2), files.relu(), files.convolution(*last, padding=1)]
    network = read_network(files.detector_file(layers, iou=0.3), "d")
    model = detector_model(network, "d")
    for height, width in ((31, 40), (5, 9)):
        level = RNG.integers(0, 256, (3, height, width), dtype=np.uint8)
        centred = (level - np.reshape(files.MEAN_RGB, (3, 1, 1))) / 256
        planes = np.maximum(_convolved(centred, *first, stride=2), 0)
        np.testing.assert_allclose(_run(model, level), _convolved(planes, *last, padding=1)[0], rtol=1e-4, atol=1e-4)
    session = import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
    options, mean = read_detector_metadata(session.get_modelmeta().custom_metadata_map, Path("d"))
    assert options == network.detector and mean == files.MEAN_RGB


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    network = read_network(files.packaged_detector(tmp_path).path.read_bytes(), "d")
    assert detector_model(network, "d") == detector_model(network, "d")


_WIDE = files.convolution(*_filters(4, 3, 3), padding=1)
_POOL, _MATRIX = files.mean_pool(0, 1), files.matrix(RNG.normal(size=(4, 128)))


@pytest.mark.parametrize(
    ("layers", "what"),
    [
        ([_WIDE], "descriptors have the shape"),
        ([_WIDE, files.convolution(*_filters(4, 5, 3)), _POOL, _MATRIX], "needs 5 channels and gets 4"),
        ([_WIDE, _MATRIX], "matrix needs 4 numbers"),
        ([_WIDE, files.add_layer(), _POOL, _MATRIX], "not marked"),
        ([_WIDE, None, None, _POOL, _MATRIX], "not marked"),
        ([_WIDE, None, files.relu(), _POOL, _MATRIX], "is not used"),
        ([_WIDE, files.affine(np.ones(3), np.ones(3)), _POOL, _MATRIX], "3 factors follow 4 channels"),
        ([_WIDE, files.relu(), files.affine(np.ones(4), np.ones(4)), _POOL, _MATRIX], "scales channels"),
        ([files.convolution(*_filters(4, 3, 21)), _POOL, _MATRIX], "larger than its input"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers: list[bytes | None], what: str) -> None:
    network = read_network(files.descriptor_file(layers), "r.dat")
    with pytest.raises(WeightsBrokenError, match=rf"r\.dat is not dlib's face descriptor: .*{what}"):
        descriptor_model(network, "r.dat")


def test_a_detector_and_a_descriptor_are_not_taken_for_each_other() -> None:
    detector = read_network(files.detector_file([_WIDE]), "a.dat")
    descriptor = read_network(files.descriptor_file([_WIDE, _POOL, _MATRIX]), "b.dat")
    with pytest.raises(WeightsBrokenError, match=r"a\.dat is a detector"):
        descriptor_model(detector, "a.dat")
    with pytest.raises(WeightsBrokenError, match=r"b\.dat is a descriptor"):
        detector_model(descriptor, "b.dat")
    with pytest.raises(WeightsBrokenError, match="pads the picture"):
        detector_model(detector, "a.dat")
    several = files.detector_file([files.convolution(*_filters(4, 3, 3))])
    with pytest.raises(WeightsBrokenError, match="4 classes"):
        detector_model(read_network(several, "a.dat"), "a.dat")
    with pytest.raises(WeightsBrokenError, match="more than a chain"):
        detector_model(read_network(files.detector_file([_WIDE, None]), "a.dat"), "a.dat")
