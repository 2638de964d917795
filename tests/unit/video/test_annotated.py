from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.domain.film.people import TrailerResult
from curation.domain.report import Progress
from curation.errors import ClipUnreadableError, RunInterruptedError, StorageError
from curation.video import annotated
from curation.video.annotated import annotate
from curation.video.opening import open_clip
from tests.film_files import corner_marks, cut_off, plain, shot, spoilt, write_film, write_sound
from tests.film_values import made_film, made_result, made_track

av = pytest.importorskip("av")

LEFT, RIGHT = Box(20, 20, 40, 40), Box(100, 30, 40, 40)
NTSC = Fraction(30_000, 1001)
CPU = Path("/proc/cpuinfo")


def a_result(*names: str) -> TrailerResult:
    tracks = [made_track(0, 1, 0, box=LEFT), made_track(0.2, 1, 1, box=RIGHT)]
    return made_result(made_film(tracks, duration=1), [([number], name) for number, name in enumerate(names)])


def times_of(path: Path) -> list[tuple[Fraction, Fraction]]:
    with open_clip(path) as clip:
        return [(frame.time, frame.duration) for frame in clip.frames()]


def sound_of(path: Path) -> tuple[str, list[bytes]]:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return stream.codec_context.name, [bytes(packet) for packet in container.demux(stream) if packet.size]


def pictures_of(path: Path) -> list[Any]:
    with open_clip(path) as clip:
        return [np.array(frame.picture.full().array) for frame in clip.frames()]


class TestTimes:
    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("a.mp4", {}),
            ("a.mp4", {"fps": NTSC, "b_frames": 2}),
            ("a.mp4", {"times": [Fraction(n * n, 300) for n in range(25)]}),
            ("a.mkv", {"times": [Fraction(n * n, 1000) for n in range(25)]}),
            ("a.mp4", {"start": Fraction(17, 10), "sound": True}),
            ("a.ts", {"sound": True}),
            ("a.webm", {}),
            ("a.avi", {}),
            ("a.gif", {}),
        ],
    )
    def test_every_picture_keeps_its_time(self, tmp_path: Path, name: str, options: dict[str, Any]) -> None:
        source = write_film(tmp_path / name, list(shot(1, 25)), **options)
        annotate(source, a_result("Anna", "Ben"), tmp_path / "out.mp4")
        before, after = times_of(source), times_of(tmp_path / "out.mp4")
        assert [time for time, _ in after] == [time for time, _ in before]
        lost = sum((length for _, length in before), Fraction(0)) - sum((length for _, length in after), Fraction(0))
        assert abs(lost) < Fraction(1, 1000)

    def test_a_film_that_is_cut_off_goes_as_far_as_it_can_be_read(self, tmp_path: Path) -> None:
        whole = write_film(tmp_path / "whole.mkv", list(shot(1, 50)), sound=True)
        source = cut_off(whole, tmp_path / "part.mkv")
        annotate(source, a_result("Anna"), tmp_path / "out.mp4")
        assert times_of(tmp_path / "out.mp4") == times_of(source)

    def test_damaged_pictures_stay_in_their_place(self, tmp_path: Path) -> None:
        whole = write_film(tmp_path / "whole.mp4", list(shot(1, 50)), sound=True)
        source = spoilt(whole, tmp_path / "spoilt.mp4")
        annotate(source, a_result("Anna"), tmp_path / "out.mp4")
        assert [time for time, _ in times_of(tmp_path / "out.mp4")] == [time for time, _ in times_of(source)]


class TestRealFilms:
    @pytest.mark.parametrize("name", ["odd/vfr.mp4", "containers/webm.webm"])
    def test_every_picture_keeps_its_time(self, test_data: Path, tmp_path: Path, name: str) -> None:
        source = test_data / "photos" / "videos" / name
        if not source.is_file():
            pytest.skip(f"{source} is missing: CURATION_TEST_DATA names the folder of test data")
        annotate(source, a_result("Anna"), tmp_path / "out.mp4")
        with open_clip(source) as before, open_clip(tmp_path / "out.mp4") as after:
            assert [frame.time for frame in after.frames()] == [frame.time for frame in before.frames()]
            assert after.facts.has_audio == before.facts.has_audio
            assert abs(after.facts.duration - before.facts.duration) < Fraction(1, 1000)


