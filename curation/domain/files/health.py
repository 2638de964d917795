"""What is wrong with the file of a photo, and what of it is still good."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from curation.parsing.json_text import parse_json

__all__ = ["FaultKind", "FileFault", "faults_from_json", "faults_to_json"]


class FaultKind(StrEnum):
    """How the file of a photo is broken."""

    EMPTY = "empty"
    """It has no bytes, or contains only zeros."""
    CUT = "cut"
    """Bytes are missing at its end: a part that it names lies behind its end."""
    ZEROED = "zeroed"
    """It has its size, but a part of its picture was never written and is zeros."""
    SPLICED = "spliced"
    """From some place on it holds the data of another file, or of another part of itself."""
    DAMAGED = "damaged"
    """It cannot be decoded as what it says it is, or disagrees with its own checksums."""
    PLACEHOLDER = "placeholder"
    """The photo is not on this disk; the file only stands for it."""
    UNREADABLE = "unreadable"
    """The disk or the system does not let it be read."""


@dataclass(frozen=True, slots=True)
class FileFault:
    """One fault of a file.

    Attributes:
        kind: How it is broken.
        reason: What was seen, for the user, as the end of a sentence that begins with the file's name; no full stop.
        good: What of it is still good, in a few words ("the preview of 1620 x 1080 pixels", "the upper 40 % of the
            picture"); empty if nothing is, or if it is not known.
        is_seen: Whether the picture that is analysed is affected. If so, the photo is refused; if not (the preview of a
            RAW file is whole, the sensor's data are not), it is analysed, and the fault is told.
    """

    kind: FaultKind
    reason: str
    good: str = ""
    is_seen: bool = True


def faults_to_json(faults: Iterable[FileFault]) -> str:
    """Faults as compact JSON; an empty list for a whole file."""
    plain = [[fault.kind.value, fault.reason, fault.good, fault.is_seen] for fault in faults]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def faults_from_json(text: str) -> tuple[FileFault, ...]:
    """The inverse of `faults_to_json`.

    Raises:
        ValueError: If it is not what that writes.
        TypeError: Likewise.
    """
    return tuple(
        FileFault(FaultKind(kind), str(reason), str(good), bool(seen)) for kind, reason, good, seen in parse_json(text)
    )
