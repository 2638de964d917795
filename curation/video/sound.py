"""The sound of a film for its annotated version: copied as it is where MP4 can hold it, else encoded anew as AAC."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from curation.video.files import open_file

__all__ = ["SoundCopier"]

_COPIED: Final = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
"""Codecs that MP4 has a place for, by the name that FFmpeg gives them."""

_AHEAD_S: Final = Fraction(1, 2)
_BITS_A_SECOND: Final = 160_000
_RATES: Final = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)


class SoundCopier:
    """Takes the first stream of sound of a film into another file, a little ahead of its pictures.

    A film without sound, or whose sound is damaged, gives a file without it, or with it up to that place.
    """

    def __init__(self, path: Path, target: Any) -> None:
        """Open the film again and add a stream to the file.

        Args:
            path: Of the film.
            target: PyAV's container for the new file, before anything was written.
        """
        self._file = open_file(path)
        self._target = target
        streams = self._file.container.streams.audio
        self._source: Any = next((each for each in streams if each.codec_context is not None), None)
        self._packets: Iterator[Any] = iter(())
        self._waiting: Any = None
        self._last: int | None = None
        self._stream: Any = None
        self._resampler: Any = None
        if self._source is not None:
            self._packets = self._file.container.demux(self._source)
            self._begin()

    def __enter__(self) -> Self:
        """The copier itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the film."""
        self._file.close()

    def copy_until(self, time: Fraction | None) -> None:
        """Write the sound up to a little after a time; all of it for None."""
        if self._stream is None:
            return
        while self._stream is not None and (packet := self._next()) is not None:
            if time is not None and packet.pts is not None and self._time(packet) > time + _AHEAD_S:
                self._waiting = packet
                return
            self._write(packet)
        if self._resampler is not None and self._stream is not None:
            self._encode(None)
        self._stream = None

    def _begin(self) -> None:
        context = self._source.codec_context
        if context.codec.canonical_name in _COPIED and context.sample_rate:
            self._stream = self._target.add_stream_from_template(self._source)
            return
        import av

        rate = min(_RATES, key=lambda each: abs(each - (context.sample_rate or _RATES[0])))
        layout = "mono" if context.layout.nb_channels == 1 else "stereo"
        self._stream = self._target.add_stream("aac", rate=rate, layout=layout)
        self._stream.bit_rate = _BITS_A_SECOND
        self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate, frame_size=1024)

    def _next(self) -> Any:
        import av

        if self._waiting is not None:
            packet, self._waiting = self._waiting, None
            return packet
        try:
            # The last packet is empty and tells a decoder that it is the last.
            return next((packet for packet in self._packets if packet.size), None)
        except (av.FFmpegError, OSError):
            return None  # the rest of the file cannot be read; its pictures end here too

    def _time(self, packet: Any) -> Fraction:
        time: Fraction = packet.pts * Fraction(packet.time_base) - self._file.start
        return time

    def _write(self, packet: Any) -> None:
        import av

        if packet.pts is None:
            return
        if self._resampler is not None:
            self._decode(packet)
            return
        shift = round(self._file.start / Fraction(packet.time_base))
        packet.pts -= shift
        packet.dts = packet.pts  # sound is decoded in the order in which it is heard
        if self._last is not None and packet.dts <= self._last:
            return  # joined files set their clock back; MP4 has none that does
        self._last = packet.dts
        packet.stream = self._stream
        try:
            self._target.mux(packet)
        except (av.InvalidDataError, av.ArgumentError):
            self._stream = None  # damaged so that MP4 does not take it: the rest is left out

    def _decode(self, packet: Any) -> None:
        import av

        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            return  # damaged; the next one may not be
        for frame in frames:
            if frame.pts is None:
                continue
            shift = round(self._file.start / Fraction(frame.time_base))
            frame.pts -= shift
            self._encode(frame)

    def _encode(self, frame: Any) -> None:
        try:
            resampled_frames = self._resampler.resample(frame)
        except ValueError:
            return  # damaged: it says to be of another kind than those before
        for resampled in resampled_frames:
            if self._last is not None and resampled.pts is not None and resampled.pts <= self._last:
                continue
            self._last = resampled.pts
            self._target.mux(self._stream.encode(resampled))
        if frame is None:
            self._target.mux(self._stream.encode(None))
