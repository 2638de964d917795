from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.engines.base import WeightsFile
from curation.engines.dlib.converter.conversion import converted_network
from curation.engines.dlib.model_contract import CHIP_INPUT, LEVEL_INPUT
from curation.engines.dlib.networks import ConvertedNetwork
from curation.errors import FaceAnalysisError, WeightsBrokenError, WeightsMissingError
from tests import dlib_files as files

CPU = ("CPUExecutionProvider",)


def test_a_missing_broken_or_wrong_model_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WeightsMissingError, match="run again"):
        ConvertedNetwork(WeightsFile("mmod.dat", tmp_path / "gone.onnx", ""), LEVEL_INPUT, CPU)
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"garbage")
    with pytest.raises(WeightsBrokenError, match="run again"):
        ConvertedNetwork(WeightsFile("resnet.dat", path, ""), CHIP_INPUT, CPU)
    other = converted_network(files.packaged_descriptor(folder), folder, folder)
    with pytest.raises(WeightsBrokenError, match="delete it"):
        ConvertedNetwork(other, LEVEL_INPUT, CPU)


def test_an_error_of_the_runtime_is_a_face_analysis_error(folder: Path) -> None:
    descriptor = ConvertedNetwork(converted_network(files.packaged_descriptor(folder), folder, folder), CHIP_INPUT, CPU)
    with pytest.raises(FaceAnalysisError, match="network of dlib failed"):
        descriptor.run(np.zeros((1, 149, 150, 3), dtype=np.uint8))
