"""cluster_labels.json on disk. Its content is checked by `curation.domain.labelling.labels`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curation.errors import LabelsError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import NotValidError
from curation.parsing.plain_files import read_plain
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
        content = read_plain(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except NotValidError as error:
        raise LabelsError(f"{path} is not valid: {error}{way_back(path)}") from error
    try:
        return parse_labels_text(content, str(path))
    except LabelsError as error:
        raise LabelsError(f"{error}{way_back(path)}") from error


def parse_labels_text(text: bytes | str, source: str) -> object:
    """Parse labels from JSON text, which is UTF-8 if it comes as bytes.

    Raises:
        LabelsError: If it is not JSON within the limits of `parse_json`, or an object names a key twice.
    """
    try:
        value: object = parse_json(text, unique=True)
    except NotValidError as error:
        raise LabelsError(
            f"{source} is not valid JSON: {error}. "
            'It should look like {"0": "main", "1": {"name": "Anna", "category": "important"}}'
        ) from error
    return value


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
