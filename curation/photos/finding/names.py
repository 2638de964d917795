"""Names of files as the system gives them: as paths of photos, their extensions, and those that nobody is told of."""

from __future__ import annotations

import os
import re

__all__ = ["CLUSTERS_MARK", "SURROGATE", "escaped", "extension_of", "is_passed_over", "may_be_folder"]

# Created in folders by systems and network disks, besides names that begin with a dot.
_SYSTEM_NAMES = frozenset(
    name.casefold()
    for name in (
        "@eaDir",
        "@Recycle",
        "#recycle",
        "$RECYCLE.BIN",
        "__MACOSX",
        "lost+found",
        "System Volume Information",
        "desktop.ini",
        "ehthumbs.db",
        "Thumbs.db",
    )
)
CLUSTERS_MARK = ".curation-files.json"
"""The list of files in a folder of cluster pictures; whatever run made them, they are not photos of the event."""
_LONGEST_EXTENSION = 5
SURROGATE = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8 are represented in names by these code points (PEP 383)."""


def escaped(name: str) -> str:
    """A path as `PhotoFile.image_path` has it: surrogates and backslashes escaped, the same in every locale."""
    text = os.fsencode(name).decode("utf-8", "surrogateescape")
    return SURROGATE.sub(lambda match: f"\\u{ord(match[0]):x}", text.replace("\\", "\\\\"))


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is hidden or of the system: nobody is told of it."""
    return name.startswith(".") or name.casefold() in _SYSTEM_NAMES


def extension_of(name: str) -> str:
    """The extension of a file's name in lower case, without the dot; empty if it has none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def may_be_folder(name: str) -> bool:
    """Whether something that cannot be looked at is called as folders are: without an extension of a file.

    "Card 2", "2026.05.30" and "Anna.photoslibrary" may be folders, "notes.txt" is none.
    """
    extension = extension_of(name)
    return not (extension.isalnum() and extension[0].isalpha() and len(extension) <= _LONGEST_EXTENSION)
