"""Makes small films for tests: moving boxes, shots, noise, in many containers, with every oddity that files have.

    pictures = [*shot(1, 25), *shot(2, 25)]                       # two shots of one second
    write_film(tmp_path / "two.mp4", pictures, fps=25, sound=True)

Pictures are (H, W, 3) uint8 RGB. Nothing here is real footage; PyAV is imported when a film is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "corner_marks",
    "cut_off",
    "faded",
    "flashed",
    "letterboxed",
    "moving_box",
    "noisy",
    "panned",
    "pattern",
    "plain",
    "shifted",
    "shot",
    "spoilt",
    "two_shots",
    "write_film",
    "write_sound",
]

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 160, 90

_CODECS = {
    ".mp4": "libx264",
    ".m4v": "libx264",
    ".mov": "libx264",
    ".mkv": "libx264",
    ".ts": "libx264",
    ".avi": "mpeg4",
    ".webm": "libvpx-vp9",
    ".gif": "gif",
    ".mpg": "mpeg2video",
}
_FAST: Mapping[str, Mapping[str, str]] = {
    "libx264": {"preset": "ultrafast", "crf": "18", "threads": "1"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:frame-threads=1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "0", "threads": "1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "1M", "threads": "1"},
}
_FIXED_RATE = ("mpeg4", "mpeg2video", "gif", "mjpeg")  # they count pictures; others take exact times
_SOUND = {".webm": "libopus", ".avi": "mp2", ".mpg": "mp2"}
_SOUND_RATE = 48_000


def plain(colour: tuple[int, int, int], count: int, *, width: int = WIDTH, height: int = HEIGHT) -> Iterator[Picture]:
    """A still picture of one colour."""
    for _ in range(count):
        yield np.full((height, width, 3), colour, dtype=np.uint8)


def pattern(seed: int, *, width: int = WIDTH, height: int = HEIGHT, cells: int = 6) -> Picture:
    """A soft picture of coloured fields; another one for every seed."""
    import cv2

    fields = np.random.default_rng(seed).integers(20, 236, (cells, cells, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(fields, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def moving_box(
    background: Picture, count: int, *, size: int = 24, colour: tuple[int, int, int] = (250, 240, 40), step: float = 2
) -> Iterator[Picture]:
    """A box that moves from left to right over a still background, `step` pixels a picture."""
    height, width = background.shape[:2]
    for number in range(count):
        picture = background.copy()
        x = int(number * step) % max(width - size, 1)
        y = (height - size) // 2
        picture[y : y + size, x : x + size] = colour
        yield picture


def shot(seed: int, count: int, *, width: int = WIDTH, height: int = HEIGHT, step: float = 2) -> Iterator[Picture]:
    """A shot: a box that moves over a background; each seed has its own background."""
    colour = tuple(int(value) for value in np.random.default_rng(1000 + seed).integers(0, 256, 3))
    yield from moving_box(
        pattern(seed, width=width, height=height), count, colour=(colour[0], colour[1], colour[2]), step=step
    )


def two_shots(count: int = 25, *, width: int = WIDTH, height: int = HEIGHT) -> list[Picture]:
    """Two shots of `count` pictures; the second begins with picture number `count`."""
    return [*shot(1, count, width=width, height=height), *shot(2, count, width=width, height=height)]


def panned(still: Picture, count: int, *, width: int = WIDTH, height: int = HEIGHT, step: float = 3) -> list[Picture]:
    """A camera that moves over a larger still, `step` pixels a picture, there and back."""
    room_x, room_y = still.shape[1] - width, still.shape[0] - height
    pictures = []
    for number in range(count):
        way = number * step
        x = round(abs((way + room_x) % (2 * room_x) - room_x)) if room_x > 0 else 0
        y = round(room_y * x / room_x) if room_x > 0 else 0
        pictures.append(np.ascontiguousarray(still[y : y + height, x : x + width]))
    return pictures


def faded(before: Sequence[Picture], after: Sequence[Picture], length: int) -> list[Picture]:
    """Two shots with a dissolve of `length` pictures: the end of one over the beginning of the other."""
    middle = [
        ((1 - share) * first + share * second).astype(np.uint8)
        for first, second, share in zip(
            before[-length:], after[:length], np.linspace(0, 1, length + 2)[1:-1], strict=True
        )
    ]
    return [*before[:-length], *middle, *after[length:]]


def flashed(pictures: Sequence[Picture], at: Iterable[int], *, strength: float = 0.8) -> list[Picture]:
    """Pictures that a flash lights up: those with the numbers `at` are drawn towards white."""
    lit = set(at)
    return [
        (picture + strength * (255.0 - picture)).astype(np.uint8) if number in lit else picture
        for number, picture in enumerate(pictures)
    ]


def noisy(pictures: Iterable[Picture], *, deviation: float = 6, seed: int = 0) -> Iterator[Picture]:
    """Pictures with the noise of a camera in the dark."""
    random = np.random.default_rng(seed)
    for picture in pictures:
        yield np.clip(picture + random.normal(0, deviation, picture.shape), 0, 255).astype(np.uint8)


def letterboxed(
    pictures: Iterable[Picture],
    *,
    top: int = 0,
    bottom: int = 0,
    left: int = 0,
    right: int = 0,
    level: int = 0,
) -> Iterator[Picture]:
    """Pictures with bars drawn over their edges, `level` grey."""
    for picture in pictures:
        height, width = picture.shape[:2]
        framed = np.full_like(picture, level)
        framed[top : height - bottom, left : width - right] = picture[top : height - bottom, left : width - right]
        yield framed


def corner_marks(*, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A grey picture whose corners tell which way is up: red top left, green top right, blue bottom left."""
    picture = np.full((height, width, 3), 128, dtype=np.uint8)
    size = min(width, height) // 3
    picture[:size, :size] = (230, 20, 20)
    picture[:size, -size:] = (20, 230, 20)
    picture[-size:, :size] = (20, 20, 230)
    return picture


