"""Rules about ages, from the faces of an event to its ranking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.domain.judging.picks import NO_PICKS
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind
from curation.pipelines.scoring.rescoring import Rescorer
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from curation.storage.said.corrections_file import write_corrections
from tests.fake_workflow import FakeEvent
from tests.family_event import ALL_READERS, CHILD, family_event

ONE_CHILD = {"rules": {"min_children": {"mode": "veto", "count": 1}}}


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with family_event(tmp_path / "event") as made:
        yield made


def vetoed(event: FakeEvent) -> set[str]:
    return {score.image_path for score in read_photo_scores(event.output / PHOTO_SCORES) if score.vetoes}


def test_photos_without_a_child_are_vetoed(event: FakeEvent) -> None:
    assert event.score(attributes=ALL_READERS, scoring=ONE_CHILD).warnings == ()
    assert vetoed(event) == {"c.png"}  # on e.png is somebody who may be a child


def test_the_service_ranks_as_the_table_does(event: FakeEvent) -> None:
    event.score(attributes=ALL_READERS, scoring=ONE_CHILD)
    settings = event.settings({"attributes": ALL_READERS, "scoring": ONE_CHILD})
    _, ranked = Rescorer(settings).ranked(settings.scoring, NO_PICKS)
    table = read_photo_scores(event.output / PHOTO_SCORES)
    assert [(s.image_path, s.rank, s.vetoes) for s in ranked] == [(s.image_path, s.rank, s.vetoes) for s in table]


def test_corrections_count(event: FakeEvent) -> None:
    """The user says that the child is nobody's face on b.png."""
    row = next(row for row in event.rows() if row.image_path == "b.png" and row.cluster_id == CHILD)
    place = CorrectedFace(row.image_path, row.facial_area)
    write_corrections(event.output, [Correction("a.0", "2026-01-01T00:00:00Z", CorrectionKind.NOT_A_FACE, (place,))])
    event.score(attributes=ALL_READERS, scoring=ONE_CHILD)
    assert vetoed(event) == {"b.png", "c.png"}


def test_ages_that_were_never_read_are_missed_aloud(event: FakeEvent) -> None:
    event.cluster()
    (warning,) = event.score(attributes=ALL_READERS, scoring=ONE_CHILD).warnings
    assert warning == "the rule min_children had no effect: face_data.csv has no ages; run the clustering again"
    assert vetoed(event) == set()


def test_ages_that_are_off_have_no_part_in_scores(event: FakeEvent) -> None:
    event.score()
    plain = (event.output / PHOTO_SCORES).read_bytes()
    event.score(attributes=ALL_READERS)
    assert (event.output / PHOTO_SCORES).read_bytes() == plain
    event.cluster()
    event.score()
    assert (event.output / PHOTO_SCORES).read_bytes() == plain
