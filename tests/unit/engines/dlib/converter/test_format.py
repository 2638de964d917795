from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.engines.dlib.converter.format import read_network
from curation.engines.dlib.converter.layers import Affine, Convolution, FullyConnected, Mark, Plain, Pooling
from curation.engines.dlib.model_contract import DetectorOptions
from curation.errors import WeightsBrokenError
from tests import dlib_files as files

RNG = np.random.default_rng(5)
FILTERS = RNG.normal(size=(4, 3, 5, 5)).astype(np.float32)
BIASES = RNG.normal(size=4).astype(np.float32)
MATRIX = RNG.normal(size=(4, 128)).astype(np.float32)
FIRST = files.convolution(FILTERS, BIASES, stride=2, padding=1)
SMALL = files.descriptor_file([FIRST, files.relu(), None, files.mean_pool(0, 1), files.matrix(MATRIX)])


def test_layers_come_as_they_were_saved_from_the_first_to_the_last() -> None:
    network = read_network(SMALL, "small.dat")
    assert network.mean_rgb == files.MEAN_RGB and network.input_px == 16 and network.detector is None
    first, relu, mark, pool, matrix = network.layers
    assert isinstance(first, Convolution) and (first.stride, first.padding) == ((2, 2), (1, 1))
    np.testing.assert_array_equal(first.filters, FILTERS)
    np.testing.assert_array_equal(first.biases, BIASES)
    assert relu == Plain("relu") and mark == Mark()
    assert pool == Pooling("mean", (0, 0), (1, 1), (0, 0))
    assert isinstance(matrix, FullyConnected)
    np.testing.assert_array_equal(matrix.weights, MATRIX)


def test_a_learned_normalisation_becomes_factors_and_shifts() -> None:
    scale, shift, means = (RNG.normal(size=4).astype(np.float32) for _ in range(3))
    variances = RNG.uniform(0.1, 2, 4).astype(np.float32)
    layers = [FIRST, files.normalisation(scale, shift, means, variances), files.affine(scale, shift)]
    network = read_network(files.detector_file(layers), "detector.dat")
    assert network.detector == DetectorOptions((80, 80), 0.4, 1.0) and network.input_px is None
    _, normalised, plain = network.layers
    assert isinstance(normalised, Affine) and isinstance(plain, Affine)
    values = RNG.normal(size=4)
    expected = (values - means) / np.sqrt(variances + 1e-4) * scale + shift
    np.testing.assert_allclose(values * normalised.scale + normalised.shift, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(plain.scale, scale)
    np.testing.assert_array_equal(plain.shift, shift)


def test_the_real_files_are_read_to_their_last_byte(tmp_path: Path) -> None:
    network = read_network(files.packaged_descriptor(tmp_path).path.read_bytes(), "descriptor.dat")
    convolutions = [layer for layer in network.layers if isinstance(layer, Convolution)]
    assert network.input_px == 150 and len(convolutions) == 29
    detector = read_network(files.packaged_detector(tmp_path).path.read_bytes(), "detector.dat")
    assert [layer.filters.shape[0] for layer in detector.layers if isinstance(layer, Convolution)] == [
        16, 32, 32, 45, 45, 45, 1,
    ]  # fmt: skip
    assert detector.detector is not None and detector.detector.window_px == (80, 80)


def test_a_file_that_ends_early_is_refused_wherever_it_ends() -> None:
    for end in range(len(SMALL)):
        with pytest.raises(WeightsBrokenError, match=r"small\.dat"):
            read_network(SMALL[:end], "small.dat")


def test_whatever_a_byte_is_changed_to_it_is_read_or_refused() -> None:
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(2000):
        data = bytearray(SMALL)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            data[place] = rng.integers(0, 256)
        try:
            read_network(bytes(data), "small.dat")
        except WeightsBrokenError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "ends too early"),
        (b"PK\x03\x04 garbage", "integer begins with"),
        (SMALL + b"\x00", "1 bytes follow"),
        (files.integer(1) + files.text("loss_binary_log_") + SMALL, "its loss is 'loss_binary_log_'"),
        (SMALL.replace(files.text("relu_"), files.text("prelu")), "the layer 'prelu' is not known"),
        (
            files.descriptor_file([files.convolution(FILTERS, BIASES, count=5)]),
            r"filters is \(4, 5, 5\) instead of \(5, 5, 5\)",
        ),
        (files.descriptor_file([files.convolution(FILTERS * np.nan, BIASES)]), "not finite"),
        (files.descriptor_file([files.convolution(FILTERS, BIASES, stride=0)]), "stride 0 x 0"),
        (files.descriptor_file([files.convolution(FILTERS, BIASES, padding=-1)]), "padding -1 x -1"),
        (files.descriptor_file([FIRST], input_px=10**7), "a side has 10000000 pixels"),
        (files.detector_file([FIRST], iou=0), "limits for overlapping boxes are 0"),
        (files.detector_file([FIRST], covered=float(2**60) * 2.0**60), "limits for overlapping boxes are"),
        (files.integer(1) + files.integer(10**6), "a name has 1000000 bytes"),
        (SMALL.replace(b"110", b"210", 1), "flags"),
    ],
)
def test_strange_files_are_refused_with_what_is_strange(data: bytes, what: str) -> None:
    with pytest.raises(WeightsBrokenError, match=what):
        read_network(data, "small.dat")


def test_a_tensor_that_claims_to_be_huge_costs_no_memory() -> None:
    claim = files.integer(2) + 4 * files.integer(2**62)
    data = files.descriptor_file([files.text("con_4") + claim])
    with pytest.raises(WeightsBrokenError, match="ends too early"):
        read_network(data, "small.dat")


def test_reals_beyond_all_bounds_are_refused() -> None:
    head = files.integer(1) + files.text("loss_metric_2") + files.integer(1) + files.integer(10**6)
    with pytest.raises(WeightsBrokenError, match="not finite"):
        read_network(head + SMALL, "small.dat")
