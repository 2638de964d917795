from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from curation.domain.film.clip import ClipFacts
from curation.domain.film.exchange.time_code import TimeCode, frame_of, frame_text, time_code_of

NTSC, DOUBLE_NTSC = Fraction(30_000, 1001), Fraction(60_000, 1001)
FACTS = ClipFacts(Fraction(10), 640, 360)


def counted(base: int, left_out: int, minutes: int) -> Iterator[str]:
    """All time codes of some minutes by counting, leaving numbers out as the standard says it in words."""
    for minute in range(minutes):
        for second in range(60):
            for frame in range(base):
                if not (second == 0 and minute % 10 and frame < left_out):
                    yield f"00:{minute:02d}:{second:02d};{frame:02d}"


class TestDropFrame:
    @pytest.mark.parametrize(("base", "left_out", "minutes"), [(30, 2, 60), (60, 4, 21)])
    def test_every_frame(self, base: int, left_out: int, minutes: int) -> None:
        texts = list(counted(base, left_out, minutes))
        assert [frame_text(number, base, is_drop=True) for number in range(len(texts))] == texts
        assert [frame_of(text, base, is_drop=True) for text in texts] == list(range(len(texts)))

    def test_an_hour_is_an_hour(self) -> None:
        assert frame_text(107_892, 30, is_drop=True) == frame_text(215_784, 60, is_drop=True) == "01:00:00;00"

    @pytest.mark.parametrize("rate", [NTSC, DOUBLE_NTSC])
    def test_it_keeps_to_the_clock(self, rate: Fraction) -> None:
        for hour in range(1, 24):
            hours, minutes, seconds, frames = map(
                int, frame_text(round(hour * 3600 * rate), round(rate), is_drop=True).replace(";", ":").split(":")
            )
            told = hours * 3600 + minutes * 60 + seconds + frames / rate
            assert abs(told - hour * 3600) <= Fraction(1, 10)  # 86 ms a day is what the standard leaves

    def test_after_a_day_it_begins_anew(self) -> None:
        day = 24 * 107_892
        assert frame_text(day, 30, is_drop=True) == "00:00:00;00"
        assert frame_text(day - 1, 30, is_drop=True) == "23:59:59;29"
        assert frame_text(24 * 3600 * 25 + 3, 25, is_drop=False) == "00:00:00:03"

    def test_as_opentimelineio_counts(self) -> None:
        opentime = pytest.importorskip("opentimelineio").opentime
        for rate, is_drop in [
            (NTSC, True),
            (DOUBLE_NTSC, True),
            (Fraction(24_000, 1001), False),
            (Fraction(25), False),
        ]:
            for number in range(0, 400_000, 997):
                theirs = opentime.to_timecode(opentime.RationalTime(number, float(rate)), float(rate), is_drop)
                assert frame_text(number, round(rate), is_drop=is_drop) == theirs


class TestCounting:
    @pytest.mark.parametrize("base", [24, 25, 30, 50, 60, 100, 120])
    def test_there_and_back(self, base: int) -> None:
        for number in range(0, 24 * 3600 * base, 86_399):
            assert frame_of(frame_text(number, base, is_drop=False), base, is_drop=False) == number

    @pytest.mark.parametrize("text", ["", "x", "1:2:3:4", "00:00:00", "00:00:00:00:00"])
    def test_what_is_no_time_code(self, text: str) -> None:
        with pytest.raises(ValueError, match="no time code"):
            frame_of(text, 25, is_drop=False)


class TestOfFilms:
    @pytest.mark.parametrize(
        ("average", "rate", "is_drop"),
        [
            (Fraction(24_000, 1001), Fraction(24_000, 1001), False),
            (Fraction(2400, 100), Fraction(24), False),
            (Fraction(25), Fraction(25), False),
            (Fraction(2997, 100), NTSC, True),
            (Fraction(30), Fraction(30), False),
            (Fraction(50), Fraction(50), False),
            (Fraction(59_941, 1000), DOUBLE_NTSC, True),
            (Fraction(60), Fraction(60), False),
        ],
    )
    def test_rates(self, average: Fraction, rate: Fraction, is_drop: bool) -> None:
        code = time_code_of(replace(FACTS, fps_average=average))
        assert code == TimeCode(rate, is_drop, 0, "")

    def test_a_rate_that_varies_is_told(self) -> None:
        code = time_code_of(replace(FACTS, fps_average=Fraction(12), is_vfr=True))
        assert code.rate == 12
        assert "varies" in code.note

    def test_an_odd_rate_is_told(self) -> None:
        code = time_code_of(replace(FACTS, fps_average=Fraction(27)))
        assert code.rate in (25, 30, NTSC)
        assert "27.000" in code.note

    def test_the_films_own_time_code_decides(self) -> None:
        facts = replace(FACTS, fps_average=NTSC, start_timecode="01:00:00:00")
        assert time_code_of(facts) == TimeCode(NTSC, False, 108_000, "")
        dropping = time_code_of(replace(facts, start_timecode="01:00:00;00"))
        assert dropping == TimeCode(NTSC, True, 107_892, "")
        assert dropping.text(0) == "01:00:00;00"
        assert time_code_of(facts, start="10:00:00;00").text(1) == "10:00:00;01"

    def test_a_semicolon_at_25_means_nothing(self) -> None:
        code = time_code_of(replace(FACTS, fps_average=Fraction(25), start_timecode="01:00:00;00"))
        assert (code.is_drop, code.text(0)) == (False, "01:00:00:00")

    @pytest.mark.parametrize("text", ["soon", "00:60:00:00", "00:00:61:00", "00:00:00:25"])
    def test_one_that_cannot_be_read_is_told(self, text: str) -> None:
        facts = replace(FACTS, fps_average=Fraction(25))
        with pytest.raises(ValueError, match="no time code at 25"):
            time_code_of(facts, start=text)
        code = time_code_of(replace(facts, start_timecode=text))
        assert code.start == 0
        assert "cannot be read" in code.note
