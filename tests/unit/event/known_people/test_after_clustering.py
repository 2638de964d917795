"""The gallery in the clustering stage."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_gallery import FakeGallery
from tests.known_world import ANNA, BEN, KnownEvent, enrolled, known_event


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownEvent]:
    with known_event(tmp_path, enrolled(ANNA, BEN)) as event:
        yield event


def test_the_file_and_the_record_say_who_was_recognised(known: KnownEvent) -> None:
    report = known.cluster()
    assert report.outputs[-1] == "recognised.json"
    data = json.loads((known.event.output / "recognised.json").read_text())
    assert [entry["cluster_id"] for entry in data["clusters"]] == sorted(
        entry["cluster_id"] for entry in data["clusters"]
    )
    answers = {entry["cluster_id"]: (entry["answer"], entry.get("name")) for entry in data["clusters"]}
    assert answers[known.cluster_of(ANNA)] == ("name", "Anna")
    assert list(answers.values()).count(("unknown", None)) == 2
    assert data["embedder"] == "a" * 64
    recognition = known.event.record()["recognition"]
    assert (recognition["names"], recognition["questions"], recognition["accepted"]) == (2, 0, [])
    assert not (known.event.output / "cluster_labels.json").exists()


def test_the_same_photos_and_gallery_give_the_same_bytes(known: KnownEvent) -> None:
    known.cluster()
    first = known.event.snapshot()
    known.cluster()
    assert known.event.snapshot() == first


def test_without_a_gallery_no_byte_changes_and_nothing_is_read(known: KnownEvent) -> None:
    before = known.event.snapshot()
    known.gallery.is_broken = True
    report = known.cluster(enabled=False)
    assert "recognised.json" not in report.outputs
    assert known.event.snapshot() == before
    assert "recognition" not in known.event.record()
    assert known.cluster(propose_for="off").warnings == report.warnings


def test_a_broken_gallery_is_told_and_the_stage_ends_well(known: KnownEvent, caplog: pytest.LogCaptureFixture) -> None:
    known.gallery.is_broken = True
    before = known.event.snapshot()
    with caplog.at_level(logging.WARNING):
        report = known.cluster()
    assert "the gallery is away" in report.warnings[-1]
    assert "the gallery is away" in caplog.text
    assert known.event.record()["recognition"]["error"].startswith("the gallery is away")
    assert known.event.snapshot() == before


def test_names_are_written_only_where_the_settings_ask_for_it(
    known: KnownEvent, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        report = known.cluster(auto_accept=0.9)
    labels = json.loads((known.event.output / "cluster_labels.json").read_text())
    assert {label["name"] for label in labels.values()} == {"Anna", "Ben"}
    accepted = known.event.record()["recognition"]["accepted"]
    assert {str(entry["cluster_id"]) for entry in accepted} == set(labels)
    assert "2 names of known people were written as labels" in report.warnings[-1]
    assert "auto_accept" in caplog.text
    # The labels say it; the record and the log need not, so that a person can be forgotten.
    assert "Anna" not in caplog.text + (known.event.output / "clustering_run.json").read_text()
    known.edits.undo()
    known.edits.undo()
    assert known.catalog.labels().by_cluster == {}


def test_labels_of_the_user_and_answers_win_over_auto_accept(known: KnownEvent) -> None:
    anna, ben = (next(one for one in known.proposals.listed() if one.name == name) for name in ("Anna", "Ben"))
    known.event.label({str(anna.cluster_id): {"name": "Annabel", "category": "main"}})
    known.proposals.decline(ben.cluster_id, ben.person_id)
    before = (known.event.output / "cluster_labels.json").read_bytes()
    known.cluster(auto_accept=0.5)
    assert (known.event.output / "cluster_labels.json").read_bytes() == before


def test_an_empty_gallery_makes_everybody_unknown(known: KnownEvent) -> None:
    other = KnownEvent(known.event, FakeGallery())
    other.cluster()
    data = json.loads((known.event.output / "recognised.json").read_text())
    assert {entry["answer"] for entry in data["clusters"]} == {"unknown"}
    assert data["people"] == 0


def test_people_who_were_not_seen_for_long_are_forgotten(known: KnownEvent) -> None:
    anna = known.gallery.find("Anna")
    assert anna is not None
    known.gallery.seen(anna.person_id, "2020-01-01T00:00:00+00:00")
    known.cluster()
    assert known.gallery.find("Anna") is not None
    report = known.cluster(expire_days=365)
    assert "1 known people were not seen for long" in report.warnings[-1]
    assert [person.name for person in known.gallery.people()] == ["Ben"]
