"""Opens a film: pictures in the order in which they are shown, with exact times, from any place on.

    with open_clip(path) as clip:
        for frame in clip.frames(Interval(Fraction(10), Fraction(20))):
            frame.time, frame.picture.reduced(640)

A span gives the same frames as the whole film cut to it: same times, same pixels. So parts of a film can be looked at
by several processes, each opening it anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from curation.domain.film.clip import ClipFacts
from curation.domain.film.times import Interval
from curation.errors import ClipRefusedError, ClipUnreadableError
from curation.video.decoding import DecodedPicture, Losses, StartNotReadableError, decoded
from curation.video.display import Display, turn_of_matrix
from curation.video.facts import Survey, capture_time_of, last_length, start_timecode_of, surveyed
from curation.video.files import FilmFile, StampedPacket, open_file
from curation.video.frame import ClipFrame
from curation.video.picture import Screen

__all__ = ["Clip", "clip_facts", "open_clip"]

_INTERLACED_ORDERS: Final = (2, 3, 4, 5)
_SCANNED_PARTS: Final = 8
"""Into how many parts at most a film is cut whose file has to be read from its start for each."""


class Clip:
    """An open film; `open_clip` makes it.

    Attributes:
        path: Of the file.
        problem: After an iteration: why it ended early, in a sentence; empty if it did not.
    """

    def __init__(self, path: Path, file: FilmFile) -> None:
        """For a file that was opened; its first picture is decoded."""
        self.path: Final = path
        self.problem = ""
        self._first_file: FilmFile | None = file
        self._container_facts = _ContainerFacts(file)
        self._screen, self._is_interlaced = self._first_look()

    def __enter__(self) -> Self:
        """The clip itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; frames that were given stay usable."""
        if self._first_file is not None:
            self._first_file.close()
            self._first_file = None

    @cached_property
    def facts(self) -> ClipFacts:
        """What the file tells of the film; its packets are read for it, nothing is decoded."""
        survey, told = self._survey, self._container_facts
        duration = survey.end - survey.first
        return ClipFacts(
            duration=duration,
            width=self._screen.width,
            height=self._screen.height,
            rotation_deg=self._screen.display.turned_deg,
            is_mirrored=self._screen.display.is_mirrored,
            fps_average=survey.count / duration if survey.count > 1 and duration > 0 else None,
            is_vfr=survey.is_vfr,
            is_hdr=self._screen.is_hdr,
            is_interlaced=self._is_interlaced or told.is_interlaced,
            has_audio=told.has_audio,
            codec=told.codec,
            start_timecode=told.start_timecode,
            capture_time=told.capture_time,
        )

    def segment_starts(self, length_s: int = 60) -> tuple[Fraction, ...]:
        """Where parts of at least `length_s` seconds begin: times of key pictures; the first is the first picture's.

        They depend on the file alone. The last part may be shorter.
        """
        survey = self._survey
        length = Fraction(length_s)
        if not survey.is_indexed:
            length = max(length, (survey.end - survey.first) / _SCANNED_PARTS)
        starts = [survey.first]
        for key in survey.keys:
            if key >= starts[-1] + length:
                starts.append(key)
        return tuple(starts)

    def frames(self, span: Interval | None = None) -> Iterator[ClipFrame]:
        """The pictures in the order in which they are shown.

        Args:
            span: Only those with start <= time < end; reading begins at a key picture before.

        Yields:
            Damaged ones too, marked as such. What could be read of a file that is cut off or vanishes is given, and
            `problem` says how far it went.
        """
        self.problem = ""
        if span is not None and span.end <= span.start:
            return
        keys_back = 0
        while True:
            file = self._taken_file()
            try:
                yield from self._frames_of(file, span, keys_back)
                return
            except StartNotReadableError:
                keys_back = 2 * keys_back + 1
            finally:
                file.close()

    def _taken_file(self) -> FilmFile:
        """The file that was opened, the first time; anew afterwards."""
        file, self._first_file = self._first_file, None
        return file if file is not None else open_file(self.path)

    def _frames_of(self, file: FilmFile, span: Interval | None, keys_back: int) -> Iterator[ClipFrame]:
        if span is None:
            packets, is_begin = file.packets(), True
        else:
            packets, is_begin = file.packets_before(span.start, keys_back)
        reading, losses = _Reading(packets), Losses()
        start = None if span is None else file.tick_of(span.start)
        end = None if span is None else file.tick_of(span.end)
        number = 0
        waiting: DecodedPicture | None = None
        for picture in decoded(iter(reading), file.stream, start=start, is_begin=is_begin, losses=losses):
            if waiting is not None:
                yield self._frame(file, waiting, picture.tick - waiting.tick, number)
                number += 1
                waiting = None
            if end is not None and picture.tick >= end:
                return
            waiting = picture
        if waiting is not None:
            yield self._frame(file, waiting, last_length(file.stream, waiting.length), number)
        self.problem = reading.problem(file) or self._cut_off(file, reading.end)
        if losses.late and not self.problem:
            self.problem = f"{losses.late} damaged pictures came out of order and were left out."

    def _frame(self, file: FilmFile, picture: DecodedPicture, length: Fraction | int, number: int) -> ClipFrame:
        return ClipFrame(
            picture.frame,
            self._screen,
            time=file.time_of(picture.tick),
            duration=length * file.base,
            number=number,
            is_corrupt=picture.is_corrupt,
        )

    def _cut_off(self, file: FilmFile, end: int) -> str:
        """Whether a file ends before the time that its head tells, as a sentence."""
        end_s = file.time_of(end)
        reached = max(end_s, file.sound_end)
        told = self._container_facts.duration
        if told is None or reached >= told - max(Fraction(1, 2), told / 100):
            return ""
        return (
            f"The film ends after {float(end_s):.1f} s of {float(told):.1f} s: the file is cut off. What is there was "
            "looked at; copy the file again for the rest."
        )

    @cached_property
    def _survey(self) -> Survey:
        return surveyed(self.path)

    def _first_look(self) -> tuple[Screen, bool]:
        """How the pictures are shown, by the first one that can be decoded."""
        file = self._taken_file()
        try:
            aspect = Fraction(file.stream.sample_aspect_ratio or 1) or Fraction(1)
            for picture in decoded(
                iter(_Reading(file.packets())), file.stream, start=None, is_begin=True, losses=Losses()
            ):
                frame = picture.frame
                if frame is None:
                    continue
                display = Display(*_turn_of(frame), pixel_aspect=aspect)
                screen = Screen(display, *display.size(frame.width, frame.height), transfer=int(frame.color_trc))
                return screen, bool(frame.interlaced_frame)
        finally:
            file.close()
        raise ClipUnreadableError(
            "No picture of the film can be decoded: the file is damaged, or its kind of coding is not known. Copy it "
            "again, or convert it to H.264."
        )


class _ContainerFacts:
    """What the head of a file tells."""

    def __init__(self, file: FilmFile) -> None:
        container, stream = file.container, file.stream
        self.duration = None if container.duration is None else Fraction(container.duration, 1_000_000)
        if container.format.name == "avi" and stream.frames and self.duration is not None:
            # Without the index at its end FFmpeg tells what is there; the head still tells what was, in ticks.
            self.duration = max(self.duration, stream.frames * file.base)
        self.has_audio = bool(container.streams.audio)
        self.codec = str(stream.codec_context.codec.canonical_name)
        self.is_interlaced = stream.codec_context.field_order in _INTERLACED_ORDERS
        self.start_timecode = start_timecode_of(container)
        self.capture_time = capture_time_of(container)


class _Reading:
    """Packets, with how far they go and what stopped them."""

    def __init__(self, packets: Iterator[StampedPacket]) -> None:
        self._packets = packets
        self._reason = ""
        self.end = 0

    def __iter__(self) -> Iterator[StampedPacket]:
        import av

        try:
            for stamp, packet in self._packets:
                if stamp.is_shown:
                    self.end = max(self.end, stamp.tick + stamp.length)
                yield stamp, packet
        except (av.FFmpegError, OSError) as error:
            self._reason = error.strerror or "damaged"

    def problem(self, file: FilmFile) -> str:
        """What stopped them, as a sentence; empty if they came to their end."""
        if not self._reason:
            return ""
        end_s = float(file.time_of(self.end))
        return f"Reading stopped after {end_s:.1f} s ({self._reason}). What is before was looked at."


def open_clip(path: Path, *, max_minutes: float = math.inf, max_mb: float = math.inf) -> Clip:
    """Open a film.

    Raises:
        ClipUnreadableError: The file is missing, empty, damaged from its start, or holds no moving picture.
        ClipRefusedError: It is longer or larger than allowed.
        ExtraMissingError: PyAV is not installed.
    """
    try:
        megabytes = path.stat().st_size / 1e6
    except OSError as error:
        raise ClipUnreadableError(f"The file cannot be read ({error.strerror}): look whether it is there.") from error
    if megabytes > max_mb:
        raise ClipRefusedError(
            f"The film has {megabytes:.0f} MB, and video.max_video_mb allows {max_mb:g}: shorten the film, or raise "
            "the limit."
        )
    file = open_file(path)
    try:
        told = file.container.duration
        minutes = told / 60e6 if told is not None else float(_length(path)) / 60
        if minutes > max_minutes:
            raise ClipRefusedError(
                f"The film lasts {minutes:.1f} minutes, and video.max_video_minutes allows {max_minutes:g}: shorten "
                "the film, or raise the limit."
            )
        return Clip(path, file)
    except BaseException:
        file.close()
        raise


def clip_facts(path: Path, *, max_minutes: float = math.inf, max_mb: float = math.inf) -> ClipFacts:
    """What a film's file tells of it. Raises what `open_clip` raises."""
    with open_clip(path, max_minutes=max_minutes, max_mb=max_mb) as clip:
        return clip.facts


def _length(path: Path) -> Fraction:
    survey = surveyed(path)
    return survey.end - survey.first


def _turn_of(frame: Any) -> tuple[int, bool]:
    """Turn and mirroring of a frame's display matrix."""
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except (ValueError, KeyError):  # PyAV knows not all kinds of side data, and refuses all for one of them
        return -int(frame.rotation) % 360, False
    return (0, False) if data is None else turn_of_matrix(bytes(data))
