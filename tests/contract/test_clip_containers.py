"""What every kind of film file does: the same pictures at the right times, whole or in parts, however it is stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from curation.domain.film.times import Interval
from curation.errors import ClipUnreadableError
from curation.video.frame import ClipFrame
from curation.video.opening import open_clip
from tests.film_files import cut_off, noisy, shifted, shot, spoilt, write_film

av = pytest.importorskip("av")

DATA = Path(os.environ.get("CURATION_TEST_DATA", Path(__file__).parents[3] / "shared")) / "photos" / "videos"
COUNT = 44
FPS = 25
END = Fraction(10**6)
OPEN_GROUPS = {"x264-params": "open-gop=1:b-pyramid=normal", "preset": "fast"}
X265 = {"x265-params": "log-level=none:pools=1:frame-threads=1:keyint=12:min-keyint=12:open-gop=1:bframes=3"}


def pictures() -> Iterator[np.ndarray]:
    """Two shots; the second begins with picture number 22. Noise, so that no two pictures are the same."""
    yield from noisy([*shot(1, COUNT // 2, height=96), *shot(2, COUNT // 2, height=96)], deviation=4)


def irregular() -> list[Fraction]:
    return [Fraction(number, FPS) + Fraction((number * 7) % 5, 200) for number in range(COUNT)]


def film(folder: Path, name: str, **options: object) -> Path:
    return write_film(folder / name, pictures(), fps=FPS, **options)  # type: ignore[arg-type]


def joined(folder: Path) -> Path:
    """Two transport streams, one after the other: the clock begins again in the middle."""
    first = film(folder, "first.ts", b_frames=2).read_bytes()
    path = folder / "joined.ts"
    path.write_bytes(first + first)
    return path


def begun_late(folder: Path) -> Path:
    """A recording that begins between two key pictures."""
    content = film(folder, "whole.ts", b_frames=2).read_bytes()
    path = folder / "late.ts"
    path.write_bytes(content[188 * 30 :])
    return path


def of_two_sizes(folder: Path) -> Path:
    """A broadcast that changes its size in the middle."""
    first = film(folder, "first.ts")
    small = write_film(folder / "small.ts", (picture[:60, :100] for picture in pictures()), start=2)
    path = folder / "sizes.ts"
    path.write_bytes(first.read_bytes() + small.read_bytes())
    return path


@dataclass(frozen=True)
class Kind:
    """A kind of file, and what differs from 44 whole pictures at a rate of 25 from 0 on."""

    make: Callable[[Path], Path]
    count: int = COUNT
    corrupt: int = 0
    first: Fraction = Fraction(0)
    is_vfr: bool = False


KINDS = {
    "mp4": Kind(lambda folder: film(folder, "film.mp4", b_frames=2)),
    "mp4 with sound": Kind(lambda folder: film(folder, "film.mp4", b_frames=2, sound=True)),
    "mp4, open groups": Kind(lambda folder: film(folder, "film.mp4", b_frames=2, options=OPEN_GROUPS)),
    "mp4, late picture": Kind(lambda folder: film(folder, "film.mp4", start=2, sound=True), first=Fraction(2)),
    "mp4, 30000/1001": Kind(
        lambda folder: write_film(folder / "film.mp4", pictures(), fps=Fraction(30_000, 1001), b_frames=2)
    ),
    "mp4, hevc, open groups": Kind(lambda folder: film(folder, "film.mp4", codec="libx265", b_frames=3, options=X265)),
    "mp4, interlaced": Kind(lambda folder: film(folder, "film.mp4", interlaced=True)),
    "mp4 in fragments": Kind(
        lambda folder: film(
            folder, "film.mp4", container_options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        )
    ),
    "mp4, edited": Kind(
        lambda folder: shifted(film(folder, "film.mp4", b_frames=2), folder / "edited.mp4", -Fraction(1, 5)), count=39
    ),
    "mov": Kind(lambda folder: film(folder, "film.mov", b_frames=2, sound=True)),
    "mkv": Kind(lambda folder: film(folder, "film.mkv", b_frames=2, sound=True)),
    "mkv, variable rate": Kind(lambda folder: film(folder, "film.mkv", times=irregular()), is_vfr=True),
    "webm, vp9": Kind(lambda folder: film(folder, "film.webm", sound=True)),
    "webm, vp8 with hidden pictures": Kind(
        lambda folder: film(
            folder,
            "film.webm",
            codec="libvpx",
            options={"auto-alt-ref": "1", "lag-in-frames": "10", "deadline": "good"},
        )
    ),
    "ts": Kind(lambda folder: film(folder, "film.ts", b_frames=2)),
    "ts, gradual refresh": Kind(
        lambda folder: film(folder, "film.ts", options={"x264-params": "intra-refresh=1", "preset": "fast"})
    ),
    "ts, mpeg-2": Kind(lambda folder: film(folder, "film.ts", codec="mpeg2video", b_frames=2)),
    "ts, clock overflows": Kind(
        lambda folder: shifted(film(folder, "film.ts", b_frames=2), folder / "over.ts", Fraction(2**33, 90_000) - 1)
    ),
    "ts, clock begins again": Kind(joined, count=2 * COUNT),
    "ts, begun between key pictures": Kind(begun_late, count=-1, corrupt=-1),
    "ts of two sizes": Kind(of_two_sizes, count=2 * COUNT, is_vfr=True),
    "mpg": Kind(lambda folder: film(folder, "film.mpg", b_frames=2)),
    "avi": Kind(lambda folder: film(folder, "film.avi")),
    "avi without times": Kind(lambda folder: film(folder, "film.avi", codec="libx264", b_frames=2)),
    "gif": Kind(lambda folder: film(folder, "film.gif")),
}


@pytest.fixture(scope="module", params=KINDS)
def kind_and_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Kind, Path]:
    kind = KINDS[request.param]
    return kind, kind.make(tmp_path_factory.mktemp("film"))


def content(frame: ClipFrame) -> tuple[Fraction, Fraction, bool, bytes, bytes]:
    """All that is told of a frame."""
    pixels = frame.picture.full().array
    return frame.time, frame.duration, frame.is_corrupt, pixels.tobytes(), frame.sample().tobytes()


def packet_times(path: Path) -> list[Fraction]:
    """When pictures are shown, as the file's packets say, without any decoder: from the first one on."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None and not packet.is_discard]
        ticks = sorted({packet.pts for packet in packets})
    return [(tick - ticks[0]) * Fraction(stream.time_base) for tick in ticks]


