from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.photo_matching import recognised_photos
from tests.unit.domain.identity.made_looks import Picture, face, look, person, picture, seen_again


def found(missing: list[PhotoLook], candidates: list[PhotoLook]) -> dict[int, int]:
    return {row: one.candidate for row, one in recognised_photos(missing, candidates).items()}


def noisy(pixels: Picture, seed: int, spread: float = 4.0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, spread, pixels.shape)
    return np.asarray(np.clip(pixels + noise, 0, 255), dtype=np.uint8)


def with_a_move(pixels: Picture, x: int = 300, y: int = 200, side: int = 140) -> Picture:
    """The next frame of a burst: something moved."""
    out = pixels.copy()
    out[y : y + side, x : x + side] = 255 - out[y : y + side, x : x + side]
    return out


def test_nothing_is_missing_or_new() -> None:
    assert recognised_photos([], [look(picture(1))]) == {}
    assert recognised_photos([look(picture(1))], []) == {}


def test_smaller_renamed_and_reordered_photos_are_found() -> None:
    missing = [look(picture(seed), path=f"IMG_{seed}.jpg") for seed in range(6)]
    candidates = [
        look(noisy(picture(seed), seed), path=f"web/{9 - seed}.webp", size=(480, 320)) for seed in reversed(range(6))
    ]
    assert found(missing, candidates) == {row: 5 - row for row in range(6)}


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_turned_photos_are_found(turn: int) -> None:
    missing = [look(picture(seed)) for seed in range(4)]
    candidates = [look(np.rot90(noisy(picture(seed), seed), turn), path=f"{seed}.jpg") for seed in range(4)]
    assert found(missing, candidates) == {row: row for row in range(4)}


def test_other_light_and_black_and_white_are_found() -> None:
    missing = [look(picture(seed)) for seed in range(3)]
    brighter = np.clip(picture(0) * 1.25, 0, 255).astype(np.uint8)
    warmer = np.clip(picture(1) * np.array([1.15, 1.0, 0.85]), 0, 255).astype(np.uint8)
    grey = np.repeat((picture(2) @ np.array([0.299, 0.587, 0.114]))[..., None], 3, axis=2).astype(np.uint8)
    candidates = [look(noisy(one, 5), path=f"{n}.jpg") for n, one in enumerate((brighter, warmer, grey))]
    assert found(missing, candidates) == {0: 0, 1: 1, 2: 2}


def test_crops_are_found_without_faces() -> None:
    missing = [look(picture(seed)) for seed in range(4)]
    candidates = [look(noisy(picture(seed)[60:540, 180:900], seed), path=f"{seed}.jpg") for seed in range(4)]
    assert found(missing, candidates) == {row: row for row in range(4)}


def test_a_tight_crop_is_found_by_its_faces() -> None:
    eyes = [face(400, 300), face(560, 320)]
    people = [person(1), person(2)]
    missing = [look(picture(0), landmarks=eyes, vectors=people)]
    cut = look(
        noisy(picture(0)[160:480, 280:760], 1),
        path="crop.jpg",
        landmarks=[five - [280, 160] for five in eyes],
        vectors=[seen_again(vector, 3) for vector in people],
    )
    assert found(missing, [cut]) == {0: 0}


def test_a_crop_with_a_face_that_looks_otherwise_is_another_photo() -> None:
    missing = [look(picture(0), landmarks=[face(500, 300)], vectors=[person(1)])]
    for noise, expected in ((0.04, {0: 0}), (0.25, {})):
        vector = seen_again(person(1), 3, noise)
        cut = look(
            noisy(picture(0)[60:540, 180:900], 1),
            path="crop.jpg",
            landmarks=[face(320, 240)],
            vectors=[vector],
        )
        assert found(missing, [cut]) == expected, vector @ person(1)


def test_the_next_frame_of_a_burst_is_another_photo() -> None:
    missing = [look(picture(0), path="a.jpg")]
    assert found(missing, [look(noisy(with_a_move(picture(0)), 1), path="b.jpg")]) == {}
    assert found(missing, [look(noisy(with_a_move(picture(0)), 1), path="a.jpg")]) == {}


