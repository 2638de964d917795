from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.files.pairing import (
    NO_SHOT,
    Pair,
    ShotFacts,
    ShotFile,
    cameras_agree,
    pairs_of,
    shot_name,
    times_differ,
)

TEN = datetime(2024, 6, 15, 10)
FINE = TEN.replace(microsecond=250_000)


@dataclass
class Known:
    """Evidence as a test says it; counts the looks."""

    of: list[ShotFacts]
    seen: Mapping[tuple[int, int], float | None] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    looks: int = 0

    def facts(self, number: int) -> ShotFacts:
        return self.of[number]

    def likeness(self, raw: int, photo: int) -> float | None:
        self.looks += 1
        return self.seen.get((raw, photo), 0.4)

    def is_lost(self, number: int) -> bool:
        return number in self.lost


def files(*names: str) -> list[ShotFile]:
    out = []
    for name in names:
        folder, _, file = name.rpartition("/")
        stem, _, extension = file.rpartition(".")
        out.append(ShotFile(folder, stem, extension.lower() in ("dng", "nef", "arw", "cr3")))
    return out


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("_DSC1234", "DSC1234"),
        ("DSC_1-2", "DSC_1"),
        ("IMG_1234(1)", "img_1234"),
        ("IMG_1234 (1)", "IMG_1234"),
        ("DSC_1_edited", "DSC_1"),
        ("DSC_1-Edit", "DSC_1"),
        ("DSC_1.NEF", "DSC_1"),
        ("DSC_1_DxO", "DSC_1"),
        ("IMG_E1234", "IMG_1234"),
        ("PXL_20230101_120000123.RAW-01.COVER", "PXL_20230101_120000123.RAW-02.ORIGINAL"),
        ("PXL_20230101_120000123.MP", "PXL_20230101_120000123"),
        ("PXL_20230101_120000123~2", "PXL_20230101_120000123"),
        ("20230101_120000(0)", "20230101_120000"),
        ("Zoe\u0308", "ZOË"),
    ],
)
def test_names_of_one_shot(one: str, other: str) -> None:
    assert shot_name(one) == shot_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("DSC_1", "DSC_2"), ("IMG_1234", "IMG_12345"), ("DSC1234", "DSC_1234"), ("IMG_E12", "IMG_12")]
)
def test_names_of_two_shots(one: str, other: str) -> None:
    assert shot_name(one) != shot_name(other)


@given(st.text(max_size=20))
@settings(max_examples=40)
def test_every_name_has_one(stem: str) -> None:
    assert shot_name(stem) or not stem
    assert shot_name(stem.upper()) or not stem


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("SONY ILCE-7M4", "ILCE-7M4", True),
        ("NIKON D750", "Nikon D750", True),
        ("Canon EOS 5D", "Canon EOS 5D Mark IV", False),
        ("Canon EOS R5", "Apple iPhone 14", False),
        ("Canon", "Canon EOS R5", None),
        ("", "Canon EOS R5", None),
        ("Made Up", "Phone X", False),
        ("SM-G991B", "samsung SM-G991B", True),
    ],
)
def test_cameras(one: str, other: str, agree: bool | None) -> None:
    assert cameras_agree(one, other) is cameras_agree(other, one) is agree


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (TEN, TEN, False),
        (TEN, TEN + timedelta(seconds=1), True),
        (TEN, None, False),
        (FINE, TEN, False),  # a program dropped the fraction
        (FINE, FINE.replace(microsecond=256_000), False),  # two digits, or three
        (FINE, FINE.replace(microsecond=300_000), True),  # the next of a burst
    ],
)
def test_times(one: datetime | None, other: datetime | None, differ: bool) -> None:
    assert times_differ(one, other) is times_differ(other, one) is differ


A, PHONE = "Canon EOS R5", "Apple iPhone 14"


@pytest.mark.parametrize(
    ("raw", "photo", "seen", "is_pair"),
    [
        (ShotFacts(TEN, A), ShotFacts(TEN, A), None, True),
        (ShotFacts(TEN, A), ShotFacts(TEN + timedelta(hours=5), A), 1.0, False),
        (ShotFacts(TEN, A), ShotFacts(TEN, PHONE), 1.0, False),
        (ShotFacts(TEN, A), ShotFacts(TEN), 0.8, True),
        (ShotFacts(TEN, A), ShotFacts(TEN), 0.7, False),
        (ShotFacts(TEN, A), NO_SHOT, 0.95, True),
        (ShotFacts(TEN, A), NO_SHOT, 0.8, False),
        (NO_SHOT, NO_SHOT, 0.95, True),
        (NO_SHOT, NO_SHOT, 0.5, False),
        (ShotFacts(None, A), ShotFacts(None, PHONE), 1.0, False),
    ],
)
def test_files_beside_each_other(raw: ShotFacts, photo: ShotFacts, seen: float | None, is_pair: bool) -> None:
    known = Known([raw, photo], {(0, 1): seen})
    found = pairs_of(files("IMG_1.dng", "IMG_1.JPG"), known)
    assert bool(found.kept) is is_pair
    assert not found.also and not found.unsure