def test_every_picture_comes_once_at_its_time(kind_and_path: tuple[Kind, Path]) -> None:
    kind, path = kind_and_path
    with open_clip(path) as clip:
        frames = list(clip.frames())
        facts = clip.facts

        assert clip.problem == ""
        assert [frame.number for frame in frames] == list(range(len(frames)))
        assert all(earlier.time < later.time for earlier, later in pairwise(frames))
        assert all(earlier.time + earlier.duration == later.time for earlier, later in pairwise(frames))
        assert facts.duration == frames[-1].time + frames[-1].duration - frames[0].time
        assert facts.fps_average == len(frames) / facts.duration
        if kind.count >= 0:
            assert len(frames) == kind.count
            assert sum(frame.is_corrupt for frame in frames) == kind.corrupt
            assert facts.is_vfr == kind.is_vfr
            assert abs(frames[0].time - kind.first) < Fraction(1, 1000)


@pytest.mark.parametrize("name", ["mp4", "mp4, 30000/1001", "mkv, variable rate", "webm, vp9", "ts", "mov", "gif"])
def test_times_are_those_of_the_packets(name: str, tmp_path: Path) -> None:
    path = KINDS[name].make(tmp_path)
    with open_clip(path) as clip:
        frames = list(clip.frames())
    assert [frame.time - frames[0].time for frame in frames] == packet_times(path)


def test_parts_are_the_whole(kind_and_path: tuple[Kind, Path]) -> None:
    _, path = kind_and_path
    with open_clip(path) as clip:
        whole = [content(frame) for frame in clip.frames()]
        starts = clip.segment_starts(1)
        parts = [
            content(frame) for start, end in pairwise((*starts, END)) for frame in clip.frames(Interval(start, end))
        ]
    assert starts[0] == whole[0][0]
    assert parts == whole


def test_any_span_is_that_part_of_the_whole(kind_and_path: tuple[Kind, Path]) -> None:
    _, path = kind_and_path
    random = np.random.default_rng(0)
    with open_clip(path) as clip:
        whole = [content(frame) for frame in clip.frames()]
        for _ in range(3):
            first, last = sorted(int(number) for number in random.integers(0, len(whole), 2))
            # Also between two pictures.
            span = Interval(whole[first][0] - Fraction(int(random.integers(2)), 1000), whole[last][0])
            got = [content(frame) for frame in clip.frames(span)]
            assert got == [one for one in whole if span.start <= one[0] < span.end]


