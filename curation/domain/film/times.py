"""Times in films: exact rationals in seconds since the start of the container, never a number of frames over a rate.

Films have no frame rate that can be relied on: a WebM names 1000, a phone's varies, a stream starts at 1.7 s. So a time
is the presentation time stamp that the file gives, times its time base, less the start time of the container.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

__all__ = ["Interval", "rational", "rational_text", "seconds_text"]


class Interval(NamedTuple):
    """A part of a film, in seconds since its start: `start` belongs to it, `end` does not."""

    start: Fraction
    end: Fraction

    @property
    def length(self) -> Fraction:
        """How long it is, in seconds."""
        return self.end - self.start


def seconds_text(time: Fraction) -> str:
    """A time for tables: seconds with 3 decimals, rounded half to even."""
    thousandths = round(time * 1000)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03d}"


def rational_text(time: Fraction) -> str:
    """A time without loss, such as `1001/24000`."""
    return f"{time.numerator}/{time.denominator}"


def rational(text: str) -> Fraction:
    """The time of `rational_text`.

    Raises:
        ValueError: If the text is not of this form.
    """
    numerator, _, denominator = text.partition("/")
    try:
        return Fraction(int(numerator), int(denominator))
    except ZeroDivisionError:
        raise ValueError(f"{text!r} is no time") from None
