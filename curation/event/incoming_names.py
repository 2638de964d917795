"""Under which name a photo that was sent is kept: files of one shot get one stem, and files of two shots do not.

Cards of two cameras both have an IMG_0001, and their files come one after the other: what their folders told is lost.
So the photos that are there under the name, and under the name with a number, are looked at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from curation.domain.files.pairing import cameras_agree, stem_key, times_differ
from curation.errors import CurationError
from curation.photos.files.formats import JPEG_LIKE_EXTENSIONS, RAW_EXTENSIONS
from curation.photos.finding.twins import same_shot, shot_facts

__all__ = ["kept_names", "numbered", "of_one_name"]

AtHand = Callable[[str], AbstractContextManager[Path]]
_NUMBER = re.compile(r"(.*?)(?: \((\d{1,4})\))?", re.DOTALL)


def numbered(name: str, number: int) -> str:
    """The name of a file that is the `number`-th of its name; the first one has it as it is."""
    stem, dot, extension = name.rpartition(".")
    return name if number == 1 else f"{stem} ({number}){dot}{extension}"


def kept_names(received: Path, name: str, present: Sequence[str], at_hand: AtHand, most: int) -> Iterator[str]:
    """The names to try for a photo, the best first.

    Args:
        received: The photo.
        name: That it was sent with, from `photo_name`.
        present: Names of files in the folder that begin like it.
        at_hand: Makes such a file readable.
        most: The largest number.
    """
    of_number = _by_number(name, present)
    verdicts = {number: _verdict(received, name, names, at_hand) for number, names in of_number.items()}
    first = [number for number, is_same in sorted(verdicts.items()) if is_same]
    taken = {stem_key(other) for names in of_number.values() for other in names}
    for number in (*first, *(number for number in range(1, most) if number not in first)):
        candidate = numbered(name, number)
        if stem_key(candidate) not in taken and verdicts.get(number) is not False:
            yield candidate


def of_one_name(name: str, present: Sequence[str]) -> list[str]:
    """The files of a name, without and with a number, that have its extension: one of them may be the same photo."""
    found = (other for names in _by_number(name, present).values() for other in names)
    return sorted(other for other in found if _extension(other) == _extension(name))


def _by_number(name: str, present: Sequence[str]) -> Mapping[int, list[str]]:
    """The files whose stem is that of a name, without and with a number."""
    stem = stem_key(name.rpartition(".")[0])
    found: dict[int, list[str]] = defaultdict(list)
    for other in present:
        other_stem = stem_key(other.rpartition(".")[0])
        if other_stem == stem:
            found[1].append(other)
        elif (match := _NUMBER.fullmatch(other_stem)) is not None and match[1] == stem and match[2]:
            found[int(match[2])].append(other)
    return found


def _verdict(received: Path, name: str, others: Sequence[str], at_hand: AtHand) -> bool | None:
    """Whether a photo is one shot with a file of one stem; False if it must not lie beside them."""
    kind = _extension(name)
    is_same: bool | None = None
    for other in others:
        if _extension(other) == kind or _extension(other) not in RAW_EXTENSIONS | JPEG_LIKE_EXTENSIONS:
            continue
        try:
            with at_hand(other) as path:
                found = _compared(received, kind in RAW_EXTENSIONS, path, _extension(other) in RAW_EXTENSIONS)
        except (OSError, CurationError):
            continue
        if found is False:
            return False
        is_same = is_same or found
    return is_same


def _compared(received: Path, is_raw: bool, other: Path, is_other_raw: bool) -> bool | None:
    if is_raw != is_other_raw:
        # What cannot be told is kept apart: a wrong pair costs a photo.
        return bool(same_shot(received, other) if is_raw else same_shot(other, received))
    one, two = shot_facts(received), shot_facts(other)
    if times_differ(one.time, two.time) or cameras_agree(one.camera, two.camera) is False:
        return False
    return True if one.time is not None and two.time is not None else None


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower()
