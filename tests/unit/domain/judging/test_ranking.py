from __future__ import annotations

import itertools
import random
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.domain.judging.photo_score import SCORE_DIGITS, PhotoScore, failed_photo_score
from curation.domain.judging.picks import NO_PICKS, PhotoPick, Pick, Picks
from curation.domain.judging.ranking import rank_photos, with_picks
from curation.domain.judging.scoring_rules import CategoryWeights, ScoringRules
from curation.domain.measuring.measures import PhotoMeasures
from tests.unit.domain.judging.scoring_values import (
    ANNA,
    BEN,
    Faces,
    drawn_faces,
    drawn_photos,
    drawn_rules,
    face_measures,
    scored,
)

RULES = ScoringRules()
# No test asserts time, and a busy machine draws slowly.
unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def drawn_scores(draw: st.DrawFn) -> list[PhotoScore]:
    """Photos with and without people, vetoes, bursts and errors, in no order."""
    plain = scored([(ANNA, face_measures())])
    count = draw(st.integers(1, 12))
    bursts = draw(st.lists(st.none() | st.integers(1, 3), min_size=count, max_size=count))
    out: list[PhotoScore] = []
    places: dict[int, int] = {}
    for number, burst in enumerate(bursts):
        path = f"{number}.jpg"
        if draw(st.integers(0, 9)) == 0:
            out.append(failed_photo_score(path, "cut off"))
            continue
        score = replace(
            plain,
            image_path=path,
            final_score=draw(st.floats(0, 1)),
            focus_score=draw(st.none() | st.floats(0, 1)),
            main_count=draw(st.integers(0, 1)),
            vetoes=draw(st.sampled_from(["", "", "Anna (main) blinks"])),
        )
        if burst is not None:
            places[burst] = places.get(burst, 0) + 1
            score = replace(score, burst_id=burst, burst_rank=places[burst], best_of_burst=places[burst] == 1)
        out.append(score)
    return draw(st.permutations(out))


drawn_picks = st.dictionaries(
    st.integers(0, 13).map(lambda number: f"{number}.jpg"),
    st.builds(PhotoPick, st.none() | st.sampled_from(Pick), st.none() | st.integers(1, 5)),
    max_size=8,
).map(Picks)


def as_in_the_table(score: PhotoScore) -> PhotoScore:
    def rounded(value: float | None) -> float | None:
        return None if value is None else float(f"{value:.{SCORE_DIGITS}f}")

    return replace(score, final_score=rounded(score.final_score), focus_score=rounded(score.focus_score))


def group(score: PhotoScore) -> int:
    if score.final_score is None:
        return 3
    return {Pick.PICKED: 0, None: 1, Pick.REJECTED: 2}[score.pick]


@unhurried
@given(drawn_scores(), drawn_picks)
def test_the_users_word_wins_over_the_score(scores: list[PhotoScore], picks: Picks) -> None:
    ranked = with_picks(scores, picks, RULES)
    assert sorted(s.image_path for s in ranked) == sorted(s.image_path for s in scores)
    assert [s.rank for s in ranked] == list(range(1, len(scores) + 1))
    assert all((s.pick, s.rating) == (picks.of(s.image_path).pick, picks.of(s.image_path).rating) for s in ranked)
    assert [group(s) for s in ranked] == sorted(group(s) for s in ranked)
    for first, second in itertools.pairwise(ranked):
        if group(first) == group(second) < 3:
            assert (first.rating or 0) >= (second.rating or 0)
            if first.rating == second.rating:
                assert bool(first.vetoes) <= bool(second.vetoes)


@unhurried
@given(drawn_scores(), drawn_picks)
def test_each_burst_has_one_best_photo_and_it_is_the_users(scores: list[PhotoScore], picks: Picks) -> None:
    ranked = with_picks(scores, picks, RULES)
    for number in {s.burst_id for s in ranked if s.burst_id is not None}:
        burst = [s for s in ranked if s.burst_id == number]
        (best,) = [s for s in burst if s.best_of_burst]
        assert all((group(best), -(best.rating or 0)) <= (group(s), -(s.rating or 0)) for s in burst)
    alone = {s.image_path: s.best_of_burst for s in scores if s.burst_id is None}
    assert alone == {s.image_path: s.best_of_burst for s in ranked if s.burst_id is None}


@unhurried
@given(drawn_scores(), drawn_picks, drawn_picks, st.randoms(use_true_random=False))
def test_it_is_the_same_for_the_table_and_whatever_was_picked_before(
    scores: list[PhotoScore], before: Picks, picks: Picks, shuffler: random.Random
) -> None:
    at_once = with_picks(scores, picks, RULES)
    table = [as_in_the_table(score) for score in with_picks(scores, before, RULES)]
    shuffler.shuffle(table)
    assert with_picks(table, picks, RULES) == [as_in_the_table(score) for score in at_once]


@unhurried
@given(drawn_scores(), drawn_picks)
def test_what_does_not_change_is_the_same_object(scores: list[PhotoScore], picks: Picks) -> None:
    once = with_picks(scores, picks, RULES)
    again = with_picks(once, picks, RULES)
    assert all(first is second for first, second in zip(once, again, strict=True))


