from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from curation.domain.film.exchange.chapters import MIN_CHAPTER_S, chapters, ffmetadata, webvtt_chapters
from curation.domain.film.exchange.markers import edl, markers
from curation.domain.film.exchange.names import joined_names, on_screen, one_line, shown_people
from curation.domain.film.exchange.positions import position_at
from curation.domain.film.exchange.subtitles import srt, vtt_time, webvtt, webvtt_boxes
from curation.domain.film.exchange.time_code import frame_of, time_code_of
from curation.domain.film.people import TrailerResult
from curation.domain.film.times import Interval
from tests.film_values import made_film, made_result, made_track
from tests.random_films import NAMES, RandomFilms

TIMES = re.compile(r"(\d{2}):(\d{2}):(\d{2})[.,](\d{3}) --> (\d{2}):(\d{2}):(\d{2})[.,](\d{3})")
BAD_NAMES = (
    *NAMES,
    "a --> b",
    "</c><script>",
    "{\\an8}x",
    "a\u2028b",
    "\u202eevil",
    "3",
    "&amp;",
    "WEBVTT",
    "NOTE x",
    "\ud800",
)


def a_result(*names: str, category: str = "main") -> TrailerResult:
    """The second comes while the first is there, the third after a gap, and so on."""
    spans = [(0.0, 3.0), (2.0, 5.0), (6.0, 9.0), (9.0, 9.6)]
    tracks = [made_track(*spans[number], number) for number in range(len(names))]
    result = made_result(made_film(tracks), [([number], name) for number, name in enumerate(names)])
    return replace(result, people=tuple(replace(person, category=category) for person in result.people))