def write_film(
    path: Path,
    pictures: Iterable[Picture],
    *,
    fps: Fraction | int = 25,
    times: Sequence[Fraction] | None = None,
    start: Fraction | int = 0,
    codec: str | None = None,
    pixel_format: str | None = None,
    key_every: int = 12,
    b_frames: int = 0,
    sound: bool = False,
    turned_deg: int = 0,
    mirrored: bool = False,
    pixel_aspect: Fraction | None = None,
    interlaced: bool = False,
    trc: int | None = None,
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a film; the container goes by the ending of the path.

    Args:
        path: Its ending is one of .mp4, .m4v, .mov, .mkv, .ts, .avi, .webm, .gif, .mpg.
        pictures: As they are stored: with `turned_deg` they are not upright.
        fps: Pictures a second.
        times: When each picture is shown, instead of `fps`: a variable rate.
        start: When the first one is shown, in seconds; sound begins at 0, so with it the pictures come late.
        codec: As FFmpeg calls it; the usual one of the container by default.
        pixel_format: As FFmpeg calls it; yuv420p by default, which needs even sides (yuv444p does not).
        key_every: A picture that can be reached without the ones before it, every so many.
        b_frames: Pictures between others that are decoded after them.
        sound: Whether a tone is heard.
        turned_deg: By how much a player has to turn the pictures clockwise; a multiple of 90.
        mirrored: Whether a player has to mirror them besides, once they are turned.
        pixel_aspect: Width of a pixel over its height.
        interlaced: Whether pictures are stored as half pictures, upper one first; needs a height that 4 divides.
        trc: Number of the transfer characteristic: 16 is PQ, 18 is HLG.
        options: Of the codec.
        container_options: Such as {"movflags": "faststart"}.
        metadata: Such as {"creation_time": "2024-05-01T10:00:00Z"}.

    Returns:
        The path.
    """
    import av

    suffix = path.suffix.lower()
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = codec or _CODECS[suffix]
    base = Fraction(1, 90_000)
    numbers = Fraction(fps)
    with av.open(str(path), "w", options=dict(container_options or {})) as container:
        container.metadata.update(metadata or {})
        stream: Any = None
        speaker: Any = container.add_stream(_SOUND.get(suffix, "aac"), rate=_SOUND_RATE) if sound else None
        end = Fraction(start)
        for number, picture in enumerate(pictures):
            if stream is None:
                stream = _picture_stream(
                    container, codec, numbers, picture, pixel_format, key_every, b_frames, options, interlaced
                )
                if codec not in _FIXED_RATE:
                    stream.codec_context.time_base = base
                if trc is not None:
                    stream.codec_context.color_trc = trc
                    stream.codec_context.color_primaries = 9
                    stream.codec_context.colorspace = 9
                if pixel_aspect is not None:
                    stream.codec_context.sample_aspect_ratio = pixel_aspect
                if turned_deg or mirrored:
                    stream.set_display_rotation(-turned_deg, hflip=mirrored)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format=stream.codec_context.pix_fmt)
            time = Fraction(start) + (times[number] if times is not None else number / numbers)
            end = time + 1 / numbers
            step = 1 / numbers if codec in _FIXED_RATE else base
            frame.time_base = step
            frame.pts = round(time / step)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
        if speaker is not None:
            _write_tone(container, speaker, Fraction(0), end)
    return path


def write_sound(path: Path, *, seconds: int = 1, has_cover: bool = False) -> Path:
    """A file with sound and no picture, such as an .m4a; with a cover it has one that does not move."""
    import av
    from av.stream import Disposition

    with av.open(str(path), "w", format="mp4") as container:
        cover: Any = container.add_stream("mjpeg", rate=1) if has_cover else None
        sound = container.add_stream("aac", rate=_SOUND_RATE)
        if cover is not None:
            cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
            cover.disposition = Disposition.attached_pic
            grey = np.full((64, 64, 3), 128, dtype=np.uint8)
            container.mux(cover.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            container.mux(cover.encode(None))
        _write_tone(container, sound, Fraction(0), Fraction(seconds))
    return path


def shifted(source: Path, target: Path, seconds: Fraction) -> Path:
    """A copy whose pictures come later, or earlier: those before 0 are hidden by an edit list, in MP4."""
    import av

    with av.open(str(source)) as reading, av.open(str(target), "w") as writing:
        stream: Any = reading.streams.video[0]
        copy = writing.add_stream_from_template(stream)
        shift = round(seconds / Fraction(stream.time_base))
        packet: Any
        for packet in reading.demux(stream):
            if packet.dts is not None:
                packet.pts += shift
                packet.dts += shift
                packet.stream = copy
                writing.mux(packet)
    return target


def cut_off(source: Path, target: Path, *, share: float = 0.5) -> Path:
    """A copy that ends early, as after a broken download."""
    content = source.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target


def spoilt(source: Path, target: Path, *, first: float = 0.4, last: float = 0.6, seed: int = 0) -> Path:
    """A copy in which some bytes between two shares of the file are wrong, as on a bad disk."""
    content = bytearray(source.read_bytes())
    random = np.random.default_rng(seed)
    begin, end = int(len(content) * first), int(len(content) * last)
    for place in random.integers(begin, end, max((end - begin) // 40, 8)):
        content[int(place)] ^= 0xFF
    target.write_bytes(bytes(content))
    return target


def _picture_stream(
    container: Any,
    codec: str,
    fps: Fraction,
    picture: Picture,
    pixel_format: str | None,
    key_every: int,
    b_frames: int,
    options: Mapping[str, str] | None,
    interlaced: bool,
) -> Any:
    """The stream of pictures, ready to encode the first one."""
    chosen = {**_FAST.get(codec, {}), **(options or {})}
    if codec == "libx264":
        chosen.setdefault("sc_threshold", "0")
        if interlaced:
            chosen["x264-params"] = "tff=1"
    stream = container.add_stream(codec, rate=fps, options=chosen)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = pixel_format or {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
    stream.codec_context.gop_size = key_every
    if codec not in ("gif", "mjpeg"):
        stream.codec_context.max_b_frames = b_frames
    if codec in ("mpeg4", "mpeg2video"):
        stream.codec_context.bit_rate = 2_000_000
    return stream


def _write_tone(container: Any, stream: Any, start: Fraction, end: Fraction) -> None:
    """A quiet tone of 440 Hz from `start` to `end`."""
    import av

    size = stream.codec_context.frame_size or 1024
    layout = stream.layout.name
    channels = len(stream.layout.channels)
    for first in range(round(start * _SOUND_RATE), round(end * _SOUND_RATE), size):
        wave = 0.1 * np.sin(2 * np.pi * 440 * np.arange(first, first + size) / _SOUND_RATE)
        samples = np.repeat(wave[np.newaxis].astype(np.float32), channels, axis=0)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate = _SOUND_RATE
        frame.pts = first
        frame.time_base = Fraction(1, _SOUND_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
