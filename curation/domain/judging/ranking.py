"""The order of the photos: what the user said of them first, then the score; see docs/scoring.md, section 5."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from curation.domain.judging.photo_score import SCORE_DIGITS, PhotoScore, renumbered
from curation.domain.judging.picks import UNJUDGED, Pick, Picks
from curation.domain.judging.scoring_rules import CategoryWeights, ScoringRules

__all__ = ["has_counting_people", "rank_photos", "with_picks"]


def has_counting_people(score: PhotoScore, weights: CategoryWeights) -> bool:
    """Whether anybody who counts is in the photo; `weights` are the counting ones."""
    return (
        (score.main_count > 0 and weights.main > 0)
        or (score.important_count > 0 and weights.important > 0)
        or (score.other_count > 0 and weights.other > 0)
        or (score.unknown_count > 0 and weights.unknown > 0)
    )


def rank_photos(scores: Iterable[PhotoScore], rules: ScoringRules) -> list[PhotoScore]:
    """Put photos in order, best first, and number them from 1.

    The user's word comes first: picked photos, the others, rejected ones, and then those that could not be read; and
    within these groups the rating. Photos of which the user said the same go by tiers: photos that no rule vetoes, of
    these those without a face that counts (if people are asked for), vetoed photos. Within a tier: the final score,
    then the focus, both descending and as the table shows them, then the path.

    Args:
        scores: In any order.
        rules: Those that the scores were made with.
    """
    weights, asked = rules.counting_weights, rules.people_asked_for

    def place(score: PhotoScore) -> tuple[tuple[int, int], int, float, float, str]:
        if score.final_score is None:
            return _pick_order(score), 0, 0.0, 0.0, score.image_path
        lacks_people = asked and not has_counting_people(score, weights)
        tier = (2 if score.vetoes else 0) + (1 if lacks_people else 0)
        focus = round(score.focus_score or 0.0, SCORE_DIGITS)
        return _pick_order(score), tier, -round(score.final_score, SCORE_DIGITS), -focus, score.image_path

    return [renumbered(score, rank) for rank, score in enumerate(sorted(scores, key=place), start=1)]


def _pick_order(score: PhotoScore) -> tuple[int, int]:
    """Where the user's pick and rating put a photo, smaller is better; a photo that could not be read is last."""
    if score.final_score is None:
        return 3, 0
    group = 0 if score.pick is Pick.PICKED else 2 if score.pick is Pick.REJECTED else 1
    return group, -(score.rating or 0)


def with_picks(scores: Sequence[PhotoScore], picks: Picks, rules: ScoringRules) -> list[PhotoScore]:
    """Put photos in order, as the user's picks and then the scores say.

    It gives the same for scores as they were computed and for scores as photo_scores.csv has them, whatever picks
    were in force when it was written.

    Args:
        scores: Of the event, in any order; picks, ratings and ranks in them are not looked at.
        picks: Of the user; those of other photos are left alone.
        rules: That the scores were made with.

    Returns:
        The scores, best first, with `rank`, `pick`, `rating` and `best_of_burst`. Scores that do not change are the
        same objects.
    """
    said = picks.by_path
    judged = []
    for score in scores:
        of_photo = said.get(score.image_path, UNJUDGED)
        if score.pick != of_photo.pick or score.rating != of_photo.rating:
            score = replace(score, pick=of_photo.pick, rating=of_photo.rating)
        judged.append(score)
    best = _best_of_bursts(judged)
    return rank_photos(
        (
            replace(score, best_of_burst=score.image_path in best)
            if score.burst_id is not None and score.best_of_burst is not (score.image_path in best)
            else score
            for score in judged
        ),
        rules,
    )


def _best_of_bursts(scores: Iterable[PhotoScore]) -> set[str]:
    """Of each burst the photo that the user prefers; of equals the one that was judged better."""
    best: dict[int, tuple[tuple[tuple[int, int], int, str], str]] = {}
    for score in scores:
        if score.burst_id is not None:
            # Tables of earlier versions do not have the place; they have the best one.
            place = score.burst_rank or (1 if score.best_of_burst else 1 + max(1, score.rank))
            key = (_pick_order(score), place, score.image_path)
            if score.burst_id not in best or key < best[score.burst_id][0]:
                best[score.burst_id] = (key, score.image_path)
    return {path for _, path in best.values()}
