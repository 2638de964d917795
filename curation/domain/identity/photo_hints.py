"""What the names and capture times of two photos say about their being one photo; hints only."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum

from curation.domain.identity.photo_looks import PhotoLook

__all__ = ["Hint", "hint", "name_keys", "times_differ"]


class Hint(IntEnum):
    """How much names and times speak for one photo; a higher one speaks louder."""

    NONE = 0
    NAME_VARIANT = 1
    SAME_NAME = 2
    SAME_SECOND = 3
    SAME_SECOND_AND_NAME = 4
    SAME_MOMENT = 5


_COPY = re.compile(
    r"(?:[ _-]*(?:\(\d{1,3}\)|copy(?: ?\d{0,3})?|kopie(?: ?\d{0,3})?|edit(?:ed)?\d{0,2}|bearbeitet|small|web|bw"
    r"|crop(?:ped)?|final|retouched|enhanced(?:-nr)?|~\d{1,2}))+$"
)


def name_keys(image_path: str) -> tuple[str, str]:
    """The name without folders and suffix, and without what copies and edits append, for comparison."""
    name = unicodedata.normalize("NFC", image_path).rpartition("/")[2].casefold()
    stem = name.rpartition(".")[0] or name
    return stem, _COPY.sub("", stem) or stem


def hint(old: PhotoLook, new: PhotoLook) -> Hint:
    """How much the names and times of two photos speak for their being one."""
    same_name, variant = (a == b for a, b in zip(name_keys(old.image_path), name_keys(new.image_path), strict=True))
    if old.capture_time and new.capture_time and _second(old) == _second(new):
        if _fraction(old) and _fraction(old) == _fraction(new):
            return Hint.SAME_MOMENT
        return Hint.SAME_SECOND_AND_NAME if variant else Hint.SAME_SECOND
    return Hint.SAME_NAME if same_name else Hint.NAME_VARIANT if variant else Hint.NONE


def times_differ(old: PhotoLook, new: PhotoLook) -> bool:
    """Whether the photos were taken at different times; an edit may lose a time or its fraction, but keeps the rest."""
    if not old.capture_time or not new.capture_time:
        return False
    if _second(old) != _second(new):
        return True
    fractions = _fraction(old), _fraction(new)
    return all(fractions) and fractions[0] != fractions[1]


def _second(look: PhotoLook) -> str:
    return (look.capture_time or "")[:19].replace(" ", "T")


def _fraction(look: PhotoLook) -> str:
    """Digits of the fraction of a second without trailing zeros; empty if the camera gave none."""
    found = re.match(r"\.(\d+)", (look.capture_time or "")[19:])
    return found.group(1).rstrip("0") if found else ""
