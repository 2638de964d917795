"""Which people and photos constants and networks were chosen on, and which are left for testing; by hashes of names."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["in_test_half", "is_held_out", "person_of"]

_HELD_OUT_SHARE = 0.2


def in_test_half(name: str) -> bool:
    """Whether a person or photo belongs to the half that no constant of the grouping was tuned on."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def is_held_out(person: str, *, share: float = _HELD_OUT_SHARE) -> bool:
    """Whether a person belongs to the share (a fifth by default) that no network is trained on."""
    digest = hashlib.sha256(person.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def person_of(face: str) -> str:
    """The person that a face key names (see `ground_truth.detected_faces`); the photo if it names none."""
    source, path = face.split("/", 1)
    if source in ("lfw", "lfw_smile"):
        return Path(path).stem.rsplit("_", 1)[0]
    if source in ("codebasics_sports", "five_celebs"):
        return Path(path).parent.name
    if source == "videos":
        return face.rpartition(":")[0]
    return face.partition("@")[0]
