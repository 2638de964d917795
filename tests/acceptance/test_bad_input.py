"""Whatever a user gets wrong: the right exit code, one clear sentence on what to do, and nothing lost."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.processes import Finished
from tests.scripts import Place

WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
"""Root reads and writes everywhere; without these capabilities it is bound by permissions as users are."""

NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


@pytest.fixture
def place(ready: Place, tmp_path: Path) -> Iterator[Place]:
    shutil.copytree(ready.root, tmp_path / "place")
    yield Place(tmp_path / "place")
    for folder in [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]:
        folder.chmod(0o700)


def _is_clear(done: Finished, code: int, *sentences: str) -> None:
    assert done.code == code, done.stderr
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    for sentence in sentences:
        assert re.search(sentence, done.stderr), done.stderr
    assert done.stdout == ""


def _contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


# ---- wrong usage and settings: 2 ----


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--engine", "facenet", r"engine\.name: .*'auto', 'retinaface-arcface' or 'dlib' \(found 'facenet'\)"),
        ("--workers", "abc", r"performance\.workers: .*valid integer.*'abc'"),
        ("--workers", "-1", r"performance\.workers: .*greater than or equal to 0"),
        ("--config", "nowhere.yaml", r"there is no settings file nowhere\.yaml; give --config"),
        ("--config", ".", r"the settings file \. cannot be read"),
    ],
)
@pytest.mark.parametrize("stage", ["clustering", "scoring"])
def test_wrong_options(place: Place, stage: str, option: str, value: str, sentence: str) -> None:
    _is_clear(place.run(stage, "--input", place.photos, "--output", place.output, option, value), 2, sentence)


@pytest.mark.parametrize("arguments", [("--colour",), ("--log-level", "loud"), ("--input",)])
def test_unknown_options_are_answered_with_the_known_ones(place: Place, arguments: tuple[str, ...]) -> None:
    done = place.run("clustering", *arguments)
    assert done.code == 2
    assert "usage: run_clustering.py" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"io: {inputs: x}", r"io\.inputs: unknown key; known here: cache_mb, export_dir, file_mode, input_dir"),
        (b"scoring: {weights: {eyes: 1000}}", r"scoring\.weights\.eyes: .*less than or equal to 100"),
        (b"scoring: {thresholds: {smile: wide}}", r"scoring\.thresholds\.smile: .*valid number"),
        (b"io: [", r"not valid YAML"),
        (b"io: 5", r"`io` in .* must contain keys of its own"),
        (b"\xff\xfe\x00", r"cannot be read"),
    ],
)
def test_wrong_settings_files(place: Place, text: bytes, sentence: str) -> None:
    config = place.root / "my.yaml"
    config.write_bytes(text)
    _is_clear(place.run("clustering", "--config", config), 2, r"my\.yaml", sentence)


def test_wrong_variable(place: Place) -> None:
    _is_clear(place.run("scoring", CURATION_SCORING__SMILES="1"), 2, "CURATION_SCORING__SMILES", "known: ")


# ---- photos, tables and labels: 3 ----


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, r"there is no folder .*strange: give --input"),
        (lambda path: path.mkdir(), r"there is no photo in .*strange: put photos there \(JPEG.* --input"),
        (lambda path: path.write_text("x"), r"strange is a file, not a folder: give --input"),
    ],
    ids=["missing", "empty", "a file"],
)
@pytest.mark.parametrize("stage", ["clustering", "scoring"])
def test_no_photos(place: Place, stage: str, make: Callable[[Path], object], sentence: str) -> None:
    make(place.root / "strange")
    before = _contents(place.output)
    options = ("--input", place.root / "strange", "--output", place.output, "--engine", "dlib")
    _is_clear(place.run(stage, *options), 3, sentence)
    assert _contents(place.output) == before


def test_scoring_before_clustering(place: Place) -> None:
    new = place.root / "new"
    _is_clear(
        place.run("scoring", "--input", place.photos, "--output", new), 3, r"python run_clustering\.py, with the same"
    )
    assert not new.exists()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b"landmarks", b"points", r"lacks the column landmarks"),
        (b",0,", b",zero,", r"line 2, column face_index: 'zero' found where"),
        (b",", b";", r"separated by commas"),
        (b"IMG_0008", b"../IMG_0008", r"'\.\./IMG_0008\.png' is not a path inside the folder of photos"),
        (b"image_path", b"\xff\xfe", r"not UTF-8 text"),
    ],
)
def test_face_data_edited_by_hand(place: Place, old: bytes, new: bytes, sentence: str) -> None:
    table = place.output / "face_data.csv"
    table.write_bytes(table.read_bytes().replace(old, new))
    before = _contents(place.output)
    _is_clear(place.run("scoring"), 3, sentence, "run the clustering again|save it as CSV")
    assert _contents(place.output) == before


def test_clustering_makes_a_broken_table_anew_unless_only_the_table_tells_who_is_labelled(place: Place) -> None:
    table = place.output / "face_data.csv"
    good = table.read_bytes()
    table.write_bytes(b"nonsense")
    labels = place.output / "cluster_labels.json"
    labels.write_text('{"0": "main"}')
    remembered = place.output / "remembered.npz"
    remembered.rename(remembered.with_suffix(".away"))
    _is_clear(place.run("clustering"), 3, "The labels belong to the clusters in that file: restore it")
    assert table.read_bytes() == b"nonsense"
    remembered.with_suffix(".away").rename(remembered)
    assert place.run("clustering").code == 0
    assert table.read_bytes() == good
    assert labels.read_text() == '{"0": "main"}'


def test_a_photo_that_is_gone_is_a_row_of_the_report(place: Place) -> None:
    (place.photos / "IMG_0009.webp").unlink()
    done = place.run("scoring")
    assert done.code == 1, done.stderr
    assert "failed: IMG_0009.webp: the photo is gone: put it back, or run the clustering again" in done.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"99": "main"}', r"key '99': there is no such cluster \(possible ids: 0"),
        (
            '{"0": "Anna"}',
            r"'Anna' is not a category; possible: main, important, other; for a name write \{\"name\": \"Anna\", ",
        ),
        ('{"0": "mian"}', r"key '0': 'mian' is not a category; possible: main, important, other, did you mean 'main'"),
        ('{"0": "main", "0": "other"}', r'names? "0" twice'),
        ('{"0": ', r"not valid JSON: line 1, column 7"),
        ("[1]", r"must be a JSON object"),
        ('{"0": {"name": "Anna"}}', r"key '0': the category is missing"),
        ("", r"not valid JSON"),
    ],
)
def test_wrong_labels_are_refused_whole(place: Place, text: str, sentence: str) -> None:
    labels = place.output / "cluster_labels.json"
    labels.write_text(text)
    before = _contents(place.output)
    _is_clear(place.run("scoring"), 3, r"cluster_labels\.json", sentence)
    assert _contents(place.output) == before


def test_labels_of_one_event_never_fall_on_another(place: Place, sample_event: Path) -> None:
    (place.output / "cluster_labels.json").write_text('{"0": "main"}')
    other = place.root / "other"
    other.mkdir()
    shutil.copy(sample_event / "evening" / "IMG_0014.jpg", other)
    before = _contents(place.output)
    options = ("--input", other, "--output", place.output, "--engine", "dlib")
    _is_clear(place.run("clustering", *options), 3, r"belong to other photos.* name another folder with --output")
    assert _contents(place.output) == before


# ---- weights: 4 ----


def test_without_weights_and_network(place: Place) -> None:
    options = ("--input", place.photos, "--output", place.root / "new")
    place = Place(place.root, NO_NETWORK)
    done = place.run("clustering", *options, "--engine", "retinaface-arcface")
    _is_clear(done, 4, r"retinaface\.onnx", str(place.root / "models"), "https://", "weights fetch", "--engine dlib")
    done = place.run("clustering", *options, "--engine", "auto")
    assert done.code == 0, done.stderr
    assert "with dlib" in done.stdout
    assert re.search(r"engine dlib: .*retinaface\.onnx could not be downloaded", done.stderr)


@pytest.mark.parametrize("content", [b"", b"<html>moved</html>" * 3000], ids=["empty", "garbage"])
@pytest.mark.parametrize("engine", ["retinaface-arcface", "auto"])
def test_broken_weights(place: Place, engine: str, content: bytes) -> None:
    models = place.root / "models"
    models.mkdir(exist_ok=True)
    for name in ("retinaface.onnx", "arcface_weights.onnx"):
        (models / name).write_bytes(content)
    done = place.run("clustering", "--input", place.photos, "--output", place.root / "new", "--engine", engine)
    _is_clear(done, 4, r"\.onnx", "delete it and|fetch")


@pytest.mark.parametrize("exists", [True, False])
def test_wrong_landmark_model(place: Place, exists: bool) -> None:
    model = place.root / "model.dat"
    if exists:
        model.write_bytes(b"no model" * 1000)
    done = place.run("scoring", CURATION_SCORING__DLIB_MODEL_PATH=str(model))
    _is_clear(done, 4, r"model\.dat", r"shape_predictor_68_face_landmarks\.dat")


# ---- storage: 5 ----


@pytest.mark.parametrize("output", ["a file", "a file/below"])
def test_output_that_is_no_folder(place: Place, output: str) -> None:
    (place.root / "a file").write_text("mine")
    options = ("--input", place.photos, "--output", place.root / output, "--engine", "dlib")
    _is_clear(place.run("clustering", *options), 5, "is a file, not a folder: choose another --output")
    assert (place.root / "a file").read_text() == "mine"


@pytest.mark.parametrize(("stage", "limit_kib"), [("clustering", 0), ("clustering", 8), ("scoring", 8)])
def test_full_disk(place: Place, stage: str, limit_kib: int) -> None:
    """A limit on the size of files stands in for a disk that is full: writing fails in the same way."""
    if stage == "clustering":
        (place.output / "face_data.csv").write_bytes(b"old")
    (place.output / "photo_scores.csv").write_bytes(b"old")
    before = _contents(place.output)
    prefix = ("bash", "-c", f'ulimit -f {limit_kib}; exec "$@"', "bash")
    # The measuring of coverage would want to write a file too.
    done = place.run(stage, prefix=prefix, COVERAGE_PROCESS_CONFIG="")
    _is_clear(done, 5, r"disk|larger than this disk")
    assert _contents(place.output) == before
    assert place.left_over() == []
    if limit_kib:
        done = place.run(stage)
        assert done.code == 0, done.stderr


def _bound() -> tuple[str, ...]:
    """What to put before a command so that permissions bind it."""
    if os.geteuid() != 0:
        return ()
    if shutil.which(WITHOUT_PRIVILEGES[0]) is None:
        pytest.skip("root is not bound by permissions, and there is no setpriv to change that")
    probe = subprocess.run([*WITHOUT_PRIVILEGES, sys.executable, "-c", ""], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"privileges cannot be dropped here: {probe.stderr.decode(errors='replace')}")
    return WITHOUT_PRIVILEGES


def test_photos_without_permission_are_rows_of_the_report(place: Place) -> None:
    prefix = _bound()
    (place.photos / "IMG_0009.webp").chmod(0)
    (place.photos / "private").mkdir(mode=0)
    done = place.run("clustering", prefix=prefix, CURATION_IO__STATE_DIR=str(place.root / "new state"))
    assert done.code == 1, done.stderr
    assert "failed: IMG_0009.webp: the file cannot be read: Permission denied" in done.stdout
    assert "failed: private/: the folder cannot be read: Permission denied" in done.stdout


@pytest.mark.parametrize("stage", ["clustering", "scoring"])
@pytest.mark.parametrize("what", ["results", "state", "results/face_data.csv", "photos"])
def test_places_without_permission(place: Place, stage: str, what: str) -> None:
    prefix = _bound()
    before = _contents(place.output)
    path = place.root / what
    path.chmod(0o500 if path.is_dir() and what != "photos" else 0)
    for file in path.rglob("*") if what == "state" else ():
        file.chmod(0o400)
    done = place.run(stage, prefix=prefix)
    if what == "photos":
        _is_clear(done, 3, r"cannot be read \(Permission denied\): give yourself permission to read it; or.* --input")
    else:
        _is_clear(done, 5, "permission|write there")
    path.chmod(0o700)
    assert _contents(place.output) == before
