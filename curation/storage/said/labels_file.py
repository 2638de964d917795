"""cluster_labels.json on disk. Its content is checked by `curation.domain.labelling.labels`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curation.errors import LabelsError
from curation.storage.atomic import explained, write_bytes
from curation.storage.said.last_good import way_back
from curation.storage.together.finishing import finish_pending

__all__ = [
    "content_etag",
    "labels_content",
    "labels_etag",
    "parse_labels_text",
    "read_labels",
    "write_labels",
]


def read_labels(path: Path) -> object | None:
    """The JSON value in the labels file; None if there is no file.

    Raises:
        LabelsError: If it is not UTF-8 JSON, or names a cluster twice.
        StorageError: If it cannot be read.
    """
    finish_pending(path.parent)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise LabelsError(f"{path} is not UTF-8 text: save it as UTF-8{way_back(path)}") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    try:
        return parse_labels_text(text, str(path))
    except LabelsError as error:
        raise LabelsError(f"{error}{way_back(path)}") from error


def parse_labels_text(text: str, source: str) -> object:
    """Parse labels from JSON text.

    Raises:
        LabelsError: If it is not JSON, or an object names a key twice.
    """
    try:
        value: object = json.loads(text, object_pairs_hook=_unique)
    except LabelsError as error:
        raise LabelsError(f"{source}: {error}") from error
    except json.JSONDecodeError as error:
        raise LabelsError(
            f"{source} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}. "
            'It should look like {"0": "main", "1": {"name": "Anna", "category": "important"}}'
        ) from error
    except RecursionError as error:
        raise LabelsError(f"{source} is nested too deeply to be a labels file") from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise LabelsError(f'the labels name "{key}" twice: keep one of the two')
        out[key] = value
    return out


def labels_content(labels: Mapping[str, Any]) -> bytes:
    """The content of a labels file.

    Args:
        labels: Validated, in the form of the file.
    """
    return json.dumps(labels, indent=2, ensure_ascii=False).encode() + b"\n"


def write_labels(path: Path, labels: Mapping[str, Any]) -> None:
    """Write labels, which the caller has validated.

    Raises:
        StorageError: If the file cannot be written; the old one is then unchanged.
    """
    write_bytes(path, labels_content(labels))


def labels_etag(path: Path) -> str:
    """A strong entity tag of the content of the labels file; that of empty content if there is no file.

    Raises:
        StorageError: If the file cannot be read.
    """
    finish_pending(path.parent)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise explained(error, path, "read") from error
    return content_etag(content)


def content_etag(content: bytes) -> str:
    """A strong entity tag of the content of a labels file."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
