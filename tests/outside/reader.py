"""A file that lies outside of the program, and its reader."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FileReader", "json_file", "npy"]


@dataclass(frozen=True, slots=True)
class FileReader:
    """A file that is read.

    Attributes:
        name: For messages.
        file: Its path in a folder of its own.
        valid: What it may hold.
        read: Reads the file of this path, in the folder that the test gives it; other files that belong to it are
            written there.
    """

    name: str
    file: str
    valid: bytes
    read: Callable[[Path], object]

    @property
    def is_json(self) -> bool:
        """Whether it is one JSON value."""
        return self.file.endswith(".json") and self.valid[:1] in b"{["


def json_file(name: str, file: str, value: object, read: Callable[[Path], object]) -> FileReader:
    return FileReader(name, file, json.dumps(value, indent=1).encode(), read)


def npy(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()
