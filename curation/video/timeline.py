"""When each packet of a film is shown, in exact seconds since the start of the container.

Well-made files tell it for every packet. Others leave it out (AVI), begin again in the middle (streams that were
joined, clocks that overflow) or run backwards; there, the times go on where they stopped, so that a film has one clock.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, NamedTuple

__all__ = ["JUMP_S", "Stamp", "Timeline", "container_start", "rate_of"]

JUMP_S: Final = 30
"""Time between two packets beyond which the clock was set anew; so it was if it runs backwards."""

_AHEAD_S: Final = 10  # a picture is decoded at most this long before it is shown
_USUAL_RATE: Final = Fraction(25)
_HIGHEST_RATE: Final = 480


class Stamp(NamedTuple):
    """What is known of a packet's time, in ticks: units of the stream's time base, on the stream's own clock.

    Attributes:
        number: Of the packet in the file from where reading began, 0-based.
        tick: When its picture is shown.
        length: For how long, as the file tells; 0 if it does not.
        is_key: Whether its picture needs no other.
        is_shown: Whether its picture is shown at all; edit lists hide some.
        is_told: Whether the file tells when the picture is shown, and not only when it is decoded.
    """

    number: int
    tick: int
    length: int
    is_key: bool
    is_shown: bool = True
    is_told: bool = True


class Timeline:
    """Stamps one stream's packets, in the order of the file."""

    def __init__(self, stream: Any, *, mends_jumps: bool, has_only_order: bool) -> None:
        """For the packets of a stream from where reading begins.

        Args:
            stream: PyAV's.
            mends_jumps: Whether a leap of the clock is an error; elsewhere it is a picture that stands for long.
            has_only_order: Whether the container tells when pictures are decoded, and not when they are shown.
        """
        base = Fraction(stream.time_base)
        self._mends_jumps = mends_jumps
        self._has_only_order = has_only_order
        self._step = max(1, round(1 / rate_of(stream) / base))
        self._jump = round(JUMP_S / base)
        self._ahead = round(_AHEAD_S / base)
        self._begin = stream.start_time or 0
        self._offset = 0
        self._last: int | None = None
        self._number = 0

    def stamp(self, packet: Any) -> Stamp:
        """The next packet's stamp."""
        shown, place = packet.pts, packet.dts
        length = packet.duration or 0
        is_told = shown is not None and not self._has_only_order
        tick = shown if is_told else place
        step = length or self._step
        if tick is None:
            tick = self._begin if self._last is None else self._last - self._offset + step
        # Pictures are stored in the order of decoding: that clock never runs backwards.
        if place is None:
            place = tick
        if self._mends_jumps:
            if abs(tick - place) > self._ahead:
                tick = place
            if self._last is not None and not 0 <= place + self._offset - self._last <= self._jump:
                self._offset = self._last + step - place
        self._last = place + self._offset
        number = self._number
        self._number = number + 1
        return Stamp(number, tick + self._offset, length, packet.is_keyframe, not packet.is_discard, is_told)


def rate_of(stream: Any) -> Fraction:
    """Pictures a second as the file tells it; 25 if what it says cannot be."""
    for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate):
        if rate and 0 < rate <= _HIGHEST_RATE:
            return Fraction(rate)
    return _USUAL_RATE


def container_start(container: Any) -> Fraction:
    """When the earliest stream of a container starts, exactly.

    The container tells it in rounded millionths; the stream that it belongs to tells it in its own time base.
    """
    if container.start_time is None:
        return Fraction(0)
    rounded = Fraction(container.start_time, 1_000_000)
    for stream in container.streams:
        if stream.start_time is not None and stream.time_base:
            exact = Fraction(stream.start_time) * Fraction(stream.time_base)
            if abs(exact - rounded) <= Fraction(1, 1_000_000):
                return exact
    return rounded
