from __future__ import annotations

import os

import pytest

from curation.domain.judging.photo_score import SCORE_DIGITS
from curation.domain.judging.picks import NO_PICKS, PhotoPick, Pick, Picks
from curation.errors import FaceDataError
from curation.pipelines.scoring.rescoring import Rescorer
from curation.settings import ScoringSettings, Settings
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from tests.fake_workflow import FakeEvent

LABELS = {"0": {"name": "Anna", "category": "main"}, "1": "important"}


def with_smile(settings: Settings, weight: float) -> ScoringSettings:
    weights = settings.scoring.weights.model_copy(update={"smile": weight})
    return settings.scoring.model_copy(update={"weights": weights})


def test_it_ranks_as_the_stage_does(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.label(LABELS)
    for scoring in (
        {},
        {"weights": {"focus": 9.0}, "thresholds": {"focus": 0.9}, "rules": {"ignore_others": {"enabled": True}}},
    ):
        wedding.score(scoring=scoring)
        settings = wedding.settings({"scoring": scoring})
        event, ranked = Rescorer(settings).ranked(settings.scoring, NO_PICKS)
        table = read_photo_scores(wedding.output / PHOTO_SCORES)
        assert [(s.image_path, s.rank, s.results_string, s.burst_id, s.vetoes) for s in ranked] == [
            (s.image_path, s.rank, s.results_string, s.burst_id, s.vetoes) for s in table
        ]
        assert [round(s.final_score or 0.0, SCORE_DIGITS) for s in ranked] == [s.final_score for s in table]
        assert (event.unmeasured, dict(event.failures)) == ((), {})
        assert event.clusters["name:anna"] == (0,)
    assert wedding.predictor.asked > 0


def test_nothing_is_worked_out_twice(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.score()
    settings = wedding.settings()
    rescorer = Rescorer(settings)
    event, first = rescorer.ranked(settings.scoring, NO_PICKS)
    for weight in range(3, 20):
        assert rescorer.ranked(with_smile(settings, float(weight)), NO_PICKS)[0] is event
        assert rescorer.ranked(settings.scoring, NO_PICKS)[1] is first
    picks = Picks({first[-1].image_path: PhotoPick(Pick.PICKED)})
    assert rescorer.ranked(settings.scoring, picks)[1][0].image_path == first[-1].image_path
    assert rescorer.ranked(settings.scoring, NO_PICKS)[1] == first


def test_it_follows_the_files(wedding: FakeEvent) -> None:
    wedding.cluster()
    wedding.score()
    settings = wedding.settings()
    rescorer = Rescorer(settings)
    before = rescorer.event()
    assert before.people.main == 0
    wedding.label(LABELS)
    after = rescorer.event()
    assert (after.people.main, after.people.important) == (1, 1)
    # The measures were parsed once.
    assert all(after.shots[path].measures is shot.measures for path, shot in before.shots.items())
    os.utime(wedding.photos / "a.png")
    (wedding.photos / "b.png").unlink()
    wedding.label(LABELS | {"2": "main"})
    now = rescorer.event()
    assert now.unmeasured == ("a.png",)
    assert set(now.failures) == {"b.png"}
    assert rescorer.parts(now, "b.png", settings.scoring) == ()


def test_before_scoring(wedding: FakeEvent) -> None:
    rescorer = Rescorer(wedding.settings())
    rescorer.read_ahead()
    with pytest.raises(FaceDataError, match="not scored yet"):
        rescorer.event()
    wedding.cluster()
    with pytest.raises(FaceDataError, match="not scored yet"):
        rescorer.event()
