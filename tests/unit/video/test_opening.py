from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from curation.domain.film.clip import ClipFacts
from curation.domain.film.times import Interval
from curation.errors import ClipRefusedError, ClipUnreadableError
from curation.video import files
from curation.video.opening import open_clip
from tests.film_files import corner_marks, cut_off, shot, two_shots, write_film, write_sound

pytest.importorskip("av")


def facts(path: Path) -> ClipFacts:
    with open_clip(path) as clip:
        return clip.facts


def test_facts_of_a_plain_film(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "film.mov",
        two_shots(25),
        sound=True,
        b_frames=2,
        metadata={"creation_time": "2024-05-01T10:00:00Z", "timecode": "01:00:00:00"},
    )
    assert facts(path) == ClipFacts(
        duration=Fraction(2),
        width=160,
        height=90,
        fps_average=Fraction(25),
        has_audio=True,
        codec="h264",
        start_timecode="01:00:00:00",
        capture_time="2024-05-01T10:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"com.apple.quicktime.creationdate": "2024-05-01T12:00:00+0200"}, "2024-05-01T12:00:00+02:00"),
        ({"creation_time": "1904-01-01T00:00:00Z"}, ""),
        ({"date": "2019"}, ""),
        ({"date": "last summer, I think"}, ""),
        ({}, ""),
    ],
)
def test_when_it_was_taken(tmp_path: Path, metadata: dict[str, str], expected: str) -> None:
    path = write_film(tmp_path / "film.mkv", shot(1, 3), metadata=metadata)
    assert facts(path).capture_time == expected


def test_hdr_interlaced_and_square_pixels_are_told(tmp_path: Path) -> None:
    hdr = facts(write_film(tmp_path / "a.mp4", shot(1, 3), codec="libx265", pixel_format="yuv420p10le", trc=18))
    assert (hdr.is_hdr, hdr.codec) == (True, "hevc")
    half = facts(write_film(tmp_path / "b.mp4", shot(1, 6, height=96), interlaced=True))
    assert half.is_interlaced
    wide = facts(write_film(tmp_path / "c.mp4", shot(1, 3), pixel_aspect=Fraction(4, 3)))
    assert (wide.width, wide.height) == (213, 90)
    odd = facts(write_film(tmp_path / "d.mp4", shot(1, 3), pixel_aspect=Fraction(1, 100)))
    assert odd.width == 160, "no film has such pixels"


def test_a_film_of_one_picture(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", [corner_marks()])
    assert facts(path).fps_average is None
    assert facts(path).duration == Fraction(1, 25)
    with open_clip(path) as clip:
        assert [frame.time for frame in clip.frames()] == [0]
        assert list(clip.segment_starts()) == [0]


def test_a_web_film_has_its_true_rate(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.webm", shot(1, 24), fps=24)
    assert abs(float(facts(path).fps_average or 0) - 24) < 0.05


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"Dear diary, " * 50, "no film"),
        ("head.mp4", b"\0\0\0\x1cftypisom" + bytes(100), "table of pictures is missing"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:5\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n", "no film"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n", "no film"),
    ],
)
def test_what_is_no_film(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ClipUnreadableError, match=says):
        open_clip(path)


