"""When each packet of a film is shown, in exact seconds since the start of the container.

Well-made files tell it for every packet. Others leave it out (AVI), begin again in the middle (streams that were
joined, clocks that overflow) or run backwards; there, the times go on where they stopped, so that a film has one clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

__all__ = ["JUMP_S", "Stamp", "Timeline", "container_start", "rate_of"]

JUMP_S: Final = 30
"""Time between two packets beyond which the clock was set anew; so it was if it runs backwards."""

_AHEAD_S: Final = 10  # a picture is decoded at most this long before it is shown
_USUAL_RATE: Final = Fraction(25)
_HIGHEST_RATE: Final = 480


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is known of a packet's time.

    Attributes:
        number: Of the packet in the file from where reading began, 0-based.
        time: When its picture is shown.
        duration: For how long, as the file tells; 0 if it does not.
        is_key: Whether its picture needs no other.
        is_shown: Whether its picture is shown at all; edit lists hide some.
        is_told: Whether the file tells when the picture is shown, and not only when it is decoded.
    """

    number: int
    time: Fraction
    duration: Fraction
    is_key: bool
    is_shown: bool = True
    is_told: bool = True


class Timeline:
    """Turns the time stamps of one stream's packets, in the order of the file, into times.

    Attributes:
        is_exact: Whether every packet so far had its own stamp and no clock was set anew, so that a time depends on
            the packet alone, and reading may begin anywhere.
    """

    def __init__(self, stream: Any, start: Fraction, *, mends_jumps: bool, has_only_order: bool) -> None:
        """For the packets of a stream from where reading begins.

        Args:
            stream: PyAV's.
            start: When its container starts.
            mends_jumps: Whether a leap of the clock is an error; elsewhere it is a picture that stands for long.
            has_only_order: Whether the container tells when pictures are decoded, and not when they are shown.
        """
        self._mends_jumps = mends_jumps
        self._has_only_order = has_only_order
        self._base = Fraction(stream.time_base)
        self._start = start
        self._step = 1 / rate_of(stream)
        self._offset = Fraction(0)
        self._last: Fraction | None = None
        self._number = 0
        self.is_exact = True

    def stamp(self, packet: Any) -> Stamp:
        """The next packet's stamp."""
        is_told = packet.pts is not None and not self._has_only_order
        ticks = packet.pts if is_told else packet.dts
        self.is_exact = self.is_exact and is_told
        step = (packet.duration or 0) * self._base or self._step
        if ticks is None:
            time = self._start if self._last is None else self._last + step
            place = time
        else:
            time = ticks * self._base
            # Pictures are stored in the order of decoding: that clock never runs backwards.
            place = time if packet.dts is None else packet.dts * self._base
        if self._mends_jumps:
            if abs(time - place) > _AHEAD_S:
                time = place
            if self._last is not None and not 0 <= place + self._offset - self._last <= JUMP_S:
                self._offset = self._last + step - place
                self.is_exact = False
        self._last = place + self._offset
        stamp = Stamp(
            number=self._number,
            time=time - self._start + self._offset,
            duration=(packet.duration or 0) * self._base,
            is_key=bool(packet.is_keyframe),
            is_shown=not packet.is_discard,
            is_told=is_told,
        )
        self._number += 1
        return stamp


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
