from __future__ import annotations

import csv
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from curation.domain.film.people import TrailerResult
from curation.errors import InputError
from curation.storage.video.exports import EXPORT_FORMATS, export_content, write_exports
from curation.storage.video.timelines import film_title
from tests.film_values import made_film, made_result, made_track
from tests.random_films import NAMES

NTSC = Fraction(30_000, 1001)
BAD_NAMES = (*NAMES, "a --> b", "</c>&", "\x00\x07x", "\ufffe", "3", "\ud800")


def a_result(*names: str, start_timecode: str = "") -> TrailerResult:
    tracks = [made_track(3 * number, 3 * number + 3, number) for number in range(len(names))]
    film = made_film(tracks)
    facts = replace(film.facts, fps_average=NTSC, start_timecode=start_timecode, has_audio=True)
    return made_result(replace(film, facts=facts), [([number], name) for number, name in enumerate(names)])


def shown(name: str, number: int = 0) -> str:
    from curation.domain.film.exchange.names import one_line

    return one_line(name) or f"Person {number}"


class TestFiles:
    def test_every_format_is_a_file(self, tmp_path: Path) -> None:
        written = write_exports(tmp_path, a_result("Anna", ""), list(EXPORT_FORMATS), source="films/a.mp4")
        assert [path.name for path in written] == [form.file_name for form in EXPORT_FORMATS.values()]
        assert sorted(tmp_path.iterdir()) == sorted(written)
        assert all(b"Anna" in path.read_bytes() for path in written)

    def test_the_same_film_gives_the_same_bytes(self) -> None:
        for name in EXPORT_FORMATS:
            assert export_content(a_result("Anna"), name) == export_content(a_result("Anna"), name)

    def test_strangers_can_be_left_out(self) -> None:
        for name in EXPORT_FORMATS:
            assert b"Person 1" in export_content(a_result("Anna", ""), name)
            assert b"Person 1" not in export_content(a_result("Anna", ""), name, named_only=True)

    def test_a_film_without_anybody(self) -> None:
        for name in EXPORT_FORMATS:
            assert isinstance(export_content(made_result(made_film([])), name), bytes)

    def test_an_unknown_format(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="webvtt, srt"):
            write_exports(tmp_path / "new", a_result("Anna"), ["webvtt", "avid"])
        assert not (tmp_path / "new").exists()

    def test_editors_get_the_full_path_of_a_film_that_is_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a b.mp4").touch()
        (path,) = write_exports(tmp_path / "out", a_result("Anna"), ["fcpxml"], source="a b.mp4")
        assert f'src="file://{tmp_path}/a%20b.mp4"' in path.read_text()
        (path,) = write_exports(tmp_path / "out", a_result("Anna"), ["fcpxml"], source="C:\\films\\c.mov")
        assert 'src="file:///C:/films/c.mov"' in path.read_text()
        (path,) = write_exports(tmp_path / "out", a_result("Anna"), ["fcpxml"], source="gone.mp4" + "x" * 5000)
        assert 'src="./gone.mp4' in path.read_text()

    def test_a_time_code_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="such as 01:00:00:00"):
            write_exports(tmp_path / "new", a_result("Anna"), ["webvtt", "edl"], start_timecode="1:2")
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize(
        ("source", "title"),
        [("a/b.mp4", "b.mp4"), ("https://x.org/f/c.webm?token=1", "c.webm"), ("", "film"), ("C:\\f\\d.mov", "d.mov")],
    )
    def test_titles(self, source: str, title: str) -> None:
        assert film_title(source) == title


class TestOtherReaders:
    """What FFmpeg (by PyAV), OpenTimelineIO and an XML parser read of the files."""

    @pytest.mark.parametrize("name", BAD_NAMES)
    @pytest.mark.parametrize("form", ["webvtt", "srt", "chapters"])
    def test_subtitles_by_ffmpeg(self, tmp_path: Path, form: str, name: str) -> None:
        av = pytest.importorskip("av")
        (path,) = write_exports(tmp_path, a_result(name, "Ben"), [form])
        with av.open(str(path)) as container:
            packets = [packet for packet in container.demux(container.streams[0]) if packet.size]
            times = [(packet.pts * packet.time_base, packet.duration * packet.time_base) for packet in packets]
        if form != "chapters":
            assert times == [(0, 3), (3, 3)]
            assert bytes(packets[1]) == b"Ben"
        assert sum(duration for _, duration in times) == (10 if form == "chapters" else 6)

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_chapters_by_ffmpeg(self, tmp_path: Path, name: str) -> None:
        av = pytest.importorskip("av")
        (path,) = write_exports(tmp_path, a_result(name, "Ben"), ["ffmetadata"])
        with av.open(str(path), format="ffmetadata") as container:
            found = container.chapters()
        assert [each["metadata"]["title"] for each in found] == [re.sub(r"\\$", "/", shown(name)), "Ben", "\N{EN DASH}"]
        assert (found[0]["start"], found[2]["end"], found[0]["time_base"]) == (0, 10_000, Fraction(1, 1000))

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_opentimelineio(self, tmp_path: Path, name: str) -> None:
        otio = pytest.importorskip("opentimelineio")
        result = a_result(name, "", start_timecode="01:00:00;00")
        (path,) = write_exports(tmp_path, result, ["otio"], source="/films/a b.mp4")
        timeline = otio.adapters.read_from_file(str(path))
        (clip,) = timeline.find_clips()
        assert otio.opentime.to_timecode(timeline.global_start_time) == "01:00:00;00"
        assert clip.media_reference.target_url == "file:///films/a%20b.mp4"
        first, second = clip.markers
        assert (first.name, second.name) == (shown(name), "Person 1")
        assert otio.opentime.to_timecode(second.marked_range.start_time) == "01:00:03;00"
        assert second.marked_range.duration.value == 90
        assert clip.trimmed_range().contains(second.marked_range)

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_fcpxml(self, tmp_path: Path, name: str) -> None:
        result = a_result(name, "Ben", start_timecode="01:00:00;00")
        (path,) = write_exports(tmp_path, result, ["fcpxml"], source="/films/a b.mp4")
        root: Any = etree.fromstring(path.read_bytes())
        frame = seconds(root.find("resources/format").get("frameDuration"))
        assert (root.get("version"), frame) == ("1.11", 1 / NTSC)
        clip = root.find("library/event/asset-clip")
        start = seconds(clip.get("start"))
        found = clip.findall("keyword")
        assert found[1].get("value") == "Ben"
        for keyword, begin in zip(found, (0, 3), strict=True):
            time = seconds(keyword.get("start"))
            assert (time / frame).denominator == 1  # Final Cut wants times on the edges of frames
            assert abs(time - start - begin) <= frame / 2
        assert root.find("resources/asset/media-rep").get("src") == "file:///films/a%20b.mp4"

    def test_the_table_of_markers(self, tmp_path: Path) -> None:
        (path,) = write_exports(tmp_path, a_result("=1+1", "Ben"), ["markers"])
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["name"] for row in rows] == ["'=1+1", "Ben"]
        assert (rows[1]["start_s"], rows[1]["end_s"], rows[1]["start_timecode"]) == ("3.000", "6.000", "00:00:03;00")


def seconds(text: Any) -> Fraction:
    assert text.endswith("s")
    return Fraction(text[:-1])