class TestSound:
    def test_it_is_copied_where_mp4_can_hold_it(self, tmp_path: Path) -> None:
        source = write_film(tmp_path / "a.mkv", list(shot(1, 25)), sound=True)
        annotate(source, a_result("Anna"), tmp_path / "out.mp4")
        assert sound_of(tmp_path / "out.mp4") == sound_of(source)

    def test_it_is_encoded_anew_where_not(self, tmp_path: Path) -> None:
        source = write_film(tmp_path / "a.avi", list(shot(1, 25)), sound=True)
        annotate(source, a_result("Anna"), tmp_path / "out.mp4")
        assert (sound_of(source)[0], sound_of(tmp_path / "out.mp4")[0]) == ("mp2", "aac")
        with av.open(str(tmp_path / "out.mp4")) as container:
            stream = container.streams.audio[0]
            samples = np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], axis=1)
        assert abs(samples.shape[1] / 48_000 - 1) < 0.1
        assert np.abs(samples).max() > 0.05  # the tone, not silence

    def test_a_film_without_sound_gives_one_without(self, tmp_path: Path) -> None:
        annotate(write_film(tmp_path / "a.mp4", list(shot(1, 5))), a_result("Anna"), tmp_path / "out.mp4")
        with av.open(str(tmp_path / "out.mp4")) as container:
            assert not container.streams.audio


class TestPictures:
    def test_boxes_and_names_stand_in_them(self, tmp_path: Path) -> None:
        grey = list(plain((90, 90, 90), 25))
        source = write_film(tmp_path / "a.mp4", grey)
        annotate(source, a_result("Anna", "Ben"), tmp_path / "out.mp4")
        before, after = pictures_of(source), pictures_of(tmp_path / "out.mp4")
        changed = [np.abs(a.astype(int) - b).max(axis=2) > 40 for a, b in zip(before, after, strict=True)]
        x, y, w, h = LEFT
        assert all(each[y, x + 5 : x + w - 5].all() for each in changed)  # the upper edge, in every picture
        assert not changed[0][:, 90:].any()  # the second one comes at 0.2 s
        assert changed[10][RIGHT.y, RIGHT.x + 5 : RIGHT.x + RIGHT.w - 5].all()
        assert not changed[10][y + 8 : y + h - 8, x + 8 : x + w - 8].any()  # the face itself stays

    def test_nothing_is_drawn_where_nobody_is(self, tmp_path: Path) -> None:
        source = write_film(tmp_path / "a.mp4", list(plain((90, 90, 90), 5)))
        annotate(source, made_result(made_film([])), tmp_path / "out.mp4")
        for picture in pictures_of(tmp_path / "out.mp4"):
            assert np.abs(picture.astype(int) - 90).max() <= 3

    @pytest.mark.parametrize(("turned", "mirrored"), [(90, False), (270, False), (180, True)])
    def test_rotation_is_burnt_in(self, tmp_path: Path, turned: int, mirrored: bool) -> None:
        source = write_film(tmp_path / "a.mp4", [corner_marks()] * 5, turned_deg=turned, mirrored=mirrored)
        annotate(source, made_result(made_film([])), tmp_path / "out.mp4")
        with open_clip(tmp_path / "out.mp4") as clip:
            assert (clip.facts.rotation_deg, clip.facts.is_mirrored) == (0, False)
        before, after = pictures_of(source)[0], pictures_of(tmp_path / "out.mp4")[0]
        assert before.shape == after.shape
        assert np.abs(before.astype(int) - after).mean() < 8

    def test_pixels_become_square_and_sides_even(self, tmp_path: Path) -> None:
        pictures = list(shot(1, 5, width=161, height=91))
        source = write_film(tmp_path / "a.mp4", pictures, pixel_format="yuv444p", pixel_aspect=Fraction(4, 3))
        annotate(source, a_result("Anna"), tmp_path / "out.mp4")
        with av.open(str(tmp_path / "out.mp4")) as container:
            context = container.streams.video[0].codec_context
            assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
            assert (context.width, context.height, context.sample_aspect_ratio or 1) == (216, 92, 1)

    def test_the_same_film_gives_the_same_bytes(self, tmp_path: Path) -> None:
        source = write_film(tmp_path / "a.mp4", list(shot(1, 25)), sound=True)
        for name in ("one.mp4", "two.mp4"):
            annotate(source, a_result("Anna", ""), tmp_path / name)
        assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()

    @pytest.mark.skipif(not CPU.is_file() or "sse4_2" not in CPU.read_text(), reason="no processor with SSE 4.2")
    def test_processors_with_more_instructions_give_the_same_bytes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # With AVX-512 x264 rounds its macroblock tree in another way, and reads what nobody wrote.
        source = write_film(tmp_path / "a.mp4", list(shot(1, 25)), sound=True)
        annotate(source, a_result("Anna", "Ben"), tmp_path / "all.mp4")
        chosen = annotated._OPTIONS.get("x264-params", "deterministic=1")
        monkeypatch.setitem(annotated._OPTIONS, "x264-params", f"{chosen}:asm=SSE4.2")
        annotate(source, a_result("Anna", "Ben"), tmp_path / "few.mp4")
        assert (tmp_path / "all.mp4").read_bytes() == (tmp_path / "few.mp4").read_bytes()

    def test_players_need_not_read_it_to_its_end(self, tmp_path: Path) -> None:
        annotate(write_film(tmp_path / "a.mp4", list(shot(1, 5))), a_result("Anna"), tmp_path / "out.mp4")
        content = (tmp_path / "out.mp4").read_bytes()
        assert content.index(b"moov") < content.index(b"mdat")


