"""A film's file, opened by FFmpeg's demultiplexer: which files are films, which stream is the picture, its packets.

Only kinds of files that hold films are opened, as files of this machine: a playlist that names other files or
addresses, or a file whose name looks like an address, leads nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from curation.errors import ClipUnreadableError
from curation.extras import Extra, extra_for
from curation.regular_files import NOT_REGULAR, demand_regular
from curation.video.timeline import Stamp, Timeline, container_start

__all__ = ["FilmFile", "StampedPacket", "open_file"]

StampedPacket = tuple[Stamp, Any]
"""An `av.Packet` and its stamp."""

_MAX_TRACKS: Final = 150
"""Each costs FFmpeg up to 15 MB before the film can be looked at, however small its part of the file is."""
_KINDS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,gif,flv,asf,ogg,mxf,mpegvideo,h264,hevc,m4v,dv,ivf,obu,av1,"
    "wtv,rm,nut,mjpeg,apng,yuv4mpegpipe"
)
# Files of these kinds have a table of their pictures, with a stamp for each: reading may begin at any key picture.
_INDEXED: Final = ("mov", "matroska")
_STILL_CODECS: Final = frozenset({"png", "bmp", "webp", "tiff", "jpegls"})
_MAX_PIXELS: Final = 16_384 * 8_640
"""Of a picture: twice the largest cameras'. More is damage, or meant to fill the memory."""
# What is read ahead while the last key picture before a time is looked for.
_MAX_AHEAD_BYTES: Final = 64_000_000
_AHEAD_S: Final = 3


class FilmFile:
    """An open file; close it. Reading goes on from where it stands, so each reader opens its own.

    Attributes:
        container: PyAV's input container.
        stream: The picture's stream.
        start: When the container starts, in the clock of its streams.
        is_indexed: Whether the file has a table of its pictures.
    """

    def __init__(self, container: Any, stream: Any) -> None:
        """For a container whose picture is `stream`."""
        self.container = container
        self.stream = stream
        self.start: Final = container_start(container)
        names = container.format.name.split(",")
        # A film in fragments has no table of the whole, and says so by a count of 0.
        self.is_indexed: Final = "matroska" in names or ("mov" in names and stream.frames > 0)
        self._mends_jumps: Final = not any(name in names for name in (*_INDEXED, "gif", "avi"))
        self._has_only_order: Final = "avi" in names and bool(stream.codec_context.has_b_frames)
        self.base: Final = Fraction(stream.time_base)
        self._sound_ends: dict[int, int] = {}

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    @property
    def sound_end(self) -> Fraction:
        """Until when sound was met among the packets that were read."""
        streams = self.container.streams
        ends = (end * Fraction(streams[index].time_base) - self.start for index, end in self._sound_ends.items())
        return max(ends, default=Fraction(0))

    def time_of(self, tick: int) -> Fraction:
        """Seconds since the container's start of a time on the picture's own clock."""
        return tick * self.base - self.start

    def tick_of(self, time: Fraction) -> int:
        """The first tick at or after a time."""
        return math.ceil((time + self.start) / self.base)

    def packets(self) -> Iterator[StampedPacket]:
        """The picture's packets from where the file stands, with stamps.

        Raises:
            av.FFmpegError: If the file cannot be read any further.
        """
        timeline = Timeline(self.stream, mends_jumps=self._mends_jumps, has_only_order=self._has_only_order)
        sounds = tuple(self.container.streams.audio)
        index, ends = self.stream.index, self._sound_ends
        for packet in self._read(sounds):
            pts = packet.pts
            if pts is None and packet.size == 0 and packet.dts is None:
                continue
            if packet.stream_index == index:
                yield timeline.stamp(packet), packet
            elif pts is not None:
                end = pts + (packet.duration or 0)
                ends[packet.stream_index] = max(ends.get(packet.stream_index, end), end)

    def _read(self, sounds: tuple[Any, ...]) -> Iterator[Any]:
        """Packets of the picture and of sounds."""
        while True:
            try:
                yield from self.container.demux(self.stream, *sounds)
            except IndexError:
                # A stream that begins in the middle, of a broadcast or of damaged bytes, is unknown to PyAV: go on
                # with the packet after its first one.
                continue
            return

    def packets_before(self, time: Fraction, keys_back: int) -> tuple[Iterator[StampedPacket], bool]:
        """The packets from the last key picture at or before a time on, or `keys_back` key pictures before that one.

        Returns:
            The packets, and whether they begin where the film begins.
        """
        if self.is_indexed:
            return self._from_table(time, keys_back)
        return self._from_start(time, keys_back)

    def _from_table(self, time: Fraction, keys_back: int) -> tuple[Iterator[StampedPacket], bool]:
        import av

        latest = math.floor((time + self.start) / self.base)
        target = latest
        left = keys_back
        for _ in range(8 + 2 * keys_back):
            try:
                self.container.seek(target, stream=self.stream, backward=True)
                packets = self.packets()
                stamp, packet = next(packets)
            except (av.FFmpegError, StopIteration):
                break
            place = packet.dts if packet.dts is not None else packet.pts
            if stamp.is_key and stamp.tick <= latest:
                if left == 0:
                    return _again((stamp, packet), packets), False
                left -= 1
            if place is None or place > target + 1:
                break
            target = min(target, place) - 1
        self._rewind()
        return self.packets(), True

    def _from_start(self, time: Fraction, keys_back: int) -> tuple[Iterator[StampedPacket], bool]:
        import av

        latest = math.floor((time + self.start) / self.base)
        ahead_ticks = round(_AHEAD_S / self.base)
        packets = self.packets()
        groups: list[list[StampedPacket]] = [[]]
        size = 0
        has_dropped = False
        try:
            for stamp, packet in packets:
                if stamp.is_key and stamp.tick <= latest:
                    groups.append([])
                    dropped = groups[: -(keys_back + 1)]
                    if dropped:
                        has_dropped = has_dropped or any(dropped)
                        size -= sum(packet.size for group in dropped for _, packet in group)
                        groups = groups[-(keys_back + 1) :]
                groups[-1].append((stamp, packet))
                size += packet.size
                is_past = stamp.tick > latest and (stamp.is_key or stamp.tick > latest + ahead_ticks)
                if is_past or size > _MAX_AHEAD_BYTES or not stamp.is_told:
                    break
        except av.FFmpegError as error:
            packets = _failing(error)  # where the packets that were read end, as for whoever reads from the start
        ahead = [pair for group in groups for pair in group]
        if ahead and not ahead[-1][0].is_told and has_dropped:
            # Only the order of decoding is known: times depend on all pictures before.
            self._rewind()
            return self.packets(), True
        return _joined(ahead, packets), not has_dropped

    def _rewind(self) -> None:
        """Open the file anew: after a search that failed nothing else is sure to begin at the beginning."""
        path = Path(self.container.name.removeprefix("file:"))
        self.container.close()
        fresh = open_file(path)
        self.container, self.stream = fresh.container, fresh.stream


