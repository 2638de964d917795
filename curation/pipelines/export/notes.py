"""The notes of an export: what the user should know of single photos, one line for each kind of note."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["warnings_of"]

_SHOWN_NOTES = 20
_FEW = 2  # so many photos with the same note have a line each
_SHOWN_FILES = 3


def warnings_of(notes: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The notes as sentences, in the order in which they first came; many photos with one note are one sentence.

    Args:
        notes: File and note of each.
    """
    files: dict[str, list[str]] = {}
    for file, note in notes:
        files.setdefault(note, []).append(file)
    lines: list[str] = []
    for note, of in files.items():
        if len(of) <= _FEW:
            lines += [f"{file}: {note}" for file in of]
        else:
            rest = len(of) - _SHOWN_FILES
            more = f" and {rest} more" if rest > 0 else ""
            lines.append(f"{len(of)} files: {note} ({', '.join(of[:_SHOWN_FILES])}{more})")
    more_lines = len(lines) - _SHOWN_NOTES
    return (*lines[:_SHOWN_NOTES], *([f"and {more_lines} more such notes"] if more_lines > 0 else []))
