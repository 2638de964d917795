"""clustering_run.json, scoring_run.json and video_run.json: what a run did, with which settings, and what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

from curation import __version__
from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.storage.atomic import explained, write_bytes
from curation.storage.together.finishing import finish_pending

__all__ = [
    "CLUSTERING_RUN",
    "SCORING_RUN",
    "VIDEO_RUN",
    "landmark_model_sha256",
    "next_cluster_id",
    "read_run_record",
    "versions",
    "write_run_record",
]

CLUSTERING_RUN = "clustering_run.json"
SCORING_RUN = "scoring_run.json"
VIDEO_RUN = "video_run.json"

_LIBRARIES = (
    "deepface",
    "dlib-bin",
    "numpy",
    "onnxruntime",
    "opencv-contrib-python-headless",
    "pillow",
    "retina-face",
    "scikit-learn",
    "simplejpeg",
)


def versions() -> dict[str, str]:
    """The versions of Curation, Python and the libraries that results depend on."""
    return {"curation": __version__, "python": python_version(), **{name: _version(name) for name in _LIBRARIES}}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def write_run_record(path: Path, record: dict[str, Any]) -> None:
    """Write a run record as indented JSON.

    Raises:
        StorageError: If it cannot be written.
    """
    text = json.dumps(record, indent=2, ensure_ascii=False, default=str)
    write_bytes(path, text.encode("utf-8", "backslashreplace") + b"\n")


def read_run_record(path: Path) -> dict[str, Any] | None:
    """The record of an earlier run; None if there is no file, or it is not a JSON object.

    Raises:
        StorageError: If there is a file but it cannot be read, or is not JSON.
    """
    finish_pending(path.parent)
    try:
        data = read_json(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except ValueError as error:
        raise StorageError(
            f"{path} is not valid JSON ({error}); restore it, or delete it and run the clustering again"
        ) from error
    return data if isinstance(data, dict) else None


def next_cluster_id(record: dict[str, Any] | None) -> int:
    """The lowest cluster id that was never assigned, according to the record of the last clustering run."""
    value = (record or {}).get("next_cluster_id", 0)
    return value if isinstance(value, int) and value >= 0 else 0


def landmark_model_sha256(record: Mapping[str, Any] | None) -> str | None:
    """SHA-256 of the landmark model that the recorded scoring used; None if the record does not say.

    Args:
        record: Of the scoring.
    """
    sha256 = (record or {}).get("landmark_model")
    return sha256 if isinstance(sha256, str) else None
