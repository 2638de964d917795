"""Networks of TensorFlow Lite give the same as ONNX models; the expected numbers are computed by NumPy alone."""

from __future__ import annotations

import logging
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from curation.engines.base import WeightsFile
from curation.engines.bodies.tflite.conversion import converted_network, temporarily_converted
from curation.engines.bodies.tflite.operators import onnx_model
from curation.engines.onnx_sessions import import_onnxruntime
from curation.errors import WeightsBrokenError, WeightsMissingError
from tests.conftest import real_data_dir
from tests.tflite_files import NetworkFile, Scalar

_Array = NDArray[np.float32]
NO_OPTIONS: dict[int, Any] = {}
SAME, VALID = Scalar("<b", 0), Scalar("<b", 1)
RELU6 = Scalar("<b", 3)


def _random(*shape: int, seed: int = 3) -> _Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _run(content: bytes, given: _Array) -> list[_Array]:
    session = import_onnxruntime().InferenceSession(onnx_model(content, "net"), providers=["CPUExecutionProvider"])
    outputs: list[_Array] = session.run(None, {session.get_inputs()[0].name: given})
    return outputs


def _one_step(
    given: _Array,
    kind: str,
    shape: tuple[int, ...],
    constants: tuple[NDArray[Any], ...] = (),
    options: dict[int, Any] | None = None,
    order: Callable[[int, list[int]], list[int]] = lambda first, rest: [first, *rest],
    custom: bytes | None = None,
) -> _Array:
    file = NetworkFile()
    first = file.value(given.shape, "input")
    rest = [file.constant(values) for values in constants]
    output = file.step(kind, order(first, rest), shape, options, custom=custom, name="output")
    (found,) = _run(file.content([first], [output]), given)
    assert found.shape == shape
    return found


