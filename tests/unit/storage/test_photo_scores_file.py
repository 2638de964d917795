from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.picks import Pick
from curation.errors import FaceDataError
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores, write_photo_scores
from tests.unit.storage.face_tables import ODD_NAMES


def score(path: str) -> PhotoScore:
    return PhotoScore(
        1,
        path,
        0.5,
        "main 1/1 · eyes 1/1",
        "Anna; Zoë, Jr.",
        1,
        0,
        2,
        0,
        1.0,
        None,
        0.25,
        0.125,
        0.0625,
        "",
        "dark",
        "",
    )


def test_scores_round_trip(tmp_path: Path) -> None:
    scores = [score(name) for name in ODD_NAMES]
    scores.append(replace(failed_photo_score("x.jpg", "cut off,\nat \udcff"), rank=17))
    path = tmp_path / PHOTO_SCORES
    scores[0] = replace(scores[0], burst_id=12, best_of_burst=False, burst_rank=3, pick=Pick.REJECTED, rating=5)
    scores[1] = replace(scores[1], picture_score=0.75, well_shown_count=2)
    write_photo_scores(path, scores)
    assert read_photo_scores(path) == [*scores[:-1], replace(scores[-1], error="cut off,\nat \\udcff")]
    before = path.stat().st_mtime_ns
    write_photo_scores(path, scores)
    assert path.stat().st_mtime_ns == before


def test_wrong_scores_are_named(tmp_path: Path) -> None:
    path = tmp_path / PHOTO_SCORES
    write_photo_scores(path, [score("a.jpg")])
    path.write_text(path.read_text().replace(",0.5000,", ",50 %,"))
    with pytest.raises(FaceDataError, match=r"line 2, column final_score: '50 %'.*run_scoring\.py"):
        read_photo_scores(path)


def test_scores_of_earlier_versions_have_no_picks(tmp_path: Path) -> None:
    path = tmp_path / PHOTO_SCORES
    write_photo_scores(path, [score("a.jpg")])
    lines = [",".join(line.split(",")[:-9]) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0].endswith(",best_of_burst")
    path.write_text("\n".join(lines), encoding="utf-8")
    assert read_photo_scores(path) == [score("a.jpg")]


@pytest.mark.parametrize(
    ("cells", "column", "wanted"),
    [(",Picked,", "pick", "picked or rejected, or nothing,"), (",,6", "rating", "a whole number from 1 to 5")],
)
def test_wrong_picks_are_named(tmp_path: Path, cells: str, column: str, wanted: str) -> None:
    path = tmp_path / PHOTO_SCORES
    write_photo_scores(path, [score("a.jpg")])
    text = path.read_text(encoding="utf-8")
    assert text.endswith(",true,,,,,,,,,\n")
    path.write_text(text.removesuffix(",,,,,,,,\n") + cells, encoding="utf-8")
    with pytest.raises(FaceDataError, match=rf"column {column}: .* found where {wanted} is expected"):
        read_photo_scores(path)


def test_what_the_files_say_is_kept_apart_from_the_user_s_words(tmp_path: Path) -> None:
    path = tmp_path / PHOTO_SCORES
    said = replace(score("a.jpg"), file_rating=4, file_pick=Pick.REJECTED, file_people="Anna; Zoë", file_label="Red")
    write_photo_scores(path, [said])
    assert read_photo_scores(path) == [said]
    assert (said.rating, said.pick) == (None, None)
