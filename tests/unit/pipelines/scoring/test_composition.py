"""The composition from the database of assets: off by default, by content, and what is missing is told."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from curation.domain.assets.asset import NewAsset
from curation.domain.assets.document import asset_document
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.judging.picks import NO_PICKS
from curation.pipelines.scoring import composition as module
from curation.pipelines.scoring.composition import missing_told, photo_composition
from curation.pipelines.scoring.rescoring import Rescorer
from curation.storage.assets.opening import open_asset_store
from curation.storage.assets.picture_bodies import bodies_of
from curation.storage.said.remembered_file import read_remembered
from tests.event_assets import MemoryAssets, record, with_face_of
from tests.fake_workflow import FakeEvent, fake_event

CUT = Composition(CutAt.FEET, 0.95, 0.1, 0.3, 0.0)
ON = {"weights": {"composition": 2.0}}


def take_apart(event: FakeEvent, path: str, lies: Composition) -> None:
    """Make the record of a photo, in the database that the settings name."""
    sha256 = read_remembered(event.output).photos[path]
    people = [with_face_of(row, lies=lies) for row in event.rows() if row.image_path == path]
    store = open_asset_store(event.settings())
    store.add(NewAsset(sha256[:32], sha256, "0" * 64, path))
    claim = store.claim("test", lease_s=60, max_attempts=3)
    assert claim is not None
    assert store.complete(claim, asset_document(record(sha256, *reversed(people))))
    store.close()


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as made:
        made.add("a.png", 0, 1)
        made.add("b.png", 0, seed=1)
        made.add("c.png", 1, seed=2)
        made.cluster()
        made.label({"0": {"name": "Anna", "category": "main"}, "1": {"name": "Tom", "category": "main"}})
        yield made


def scores(event: FakeEvent) -> bytes:
    return (event.output / "photo_scores.csv").read_bytes()


def row(event: FakeEvent, path: str) -> dict[str, str]:
    with (event.output / "photo_scores.csv").open(encoding="utf-8-sig", newline="") as file:
        return next(found for found in csv.DictReader(file) if found["image_path"] == path)


def test_while_it_has_no_weight_no_record_is_read_and_every_byte_is_as_before(event: FakeEvent) -> None:
    event.score()
    before = scores(event)
    take_apart(event, "a.png", CUT)
    with mock.patch.object(module, "_open_store", side_effect=AssertionError("opened")):
        event.score()
        event.score(scoring={"weights": {"composition": 0}})
    assert scores(event) == before
    assert not any("composition" in warning for warning in event.scoring_record()["warnings"])


def test_with_a_weight_it_counts_by_content_and_the_missing_are_told(event: FakeEvent) -> None:
    event.score()
    plain = float(row(event, "a.png")["final_score"])
    take_apart(event, "a.png", CUT)
    (event.settings().io.input_dir / "a.png").rename(event.settings().io.input_dir / "renamed.png")
    event.cluster()
    report = event.score(scoring=ON)
    cut = row(event, "renamed.png")
    assert float(cut["final_score"]) != plain
    assert "composition (Anna cut at the feet, Tom cut at the feet)" in cut["results_string"]
    assert "Anna (main) is cut at the feet" in cut["problems"]
    assert row(event, "b.png")["results_string"].endswith("composition cannot tell")
    (told,) = [warning for warning in report.warnings if "composition" in warning]
    assert told.startswith("the composition of 2 of 3 photos cannot be told")
    assert "python -m curation assets run" in told
    assert told in event.scoring_record()["warnings"]


def test_the_preview_of_other_rules_reads_it_too_and_follows_new_records(event: FakeEvent) -> None:
    event.score()
    take_apart(event, "a.png", CUT)
    settings = event.settings({"scoring": ON})
    rescorer = Rescorer(settings)
    _, off = rescorer.ranked(event.settings().scoring, NO_PICKS)
    measured, on = rescorer.ranked(settings.scoring, NO_PICKS)
    assert not any("composition" in score.results_string for score in off)
    told = {score.image_path: score.results_string for score in on}
    assert "cut at the feet" in told["a.png"]
    assert [part.name for part in rescorer.parts(measured, "a.png", settings.scoring)][-1] == "composition"
    take_apart(event, "b.png", CUT)
    _, again = rescorer.ranked(settings.scoring, NO_PICKS)
    assert "cut at the feet" in next(score.results_string for score in again if score.image_path == "b.png")


def test_faces_are_matched_by_place_and_not_by_number(event: FakeEvent) -> None:
    rows = [found for found in event.rows() if found.image_path == "a.png"]
    whole = Composition(CutAt.NONE, 0.9, 0.1, 0.3, 0.0)
    people = [with_face_of(rows[1], lies=CUT), with_face_of(rows[0], lies=whole)]
    store = MemoryAssets()
    found = record("1" * 64, *people)
    lies = photo_composition(bodies_of(store.put(found), found), rows)
    assert {number: one.cut_at for number, one in lies.by_face.items()} == {
        rows[0].face_index: CutAt.NONE,
        rows[1].face_index: CutAt.FEET,
    }


def test_nothing_is_missing() -> None:
    assert missing_told(0, 5) == ""