@contextmanager
def small_disk() -> Iterator[None]:
    """Files of this process cannot grow beyond 20 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestStopping:
    def test_progress(self, tmp_path: Path) -> None:
        told: list[Progress] = []
        source = write_film(tmp_path / "a.mp4", list(shot(1, 25)))
        annotate(source, a_result("Anna"), tmp_path / "out.mp4", progress=told.append)
        assert [each.done for each in told] == sorted(each.done for each in told)
        assert (told[-1].done, told[-1].total) == (25, 25)
        assert len(told) > 2

    def test_cancel_leaves_nothing(self, tmp_path: Path) -> None:
        source = write_film(tmp_path / "a.mp4", list(shot(1, 50)), sound=True)
        cancel = threading.Event()
        target = tmp_path / "new" / "out.mp4"
        with pytest.raises(RunInterruptedError):
            annotate(
                source,
                a_result("Anna"),
                target,
                progress=lambda each: cancel.set() if each.done >= 10 else None,
                cancel=cancel,
            )
        assert not list(target.parent.iterdir())

    def test_a_full_disk_keeps_the_old_file(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (10, 90, 160, 3), dtype=np.uint8)
        source = write_film(tmp_path / "a.mp4", list(noise))
        target = tmp_path / "out.mp4"
        target.write_bytes(b"old")
        with small_disk(), pytest.raises(StorageError, match=r"out\.mp4 cannot be written: the file is larger"):
            annotate(source, a_result("Anna"), target)
        assert target.read_bytes() == b"old"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "out.mp4"]

    def test_what_is_no_film(self, tmp_path: Path) -> None:
        for source in (write_sound(tmp_path / "a.m4a"), tmp_path / "missing.mp4"):
            with pytest.raises(ClipUnreadableError):
                annotate(source, a_result("Anna"), tmp_path / "out.mp4")
        assert [path.name for path in tmp_path.iterdir()] == ["a.m4a"]