def test_a_film_whose_table_was_never_written(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mp4", shot(1, 25))
    with pytest.raises(ClipUnreadableError, match="broken off"):
        open_clip(cut_off(whole, tmp_path / "cut.mp4"))


def test_files_without_a_picture(tmp_path: Path) -> None:
    with pytest.raises(ClipUnreadableError, match="only sound"):
        open_clip(write_sound(tmp_path / "sound.m4a"))
    with pytest.raises(ClipUnreadableError, match="only sound"):
        open_clip(write_sound(tmp_path / "song.m4a", has_cover=True))
    with pytest.raises(ClipUnreadableError, match="look whether it is there"):
        open_clip(tmp_path / "missing.mp4")


def test_a_name_that_looks_like_an_address_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_film(tmp_path / "film.mp4", shot(1, 3)).rename("pipe:0.mp4")
    assert facts(path).width == 160


def test_limits(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", shot(1, 50))
    with pytest.raises(ClipRefusedError, match=r"video\.max_video_minutes allows 0\.02"):
        open_clip(path, max_minutes=0.02)
    with pytest.raises(ClipRefusedError, match=r"video\.max_video_mb allows 0\.001"):
        open_clip(path, max_mb=0.001)
    open_clip(path, max_minutes=1, max_mb=1).close()


def test_pictures_that_would_fill_the_memory_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_film(tmp_path / "film.mp4", shot(1, 3))
    monkeypatch.setattr(files, "_MAX_PIXELS", 1000)
    with pytest.raises(ClipUnreadableError, match="No picture of the film can be decoded"):
        open_clip(path)


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_only_so_many_tracks_are_opened(tmp_path: Path, suffix: str) -> None:
    """Found by chance: a film of 0.9 MB whose 300 tracks of sound took 4.5 GB to open."""
    import av

    for sounds in (100, 200):
        path = tmp_path / f"{sounds}{suffix}"
        with av.open(str(path), "w") as container:
            picture = container.add_stream("mpeg4", rate=25)
            picture.width, picture.height, picture.pix_fmt = 160, 90, "yuv420p"
            tracks = [container.add_stream("pcm_s16le", rate=8000) for _ in range(sounds)]
            for pixels in shot(1, 3):
                container.mux(picture.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(picture.encode(None))
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 80), dtype=np.int16), format="s16", layout="mono")
            sound.sample_rate = 8000
            for track in tracks:
                container.mux(track.encode(sound))
    assert facts(tmp_path / f"100{suffix}").width == 160
    if suffix == ".mkv":  # FFmpeg's reader of Matroska leaves the others out
        assert facts(tmp_path / "200.mkv").width == 160
        return
    with pytest.raises(ClipUnreadableError, match="more than 150 tracks"):
        facts(tmp_path / "200.mov")


def test_a_file_that_vanishes_says_so(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", shot(1, 50))
    with open_clip(path) as clip:
        assert len(list(clip.frames())) == 50
        path.unlink()
        with pytest.raises(ClipUnreadableError, match="not there any more"):
            list(clip.frames())


def test_two_iterations_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", two_shots(20), b_frames=2)
    with open_clip(path) as clip:
        alone = [frame.time for frame in clip.frames()]
        both = [(one.time, other.time) for one, other in zip(clip.frames(), clip.frames(), strict=True)]
    assert both == [(time, time) for time in alone]


def test_frames_outlive_the_clip(tmp_path: Path) -> None:
    with open_clip(write_film(tmp_path / "film.mp4", shot(1, 10))) as clip:
        frames = list(clip.frames())
    assert frames[3].picture.full().array.shape == (90, 160, 3)


def test_segments_begin_at_key_pictures(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", two_shots(50), key_every=10)
    with open_clip(path) as clip:
        assert list(clip.segment_starts(1)) == [0, Fraction(6, 5), Fraction(12, 5), Fraction(18, 5)]
        assert list(clip.segment_starts(60)) == [0]


def test_a_stream_is_cut_into_few_segments(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.ts", shot(1, 110), key_every=5)
    with open_clip(path) as clip:
        assert len(clip.segment_starts(0)) <= 8


def test_a_small_span_decodes_little(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", shot(1, 100), key_every=10)
    with open_clip(path) as clip:
        frames = list(clip.frames(Interval(Fraction(3), Fraction(31, 10))))
    assert [frame.time for frame in frames] == [Fraction(75, 25), Fraction(76, 25), Fraction(77, 25)]
    assert [frame.number for frame in frames] == [0, 1, 2]


def test_a_film_that_is_cut_off_tells_how_far(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mp4", shot(1, 100), container_options={"movflags": "faststart"})
    with open_clip(cut_off(whole, tmp_path / "cut.mp4", share=0.6)) as clip:
        assert len(list(clip.frames())) > 40
        assert "s of 4.0 s" in clip.problem
        assert not clip.facts.is_vfr


def test_half_pictures_become_whole_ones(tmp_path: Path) -> None:
    still = np.zeros((96, 160, 3), dtype=np.uint8)
    pictures = []
    for number in range(12):
        picture = still.copy()
        for field in range(2):  # the box moves between the two halves
            x = 8 * number + 4 * field
            picture[32 + field : 64 : 2, x : x + 32] = 230
        pictures.append(picture)
    path = write_film(tmp_path / "film.mp4", pictures, interlaced=True, options={"crf": "5"})

    def combing(array: np.ndarray) -> float:
        rows = array[36:60, :, 0].astype(float)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    with open_clip(path) as clip:
        shown = [frame.picture.full().array for frame in clip.frames()]
    assert combing(shown[6]) < 0.3 * combing(pictures[6])


def test_importing_it_loads_no_ffmpeg() -> None:
    code = "import sys; import curation.video.opening, curation.video.stills; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
