from __future__ import annotations

from pathlib import Path

import pytest

from curation.engines.dlib.model_contract import DetectorOptions, detector_metadata, read_detector_metadata
from curation.errors import WeightsBrokenError


def test_what_was_written_is_read() -> None:
    options = DetectorOptions((40, 50), 0.25, 0.75)
    metadata = detector_metadata(options, (1.0, 2.5, 3.0))
    assert read_detector_metadata(metadata, Path("d.onnx")) == (options, (1.0, 2.5, 3.0))


def test_a_model_without_the_detectors_options_is_refused() -> None:
    with pytest.raises(WeightsBrokenError, match=r"d\.onnx has no usable metadata"):
        read_detector_metadata({}, Path("d.onnx"))
