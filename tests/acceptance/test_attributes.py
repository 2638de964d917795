"""Attributes of faces with the real scripts, the real workers and real weights: switched on, off and on again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from curation.storage.face_data_file import FACE_COLUMNS
from tests.scripts import Place

WEIGHTS = ("dlib_cydral_age_v1.onnx", "dlib_cydral_gender_v1.onnx")
ON = {"CURATION_ATTRIBUTES__AGE": "dlib", "CURATION_ATTRIBUTES__SEX": "dlib"}


@pytest.fixture
def place(ready: Place, tmp_path: Path, test_data: Path) -> Place:
    """Photos that were clustered without attributes, and the weights of the readers."""
    shutil.copytree(ready.root, tmp_path / "place")
    place = Place(tmp_path / "place")
    (place.root / "models").mkdir(exist_ok=True)
    for name in WEIGHTS:
        source = test_data / "weights" / "onnx" / name
        if not source.is_file():
            pytest.skip(f"there is no {source}")
        shutil.copy(source, place.root / "models")
    return place


def table(place: Place) -> list[dict[str, str]]:
    with (place.output / "face_data.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def on(place: Place, **more: str) -> Place:
    """The same place with attributes switched on."""
    return Place(place.root, {**ON, **more})


def outputs(place: Place) -> dict[str, bytes]:
    """All that the clustering writes but its record, whose times differ."""
    return {
        path.relative_to(place.output).as_posix(): path.read_bytes()
        for path in place.output.rglob("*")
        if path.is_file() and not path.name.endswith("_run.json") and path.name != "photo_scores.csv"
    }


def test_on_off_and_on_again(place: Place) -> None:
    plain = outputs(place)
    done = on(place).run("clustering")
    assert done.code == 0, done.stderr
    told, rows = outputs(place), table(place)
    assert tuple(rows[0])[: len(FACE_COLUMNS)] == FACE_COLUMNS
    assert told.keys() == plain.keys()
    assert all(content == plain[name] for name, content in told.items() if name != "face_data.csv")
    assert [{name: row[name] for name in FACE_COLUMNS} for row in rows] == list(
        csv.DictReader(plain["face_data.csv"].decode("utf-8-sig").splitlines())
    )
    for row in rows:
        assert float(row["age_low"]) <= float(row["age_raw"]) <= float(row["age_high"])
        assert row["sex"] in ("", "female", "male")
    record = json.loads((place.output / "clustering_run.json").read_text(encoding="utf-8"))
    assert set(record["attributes"]["readers"]["age"]["weights"]) == {WEIGHTS[0]}
    assert record["attributes"]["faces"] == len(rows) > 0

    assert place.run("clustering").code == 0
    assert outputs(place) == plain
    assert on(place).run("clustering").code == 0
    assert outputs(place) == told


def test_weights_that_are_missing_are_named(place: Place) -> None:
    (place.root / "models" / WEIGHTS[0]).unlink()
    done = on(place, CURATION_ENGINE__DOWNLOAD="false").run("clustering")
    assert done.code == 4
    assert WEIGHTS[0] in done.stderr and "Traceback" not in done.stderr


def test_a_rule_about_children_needs_ages(place: Place) -> None:
    rule = {"CURATION_SCORING__RULES__MIN_CHILDREN__MODE": "veto"}
    done = Place(place.root, rule).run("scoring")
    assert done.code == 2
    assert "the rule min_children needs the ages of people" in done.stderr
    assert on(place).run("clustering").code == 0
    done = on(place, **rule).run("scoring")
    assert done.code == 0, done.stderr
