"""recognised.json: written and read, damaged, and without people who were forgotten."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from curation.domain.recognition.known import Recognition
from curation.pipelines.recognition.clusters import embedder_of, embedder_of_record
from curation.pipelines.recognition.document import RECOGNISED, Recognised, read_recognised, write_recognised

FOUND = Recognised(
    "dlib",
    "e" * 64,
    "41",
    2,
    "9b1c",
    (
        Recognition(0, "name", "p1", "Änna \U0001f600", 0.97, 0.41, 0.6, 0.83, 8),
        Recognition(3, "ask", "p2", "Ben", 0.5, 0.7, 0.6, math.inf, 2),
        Recognition(7, "unknown", limit=0.6),
    ),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_recognised(tmp_path, FOUND)
    assert read_recognised(tmp_path) == FOUND
    data = json.loads((tmp_path / RECOGNISED).read_text(encoding="utf-8"))
    assert data["clusters"][1]["runner_up"] is None
    assert data["clusters"][2] == {"cluster_id": 7, "answer": "unknown", "limit": 0.6}
    first = (tmp_path / RECOGNISED).read_bytes()
    write_recognised(tmp_path, FOUND)
    assert (tmp_path / RECOGNISED).read_bytes() == first


def test_nobody_is_found_in_an_event_without_people(tmp_path: Path) -> None:
    empty = Recognised("dlib", "e", "0", 0, "", ())
    write_recognised(tmp_path, empty)
    assert read_recognised(tmp_path) == empty


def test_who_is_forgotten_leaves_nothing(tmp_path: Path) -> None:
    write_recognised(tmp_path, FOUND.without_people(["p1"]))
    text = (tmp_path / RECOGNISED).read_text(encoding="utf-8")
    assert "nna" not in text
    assert "p1" not in text
    assert FOUND.without_people(["p9"]) is FOUND


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"version": 2}', '{"version": 1, "clusters": [{"answer": "yes"}]}', "9" * 9]
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: str) -> None:
    assert read_recognised(tmp_path) is None
    (tmp_path / RECOGNISED).write_text(content)
    assert read_recognised(tmp_path) is None


def test_the_embedder_of_each_engine() -> None:
    assert embedder_of("retinaface-arcface", ["detector", "embedder"]) == "embedder"
    assert embedder_of("dlib", ["embedder", "predictor"]) == "embedder"
    assert embedder_of("dlib", []) == ""
    assert embedder_of_record({"engine": "dlib", "weights": {"a": "x", "b": "y"}}) == ("dlib", "x")
    assert embedder_of_record({"engine": 3}) == ("", "")
