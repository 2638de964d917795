"""The settings of assets on the weights of the test data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curation import bootstrap
from curation.errors import CurationError
from curation.pipelines.assets.setup import AssetSetup
from curation.settings import load_settings
from ground_truth.data_folder import SMALL_WEIGHTS
from ground_truth.errors import Unavailable

__all__ = ["asset_setup_on"]

_PROJECT = Path(__file__).parents[1]
_ONNX = Path("weights/onnx")


def asset_setup_on(data: Path, scratch: Path, **changes: Any) -> AssetSetup:
    """What workers of assets are told, on the weights of the test data.

    Args:
        data: The folder of test data.
        scratch: A folder for links to the weights.
        changes: Settings of the section `assets`; the others have their defaults.

    Raises:
        Unavailable: If weights are missing.
    """
    folder = scratch / "asset models"
    folder.mkdir(parents=True, exist_ok=True)
    for source in (data / _ONNX, data / SMALL_WEIGHTS):
        for file in sorted(source.glob("*.onnx")):
            link = folder / file.name
            if not link.exists():
                link.symlink_to(file.resolve())
    overrides: dict[str, dict[str, Any]] = {
        "io": {"models_dir": str(folder.resolve()), "state_dir": str((scratch / "asset state").resolve())},
        "engine": {"name": "retinaface-arcface", "download": False},
        "assets": changes,
    }
    try:
        return bootstrap.asset_setup(load_settings(None, default_root=_PROJECT, overrides=overrides))
    except CurationError as error:
        raise Unavailable(str(error).splitlines()[0]) from error