def _windows(given: _Array, size: tuple[int, int], strides: tuple[int, int], same: bool, fill: float) -> _Array:
    """(rows, columns, height, width, channels) of a picture (1, H, W, C), as TensorFlow pads it."""
    picture = given[0]
    pads = []
    for side, length, stride in zip(picture.shape[:2], size, strides, strict=True):
        total = max(0, (-(-side // stride) - 1) * stride + length - side) if same else 0
        pads.append((total // 2, total - total // 2))
    padded = np.pad(picture, (*pads, (0, 0)), constant_values=fill)
    rows = (padded.shape[0] - size[0]) // strides[0] + 1
    columns = (padded.shape[1] - size[1]) // strides[1] + 1
    return np.stack(
        [
            np.stack(
                [
                    padded[
                        row * strides[0] : row * strides[0] + size[0],
                        column * strides[1] : column * strides[1] + size[1],
                    ]
                    for column in range(columns)
                ]
            )
            for row in range(rows)
        ]
    )


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (2, 1)])
def test_convolutions(same: bool, strides: tuple[int, int]) -> None:
    given, filters, biases = _random(1, 9, 8, 3), _random(5, 3, 2, 3), _random(5, seed=4)
    expected = np.einsum("rchwi,ohwi->rco", _windows(given, (3, 2), strides, same, 0), filters)[None] + biases
    expected = np.clip(expected, 0, 6)
    options = {0: SAME if same else VALID, 1: Scalar("<i", strides[1]), 2: Scalar("<i", strides[0]), 3: RELU6}
    found = _one_step(given, "CONV_2D", expected.shape, (filters, biases), options)
    assert np.allclose(found, expected, atol=1e-5)


def test_dilated_convolutions() -> None:
    given, filters = _random(1, 9, 9, 2), _random(4, 3, 3, 2)
    spread = np.zeros((4, 5, 5, 2), dtype=np.float32)
    spread[:, ::2, ::2] = filters
    expected = np.einsum("rchwi,ohwi->rco", _windows(given, (5, 5), (1, 1), True, 0), spread)[None]
    options = {0: SAME, 1: Scalar("<i", 1), 2: Scalar("<i", 1), 4: Scalar("<i", 2), 5: Scalar("<i", 2)}
    assert np.allclose(_one_step(given, "CONV_2D", expected.shape, (filters,), options), expected, atol=1e-5)


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolutions(multiplier: int) -> None:
    given, filters, biases = _random(1, 8, 7, 3), _random(1, 3, 3, 3 * multiplier), _random(3 * multiplier, seed=5)
    windows = _windows(given, (3, 3), (2, 2), True, 0).repeat(multiplier, axis=-1)
    expected = np.einsum("rchwi,hwi->rci", windows, filters[0])[None] + biases
    options = {0: SAME, 1: Scalar("<i", 2), 2: Scalar("<i", 2), 3: Scalar("<i", multiplier)}
    found = _one_step(given, "DEPTHWISE_CONV_2D", expected.shape, (filters, biases), options)
    assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["MAX_POOL_2D", "AVERAGE_POOL_2D"])
def test_pools(kind: str) -> None:
    given = _random(1, 7, 6, 3)
    windows = _windows(given, (2, 2), (2, 2), True, np.nan)
    expected = (np.nanmax if kind == "MAX_POOL_2D" else np.nanmean)(windows, axis=(2, 3))[None].astype(np.float32)
    options = {0: SAME, 1: Scalar("<i", 2), 2: Scalar("<i", 2), 3: Scalar("<i", 2), 4: Scalar("<i", 2)}
    assert np.allclose(_one_step(given, kind, expected.shape, (), options), expected, atol=1e-6)


def _spread(given: _Array, filters: _Array, out: tuple[int, int], strides: tuple[int, int], before: int) -> _Array:
    canvas = np.zeros((40, 40, filters.shape[0]), dtype=np.float64)
    for row in range(given.shape[1]):
        for column in range(given.shape[2]):
            rows, columns = row * strides[0], column * strides[1]
            canvas[rows : rows + filters.shape[1], columns : columns + filters.shape[2]] += np.einsum(
                "ohwi,i->hwo", filters, given[0, row, column]
            )
    return canvas[before : before + out[0], before : before + out[1]][None].astype(np.float32)


def test_transposed_convolutions() -> None:
    given, filters, biases = _random(1, 4, 5, 3), _random(2, 3, 3, 3), _random(2, seed=6)
    expected = _spread(given, filters, (8, 10), (2, 2), 0) + biases
    options = {0: SAME, 1: Scalar("<i", 2), 2: Scalar("<i", 2)}
    shape = np.array([1, 8, 10, 2], dtype=np.int32)
    found = _one_step(
        given,
        "TRANSPOSE_CONV",
        (1, 8, 10, 2),
        (shape, filters, biases),
        options,
        lambda first, rest: [rest[0], rest[1], first, rest[2]],
    )
    assert np.allclose(found, expected, atol=1e-5)


def test_the_transposed_convolution_of_mediapipe() -> None:
    given, filters, biases = _random(1, 4, 5, 3), _random(1, 2, 2, 3), _random(1, seed=6)
    expected = _spread(given, filters, (8, 10), (2, 2), 0) + biases
    found = _one_step(
        given,
        "Convolution2DTransposeBias",
        (1, 8, 10, 1),
        (filters, biases),
        custom=struct.pack("<3i", 1, 2, 2),
    )
    assert np.allclose(found, expected, atol=1e-5)


def test_sums_products_and_activations() -> None:
    given = _random(1, 4, 5, 3)
    for kind, constant, expected in (
        ("ADD", _random(3), given + _random(3)),
        ("MUL", _random(1, 1, 1, 3), given * _random(1, 1, 1, 3)),
        ("MUL", np.array(2.5, dtype=np.float32), given * np.float32(2.5)),
        ("ADD", _random(4, 5, 3), given + _random(4, 5, 3)),
        ("PRELU", _random(1, 1, 3), np.where(given < 0, given * _random(1, 1, 3), given)),
    ):
        assert np.allclose(_one_step(given, kind, given.shape, (constant,), NO_OPTIONS), expected, atol=1e-6)
    for kind, expected in (
        ("RELU", np.maximum(given, 0)),
        ("RELU6", np.clip(given, 0, 6)),
        ("LOGISTIC", 1 / (1 + np.exp(-given))),
        ("HARD_SWISH", given * np.clip(given + 3, 0, 6) / 6),
    ):
        assert np.allclose(_one_step(given, kind, given.shape, ()), expected, atol=1e-6)


def test_a_picture_times_the_mean_of_its_places() -> None:
    """A block that weighs channels, as in the network of masks."""
    given = _random(1, 4, 6, 3)
    file = NetworkFile()
    first = file.value(given.shape)
    axes = file.constant(np.array([1, 2], dtype=np.int32))
    mean = file.step("MEAN", [first, axes], (1, 1, 1, 3), {0: Scalar("<b", 1)})
    weight = file.step("LOGISTIC", [mean], (1, 1, 1, 3))
    output = file.step("MUL", [first, weight], given.shape, NO_OPTIONS)
    flat = file.step("MEAN", [output, axes], (1, 3), {})
    found, means = _run(file.content([first], [output, flat]), given)
    expected = given / (1 + np.exp(-given.mean(axis=(1, 2), keepdims=True)))
    assert np.allclose(found, expected, atol=1e-6)
    assert means.shape == (1, 3) and np.allclose(means, expected.mean(axis=(1, 2)), atol=1e-6)


def test_shapes_are_changed_in_tensorflows_order() -> None:
    given = _random(1, 4, 6, 8)
    spread = given.reshape(1, 4, 6, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(1, 8, 12, 2)
    assert np.array_equal(_one_step(given, "DEPTH_TO_SPACE", spread.shape, (), {0: Scalar("<i", 2)}), spread)
    shape = np.array([1, 24, 8], dtype=np.int32)
    assert np.array_equal(_one_step(given, "RESHAPE", (1, 24, 8), (shape,), NO_OPTIONS), given.reshape(1, 24, 8))
    pads = np.array([[0, 0], [1, 2], [0, 1], [0, 3]], dtype=np.int32)
    assert np.array_equal(_one_step(given, "PAD", (1, 7, 7, 11), (pads,), NO_OPTIONS), np.pad(given, pads))


def test_joined_values_are_pictures_or_lists() -> None:
    given = _random(1, 4, 6, 2)
    file = NetworkFile()
    first = file.value(given.shape)
    changed = [file.step("RELU", [first], given.shape) for _ in range(2)]
    joined = file.step("CONCATENATION", changed, (1, 4, 6, 4), {0: Scalar("<i", 3)})
    lists = [file.step("RESHAPE", [number], (1, 24, 2)) for number in changed]
    listed = file.step("CONCATENATION", lists, (1, 48, 2), {0: Scalar("<i", -2)})
    found, rows = _run(file.content([first], [joined, listed]), given)
    positive = np.maximum(given, 0)
    assert np.array_equal(found, np.concatenate((positive, positive), axis=3))
    assert np.array_equal(rows, np.concatenate((positive.reshape(1, 24, 2),) * 2, axis=1))


@pytest.mark.parametrize("half_pixel", [True, False])
def test_pictures_grow(half_pixel: bool) -> None:
    given = _random(1, 3, 4, 2)
    size = np.array([6, 8], dtype=np.int32)
    found = _one_step(given, "RESIZE_BILINEAR", (1, 6, 8, 2), (size,), {3: Scalar("<b", int(half_pixel))})
    shift = 0.5 if half_pixel else 0.0
    for row in range(6):
        for column in range(8):
            y = np.clip((row + shift) / 2 - shift, 0, 2)
            x = np.clip((column + shift) / 2 - shift, 0, 3)
            above, left = int(y), int(x)
            below, right = min(above + 1, 2), min(left + 1, 3)
            upper = given[0, above, left] * (1 - x + left) + given[0, above, right] * (x - left)
            lower = given[0, below, left] * (1 - x + left) + given[0, below, right] * (x - left)
            assert np.allclose(found[0, row, column], upper * (1 - y + above) + lower * (y - above), atol=1e-5)


def _half_precision() -> tuple[NetworkFile, int, int, NDArray[np.float16]]:
    file = NetworkFile()
    first = file.value((1, 6, 6, 3), "input")
    filters = _random(4, 3, 3, 3).astype(np.float16)
    widened = file.step("DEQUANTIZE", [file.constant(filters)], filters.shape)
    options = {0: SAME, 1: Scalar("<i", 1), 2: Scalar("<i", 1)}
    output = file.step("CONV_2D", [first, widened, -1], (1, 6, 6, 4), options, name="output")
    return file, first, output, filters


def test_weights_of_16_bits_stay_so_in_the_file_and_count_as_they_are() -> None:
    given = _random(1, 6, 6, 3)
    file, first, output, filters = _half_precision()
    content = file.content([first], [output])
    import onnx

    model = onnx.load_from_string(onnx_model(content, "net"))
    assert [tensor.data_type for tensor in model.graph.initializer] == [onnx.TensorProto.FLOAT16]
    wide = NetworkFile()
    start = wide.value((1, 6, 6, 3))
    end = wide.step(
        "CONV_2D",
        [start, wide.constant(filters.astype(np.float32)), -1],
        (1, 6, 6, 4),
        {0: SAME, 1: Scalar("<i", 1), 2: Scalar("<i", 1)},
    )
    assert np.array_equal(_run(content, given)[0], _run(wide.content([start], [end]), given)[0])


def test_a_model_is_made_once_and_made_again_if_it_is_damaged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, first, output, _ = _half_precision()
    path = tmp_path / "net.tflite"
    path.write_bytes(file.content([first], [output]))
    source = WeightsFile("net.tflite", path, "ab" * 32)
    with caplog.at_level(logging.INFO):
        made = converted_network(source, (tmp_path / "models", tmp_path / "state"))
    assert made.path.parent == tmp_path / "models" / "converted" and "converted net.tflite" in caplog.text
    stamp = made.path.stat().st_mtime_ns
    assert converted_network(source, (tmp_path / "models",)) == made and made.path.stat().st_mtime_ns == stamp
    made.path.write_bytes(b"damaged")
    assert converted_network(source, (tmp_path / "models",)) == made
    with temporarily_converted(source) as model:
        assert model.path.read_bytes() == made.path.read_bytes()
    path.unlink()
    with pytest.raises(WeightsMissingError), temporarily_converted(source):
        pass


def _broken(change: Callable[[NetworkFile, int], list[int]], version: int = 3) -> bytes:
    file = NetworkFile()
    first = file.value((1, 4, 4, 2))
    return file.content([first], change(file, first), version=version)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not begin"),
        (b"\x10\0\0\0ONNX", "does not begin"),
        (b"\xff\xff\0\0TFL3", "outside of itself"),
        (_broken(lambda file, first: [file.step("RELU", [first], (1, 4, 4, 2))], version=2), "version of its schema"),
        (_broken(lambda file, first: [file.step("SOFTMAX", [first], (1, 4, 4, 2))]), "number 25 is not known"),
        (_broken(lambda file, first: [file.step("RELU", [77], (1, 4, 4, 2))]), "tensor that is not there"),
        (_broken(lambda file, first: [file.step("CONV_2D", [first, -1], (1, 4, 4, 2), {0: SAME})]), "lacks an input"),
        (_broken(lambda file, first: [file.step("CONV_2D", [first, first], (1, 4, 4, 2))]), "options of CONV_2D"),
        (_broken(lambda file, first: [file.step("RELU", [], (1, 4, 4, 2))]), "cannot be converted"),
        (
            _broken(lambda file, first: [file.step("ADD", [first, file.value((1, 4, 4, 2))], (1, 4, 4, 2), {})]),
            "used before it is computed",
        ),
        (
            _broken(lambda file, first: [file.step("ADD", [first, file.constant(_random(5))], (1, 4, 4, 2), {})]),
            "do not fit together",
        ),
        (
            _broken(lambda file, first: [file.step("RELU", [first], (2**20, 2**20, 4, 2))]),
            "the shape of",
        ),
    ],
)
def test_other_files_are_refused_with_a_reason(content: bytes, message: str) -> None:
    with pytest.raises(WeightsBrokenError, match=message):
        onnx_model(content, "net.tflite")


def test_numbers_that_are_not_finite_or_do_not_fit_are_refused() -> None:
    def with_constant(change: Callable[[NetworkFile], None]) -> bytes:
        file = NetworkFile()
        first = file.value((1, 4, 4, 2))
        output = file.step("ADD", [first, file.constant(_random(2))], (1, 4, 4, 2), {})
        change(file)
        return file.content([first], [output])

    def infinite(file: NetworkFile) -> None:
        file.buffers[1][0] = np.array([1, np.inf], dtype=np.float32).tobytes()

    def short(file: NetworkFile) -> None:
        file.buffers[1][0] = b"1234"

    def sparse(file: NetworkFile) -> None:
        file.tensors[1][6] = {0: [1]}

    for change, message in ((infinite, "not finite"), (short, "does not fit its shape"), (sparse, "sparse")):
        with pytest.raises(WeightsBrokenError, match=message):
            onnx_model(with_constant(change), "net")


_file, _first, _output, _ = _half_precision()
_WHOLE = _file.content([_first], [_output])


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(_WHOLE)), st.lists(st.tuples(st.integers(0, len(_WHOLE) - 1), st.integers(0, 255)), max_size=4)
)
def test_damaged_files_are_refused_or_converted_and_never_crash(length: int, changes: list[tuple[int, int]]) -> None:
    content = bytearray(_WHOLE)
    for place, value in changes:
        content[place] = value
    for damaged in (bytes(content), bytes(content[:length])):
        try:
            onnx_model(damaged, "net")
        except WeightsBrokenError as error:
            assert "net" in str(error)


def test_a_network_that_google_publishes_gives_the_same_to_the_bit(tmp_path: Path) -> None:
    folder = real_data_dir()
    archive = folder / "weights/onnx/face_landmarker.task" if folder else None
    if folder is None or archive is None or not archive.is_file():
        pytest.skip("there are no networks of TensorFlow Lite among the test data (CURATION_TEST_DATA)")
    with zipfile.ZipFile(archive) as packed:
        content = packed.read("face_landmarks_detector.tflite")
    other = import_onnxruntime().InferenceSession(
        str(folder / "weights/onnx/face_landmarks_478.onnx"), providers=["CPUExecutionProvider"]
    )
    given = np.random.default_rng(0).random((1, 192, 192, 3), dtype=np.float32)
    expected = other.run(None, {other.get_inputs()[0].name: given})
    for found, wanted in zip(_run(content, given), expected, strict=True):
        assert np.array_equal(found, wanted)
