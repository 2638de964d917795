"""The files of an event that are broken or not there: what is told of them, and how it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.domain.files.health import FaultKind

__all__ = [
    "BROKEN_COLUMNS",
    "BrokenFile",
    "broken_from_json",
    "broken_to_json",
    "counts",
    "folders_told",
    "problem_of",
    "told",
]

_FOLDERS_SHOWN = 3
_FORBIDDEN = ("Permission denied", "Operation not permitted")
"""How the system's own words for it end."""

BROKEN_COLUMNS = (
    "image_path",
    "fault",
    "reason",
    "still_good",
    "size_bytes",
    "capture_time",
    "twin",
)
"""The columns of file_health.csv."""


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file that should be copied again, or that is not on this disk.

    Attributes:
        image_path: Of the photo or clip.
        fault: How it is broken.
        reason: What was seen, as the end of a sentence that begins with the file's name.
        still_good: What of it is still good; empty if nothing is, or if it is not known.
        size_bytes: Of the file; None if there is none.
        capture_time: In ISO 8601; empty if it is not known.
        twin: The file that stands in for it; empty if there is none.
        is_analysed: Whether its photo was analysed all the same.
    """

    image_path: str
    fault: FaultKind
    reason: str
    still_good: str = ""
    size_bytes: int | None = None
    capture_time: str = ""
    twin: str = ""
    is_analysed: bool = False

    @property
    def is_absent(self) -> bool:
        """Whether there is nothing to repair: the photo is elsewhere."""
        return self.fault is FaultKind.PLACEHOLDER

    @property
    def is_forbidden(self) -> bool:
        """Whether the file may be whole, and only this user may not read it."""
        return self.fault is FaultKind.UNREADABLE and self.reason.endswith(_FORBIDDEN)


def counts(files: Sequence[BrokenFile]) -> tuple[int, int]:
    """How many files are broken, and how many photos and clips are not on this disk."""
    absent = sum(file.is_absent for file in files)
    return len(files) - absent, absent


def told(files: Sequence[BrokenFile]) -> tuple[str, ...]:
    """What the user should know of broken files and of photos that are not on this disk, in sentences."""
    broken, absent = counts(files)
    forbidden = sum(file.is_forbidden for file in files)
    broken -= forbidden
    out = []
    if forbidden:
        out.append(
            "1 file may not be read: give yourself permission to read it, and run again"
            if forbidden == 1
            else f"{forbidden} files may not be read: give yourself permission to read them, and run again"
        )
    if broken:
        out.append(
            "1 file is broken: copy it again before you format the card"
            if broken == 1
            else f"{broken} files are broken: copy these again before you format the card"
        )
    if absent:
        out.append(_absent_told([file.reason for file in files if file.is_absent]))
    return tuple(out)


def _absent_told(reasons: Sequence[str]) -> str:
    many = len(reasons) > 1
    counted = f"{len(reasons)} photos are" if many else "1 photo is"
    causes = {reason.partition(":")[0] for reason in reasons}
    why = f" ({min(causes)})" if len(causes) == 1 else ""
    if many:
        why = why.replace("(it is ", "(they are ").replace("(it was ", "(they were ")
    return f"{counted} not on this disk{why}: download or copy {'them' if many else 'it'}, and run again"


def folders_told(unseen: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """What the user should know of folders that could not be looked into, in a sentence; nothing without one.

    Args:
        unseen: Path and reason of each.
    """
    if not unseen:
        return ()
    named = ", ".join(f"{folder} ({why})" for folder, why in unseen[:_FOLDERS_SHOWN])
    more = f" and {len(unseen) - _FOLDERS_SHOWN} more" if len(unseen) > _FOLDERS_SHOWN else ""
    counted = "1 folder could" if len(unseen) == 1 else f"{len(unseen)} folders could"
    return (
        f"{counted} not be looked into, whose photos are not there now: {named}{more}. What you said of them is kept: "
        "connect the disk or give permission, and run again",
    )


def problem_of(file: BrokenFile) -> str:
    """What stands among the problems of an analysed photo; they are joined by semicolons."""
    text = file.reason.replace(";", ",")
    return f"the file is broken: {text}" + (f" (still good: {file.still_good})" if file.still_good else "")


def broken_to_json(files: Iterable[BrokenFile]) -> list[dict[str, Any]]:
    """As it is written into a run record."""
    return [
        {
            "image_path": file.image_path,
            "fault": file.fault.value,
            "reason": file.reason,
            "still_good": file.still_good,
            "size_bytes": file.size_bytes,
            "capture_time": file.capture_time,
            "twin": file.twin,
            "is_analysed": file.is_analysed,
        }
        for file in files
    ]


def broken_from_json(value: object) -> tuple[BrokenFile, ...]:
    """The inverse of `broken_to_json`; what is not valid, as of another version or edited by hand, is left out."""
    found = []
    for row in value if isinstance(value, list) else ():
        if not isinstance(row, Mapping) or not isinstance(row.get("image_path"), str):
            continue
        try:
            fault = FaultKind(str(row.get("fault")))
        except ValueError:
            continue
        size = row.get("size_bytes")
        found.append(
            BrokenFile(
                row["image_path"],
                fault,
                _text(row, "reason"),
                _text(row, "still_good"),
                size if isinstance(size, int) else None,
                _text(row, "capture_time"),
                _text(row, "twin"),
                row.get("is_analysed") is True,
            )
        )
    return tuple(found)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
