"""Small JSON files that the program can make again: they carry a checksum, so that a changed byte is no other fact.

A file that is not what was written is damaged, and its facts are read of the photos once more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from curation.parsing.json_text import read_json

__all__ = ["memory_content", "read_memory"]

_CHECKSUM = "checksum"
_DIGITS = 16


def memory_content(data: Mapping[str, Any]) -> bytes:
    """What is written: the data with their checksum."""
    text = json.dumps(data, separators=(",", ":"))
    return f'{text[:-1]},"{_CHECKSUM}":"{_checksum(text)}"}}'.encode()


def read_memory(path: Path, keys: Collection[str]) -> dict[str, Any]:
    """The data of a file.

    Args:
        path: Of the file.
        keys: All that it has beside its checksum; files of earlier versions have none, and are taken for right.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged; or another of `PARSER_ERRORS`.
    """
    data: dict[str, Any] = read_json(path)
    checksum = data.pop(_CHECKSUM, None)
    if not data.keys() <= {*keys}:
        raise ValueError("it has a key that nobody wrote")
    if checksum is not None and checksum != _checksum(json.dumps(data, separators=(",", ":"))):
        raise ValueError("its checksum is wrong")
    return data


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