def test_a_little_move_under_the_old_name_is_another_photo() -> None:
    moved = picture(0).copy()
    moved[200:300, 300:400] = np.clip(moved[200:300, 300:400].astype(int) + 25, 0, 255)
    for side in (960, 480):
        assert (
            found([look(picture(0), path="a.jpg")], [look(noisy(moved, 1), path="a.jpg", size=(side, side * 2 // 3))])
            == {}
        )


def test_each_frame_of_a_burst_finds_its_own() -> None:
    frames = [with_a_move(picture(0), x=60 * step) for step in range(6)]
    missing = [look(frame, path=f"{step}.jpg") for step, frame in enumerate(frames)]
    candidates = [look(noisy(frame, step), path=f"n{step}.jpg") for step, frame in enumerate(frames)]
    assert found(missing, candidates) == {row: row for row in range(6)}
    assert found(missing, candidates[1:]) == {row: row - 1 for row in range(1, 6)}


def test_another_photo_under_the_old_name_is_not_taken() -> None:
    assert found([look(picture(0), path="IMG_0001.JPG")], [look(picture(1), path="IMG_0001.JPG")]) == {}


def test_another_person_before_the_same_backdrop_is_not_taken() -> None:
    old = look(picture(0), path="IMG_0001.JPG", landmarks=[face(480, 320)], vectors=[person(1)])
    new = look(noisy(picture(0), 1), path="IMG_0001.JPG", landmarks=[face(480, 320)], vectors=[person(2)])
    assert found([old], [new]) == {}


def test_a_photo_of_another_moment_is_not_taken() -> None:
    old = look(picture(0), time="2026-05-01T10:00:00.12")
    assert found([old], [look(noisy(picture(0), 1), time="2026-05-01T10:00:00.17")]) == {}
    assert found([old], [look(noisy(picture(0), 1), time="2026-05-01T10:00:01")]) == {}
    assert found([old], [look(noisy(picture(0), 1), time="2026-05-01T10:00:00")]) == {0: 0}
    assert found([old], [look(noisy(picture(0), 1))]) == {0: 0}


def test_black_photos_look_like_each_other() -> None:
    black = np.full((640, 960, 3), 4, dtype=np.uint8)
    assert found([look(black, path="a.jpg")], [look(noisy(black, 1, 1.0), path="b.jpg")]) == {}
    moment = "2026-05-01T10:00:00.12"
    assert found([look(black, time=moment)], [look(black, path="b.jpg", time=moment)]) == {0: 0}


def test_photos_without_a_miniature_are_found_by_their_faces() -> None:
    eyes = [face(200, 300), face(400, 310), face(700, 280)]
    people = [person(seed) for seed in range(3)]
    old = look(None, landmarks=eyes, vectors=people)
    new = look(picture(0), path="new.jpg", size=(480, 320), landmarks=[five / 2 for five in eyes], vectors=people)
    assert found([old], [new]) == {0: 0}


def test_of_two_equal_candidates_none_is_taken_without_a_hint() -> None:
    missing = [look(picture(0), path="DSC_0412.JPG")]
    twins = [look(noisy(picture(0), 1), path=name) for name in ("x.jpg", "y.jpg")]
    assert found(missing, twins) == {}
    named = [*twins, look(noisy(picture(0), 1), path="web/DSC_0412-Edit.webp")]
    assert found(missing, named) == {0: 2}


def test_a_copy_of_a_photo_that_is_still_there_is_not_another_one() -> None:
    old, still_there = look(with_a_move(picture(0))), look(picture(0), path="b.jpg")
    copy = look(noisy(np.clip(picture(0) * 1.25, 0, 255).astype(np.uint8), 1), path="c.jpg")
    assert recognised_photos([old], [copy], present=[still_there]) == {}


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(5)), st.permutations(range(6)), st.integers(0, 3))
def test_the_order_does_not_matter_and_each_candidate_is_used_once(
    olds: list[int], news: list[int], twins: int
) -> None:
    missing = [look(picture(seed), path=f"{seed}.jpg") for seed in range(5)]
    candidates = [look(noisy(picture(max(seed, twins)), seed), path=f"n{seed}.jpg") for seed in range(6)]
    straight = found(missing, candidates)
    mixed = found([missing[row] for row in olds], [candidates[row] for row in news])
    assert {olds[row]: news[column] for row, column in mixed.items()} == straight
    assert len(set(straight.values())) == len(straight)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_equal_looks_are_found_whatever_the_names(seed: int, name: str, other: str) -> None:
    assert found([look(picture(seed), path=name)], [look(picture(seed), path=other)]) == {0: 0}
