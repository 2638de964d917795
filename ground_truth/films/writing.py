"""Writing a made film: H.264 in MP4 or VP8 in WebM, at any times, turned, with sound that begins before the picture."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ground_truth.films.stills import Picture

__all__ = ["FilmFile", "write_film"]

_QUARTERS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""The display matrix of MP4 for pictures that are to be turned clockwise by so many degrees."""
_ONE = 0x10000
_RATE_HZ = 48000
_BLOCK = 960


@dataclass(frozen=True, slots=True)
class FilmFile:
    """How a film is written.

    Attributes:
        suffix: `.mp4` or `.webm`.
        base: Unit of the time stamps, in seconds.
        quality: Of x264, 0 to 51, lower is better.
        rotation_deg: By how much players have to turn the stored pictures clockwise: 0, 90, 180 or 270.
        has_sound: Whether there is silence from 0 on.
    """

    suffix: str = ".mp4"
    base: Fraction = Fraction(1, 90000)
    quality: int = 23
    rotation_deg: int = 0
    has_sound: bool = False


def write_film(
    path: Path,
    form: FilmFile,
    size: tuple[int, int],
    rate: Fraction,
    pictures: Iterable[tuple[Fraction, Picture]],
) -> None:
    """Write pictures, upright as they are to be seen, at their times in seconds since the start.

    Args:
        path: The file; its suffix is that of `form`.
        form: How it is written.
        size: Width and height of the upright pictures, even.
        rate: Pictures a second, roughly: the file's headers name it.
        pictures: Time and (H, W, 3) uint8 RGB of each.
    """
    import av

    with av.open(str(path), "w") as container:
        is_webm = form.suffix == ".webm"
        stream = container.add_stream("libvpx" if is_webm else "libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.width, stream.height = size if form.rotation_deg % 180 == 0 else size[::-1]
        stream.time_base = stream.codec_context.time_base = form.base
        stream.codec_context.thread_count = 1
        stream.options = (
            {"deadline": "realtime", "cpu-used": "8", "b": "1500k"}
            if is_webm
            else {"crf": str(form.quality), "preset": "ultrafast", "x264-params": "bframes=2:keyint=96"}
        )
        if is_webm:
            stream.bit_rate = 1_500_000
        sound = container.add_stream("libopus" if is_webm else "aac", rate=_RATE_HZ) if form.has_sound else None
        if sound is not None:
            sound.layout = "mono"
        heard = 0
        for time, picture in pictures:
            stored = np.ascontiguousarray(np.rot90(picture, form.rotation_deg // 90))
            while sound is not None and Fraction(heard, _RATE_HZ) <= time:
                silence = av.AudioFrame.from_ndarray(np.zeros((1, _BLOCK), np.float32), "fltp", "mono")
                silence.sample_rate, silence.pts, silence.time_base = _RATE_HZ, heard, Fraction(1, _RATE_HZ)
                container.mux(sound.encode(silence))
                heard += _BLOCK
            frame = av.VideoFrame.from_ndarray(stored, "rgb24")
            frame.time_base, frame.pts = form.base, round(time / form.base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            container.mux(sound.encode(None))
    if form.rotation_deg:
        _turn(path, form.rotation_deg)


def _turn(path: Path, degrees: int) -> None:
    """Write the display matrix into the header of the first track."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 4
    matrix = place + (52 if content[place] == 1 else 40)
    a, b, c, d = (value * _ONE for value in _QUARTERS[degrees])
    content[matrix : matrix + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(content))
