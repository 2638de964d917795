"""Time codes (SMPTE ST 12-1): pictures counted as hours, minutes, seconds and frames, with drop frame where it belongs.

At 29.97 pictures a second a count of 30 runs 3.6 s an hour behind the clock. Drop frame leaves out the numbers 0 and 1
(0 to 3 at 59.94) at the beginning of each minute but every tenth; no picture is dropped.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from curation.domain.film.clip import ClipFacts

__all__ = ["TimeCode", "frame_of", "time_code_of"]

_RATES = tuple(
    [Fraction(n, 1001) for n in (24_000, 30_000, 48_000, 60_000, 120_000)]
    + [Fraction(n) for n in (12, 15, 24, 25, 30, 48, 50, 60, 100, 120)]
)
_NEAR = Fraction(1, 200)  # rates further away are none of these: half of a percent
_TEXT = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


class TimeCode(NamedTuple):
    """How the pictures of a film are counted.

    Attributes:
        rate: Pictures a second.
        is_drop: Whether numbers are left out.
        start: Number of the first picture.
        note: What the user should know, in a sentence; empty if nothing.
    """

    rate: Fraction
    is_drop: bool
    start: int
    note: str = ""

    @property
    def base(self) -> int:
        """Frames that are counted in a second, 30 for 29.97."""
        return round(self.rate)

    def number_at(self, time: Fraction) -> int:
        """The number of the picture that is seen at a time after the first picture, counted from 0."""
        return round(time * self.rate)

    def text(self, number: int) -> str:
        """The time code of a picture, counted from the first one as 0."""
        return frame_text(self.start + number, self.base, is_drop=self.is_drop)


def time_code_of(facts: ClipFacts, *, start: str = "") -> TimeCode:
    """How the pictures of a film are counted by an editor.

    Args:
        facts: Of the film. Its own time code counts, if it has one; otherwise the first picture is 00:00:00:00, and
            29.97 and 59.94 are drop frame.
        start: A time code for the first picture that counts instead of the film's.

    Raises:
        ValueError: If `start` is no time code at this rate.
    """
    average = facts.fps_average or Fraction(25)
    rate = min(_RATES, key=lambda each: (abs(each / average - 1), each))
    is_near = abs(rate / average - 1) <= _NEAR
    notes = []
    if facts.is_vfr or not is_near:
        notes.append(
            f"The film has {'a rate that varies, ' if facts.is_vfr else ''}{float(average):.3f} pictures a second on "
            f"average; these times are counted at {_rate_text(rate)}, so that a marker may be some frames off."
        )
    can_drop = rate.denominator == 1001 and round(rate) % 30 == 0
    text = start or facts.start_timecode
    match = _TEXT.fullmatch(text)
    if match is None or max(int(match[2]), int(match[3])) > 59 or int(match[5]) >= round(rate):
        if start:
            raise ValueError(f"{start[:20]!r} is no time code at {_rate_text(rate)} pictures a second")
        if text:
            notes.append(f"The film's time code {text[:20]!r} cannot be read; the first picture is 0.")
        return TimeCode(rate, can_drop, 0, " ".join(notes))
    is_drop = can_drop and match[4] != ":"
    return TimeCode(rate, is_drop, frame_of(text, round(rate), is_drop=is_drop), " ".join(notes))


def frame_text(number: int, base: int, *, is_drop: bool) -> str:
    """The time code of a frame, from 0; after 24 hours it begins anew."""
    if is_drop:
        number = _with_dropped(number, base)
    number %= 24 * 3600 * base
    seconds, frames = divmod(number, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if is_drop else ':'}{frames:02d}"


def frame_of(text: str, base: int, *, is_drop: bool) -> int:
    """The frame of a time code.

    Raises:
        ValueError: If it is none.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time code")
    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    whole = hours * 60 + minutes
    number = (whole * 60 + seconds) * base + frames
    return number - _dropped_a_minute(base) * (whole - whole // 10) if is_drop else number


def _dropped_a_minute(base: int) -> int:
    return 2 * base // 30


def _with_dropped(number: int, base: int) -> int:
    """The number of a frame after numbers were left out before it."""
    drop = _dropped_a_minute(base)
    minute, ten_minutes = 60 * base - drop, 600 * base - 9 * drop
    tens, rest = divmod(number, ten_minutes)
    # The first of ten minutes has all its numbers.
    skipped = (rest - drop) // minute if rest >= 60 * base else 0
    return number + drop * (9 * tens + skipped)


def _rate_text(rate: Fraction) -> str:
    return str(rate.numerator) if rate.denominator == 1 else f"{float(rate):.3f}"