@pytest.mark.parametrize(
    ("raw_name", "photo_name"),
    [("RAW/DSC_1.NEF", "JPG/DSC_1.JPG"), ("DSC_1.NEF", "export/DSC_1-2.jpg"), ("_DSC1234.ARW", "DSC1234.JPG")],
)
def test_files_of_other_places_and_names_need_a_time(raw_name: str, photo_name: str) -> None:
    pair = files(raw_name, photo_name)
    assert pairs_of(pair, Known([ShotFacts(FINE, A), ShotFacts(FINE, A)])).kept == (Pair(0, 1),)
    for raw, photo in ((NO_SHOT, NO_SHOT), (ShotFacts(TEN, A), NO_SHOT), (ShotFacts(None, A), ShotFacts(None, A))):
        assert not pairs_of(pair, Known([raw, photo], {(0, 1): 1.0})).kept
    # Without a camera in one of them they have to look alike, closely.
    assert pairs_of(pair, Known([ShotFacts(TEN, A), ShotFacts(TEN)], {(0, 1): 0.95})).kept
    assert not pairs_of(pair, Known([ShotFacts(TEN, A), ShotFacts(TEN)], {(0, 1): 0.8})).kept


def test_whole_cards_are_decided_without_a_look() -> None:
    names, facts = [], []
    for number in range(100):
        names += [f"DSC_{number}.NEF", f"DSC_{number}.JPG"]
        facts += [ShotFacts(TEN + timedelta(seconds=number), A)] * 2
    known = Known(facts)
    assert len(pairs_of(files(*names), known).kept) == 100
    assert known.looks == 0


def test_a_clock_that_stood_still_says_nothing() -> None:
    names = [name for number in range(30) for name in (f"DSC_{number}.NEF", f"DSC_{number}.JPG")]
    known = Known([ShotFacts(TEN, A)] * 60, {(0, 1): 0.95, (2, 3): 0.6})
    found = pairs_of(files(*names), known)
    assert found.kept == (Pair(0, 1),)
    assert known.looks == 30


def test_which_raw_file_is_that_of_a_picture() -> None:
    shot = ShotFacts(FINE, A)
    # Beside it lies one, so that a copy elsewhere is a photo of its own.
    found = pairs_of(files("DSC_1.NEF", "DSC_1.JPG", "backup/DSC_1.NEF"), Known([shot] * 3))
    assert found.kept == (Pair(0, 1),)
    # Two elsewhere: nothing says which.
    assert not pairs_of(files("a/DSC_1.NEF", "b/DSC_1.NEF", "c/DSC_1.JPG"), Known([shot] * 3)).kept
    # A RAW file and the DNG made of it, both beside the picture.
    found = pairs_of(files("DSC_1.NEF", "DSC_1.DNG", "DSC_1.JPG"), Known([shot] * 3))
    assert found.kept == (Pair(0, 2), Pair(1, 2))


def test_a_second_development_is_of_the_same_raw_file() -> None:
    shot = ShotFacts(FINE, A)
    found = pairs_of(files("DSC_1.NEF", "DSC_1-2.jpg", "DSC_1.JPG"), Known([shot] * 3))
    assert (found.kept, found.also) == ((Pair(0, 2),), (Pair(0, 1),))


def test_frames_of_a_burst_are_not_developments() -> None:
    frame = ShotFacts(TEN, A)
    names = files("IMG_1.DNG", "IMG_1.JPG", "IMG_1-1.JPG", "IMG_1-2.JPG")
    alike = {(0, 1): 1.0, (0, 2): 0.98, (0, 3): 0.97}
    found = pairs_of(names, Known([frame] * 4, alike))
    assert (found.kept, found.also) == ((Pair(0, 1),), ())
    assert not pairs_of(files("IMG_1.DNG", "IMG_1-1.JPG", "IMG_1-2.JPG"), Known([frame] * 3, alike)).kept
    # One alone is what was developed.
    assert pairs_of(files("IMG_1.DNG", "IMG_1-1.JPG"), Known([frame] * 2, {(0, 1): 0.98})).kept


def test_two_bodies_of_one_model_have_to_look_alike() -> None:
    pair = files("IMG_1.CR3", "IMG_1.JPG")
    bodies = [ShotFacts(TEN, A, "12"), ShotFacts(TEN, A, "13")]
    assert not pairs_of(pair, Known(bodies, {(0, 1): 0.6})).kept
    assert pairs_of(pair, Known(bodies, {(0, 1): 0.99})).kept


def test_two_cards_with_the_same_numbers() -> None:
    first, second = ShotFacts(TEN, A), ShotFacts(TEN + timedelta(hours=1), A)
    names = files("1/IMG_1.CR3", "1/IMG_1.JPG", "2/IMG_1.CR3", "2/IMG_1.JPG", "IMG_1.JPG")
    found = pairs_of(names, Known([first, first, second, second, ShotFacts(TEN, PHONE)]))
    assert found.kept == (Pair(0, 1), Pair(2, 3))


def test_a_picture_that_is_lost_leaves_its_raw_file() -> None:
    pair = files("IMG_1.DNG", "IMG_1.JPG")
    for facts in ([ShotFacts(TEN, A), NO_SHOT], [ShotFacts(TEN, A)] * 2):
        found = pairs_of(pair, Known(facts, lost={1}))
        assert (found.kept, found.unsure) == ((), (Pair(0, 1),))
    # What cannot be seen stays apart, too, and is told; another shot is neither.
    assert pairs_of(pair, Known([NO_SHOT] * 2, {(0, 1): None})).unsure == (Pair(0, 1),)
    other = Known([ShotFacts(TEN, A), ShotFacts(TEN, PHONE)], lost={1})
    assert pairs_of(pair, other) == ((), (), ())


def test_names_that_say_nothing_are_compared_beside_each_other_only() -> None:
    names = [name for folder in range(80) for name in (f"{folder}/1.dng", f"{folder}/1.jpg")]
    facts = [ShotFacts(TEN + timedelta(minutes=row // 2), A) for row in range(160)]
    assert len(pairs_of(files(*names), Known(facts)).kept) == 80
