"""exiftool as an independent judge of what was written into copies."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["HAS_JUDGE", "judged"]

HAS_JUDGE = shutil.which("exiftool") is not None
_WAIT_S = 120
# What the program sets in EXIF and IPTC, and what moves with the bytes before it.
_CHANGED = ("Rating", "RatingPercent", "XPKeywords", "Keywords", "Validate", "Warning", "Error", "CodedCharacterSet")
_MOVING = ("Offset", "WebP_Flags", "SourceFile", "ExifByteOrder", "IPTCDigest", "StripOffsets", "CurrentIPTCDigest")
_LEFT_OUT = ("--File:all", "--ExifTool:all", "--XMP:all", "--Composite:all", "--System:all")
_LIST_TAGS = ("IPTC:Keywords",)


def judged(before: Path, after: Path) -> list[str]:
    """What is worse, or missing, in the files of the second folder; they have the names of those of the first."""
    old, new = (_read(folder) for folder in (before, after))
    found = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            found.append(f"{name} is in one folder only")
            continue
        lost = [tag for tag, value in old[name].items() if _counts(tag) and new[name].get(tag) != value]
        if lost:
            found.append(f"{name} lost {[(tag, old[name][tag], new[name].get(tag)) for tag in lost[:5]]}")
        for tag in _LIST_TAGS:
            words = [word for word in _listed(old[name].get(tag)) if word not in _listed(new[name].get(tag))]
            if words:
                found.append(f"{name} lost the words {words}")
        complaints = _complaints(new[name]) - _complaints(old[name])
        if complaints:
            found.append(f"{name} has new faults: {complaints}")
    return found


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    command = ["exiftool", "-j", "-G1", "-a", "-s", "-validate", "-warning", "-error", "-all", *_LEFT_OUT, str(folder)]
    done = subprocess.run(command, capture_output=True, timeout=_WAIT_S, check=False)
    return {Path(each["SourceFile"]).name: each for each in json.loads(done.stdout or b"[]")}


def _counts(tag: str) -> bool:
    name = tag.rpartition(":")[2]
    return name not in _CHANGED and not any(part in name for part in _MOVING)


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _complaints(tags: dict[str, Any]) -> set[str]:
    said = [value for tag, value in tags.items() if tag.rpartition(":")[2] in ("Warning", "Error")]
    return {word for value in said for word in _listed(value)}
