"""Packets to pictures in the order in which they are shown; every packet that gives none is named.

A decoder drops damaged pictures without a word, or raises and goes on. Each packet carries its stamp through it,
so the ones that never come out are known: a player shows the picture before them for longer, and so does this.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from curation.video.deinterlacing import Deinterlacer
from curation.video.files import StampedPacket
from curation.video.timeline import Stamp

__all__ = ["DecodedPicture", "Losses", "StartNotReadableError", "decoded"]

_VP8_SHOWN: Final = 0x10  # RFC 6386, 9.1: the bit of the frame tag that says whether the picture is shown


class StartNotReadableError(Exception):
    """The key picture that decoding began with is damaged, or depends on one before it: begin earlier."""


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture that came out of the decoder, or that should have.

    Attributes:
        frame: PyAV's frame; for one that did not come out, that of the picture before it, None if there is none.
        time: When it is shown.
        duration: For how long, as the file tells; 0 if it does not.
        is_corrupt: Whether it is damaged or did not come out.
    """

    frame: Any
    time: Fraction
    duration: Fraction
    is_corrupt: bool


@dataclass(slots=True)
class Losses:
    """Pictures that could not be put in order.

    Attributes:
        late: Number of pictures that came out of the decoder after one that is shown later; they were left out.
    """

    late: int = 0


def decoded(
    packets: Iterator[StampedPacket], stream: Any, *, start: Fraction | None, is_begin: bool, losses: Losses
) -> Iterator[DecodedPicture]:
    """Decode packets.

    Args:
        packets: From a key picture on.
        stream: The stream that they are of.
        start: Pictures before this time are of no interest; None: all are.
        is_begin: Whether the packets begin where the film begins.
        losses: Is told what is left out.

    Raises:
        StartNotReadableError: Nothing at or after `start` was yielded, and decoding has to begin at an earlier key
            picture to show what is there; never with `is_begin`.
    """
    is_vp8 = stream.codec_context.name == "vp8"
    state = _Order(start=start, is_begin=is_begin, losses=losses)
    deinterlacer = Deinterlacer(stream)
    import av

    for stamp, packet in packets:
        if stamp.is_shown and not (is_vp8 and packet.size and not bytes(packet)[0] & _VP8_SHOWN):
            state.fed(stamp)
        packet.opaque = stamp
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            continue
        for frame in frames:
            for picture in state.out(frame):
                yield from deinterlacer.passed(picture, state.is_needed(picture), is_begin=is_begin)
    try:
        frames = stream.codec_context.decode(None)
    except (av.FFmpegError, ValueError):
        frames = []
    for frame in frames:
        for picture in state.out(frame):
            yield from deinterlacer.passed(picture, state.is_needed(picture), is_begin=is_begin)
    for picture in state.left():
        yield from deinterlacer.passed(picture, state.is_needed(picture), is_begin=is_begin)
    yield from deinterlacer.rest()


class _Order:
    """Which packets are still in the decoder, and which never came out."""

    def __init__(self, *, start: Fraction | None, is_begin: bool, losses: Losses) -> None:
        self._start = start
        self._waits: dict[int, Stamp] = {}
        self._untold: list[Fraction] = []
        self._before: Any = None
        self._last: Fraction | None = None
        self._first_number: int | None = None
        self._is_sure = is_begin or start is None
        self._losses = losses

    def fed(self, stamp: Stamp) -> None:
        if self._first_number is None:
            self._first_number = stamp.number
        if stamp.is_told:
            self._waits[stamp.number] = stamp
        else:
            heapq.heappush(self._untold, stamp.time)

    def is_needed(self, picture: DecodedPicture) -> bool:
        """Whether a picture is of interest.

        Raises:
            StartNotReadableError: It is, and what the decoder began with did not come out whole.
        """
        needed = self._start is None or picture.time >= self._start
        if needed and not self._is_sure:
            raise StartNotReadableError
        return needed

    def out(self, frame: Any) -> Iterator[DecodedPicture]:
        """The picture of a frame, after those that were lost before it."""
        stamp: Stamp | None = frame.opaque
        is_corrupt = bool(frame.is_corrupt)
        if stamp is None:
            return
        time = stamp.time
        if stamp.is_told:
            self._waits.pop(stamp.number, None)
            yield from self._lost(time, is_field_pair=frame.interlaced_frame)
        elif self._untold:
            time = heapq.heappop(self._untold)
        if stamp.number == self._first_number and not is_corrupt:
            self._is_sure = True
        if self._last is not None and time <= self._last:
            if self._start is None or time >= self._start:
                self._losses.late += 1
            return
        self._before, self._last = frame, time
        yield DecodedPicture(frame, time, stamp.duration, is_corrupt)

    def left(self) -> Iterator[DecodedPicture]:
        """What is left when the decoder has given everything."""
        yield from self._lost(None, is_field_pair=self._before is not None and self._before.interlaced_frame)

    def _lost(self, time: Fraction | None, *, is_field_pair: bool) -> Iterator[DecodedPicture]:
        if time is None:
            gone = list(self._waits.values())
        else:
            gone = [stamp for stamp in self._waits.values() if stamp.time < time]
        for stamp in sorted(gone, key=lambda stamp: (stamp.time, stamp.number)):
            del self._waits[stamp.number]
            # Two half pictures may come in two packets; a picture that is only referred to has the next one's time.
            if not is_field_pair and (self._last is None or stamp.time > self._last):
                self._last = stamp.time
                yield DecodedPicture(self._before, stamp.time, stamp.duration, is_corrupt=True)
