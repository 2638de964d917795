"""`python -m curation quality` on a small event of painted faces."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.cli.main import main
from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.storage.face_data_file import write_face_data
from tests.fakes import painted_photo

BOXES = (Box(20, 30, 60, 60), Box(150, 30, 60, 60))


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Ten photos of persons 0 and 1; person 1's faces of the last five photos are cluster 2 instead."""
    photos, output = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    output.mkdir()
    rows: list[FaceRow] = []
    vectors = []
    random = np.random.default_rng(0)
    for number in range(10):
        name = f"<{number}>.png"
        Image.fromarray(painted_photo(240, 120, [(BOXES[0], 0), (BOXES[1], 1)])).save(photos / name)
        for index, box in enumerate(BOXES):
            vectors.append(np.eye(8)[index] + 0.1 * random.normal(size=8))
            rows.append(
                FaceRow(
                    image_path=name,
                    face_index=index,
                    facial_area=box,
                    detection_confidence=0.9,
                    cluster_id=2 if index == 1 and number >= 5 else index,
                    cluster_confidence=0.5,
                    face_quality=0.5,
                    landmarks=FiveLandmarks.from_array(np.array([[1, 1], [3, 1], [2, 2], [1, 3], [3, 3]]) + box.x),
                    embedding_row=len(rows),
                    engine="dlib",
                )
            )
    embeddings = np.array(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.save(output / "new.npy", embeddings.astype(np.float32))
    write_face_data(output, rows, output / "new.npy")
    path = tmp_path / "config.yaml"
    path.write_text("io: {input_dir: photos, output_dir: out, state_dir: state}\n", encoding="utf-8")
    return str(path)


def _answering(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_the_answers_give_both_figures_and_are_kept(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Cannot tell, then back to say yes; nonsense is asked again.
    _answering(monkeypatch, "?\nb\ny\nwhat\n" + "y\n" * 3 + "q\n")
    assert main(["--config", config, "quality", "--pairs", "12"]) == 0
    out = capsys.readouterr().out
    assert "precision: 1.00 (95 % interval" in out and "4 answers)" in out
    kept = json.loads((tmp_path / "out" / "grouping_answers.json").read_text(encoding="utf-8"))["answers"]
    assert [entry["same"] for entry in kept] == [True] * 4

    _answering(monkeypatch, "n\n" * 50)
    assert main(["--config", config, "quality", "--pairs", "12"]) == 0
    out = capsys.readouterr().out
    assert "it shows 8 pairs" in out
    assert re.search(r"precision: 0\.\d\d .*6 answers\)", out) and "recall: 1.00" in out


def test_without_a_terminal_the_page_waits_for_answers_by_file(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _answering(monkeypatch, "")
    assert main(["--config", config, "quality", "--pairs", "10"]) == 0
    assert "no answer yet" in capsys.readouterr().out
    page = (tmp_path / "out" / "grouping_check.html").read_text(encoding="utf-8")
    assert page.count("<section") == 10 and page.count("data:image/jpeg;base64,") == 20
    assert "<0>" not in page  # a file's name is text, not markup
    match = re.search(r"const pairs = (.*);", page)
    assert match is not None
    saved = tmp_path / "saved.json"
    answers = [{"first": first, "second": second, "same": True} for first, second in json.loads(match[1])]
    saved.write_text(json.dumps({"answers": answers}), encoding="utf-8")

    _answering(monkeypatch, "")
    assert main(["--config", config, "quality", "--pairs", "10", "--answers", str(saved)]) == 0
    out = capsys.readouterr().out
    assert "10 answers imported" in out and "precision: 1.00" in out
    assert "recall: 0." in out  # every nearest group was said to be the same person


def test_clusters_with_one_name_are_one_group(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = {"1": {"name": "Ann", "category": "main"}, "2": {"name": "Ann", "category": "main"}}
    (tmp_path / "out" / "cluster_labels.json").write_text(json.dumps(labels), encoding="utf-8")
    _answering(monkeypatch, "")
    assert main(["--config", config, "quality", "--pairs", "400"]) == 0
    page = (tmp_path / "out" / "grouping_check.html").read_text(encoding="utf-8")
    match = re.search(r"const pairs = (.*);", page)
    assert match is not None
    pairs = [(first["box"][0], second["box"][0]) for first, second in json.loads(match[1])]
    # Persons stand at different places: a pair from one place is never between groups.
    assert {first == second for first, second in pairs} == {True, False}
    across = [pair for pair in pairs if pair[0] != pair[1]]
    assert len(across) == 20  # each face against the only other group
    capsys.readouterr()


def test_a_photo_that_is_gone_is_named_on_the_page(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for photo in (tmp_path / "photos").iterdir():
        photo.unlink()
    _answering(monkeypatch, "")
    assert main(["--config", config, "quality", "--pairs", "4"]) == 0
    page = (tmp_path / "out" / "grouping_check.html").read_text(encoding="utf-8")
    assert "cannot be opened any more" in page and "data:image" not in page


def test_before_the_clustering_it_says_what_to_run(
    tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", config, "quality", "--output", str(tmp_path / "empty")]) == 3
    assert "run run_clustering.py first" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["1", "1001", "many"])
def test_a_strange_number_of_pairs_is_wrong_usage(config: str, count: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--config", config, "quality", "--pairs", count])
