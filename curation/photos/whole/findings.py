"""Faults in the words of the report, the same for all formats."""

from __future__ import annotations

from curation.domain.files.health import FaultKind, FileFault

__all__ = ["cut", "damaged", "upper_part", "zeroed"]

_WORTH_NAMING = 0.02


def cut(what: str, missing: int, *, good: str = "", is_seen: bool = True) -> FileFault:
    """Bytes are missing at the end of a file.

    Args:
        what: What they belong to, such as "its picture".
        missing: How many, as far as it is known; 0 if it is not.
        good: See `FileFault`.
        is_seen: See `FileFault`.
    """
    amount = (
        f"at least {missing:,} bytes of {what} are missing at its end"
        if missing > 0
        else f"the end of {what} is missing"
    )
    return FileFault(FaultKind.CUT, f"the file is cut off: {amount}", good, is_seen)


def zeroed(what: str, start: int, end: int, *, good: str = "", is_seen: bool = True, sure: bool = True) -> FileFault:
    """A part of a file was never written.

    Args:
        what: What the part belongs to, such as "its picture".
        start: Where the zeros begin in the file.
        end: The place behind them.
        good: See `FileFault`.
        is_seen: See `FileFault`.
        sure: False if it may also be meant so.
    """
    verb = "was" if sure else "may have been"
    return FileFault(
        FaultKind.ZEROED,
        f"a part of the file {verb} never written: {end - start:,} bytes of {what} are zeros, from byte {start:,} on",
        good,
        is_seen,
    )


def damaged(what: str, *, good: str = "", is_seen: bool = True) -> FileFault:
    """A file contradicts itself.

    Args:
        what: How, as a sentence without a full stop.
        good: See `FileFault`.
        is_seen: See `FileFault`.
    """
    return FileFault(FaultKind.DAMAGED, f"the file is damaged: {what}", good, is_seen)


def upper_part(share: float) -> str:
    """What is good of a picture that is stored row by row, of which a share of the coded bytes is there."""
    return f"about the upper {share * 100:.0f} % of the picture" if share >= _WORTH_NAMING else "nothing"
