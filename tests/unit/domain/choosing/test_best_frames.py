from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from curation.domain.choosing.best_frames import (
    PersonPhotos,
    Worth,
    clock_text,
    frame_id,
    frame_value,
    is_worth_keeping,
    photos_of_person,
    worth_of,
)
from curation.domain.judging.photo_facts import FaceFacts
from curation.domain.measuring.measures import FaceMeasures, Measure

GOOD = Measure(0.9, 1.0, None)
MEASURES = FaceMeasures(200, 0.0, 0.0, 0.0, 1.0, GOOD, GOOD, GOOD, GOOD, GOOD, 0.0, (100.0, 100.0))
FACE = FaceFacts("Anna", None, 0.9, 0.9, 0.8, 0.9, True, True, True, None, None, MEASURES)
SERIOUS = replace(FACE, smile=0.1, smiles=False)
PROFILE = replace(FACE, eyes=None, eyes_open=None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [("0", "00:00"), ("12", "00:12"), ("412/10", "00:41.2"), ("5999/100", "00:59.9"), ("3723", "01:02:03")],
)
def test_clocks(seconds: str, text: str) -> None:
    assert clock_text(Fraction(seconds)) == text


def some(focus: float, smiles: bool | None) -> PersonPhotos:
    return PersonPhotos(3, 2, "x.jpg", focus, smiles)


@pytest.mark.parametrize(
    ("face", "photos", "worth", "sentence"),
    [
        (FACE, PersonPhotos(), Worth.NO_PHOTO, "Anna is on no photo: take 00:12 of b.mp4"),
        (FACE, PersonPhotos(3, 0), Worth.NO_GOOD_PHOTO, "Anna has no good photo: take 00:12 of b.mp4"),
        (FACE, some(0.5, True), Worth.SHARPER, "Anna laughs at 00:12 of b.mp4, sharper than on any photo"),
        (FACE, some(0.9, False), Worth.SMILES, "Anna laughs at 00:12 of b.mp4, but on no good photo"),
        (
            FACE,
            some(0.5, False),
            Worth.SMILES,
            "Anna laughs at 00:12 of b.mp4, but on no good photo, and is sharper there",
        ),
        (SERIOUS, some(0.9, False), Worth.ALSO, "Anna is seen well at 00:12 of b.mp4"),
        (replace(FACE, smile=0.6), some(0.78, None), Worth.ALSO, "Anna smiles at 00:12 of b.mp4"),
    ],
)
def test_why_a_picture_is_worth_keeping(face: FaceFacts, photos: PersonPhotos, worth: Worth, sentence: str) -> None:
    assert worth_of("Anna", face, photos, Fraction(12), "a/b.mp4") == (worth, sentence)


def test_what_nobody_would_keep() -> None:
    assert is_worth_keeping(FACE)
    assert not is_worth_keeping(replace(FACE, eyes_open=False))
    assert not is_worth_keeping(replace(FACE, in_focus=False))
    assert not is_worth_keeping(replace(FACE, measures=replace(MEASURES, cut_off=0.4)))
    assert not is_worth_keeping(replace(FACE, measures=replace(MEASURES, roll_deg=88.0)), is_only_picture=True)
    assert not is_worth_keeping(PROFILE)
    assert is_worth_keeping(PROFILE, is_only_picture=True), "better than nothing"
    assert not is_worth_keeping(replace(FACE, eyes_open=False), is_only_picture=True)


def test_smiles_and_focus_make_the_better_picture() -> None:
    assert frame_value(FACE) > frame_value(SERIOUS)
    assert frame_value(FACE) > frame_value(replace(FACE, focus=0.4))
    assert 0 <= frame_value(PROFILE) <= 1
    turned = replace(FACE, eyes=None, smile=None, focus=0.65)
    # A face that is seen, though less sharp.
    assert frame_value(replace(FACE, smile=0.5, focus=0.3)) > frame_value(turned)


def test_what_photos_have() -> None:
    assert photos_of_person(2, ["a.jpg"], [SERIOUS, replace(FACE, focus=None)]) == PersonPhotos(
        2, 1, "a.jpg", 0.8, True
    )
    assert photos_of_person(1, [], [replace(SERIOUS, eyes_open=False)]) == PersonPhotos(1, 0, "", 0.8, None)


def test_ids_differ() -> None:
    assert len({frame_id("a", Fraction(1), 0), frame_id("a", Fraction(1), 1), frame_id("a", Fraction(2), 0)}) == 3
