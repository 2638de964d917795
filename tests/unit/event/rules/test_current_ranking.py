from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curation.domain.judging.picks import PhotoPick, Pick
from curation.domain.labelling.labels import Category
from curation.errors import CurationError, LabelsError
from curation.event.catalog import Catalog
from curation.event.rules.current_ranking import CurrentRanking
from curation.event.rules.judgement import Judgement
from curation.event.rules.rule_book import RuleBook
from curation.event.rules.written_ranking import ranking_writer
from curation.pipelines.scoring.rescoring import Rescorer
from curation.pipelines.scoring.sources import RANKED_FROM
from curation.storage.locks import hold_output
from curation.storage.photo_scores_file import PHOTO_SCORES
from curation.workflow import WorkflowOrchestrator
from tests.fake_workflow import FakeEvent, fake_event, touch_later

LABELS = {"0": {"name": "Anna", "category": "main"}, "1": "other"}


class Ranked:
    """A ranking of an event, and what belongs to it."""

    def __init__(self, event: FakeEvent) -> None:
        self.workflow: WorkflowOrchestrator = event.workflow()
        self.catalog = Catalog(self.workflow.settings)

        def listed() -> list[str]:
            return sorted(path.name for path in event.photos.iterdir())

        self.ranking = CurrentRanking(
            self.workflow.settings,
            RuleBook(self.workflow),
            Rescorer(self.workflow.settings),
            self.catalog.ranked,
            write=ranking_writer(self.workflow, self.catalog.ranked, self.catalog.words, listed),
            list_photos=listed,
        )
        self.judgement = Judgement(self.catalog, self.ranking)

    def order(self) -> list[str]:
        return [photo.image_path for photo in self.catalog.photos()]


@contextmanager
def followed(ranked: Ranked) -> Iterator[Ranked]:
    ranked.ranking.start()
    try:
        yield ranked
    finally:
        ranked.ranking.stop()
        ranked.catalog.ranked.close()


def until(is_true: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end_s = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end_s
        time.sleep(0.05)


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path) as painted:
        for name, *people in (("a.png", 0), ("b.png", 1), ("c.png", 0, 1), ("d.png", 1), ("e.png", 2), ("f.png",)):
            painted.add(name, *people)
        painted.cluster()
        painted.score()
        yield painted


def test_a_label_changes_everything_that_is_shown_and_then_the_file(event: FakeEvent) -> None:
    ranked = Ranked(event)
    before, table = ranked.order(), (event.output / PHOTO_SCORES).read_bytes()
    assert ranked.ranking.settle()
    event.label(LABELS)
    assert not ranked.ranking.state().current
    assert ranked.order() == before  # nobody is shown half of it
    assert ranked.ranking.settle()
    assert ranked.order() != before
    assert [score.image_path for score in ranked.judgement.now().ranked] == ranked.order()
    assert (event.output / PHOTO_SCORES).read_bytes() == table
    ranked.workflow.run_scoring(only_known=True)
    written = (event.output / PHOTO_SCORES).read_bytes()
    assert ranked.ranking.settle()
    event.score()
    assert (event.output / PHOTO_SCORES).read_bytes() == written != table
    assert ranked.ranking.settle()  # after another run everything is read anew
    ranked.catalog.ranked.flush()
    assert (event.output / PHOTO_SCORES).read_bytes() == written


def test_it_follows_by_itself_and_writes_what_a_run_would_write(event: FakeEvent) -> None:
    with followed(Ranked(event)) as ranked:
        before = event.scoring_record()[RANKED_FROM]
        event.label(LABELS)
        until(lambda: event.scoring_record()[RANKED_FROM] != before)
        until(lambda: ranked.ranking.state().current)
        written = (event.output / PHOTO_SCORES).read_bytes()
        assert event.scoring_record()["labels"]["0"]["category"] == Category.MAIN
    event.score()
    assert (event.output / PHOTO_SCORES).read_bytes() == written


def test_it_waits_for_runs_and_runs_wait_for_it(event: FakeEvent) -> None:
    with followed(Ranked(event)) as ranked:
        before = event.scoring_record()[RANKED_FROM]
        with hold_output(event.output, run="clustering"):
            event.label(LABELS)
            until(lambda: ranked.ranking.state().current)  # it is shown all the same
            time.sleep(0.5)
            assert event.scoring_record()[RANKED_FROM] == before
    with hold_output(event.output, run="ranking again", is_brief=True):
        note = (event.output / ".curation.lock.by").read_text(encoding="utf-8")
    assert '"brief": true' in note


def test_photos_that_must_be_looked_at_keep_their_place_and_are_told(event: FakeEvent) -> None:
    ranked = Ranked(event)
    first = ranked.order()[0]
    touch_later(event.photos / first)
    event.label(LABELS)
    assert ranked.ranking.settle()
    assert ranked.ranking.state().waiting == 1
    assert first in ranked.order()
    report = ranked.workflow.run_scoring(only_known=True)
    assert report.total == report.scored + report.failed == len(ranked.order())
    assert any("looked at" in warning for warning in report.warnings)
    assert event.scoring_record()["waiting"] == [first]
    event.score()
    assert ranked.ranking.settle()
    assert ranked.ranking.state().waiting == 0


def test_new_photos_are_counted(event: FakeEvent) -> None:
    with followed(Ranked(event)) as ranked:
        until(lambda: ranked.ranking.shown() is not None)
        event.add("new.png", 0)
        until(lambda: ranked.ranking.state().new_photos == 1)


def test_a_mistake_in_a_file_is_told_and_the_old_ranking_stays(event: FakeEvent) -> None:
    ranked = Ranked(event)
    assert ranked.ranking.settle()
    before = ranked.order()
    event.label({"0": "mian"})
    assert not ranked.ranking.settle()
    assert "mian" in ranked.ranking.state().problem
    assert ranked.order() == before
    with pytest.raises(LabelsError):
        ranked.judgement.now()
    event.label(LABELS)
    assert ranked.ranking.settle()
    assert ranked.ranking.state().problem == ""


def test_without_measures_the_table_is_shown(event: FakeEvent) -> None:
    for path in (event.folder / "state").glob("analysis*"):
        path.unlink()
    ranked = Ranked(event)
    before = ranked.order()
    event.label(LABELS)
    assert not ranked.ranking.settle()
    assert ranked.order() == before
    with pytest.raises(CurationError):
        ranked.ranking.demand()


def test_a_run_that_was_killed_between_its_two_files(event: FakeEvent) -> None:
    record = (event.output / "scoring_run.json").read_bytes()
    event.label(LABELS)
    event.score()
    table = (event.output / PHOTO_SCORES).read_bytes()
    (event.output / "scoring_run.json").write_bytes(record)
    with followed(Ranked(event)):
        until(lambda: event.scoring_record()["labels"] != {} and "0" in event.scoring_record()["labels"])
    assert (event.output / PHOTO_SCORES).read_bytes() == table


def test_picks_do_not_make_it_rank_again(event: FakeEvent) -> None:
    ranked = Ranked(event)
    shown = ranked.ranking.demand()
    last = ranked.order()[-1]
    ranked.catalog.ranked.change(lambda _: {last: PhotoPick(Pick.PICKED)})
    assert ranked.ranking.demand() is shown
    assert ranked.order()[0] == last
    assert ranked.judgement.now().ranked[0].image_path == last
