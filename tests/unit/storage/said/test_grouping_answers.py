from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from curation.errors import FaceDataError
from curation.storage.said.grouping_answers import read_grouping_answers, write_grouping_answers

FIRST = ("day 1/ä.jpg", Box(1, 2, 30, 40))
SECOND = ("b.jpg", Box(5, 6, 70, 80))
THIRD = ("b.jpg", Box(100, 6, 70, 80))


def test_answers_come_back(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    answers = {(FIRST, SECOND): True, (SECOND, THIRD): False, (FIRST, THIRD): None}
    write_grouping_answers(path, answers)

    assert read_grouping_answers(path) == answers


def test_no_file_is_no_answer(tmp_path: Path) -> None:
    assert read_grouping_answers(tmp_path / "answers.json") == {}


FACE = '{"image_path": "a", "box": [1, 2, 3, 4]}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        f'{{"answers": [{{"first": {FACE}}}]}}',
        f'{{"answers": [{{"first": {{"image_path": "a", "box": [1, 2]}}, "second": {FACE}, "same": true}}]}}',
        f'{{"answers": [{{"first": {FACE}, "second": {FACE}, "same": "yes"}}]}}',
    ],
)
def test_anything_else_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answers.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(FaceDataError, match=r"answers\.json does not contain answers"):
        read_grouping_answers(path)
    assert path.read_text(encoding="utf-8") == text
