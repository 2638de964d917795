"""Engines on given weights, built without downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curation.engines.base import FaceEngine
from curation.engines.building import build_engine
from curation.engines.selection import select_engine
from curation.errors import CurationError
from curation.settings import load_settings
from ground_truth.data_folder import SMALL_WEIGHTS
from ground_truth.errors import Unavailable

__all__ = ["engine_at", "small_engine"]

_PROJECT = Path(__file__).parents[1]


def engine_at(name: str, models: Path, **options: Any) -> FaceEngine:
    """Build an engine.

    Args:
        name: As in `engine.name` of config.yaml.
        models: Folder with the weights.
        options: Settings of the engine's section of config.yaml; the others have their defaults.

    Raises:
        Unavailable: If its weights are missing.
    """
    return _built(name, models, _PROJECT, {name.replace("-", "_"): options})


def small_engine(data: Path) -> FaceEngine:
    """The engine retinaface-arcface on the small weights of `data`, all settings at their defaults.

    Raises:
        Unavailable: If the weights are missing.
    """
    return _built("retinaface-arcface", data / SMALL_WEIGHTS, data, {})


def _built(name: str, models: Path, root: Path, options: dict[str, Any]) -> FaceEngine:
    overrides: dict[str, dict[str, Any]] = {
        "io": {"models_dir": str(models.resolve())},
        "engine": {"name": name, "download": False, **options},
    }
    settings = load_settings(None, default_root=root, overrides=overrides)
    try:
        return build_engine(select_engine(settings, pinned=None, allow_download=False))
    except CurationError as error:
        raise Unavailable(str(error).splitlines()[0]) from error