def test_a_span_without_pictures_gives_none(tmp_path: Path) -> None:
    with open_clip(film(tmp_path, "film.mp4")) as clip:
        for start, end in ((-5, 0), (5, 9), (1, 1), (1, 0)):
            assert list(clip.frames(Interval(Fraction(start), Fraction(end)))) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_a_file_that_is_cut_off_gives_what_is_there(suffix: str, tmp_path: Path) -> None:
    options = {"movflags": "faststart"} if suffix == ".mp4" else {}
    whole = write_film(tmp_path / f"whole{suffix}", [*pictures(), *pictures()], container_options=options)
    with open_clip(whole) as clip:
        all_of_it = [content(frame) for frame in clip.frames()]
    with open_clip(cut_off(whole, tmp_path / f"cut{suffix}", share=0.5)) as clip:
        frames = [content(frame) for frame in clip.frames()]
        problem = clip.problem
    intact = [frame for frame in frames if not frame[2]]
    assert 30 < len(frames) < 60
    assert intact[:-1] == all_of_it[: len(intact) - 1], "all but the last one's duration"
    assert len(frames) - len(intact) <= 1, "the one that is cut through"
    if suffix != ".ts":  # nothing in a transport stream says how long it is
        assert "cut off" in problem


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".webm", ".avi"])
def test_a_damaged_file_names_what_is_lost(suffix: str, tmp_path: Path) -> None:
    options = {"movflags": "faststart"} if suffix == ".mp4" else {}
    whole = film(tmp_path, f"whole{suffix}", container_options=options)
    path = spoilt(whole, tmp_path / f"spoilt{suffix}", first=0.5, last=0.7)
    with open_clip(path) as clip:
        frames = list(clip.frames())
        again = list(clip.frames())
        assert [content(frame) for frame in frames] == [content(frame) for frame in again]
        assert any(frame.is_corrupt for frame in frames) or len(frames) < COUNT
        assert all(earlier.time < later.time for earlier, later in pairwise(frames))
        for frame in frames:
            assert frame.picture.full().array.shape == (96, 160, 3)
        spans = [Interval(a, b) for a, b in pairwise((*clip.segment_starts(1), END))]
        told = [(frame.time, frame.is_corrupt) for span in spans for frame in clip.frames(span)]
        assert told == [(frame.time, frame.is_corrupt) for frame in frames]


@dataclass(frozen=True)
class Golden:
    """What a file of the test data gives: pictures, damaged ones, first and last time, duration, size."""

    count: int
    corrupt: int
    first: str
    last: str
    duration: str
    size: tuple[int, int]
    problem: str = ""


GOLDENS = {
    "odd/base.mp4": Golden(96, 0, "0", "19019/4800", "1001/250", (640, 360)),
    "odd/rot90.mp4": Golden(96, 0, "0", "19019/4800", "1001/250", (360, 640)),
    "odd/rot180.mp4": Golden(96, 0, "0", "19019/4800", "1001/250", (640, 360)),
    "odd/hflip.mp4": Golden(96, 0, "0", "19019/4800", "1001/250", (640, 360)),
    "odd/sar.mp4": Golden(96, 0, "0", "19019/4800", "1001/250", (853, 360)),
    "odd/vfr.mp4": Golden(45, 0, "0", "31031/8000", "1001/250", (640, 360)),
    "odd/inter.mp4": Golden(48, 0, "0", "47047/12000", "1001/250", (640, 360)),
    "odd/pq10.mp4": Golden(96, 0, "0", "19019/4800", "1001/250", (640, 360)),
    "odd/frag.mp4": Golden(96, 0, "0", "19019/4800", "1001/250", (640, 360)),
    "odd/vp9.webm": Golden(96, 0, "0", "1981/500", "4003/1000", (640, 360)),
    "odd/ts.ts": Golden(96, 0, "0", "178303/45000", "360359/90000", (640, 360)),
    "odd/anim.gif": Golden(32, 0, "0", "97/25", "401/100", (320, 180)),
    "odd/corrupt.mp4": Golden(96, 61, "0", "19019/4800", "1001/250", (640, 360)),
    "odd/trunc_fast.mp4": Golden(57, 1, "0", "59059/24000", "1001/400", (640, 360), "cut off"),
    "containers/avi.avi": Golden(139, 0, "0", "138/25", "139/25", (320, 240)),
    "containers/mkv.mkv": Golden(166, 0, "1/500", "2751/500", "5533/1000", (560, 320)),
    "containers/mp4.mp4": Golden(166, 0, "0", "11/2", "83/15", (560, 320)),
    "containers/quicktime.mov": Golden(166, 0, "0", "11/2", "83/15", (560, 320)),
    "containers/webm.webm": Golden(250, 0, "0", "83/8", "125/12", (640, 360)),
}
UNREADABLE = {"audio.m4a": "only sound", "empty.mp4": "empty", "text.mp4": "no film"}


@pytest.mark.skipif(not DATA.is_dir(), reason="the clips of CURATION_TEST_DATA are not there")
@pytest.mark.parametrize("name", GOLDENS)
def test_real_files(name: str) -> None:
    golden = GOLDENS[name]
    with open_clip(DATA / name) as clip:
        frames = [(frame.time, frame.is_corrupt) for frame in clip.frames()]
        problem, facts = clip.problem, clip.facts
    assert len(frames) == golden.count
    assert sum(is_corrupt for _, is_corrupt in frames) == golden.corrupt
    assert (frames[0][0], frames[-1][0]) == (Fraction(golden.first), Fraction(golden.last))
    assert facts.duration == Fraction(golden.duration)
    assert (facts.width, facts.height) == golden.size
    assert golden.problem in problem and bool(problem) == bool(golden.problem)


@pytest.mark.skipif(not DATA.is_dir(), reason="the clips of CURATION_TEST_DATA are not there")
@pytest.mark.parametrize("name", UNREADABLE)
def test_files_that_are_no_films(name: str) -> None:
    with pytest.raises(ClipUnreadableError, match=UNREADABLE[name]):
        open_clip(DATA / "odd" / name)
