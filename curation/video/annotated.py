"""A film with boxes and names drawn in, as an MP4 that browsers play: H.264, with its sound.

Every picture has the time of the original; rotation, mirroring and pixel aspect are burnt in. Boxes move on straight
lines between the pictures that were looked at. Memory stays the same whatever the length of the film.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from curation.domain.film.exchange.names import shown_people
from curation.domain.film.exchange.positions import position_at
from curation.domain.film.people import TrailerResult
from curation.domain.report import Progress
from curation.errors import ClipUnreadableError, RunInterruptedError
from curation.photos.lettering.named_boxes import BoxDrawer, NamedBox, colour_of
from curation.photos.lettering.words import writable
from curation.storage.atomic import open_atomic
from curation.video.files import open_file
from curation.video.frame import ClipFrame
from curation.video.opening import Clip, open_clip
from curation.video.sound import SoundCopier

__all__ = ["PHASE", "annotate"]

PHASE: Final = "annotation"
"""The name of the progress."""

_CODEC: Final = "libx264"
# As good as the eye wants it, at a quarter of the usual time. Always so many threads: the bytes depend on them. MP4
# tells how long a picture is shown in the order of decoding, so that must be the order in which they are shown.
# x264's macroblock tree, computed with AVX-512, reads memory that nobody wrote: one film in a hundred came out with
# other bytes. Without it the bytes are those of processors without AVX-512 too.
_OPTIONS: Final = {"preset": "veryfast", "crf": "22", "threads": "4", "bf": "0", "x264-params": "mbtree=0"}
_KEY_EVERY_S: Final = 2
_USUAL_RATE: Final = Fraction(25)
_MAX_BASE: Final = 2**30  # MP4 counts ticks a second in 32 bits
_FALLBACK_BASE: Final = 90_000 * 1001
_TOLD_EVERY: Final = 10  # pictures
_BT709: Final = 1  # ITU-T H.273: of the matrix, the primaries and the transfer


def annotate(
    path: Path,
    result: TrailerResult,
    target: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write a film with the boxes and names of its characters.

    Args:
        path: Of the film.
        result: What was found in it.
        target: The MP4 to write; it is replaced only when it is whole.
        progress: Told of pictures that are done.
        cancel: Stops it before the next picture; nothing is left then.

    Raises:
        ClipUnreadableError: The film cannot be read.
        RunInterruptedError: `cancel` was set.
        StorageError: The file cannot be written, for example because the disk is full.
        ExtraMissingError: PyAV is not installed.
    """
    with open_clip(path) as clip, open_atomic(target) as file:
        import av

        try:
            _write(clip, result, str(file.name), progress or (lambda _: None), cancel)
        except av.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error


def _write(
    clip: Clip,
    result: TrailerResult,
    target: str,
    progress: Callable[[Progress], None],
    cancel: threading.Event | None,
) -> None:
    import av

    total = max(result.film.frames_decoded, 1)
    frames = clip.frames()
    first = next(frames, None)
    if first is None:
        raise ClipUnreadableError("No picture of the film can be decoded: copy the file again.")
    ticks = _ticks_a_second(clip.path, first)
    # By default MP4 rounds to thousandths by how much the picture begins after the sound.
    options = {"movflags": "faststart", "movie_timescale": str(ticks)}
    container = av.open(target, "w", format="mp4", options=options)
    try:
        with SoundCopier(clip.path, container) as sound:
            pictures = _Pictures(container, first, _Faces(result), ticks, result.film.facts.fps_average)
            for number, frame in enumerate(chain((first,), frames)):
                if cancel is not None and cancel.is_set():
                    raise RunInterruptedError("the annotated film was stopped; nothing of it is kept")
                sound.copy_until(frame.time)
                pictures.add(frame)
                if number % _TOLD_EVERY == 0:
                    progress(Progress(PHASE, min(number, total), total))
            sound.copy_until(None)
            pictures.finish()
        container.close()
    except BaseException:
        _abandon(container)
        raise
    progress(Progress(PHASE, total, total))


def _abandon(container: Any) -> None:
    """Close a file that is given up; what it lacks is of no interest."""
    import av

    try:
        container.close()
    except (av.FFmpegError, OSError, ValueError):
        return


class _Pictures:
    """The stream of pictures of the new film."""

    def __init__(self, container: Any, first: ClipFrame, faces: _Faces, ticks: int, told_rate: Fraction | None) -> None:
        width, height = first.picture.width, first.picture.height
        rate = (told_rate or _USUAL_RATE).limit_denominator(100_000)
        self._container = container
        self._faces = faces
        self._drawer = BoxDrawer(width, height)
        self._base = Fraction(1, ticks)
        self._last = -1
        self._durations: dict[int, int] = {}
        stream = container.add_stream(_CODEC, rate=rate, options=dict(_OPTIONS))
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = self._base
        context.gop_size = max(1, round(_KEY_EVERY_S * rate))
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        self._stream = stream
        self._reformatter: Any = None

    def add(self, frame: ClipFrame) -> None:
        """Draw and encode a picture."""
        import av
        from av.video.reformatter import Colorspace, VideoReformatter

        shown = self._faces.at(frame.time)
        pixels = frame.picture.full().array
        if shown:
            pixels = np.array(pixels)
            self._drawer.draw(pixels, shown)
        out = av.VideoFrame.from_ndarray(_even(pixels), format="rgb24")
        if self._reformatter is None:
            self._reformatter = VideoReformatter()
        out = self._reformatter.reformat(out, format="yuv420p", dst_colorspace=Colorspace.ITU709, threads=1)
        out.time_base = self._base
        # Ticks of a fallback may be too coarse for two pictures; none may have the time of the one before.
        self._last = out.pts = max(round(frame.time / self._base), self._last + 1)
        self._durations[out.pts] = round(frame.duration / self._base)
        self._mux(self._stream.encode(out))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._mux(self._stream.encode(None))

    def _mux(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            # The encoder guesses how long the last picture is shown.
            packet.duration = self._durations.pop(packet.pts, packet.duration)
            self._container.mux(packet)


class _Faces:
    """Which faces are seen at a time, and where; people keep their colours throughout the film."""

    def __init__(self, result: TrailerResult) -> None:
        named = {
            index: (number, writable(person.name, f"Person {person.cluster_ids[0]}"))
            for number, person in enumerate(shown_people(result))
            for index in person.tracks
        }
        self._tracks = sorted(
            ((result.film.tracks[index], index, *named[index]) for index in named),
            key=lambda each: (each[0].span.start, each[1]),
        )
        self._next = 0
        self._seen: list[int] = []

    def at(self, time: Fraction) -> list[NamedBox]:
        """The faces at a time, the largest first; times have to rise."""
        while self._next < len(self._tracks) and self._tracks[self._next][0].span.start <= time:
            self._seen.append(self._next)
            self._next += 1
        self._seen = [number for number in self._seen if self._tracks[number][0].span.end > time]
        found = []
        for number in self._seen:
            track, index, person, name = self._tracks[number]
            found.append(NamedBox(index, position_at(track, time), name, colour_of(person)))
        return sorted(found, key=lambda face: (-face.box[2] * face.box[3], face.key))


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With even sides, as H.264 wants them: the last row or column is repeated."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(pixels)


def _ticks_a_second(path: Path, first: ClipFrame) -> int:
    """A number of ticks a second in which all times of a film are whole."""
    file = open_file(path)
    try:
        ticks = math.lcm(Fraction(file.stream.time_base).denominator, file.start.denominator, first.time.denominator)
    finally:
        file.close()
    return ticks if ticks <= _MAX_BASE else _FALLBACK_BASE