def cues(text: str) -> list[tuple[Fraction, Fraction, str]]:
    """A reader of cues by the rules of WebVTT: blocks are parted by empty lines."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line for line in block.split("\n") if line]
        at = next((number for number, line in enumerate(lines) if "-->" in line), None)
        if at is not None:
            match = TIMES.fullmatch(lines[at])
            assert match, lines
            a, b, c, d, e, f, g, h = map(int, match.groups())
            start, end = (
                Fraction(1000 * (3600 * x + 60 * y + z) + t, 1000) for x, y, z, t in ((a, b, c, d), (e, f, g, h))
            )
            assert start < end
            assert len(lines) == at + 2
            found.append((start, end, lines[at + 1]))
    return found


class TestNames:
    def test_nobody_is_without_a_name(self) -> None:
        assert [person.name for person in shown_people(a_result("Anna", "", "\n"))] == ["Anna", "Person 1", "Person 2"]

    def test_only_the_named(self) -> None:
        assert [person.name for person in shown_people(a_result("Anna", ""), named_only=True)] == ["Anna"]
        assert shown_people(a_result("Anna", category="other"), named_only=True) == ()

    def test_one_name_is_one_person(self) -> None:
        (person,) = shown_people(a_result("Anna", "Anna"))
        assert (person.cluster_ids, person.intervals) == ((0, 1), (Interval(Fraction(0), Fraction(5)),))

    def test_somebody_who_is_called_like_a_number_is_not_that_person(self) -> None:
        assert len(shown_people(a_result("Person 1", ""))) == 2

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_names_are_one_line(self, name: str) -> None:
        assert "\n" not in one_line(name)
        assert one_line(name).isprintable() or "\N{ZERO WIDTH JOINER}" in name
        one_line(name).encode()

    def test_emoji_stay(self) -> None:
        family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
        assert one_line(family) == family

    def test_names_that_run_from_right_to_left_do_not_turn_others_around(self) -> None:
        assert joined_names(["Anna", "Ben"]) == "Anna, Ben"
        assert joined_names(["\u05d0\u05e0\u05d4"]) == "\u05d0\u05e0\u05d4"
        assert joined_names(["Anna", "\u05d0"]) == "\u2068Anna\u2069, \u2068\u05d0\u2069"


class TestOnScreen:
    def test_parts_in_which_the_same_people_are_seen(self) -> None:
        parts = on_screen(shown_people(a_result("Anna", "Ben", "Carl")))
        assert [(float(a), float(b), "".join(p.name[0] for p in shown)) for (a, b), shown in parts] == [
            (0, 2, "A"),
            (2, 3, "AB"),
            (3, 5, "B"),
            (6, 9, "C"),
        ]

    @pytest.mark.parametrize("seed", range(20))
    def test_everybody_has_their_whole_time(self, seed: int) -> None:
        people = shown_people(RandomFilms(seed).result())
        parts = on_screen(people)
        for person in people:
            told = sum((part.length for part, shown in parts if person in shown), Fraction(0))
            assert told == sum((each.length for each in person.intervals), Fraction(0))
        assert all(a[0].end <= b[0].start for a, b in pairwise(parts))


class TestSubtitles:
    def test_webvtt(self) -> None:
        assert webvtt(shown_people(a_result("Anna", "Ben"))) == (
            "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nAnna\n\n00:00:02.000 --> 00:00:03.000\nAnna, Ben\n\n"
            "00:00:03.000 --> 00:00:05.000\nBen\n"
        )

    def test_srt(self) -> None:
        assert srt(shown_people(a_result("Anna"))) == "1\n00:00:00,000 --> 00:00:03,000\nAnna\n"

    def test_nobody(self) -> None:
        assert webvtt(()) == "WEBVTT\n"
        assert srt(()) == ""

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_no_name_breaks_a_file(self, name: str) -> None:
        people = shown_people(a_result(name, "Ben"))
        for text in (webvtt(people), srt(people)):
            found = cues(text)
            assert [(int(start), int(end)) for start, end, _ in found] == [(0, 2), (2, 3), (3, 5)]
            assert found[2][2] == "Ben"
            assert "<" not in found[0][2]

    def test_times_of_long_films(self) -> None:
        assert vtt_time(Fraction(360_000) + Fraction(1, 3)) == "100:00:00.333"
        assert vtt_time(Fraction(-1, 3)) == "00:00:00.000"

    def test_parts_that_are_too_short_to_be_told_are_left_out(self) -> None:
        result = a_result("Anna")
        short = Interval(Fraction(7), Fraction(7) + Fraction(1, 5000))
        person = replace(result.people[0], intervals=(*result.people[0].intervals, short))
        assert len(cues(webvtt(shown_people(replace(result, people=(person,)))))) == 1


class TestBoxes:
    def test_a_face_moves_from_sighting_to_sighting(self) -> None:
        result = a_result("Anna")
        track = result.film.tracks[0]
        sightings = tuple(
            replace(each, box=each.box._replace(x=100 * number)) for number, each in enumerate(track.sightings)
        )
        moving = replace(track, sightings=sightings)
        result = replace(result, film=replace(result.film, tracks=(moving,)))
        found = [json.loads(text) for _, _, text in cues(webvtt_boxes(result, shown_people(result)))]
        width = result.film.facts.width
        assert [way["from"][0] for way in found] == pytest.approx(
            [100 * n / width for n in range(len(found))], abs=1e-5
        )
        assert [way["to"][0] for way in found][:-1] == [way["from"][0] for way in found][1:]
        assert found[0]["name"] == "Anna"
        halfway = (sightings[0].time + sightings[1].time) / 2
        assert position_at(moving, halfway).x == pytest.approx(50)
        assert position_at(moving, Fraction(-1)).x == 0
        assert position_at(moving, Fraction(99)).x == 100 * (len(sightings) - 1)

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_no_name_breaks_a_file(self, name: str) -> None:
        result = a_result(name)
        text = webvtt_boxes(result, shown_people(result))
        assert {json.loads(payload)["name"] for _, _, payload in cues(text)} == {shown_people(result)[0].name}

    def test_people_who_are_left_out_have_no_boxes(self) -> None:
        result = a_result("Anna", "")
        text = webvtt_boxes(result, shown_people(result, named_only=True))
        assert {json.loads(payload)["id"] for _, _, payload in cues(text)} == {0}


class TestChapters:
    @pytest.mark.parametrize("seed", range(10))
    def test_they_have_no_gaps_and_are_not_short(self, seed: int) -> None:
        films = RandomFilms(seed)
        result = films.result()
        titled = chapters(result, shown_people(result))
        assert all(a.span.end == b.span.start for a, b in pairwise(titled))
        assert all(each.span.length >= MIN_CHAPTER_S for each in titled[:-1])

    def test_titles(self) -> None:
        result = a_result("Anna", "Ben", "Carl")
        titled = chapters(result, shown_people(result))
        assert [(float(each.span.start), float(each.span.end), each.title) for each in titled] == [
            (0, 3, "Anna, Ben"),
            (3, 6, "Ben"),
            (6, 10, "Carl"),
        ]
        assert len(cues(webvtt_chapters(titled))) == 3

    def test_escapes_of_ffmetadata(self) -> None:
        result = a_result("a=b;c#d\\e\nf")
        assert "title=a\\=b\\;c\\#d\\\\e f\n" in ffmetadata(chapters(result, shown_people(result)))


class TestEdl:
    def test_the_form_that_resolve_writes(self) -> None:
        result = a_result("Anna|x", "")
        result = replace(
            result, film=replace(result.film, facts=replace(result.film.facts, start_timecode="01:00:00:00"))
        )
        people, code = shown_people(result), time_code_of(result.film.facts)
        assert edl(markers(result, people, code), code, title="a.mp4") == (
            "TITLE: a.mp4\nFCM: NON-DROP FRAME\n\n"
            "001  001      V     C        01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01  \n"
            " |C:ResolveColorBlue |M:Anna\N{BROKEN BAR}x |D:75\n\n"
            "002  001      V     C        01:00:02:00 01:00:02:01 01:00:02:00 01:00:02:01  \n"
            " |C:ResolveColorGreen |M:Person 1 |D:75\n"
        )

    @pytest.mark.parametrize(
        "rate", [Fraction(24_000, 1001), Fraction(25), Fraction(30_000, 1001), Fraction(60_000, 1001)]
    )
    def test_the_times_can_be_read_back_to_the_frame(self, rate: Fraction) -> None:
        result = a_result("Anna", "Ben", "Carl")
        facts = replace(result.film.facts, fps_average=rate, start_timecode="00:59:58;00")
        code = time_code_of(facts)
        marks = markers(result, shown_people(result), code)
        text = edl(marks, code, title="x")
        assert ("FCM: DROP FRAME" in text) == code.is_drop
        starts = re.findall(r" C        (\S+)", text)
        lengths = re.findall(r"\|D:(\d+)$", text, re.MULTILINE)
        assert len(starts) == len(lengths) == 3
        for start, length, mark in zip(starts, lengths, marks, strict=True):
            first = frame_of(start, round(rate), is_drop=code.is_drop) - code.start
            assert abs(first / rate - mark.span.start) <= 1 / rate / 2
            assert abs((first + int(length)) / rate - mark.span.end) <= 1 / rate / 2

    def test_two_markers_never_stand_at_one_picture(self) -> None:
        tracks = [made_track(1, 3, 0), made_track(1, 3, 1), made_track(1, 1.04, 2)]
        result = made_result(made_film(tracks), [([0], "Anna"), ([1], "Ben"), ([2], "Carl")])
        code = time_code_of(result.film.facts)
        text = edl(markers(result, shown_people(result), code), code, title="x")
        assert re.findall(r" C        (\S+)", text) == ["00:00:01:00", "00:00:01:01", "00:00:01:02"]
        assert re.findall(r"\|D:(\d+)$", text, re.MULTILINE) == ["50", "49", "1"]

    def test_times_count_from_the_first_picture(self) -> None:
        result = a_result("Anna")
        late = Fraction(1704, 1000)
        shots = tuple(
            replace(shot, span=Interval(shot.span.start + late, shot.span.end + late)) for shot in result.film.shots
        )
        person = replace(result.people[0], intervals=(Interval(late + 1, late + 2),))
        result = replace(result, film=replace(result.film, shots=shots), people=(person,))
        (mark,) = markers(result, shown_people(result), time_code_of(result.film.facts))
        assert (mark.first, mark.length) == (25, 25)

    def test_a_rate_that_varies_is_said_in_the_file(self) -> None:
        result = a_result("Anna")
        code = time_code_of(replace(result.film.facts, is_vfr=True))
        assert "* NOTE: The film has a rate that varies" in edl(
            markers(result, shown_people(result), code), code, title="x"
        )
