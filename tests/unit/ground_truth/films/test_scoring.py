"""The score of a film: on made truths, and against the script that comes with the labelled clips."""

from __future__ import annotations

import csv
import re
import runpy
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from curation.domain.faces.face import Box
from ground_truth.films.scoring import FilmScore, Seen, scored
from ground_truth.films.truth import LABELLED_CLIPS, NamedFace, TruePicture, labelled_clip

STEP = 0.1
LEFT, RIGHT, ELSEWHERE = Box(10, 10, 40, 50), Box(200, 10, 40, 50), Box(100, 100, 30, 30)


def truth(*faces: tuple[str, Box, int, int], ignored: Sequence[str] = ()) -> list[TruePicture]:
    """Pictures 0 to 9; each face is there from one picture up to another one."""
    return [
        TruePicture(
            number,
            number * STEP,
            STEP,
            tuple(
                NamedFace(person, person not in ignored, box)
                for person, box, first, end in faces
                if first <= number < end
            ),
        )
        for number in range(10)
    ]


def seen(identity: str, box: Box, first: int, end: int) -> list[Seen]:
    return [Seen(number * STEP, identity, box) for number in range(first, end)]


def test_a_right_result_is_right() -> None:
    score = scored(
        truth(("Anna", LEFT, 0, 10), ("Ben", RIGHT, 5, 10)), [*seen("0", LEFT, 0, 10), *seen("1", RIGHT, 5, 10)]
    )
    assert (score.f, score.identities, score.false_identities, score.found) == pytest.approx((1, 2, 0, 2))
    assert [(time.person, time.identity, time.is_right) for time in score.times] == [
        ("Anna", "0", True),
        ("Ben", "1", True),
    ]
    assert score.worst_error_s == pytest.approx(0)


def test_a_split_costs_recall_and_precision() -> None:
    score = scored(truth(("Anna", LEFT, 0, 10)), [*seen("0", LEFT, 0, 6), *seen("1", LEFT, 6, 10)])
    assert (score.precision, score.recall) == pytest.approx((0.6, 0.6))
    assert (score.identities, score.false_identities, score.people) == (2, 0, 1)


def test_a_merge_leaves_one_person_out() -> None:
    score = scored(
        truth(("Anna", LEFT, 0, 10), ("Ben", RIGHT, 0, 10)), [*seen("0", LEFT, 0, 10), *seen("0", RIGHT, 0, 10)]
    )
    assert (score.precision, score.recall) == pytest.approx((0.5, 0.5))
    assert score.found == 1
    assert {time.person: time.identity for time in score.times if time.identity is None} != {}


def test_an_object_is_a_false_identity() -> None:
    score = scored(truth(("Anna", LEFT, 0, 10)), [*seen("0", LEFT, 0, 10), *seen("1", ELSEWHERE, 0, 5)])
    assert (score.identities, score.false_identities) == (1, 1)
    assert (score.precision, score.recall) == pytest.approx((2 / 3, 1))


def test_faces_that_do_not_count_are_neither_right_nor_wrong() -> None:
    pictures = truth(("Anna", LEFT, 0, 10), ("crowd", RIGHT, 0, 10), ignored=("crowd",))
    without = scored(pictures, seen("0", LEFT, 0, 10))
    with_crowd = scored(pictures, [*seen("0", LEFT, 0, 10), *seen("1", RIGHT, 0, 10)])
    assert without.f == with_crowd.f == pytest.approx(1)
    assert with_crowd.identities == 1


def test_a_film_without_people_and_a_result_without_anybody() -> None:
    assert scored(truth(), []).f == 0
    score = scored(truth(("Anna", LEFT, 0, 10)), [])
    assert (score.recall, score.found, score.people) == (0, 0, 1)
    assert scored(truth(), seen("0", LEFT, 0, 3)).precision == 0


def test_pictures_count_for_as_long_as_they_are_shown() -> None:
    long, short = TruePicture(0, 0.0, 0.9, (NamedFace("Anna", True, LEFT),)), truth(("Anna", LEFT, 9, 10))[9]
    score = scored([long, short], [Seen(0.0, "0", LEFT)])
    assert score.recall == pytest.approx(0.9)


@pytest.mark.parametrize("name", list(LABELLED_CLIPS))
def test_the_score_is_that_of_the_script_beside_the_labels(
    name: str, test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("av", reason="the extra video is not installed")
    script = test_data / "photos" / "videos" / "score_video.py"
    if not script.is_file():
        pytest.skip(f"{script} is missing")
    clip = labelled_clip(test_data, name)
    random = np.random.default_rng(1)
    rows = [
        Seen(picture.time_s, face.person if random.random() < 0.8 else "mixed", _moved(face.box, random))
        for picture in clip.pictures
        for face in picture.faces
        if random.random() < 0.9
    ]
    predicted = tmp_path / "predicted.csv"
    with predicted.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time_s", "identity", "x", "y", "w", "h"])
        writer.writerows([row.time_s, row.identity, *row.box] for row in rows)
    with ExitStack() as opened:  # the script closes none of its files
        files = {"open": lambda path: opened.enter_context(Path(path).open())}
        runpy.run_path(str(script), init_globals=files)["main"](clip.labels, predicted)
    told = capsys.readouterr().out
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", told)]
    assert numbers == pytest.approx(_numbers(scored(clip.pictures, rows)), abs=0.011)


def _numbers(score: FilmScore) -> list[float]:
    """In the order in which the script prints them."""
    return [
        score.precision,
        score.recall,
        score.f,
        score.identities,
        score.false_identities,
        score.people,
        score.mean_error_s,
        score.worst_error_s,
    ]


def _moved(box: Box, random: np.random.Generator) -> Box:
    x, y = random.integers(-box.w, box.w, 2) * (random.random() < 0.2)
    return Box(box.x + int(x), box.y + int(y), box.w, box.h)
