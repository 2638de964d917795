"""Looking for what should be gone in the raw bytes of files."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from curation.gallery.enrolment import stored_vector
from curation.gallery.store import Exemplar

__all__ = ["traces"]

_PIECE = 24
"""Bytes of which not even a piece may be left."""


def traces(folder: Path, exemplars: list[Exemplar], *texts: str, every: int = _PIECE) -> list[str]:
    """What is left of faces and texts in any file of a folder; one piece of `every` bytes is looked for."""
    needles: dict[str, bytes] = {}
    for text in texts:
        for form in (text, text.casefold(), text.upper()):
            for encoding in ("utf-8", "utf-16-le"):
                needles[f"{form} in {encoding}"] = form.encode(encoding)
    for number, one in enumerate(exemplars):
        vector = one.vector
        for what, content in (
            ("float32", vector.astype("<f4").tobytes()),
            ("float16", stored_vector(vector)),
            ("chip", one.chip_jpeg),
            ("photo", one.photo_sha256.encode()),
        ):
            for start in range(0, len(content) - _PIECE + 1, every):
                needles[f"{what} {number} at {start}"] = content[start : start + _PIECE]
    found = []
    # A copy, made by another process: whoever closes a file ends all locks that its process has on it, SQLite's too.
    with tempfile.TemporaryDirectory() as copy:
        subprocess.run(["cp", "-r", f"{folder}/.", copy], check=True)
        for path in (path for path in sorted(Path(copy).rglob("*")) if path.is_file()):
            content = path.read_bytes()
            found += [f"{path.relative_to(copy)}: {what}" for what, needle in needles.items() if needle in content]
    return found