def open_file(path: Path) -> FilmFile:
    """Open a film's file and choose its picture: the first stream of moving pictures that is no cover.

    Raises:
        ClipUnreadableError: The file is missing, no film, or holds no moving picture.
        ExtraMissingError: PyAV is not installed.
    """
    with extra_for(Extra.VIDEO, "Looking at films"):
        import av
    try:
        demand_regular(path)
        if path.stat().st_size == 0:
            raise ClipUnreadableError("The file is empty: copy it again from where it came from.")
        options = {"format_whitelist": _KINDS, "protocol_whitelist": "file", "max_streams": str(_MAX_TRACKS)}
        container = av.open(f"file:{path}", options=options)
    except FileNotFoundError as error:
        raise ClipUnreadableError("The file is not there any more: put it back or take it off the list.") from error
    except MemoryError as error:
        raise ClipUnreadableError(
            f"The film has more than {_MAX_TRACKS} tracks, or asks for more memory than there is: if it plays "
            "elsewhere, save it with its picture and one track of sound."
        ) from error
    except (av.FFmpegError, ValueError) as error:
        raise ClipUnreadableError(_not_opened(path)) from error
    except OSError as error:
        raise ClipUnreadableError(_why_not_read(error)) from error
    stream = _picture_of(container)
    if stream is None:
        why = _no_picture(container)
        container.close()
        raise ClipUnreadableError(why)
    stream.codec_context.thread_count = 1
    stream.codec_context.copy_opaque = True
    stream.codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
    return FilmFile(container, stream)


def _why_not_read(error: OSError) -> str:
    if error.strerror == NOT_REGULAR:
        return f"This is no film: {NOT_REGULAR}."
    return f"The file cannot be read ({error.strerror}): check its permissions."


def _picture_of(container: Any) -> Any:
    """The first stream of moving pictures; None if there is none."""
    from av.stream import Disposition

    no_film = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & no_film
        and stream.codec_context is not None
        and stream.codec_context.name not in _STILL_CODECS
    ]
    chosen = [stream for stream in streams if stream.disposition & Disposition.default]
    return next(iter([*chosen, *streams]), None)


def _no_picture(container: Any) -> str:
    """Why no stream of a file is a film's picture, in words that say what to do."""
    if any(stream.codec_context is None for stream in container.streams.video):
        return "The film's picture is coded in a way that is not known, or its head is damaged: convert it to H.264."
    if container.streams.audio:
        return "The file holds only sound: choose a file with a picture."
    return "The file holds no moving picture: choose a film."


def _not_opened(path: Path) -> str:
    """Why FFmpeg refused a file, in words that say what to do."""
    with path.open("rb") as file:
        head = file.read(64)
    if b"ftyp" in head[:16]:
        return (
            "The file's table of pictures is missing: the recording or the copy was broken off. Copy it again; what a "
            "camera left unfinished, its maker's repair tool may finish."
        )
    return "The file is no film that can be read: it is damaged from its start, or of another kind than its name says."


def _again(first: StampedPacket, rest: Iterator[StampedPacket]) -> Iterator[StampedPacket]:
    yield first
    yield from rest


def _failing(error: Exception) -> Iterator[StampedPacket]:
    raise error
    yield


def _joined(first: list[StampedPacket], rest: Iterator[StampedPacket]) -> Iterator[StampedPacket]:
    while first:
        yield first.pop(0)
    yield from rest
