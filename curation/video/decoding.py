"""Packets to pictures in the order in which they are shown; every packet that gives none is named.

A decoder drops damaged pictures without a word, or raises and goes on. Each packet carries its stamp through it,
so the ones that never come out are known: a player shows the picture before them for longer, and so does this.
Half pictures of interlaced films become whole ones.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

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
        tick: When it is shown, on the stream's clock.
        length: For how many ticks, as the file tells; 0 if it does not.
        is_corrupt: Whether it is damaged or did not come out.
    """

    frame: Any
    tick: int
    length: int
    is_corrupt: bool


@dataclass(slots=True)
class Losses:
    """Pictures that could not be put in order.

    Attributes:
        late: Number of pictures that came out of the decoder after one that is shown later; they were left out.
    """

    late: int = 0


def decoded(
    packets: Iterator[StampedPacket], stream: Any, *, start: int | None, is_begin: bool, losses: Losses
) -> Iterator[DecodedPicture]:
    """Decode packets.

    Args:
        packets: From a key picture on.
        stream: The stream that they are of.
        start: Pictures before this tick are of no interest; None: all are.
        is_begin: Whether the packets begin where the film begins.
        losses: Is told what is left out.

    Raises:
        StartNotReadableError: Nothing at or after `start` was yielded, and decoding has to begin at an earlier key
            picture to show what is there; never with `is_begin`.
    """
    deinterlacer = _Deinterlacer(stream)
    order = _Order(start=start, is_begin=is_begin, losses=losses)
    for picture in _ordered(packets, stream, order):
        yield from deinterlacer.passed(picture, order.is_needed(picture), is_begin=is_begin)
    yield from deinterlacer.rest()


def _ordered(packets: Iterator[StampedPacket], stream: Any, order: _Order) -> Iterator[DecodedPicture]:
    """All pictures, and those that were lost, in the order in which they are shown."""
    import av

    is_vp8 = stream.codec_context.name == "vp8"
    for stamp, packet in packets:
        if stamp.is_shown and not (is_vp8 and packet.size and not bytes(packet)[0] & _VP8_SHOWN):
            order.fed(stamp)
        packet.opaque = stamp
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            continue  # its stamp waits in vain, so it is named
        for frame in frames:
            yield from order.out(frame)
    try:
        frames = stream.codec_context.decode(None)
    except (av.FFmpegError, ValueError):
        frames = []
    for frame in frames:
        yield from order.out(frame)
    yield from order.left()


class _Order:
    """Which packets are still in the decoder, and which never came out."""

    def __init__(self, *, start: int | None, is_begin: bool, losses: Losses) -> None:
        self._start = start
        self._waits: dict[int, Stamp] = {}
        self._untold: list[int] = []
        self._before: Any = None
        self._last: int | None = None
        self._first_number: int | None = None
        self._is_sure = is_begin or start is None
        self._losses = losses

    def fed(self, stamp: Stamp) -> None:
        if self._first_number is None:
            self._first_number = stamp.number
        if stamp.is_told:
            self._waits[stamp.number] = stamp
        else:
            heapq.heappush(self._untold, stamp.tick)

    def is_needed(self, picture: DecodedPicture) -> bool:
        """Whether a picture is of interest.

        Raises:
            StartNotReadableError: It is, and what the decoder began with did not come out whole.
        """
        needed = self._start is None or picture.tick >= self._start
        if needed and not self._is_sure:
            raise StartNotReadableError
        return needed

    def out(self, frame: Any) -> Iterator[DecodedPicture]:
        """The picture of a frame, after those that were lost before it."""
        stamp: Stamp | None = frame.opaque
        if stamp is None:
            return
        is_corrupt = bool(frame.is_corrupt)
        tick = stamp.tick
        if stamp.is_told:
            self._waits.pop(stamp.number, None)
            yield from self._lost(tick, is_field_pair=frame.interlaced_frame)
        elif self._untold:
            tick = heapq.heappop(self._untold)
        if stamp.number == self._first_number and not is_corrupt:
            self._is_sure = True
        if self._last is not None and tick <= self._last:
            if self._start is None or tick >= self._start:
                self._losses.late += 1
            return
        self._before, self._last = frame, tick
        yield DecodedPicture(frame, tick, stamp.length, is_corrupt)

    def left(self) -> Iterator[DecodedPicture]:
        """What is left when the decoder has given everything."""
        yield from self._lost(None, is_field_pair=self._before is not None and self._before.interlaced_frame)

    def _lost(self, tick: int | None, *, is_field_pair: bool) -> Iterator[DecodedPicture]:
        gone = [stamp for stamp in self._waits.values() if tick is None or stamp.tick < tick]
        for stamp in sorted(gone, key=lambda stamp: (stamp.tick, stamp.number)):
            del self._waits[stamp.number]
            # Two half pictures may come in two packets; a picture that is only referred to has the next one's time.
            if not is_field_pair and (self._last is None or stamp.tick > self._last):
                self._last = stamp.tick
                yield DecodedPicture(self._before, stamp.tick, stamp.length, is_corrupt=True)


class _Deinterlacer:
    """Makes whole pictures of half ones, from the first interlaced picture on.

    FFmpeg's filter bwdif (Bob Weaver with w3fdif and cubic) looks at the pictures before and after, so it gives each
    one when the next one has come. A film that is not interlaced passes unchanged and without delay.
    """

    def __init__(self, stream: Any) -> None:
        """For the pictures of a stream."""
        self._stream = stream
        self._graph: Any = None
        self._size: tuple[int, int, str] | None = None
        self._before: Any = None
        self._waits: deque[tuple[DecodedPicture, bool]] = deque()

    def passed(self, picture: DecodedPicture, is_needed: bool, *, is_begin: bool) -> Iterator[DecodedPicture]:
        """The pictures that are ready now that another one has come, without those that are not needed.

        Raises:
            StartNotReadableError: The first picture that is needed is interlaced, and the one before it is not known.
        """
        frame = picture.frame
        if frame is None or (self._graph is None and not frame.interlaced_frame):
            self._before = frame
            if is_needed:
                yield picture
            return
        size = (frame.width, frame.height, frame.format.name)
        if self._graph is not None and size != self._size:
            yield from self.rest()
        if self._graph is None:
            if self._before is None and is_needed and not is_begin:
                raise StartNotReadableError
            self._graph, self._size = self._new_graph(frame), size
            if self._before is not None and (self._before.width, self._before.height) == size[:2]:
                self._push(picture, None, self._before)
        self._before = frame
        self._push(picture, is_needed, frame)
        yield from self._ready()

    def rest(self) -> Iterator[DecodedPicture]:
        """What the filter still holds; afterwards it begins anew."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._ready()
            self._graph = None
            self._waits.clear()

    def _push(self, picture: DecodedPicture, is_needed: bool | None, frame: Any) -> None:
        self._waits.append((picture, bool(is_needed)))
        frame.pts = None  # the filter drops pictures whose stamps run backwards; ours go beside it
        self._graph.push(frame)

    def _ready(self) -> Iterator[DecodedPicture]:
        import av

        while True:
            try:
                frame = self._graph.pull()
            except (av.FFmpegError, EOFError):
                return
            picture, is_needed = self._waits.popleft()
            if is_needed:
                yield replace(picture, frame=frame)

    def _new_graph(self, frame: Any) -> Any:
        from av.filter import Graph

        graph = Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._stream.time_base
        )
        bwdif = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
        graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
        return graph
