"""Photographs of faces that installed packages carry, so that they are there wherever the tests run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.engines.base import WeightsFile
from curation.engines.weights.files import file_sha256

__all__ = ["astronaut", "grace_hopper", "side_by_side", "weights_file"]


def astronaut() -> NDArray[np.uint8]:
    """(512, 512, 3) RGB, one frontal face of about 110 px."""
    return _packaged("skimage", "data/astronaut.png")


def grace_hopper() -> NDArray[np.uint8]:
    """(606, 512, 3) RGB, one frontal face of about 180 px."""
    return _packaged("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")


def side_by_side(*arrays: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Photos from left to right on black, aligned at their upper edges."""
    height = max(array.shape[0] for array in arrays)
    return np.hstack([np.pad(array, ((0, height - array.shape[0]), (0, 0), (0, 0))) for array in arrays])


def weights_file(path: Path) -> WeightsFile:
    return WeightsFile(path.name, path, file_sha256(path))


def _packaged(package: str, name: str) -> NDArray[np.uint8]:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    with Image.open(Path(spec.submodule_search_locations[0]) / name) as picture:
        return np.asarray(picture.convert("RGB"))