def test_an_example() -> None:
    plain = scored([(ANNA, face_measures())])
    names = {"best.jpg": 0.9, "good.jpg": 0.8, "soft.jpg": 0.4, "poor.jpg": 0.2, "stars.jpg": 0.1}
    scores = [replace(plain, image_path=path, final_score=score) for path, score in names.items()]
    scores.append(failed_photo_score("broken.jpg", "cut off"))
    picks = Picks(
        {
            "poor.jpg": PhotoPick(Pick.PICKED),
            "soft.jpg": PhotoPick(Pick.PICKED, 4),
            "stars.jpg": PhotoPick(None, 2),
            "best.jpg": PhotoPick(Pick.REJECTED, 5),
            "broken.jpg": PhotoPick(Pick.PICKED, 5),
        }
    )
    order = [s.image_path for s in with_picks(scores, picks, RULES)]
    assert order == ["soft.jpg", "poor.jpg", "stars.jpg", "good.jpg", "best.jpg", "broken.jpg"]


def test_of_a_table_without_places_in_bursts_the_marked_photo_is_best() -> None:
    plain = replace(scored([(ANNA, face_measures())]), burst_id=1)
    scores = [
        replace(plain, image_path="a.jpg", rank=1, best_of_burst=False),
        replace(plain, image_path="b.jpg", rank=2, best_of_burst=True),
        replace(plain, image_path="c.jpg", rank=3, best_of_burst=False),
    ]
    assert [s.image_path for s in with_picks(scores, NO_PICKS, RULES) if s.best_of_burst] == ["b.jpg"]
    rejected = Picks({"b.jpg": PhotoPick(Pick.REJECTED)})
    assert [s.image_path for s in with_picks(scores, rejected, RULES) if s.best_of_burst] == ["a.jpg"]


def test_order() -> None:
    rules = ScoringRules()
    perfect, poor = face_measures(), face_measures(smile=0.0, focus=0.0, exposure=0.0)
    scores = [
        failed_photo_score("a/failed.jpg", "cut off"),
        scored([(ANNA, face_measures(eyes=0.0)), (BEN, perfect)], path="vetoed.jpg"),
        scored([], path="empty.jpg"),
        scored([(None, poor)], path="stranger.jpg"),  # as good as empty
        scored([(ANNA, perfect), (BEN, perfect)], path="b.jpg"),
        scored([(ANNA, perfect), (BEN, perfect)], path="a.jpg"),
    ]
    ranked = rank_photos(scores, rules)
    assert [(s.rank, s.image_path) for s in ranked] == [
        (1, "a.jpg"),
        (2, "b.jpg"),
        (3, "empty.jpg"),
        (4, "stranger.jpg"),
        (5, "vetoed.jpg"),
        (6, "a/failed.jpg"),
    ]
    failed = ranked[-1]
    assert (failed.final_score, failed.error, failed.results_string) == (None, "cut off", "")


def test_ties_go_by_focus() -> None:
    first = replace(scored([(ANNA, face_measures())], path="z.jpg"), focus_score=0.9)
    second = replace(first, image_path="a.jpg", focus_score=0.8)
    assert [s.image_path for s in rank_photos([second, first], ScoringRules())] == ["z.jpg", "a.jpg"]


@given(st.lists(st.tuples(drawn_faces, drawn_photos), max_size=6), drawn_rules, st.randoms(use_true_random=False))
def test_ranking(photos: list[tuple[Faces, PhotoMeasures]], rules: ScoringRules, shuffler: random.Random) -> None:
    scores = [scored(faces, rules, path=f"{i}.jpg", photo=photo) for i, (faces, photo) in enumerate(photos)]
    scores.append(failed_photo_score("failed.jpg", "cut off"))
    ranked = rank_photos(scores, rules)
    shuffled = list(scores)
    shuffler.shuffle(shuffled)
    assert rank_photos(shuffled, rules) == ranked
    assert [s.rank for s in ranked] == list(range(1, len(scores) + 1))
    vetoed = [bool(s.vetoes) for s in ranked[:-1]]
    assert vetoed == sorted(vetoed)
    assert ranked[-1].error == "cut off"
    unvetoed = [s for s in ranked[:-1] if not s.vetoes]
    if rules.category_weights == CategoryWeights() and rules.people_asked_for and not rules.rules.ignore_others.enabled:
        shows_somebody = [bool(s.well_shown_count) for s in unvetoed]
        assert shows_somebody == sorted(shows_somebody, reverse=True)


def test_tables_of_earlier_versions_keep_their_order() -> None:
    with_people = replace(scored([(None, face_measures())], path="z.jpg"), well_shown_count=None)
    without = replace(scored([], path="a.jpg"), well_shown_count=None)
    assert [s.image_path for s in rank_photos([without, with_people], ScoringRules())] == ["z.jpg", "a.jpg"]


def test_a_ruined_photo_of_a_main_person_is_not_decent() -> None:
    decent = scored([(BEN, face_measures(smile=0.2))])
    for spoilt in (
        face_measures(exposure=0.05),
        face_measures(focus=0.1),
        face_measures(eyes=0.1),
        replace(face_measures(), cut_off=0.4),
    ):
        ruined = scored([(ANNA, spoilt)])
        assert ruined.well_shown_count == 0
        order = rank_photos([replace(ruined, image_path="ruined.jpg", vetoes=""), decent], RULES)
        assert order[0].image_path == decent.image_path


def test_a_soft_photo_of_a_main_person_is_decent() -> None:
    soft = scored([(ANNA, face_measures(focus=0.33))])
    assert soft.well_shown_count == 1
    nobody = scored([(None, face_measures())])
    order = rank_photos([replace(nobody, image_path="nobody.jpg"), soft], RULES)
    assert order[0].image_path == soft.image_path
