"""The order of the photos: first by the user's picks and ratings, then by score; see docs/scoring.md, section 5."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from curation.domain.judging.photo_score import SCORE_DIGITS, PhotoScore, renumbered
from curation.domain.judging.picks import UNJUDGED, Pick, Picks
from curation.domain.judging.scoring_rules import CategoryWeights, ScoringRules

__all__ = ["rank_photos", "shows_somebody", "with_picks"]


def shows_somebody(score: PhotoScore, rules: ScoringRules) -> bool:
    """Whether a photo shows somebody who matters well, or nobody is asked for.

    Args:
        score: Of the photo.
        rules: The rules that the score was made with.
    """
    if not rules.people_asked_for:
        return True
    if score.well_shown_count is None:
        return _has_counting_people(score, rules.counting_weights)  # a table of an earlier version
    return score.well_shown_count > 0


def _has_counting_people(score: PhotoScore, weights: CategoryWeights) -> bool:
    return (
        (score.main_count > 0 and weights.main > 0)
        or (score.important_count > 0 and weights.important > 0)
        or (score.other_count > 0 and weights.other > 0)
        or (score.unknown_count > 0 and weights.unknown > 0)
    )


def rank_photos(scores: Iterable[PhotoScore], rules: ScoringRules) -> list[PhotoScore]:
    """Sort photos, best first, and number them from 1.

    The user's picks come first: picked photos, then photos without a pick, rejected ones, and those that could not be
    read; within these groups photos are sorted by rating. Photos with the same pick and rating are sorted by tier:
    photos that no rule vetoes and that show somebody who matters well, the others that no rule vetoes (if people are
    asked for, else there is no difference), and vetoed photos in the same two tiers. Within a tier they are sorted by
    final score, then by focus, both descending and rounded as in the table, then by path.

    Args:
        scores: In any order.
        rules: The rules that the scores were made with.
    """

    def place(score: PhotoScore) -> tuple[tuple[int, int], int, float, float, str]:
        if score.final_score is None:
            return _pick_order(score), 0, 0.0, 0.0, score.image_path
        tier = (2 if score.vetoes else 0) + (0 if shows_somebody(score, rules) else 1)
        focus = round(score.focus_score or 0.0, SCORE_DIGITS)
        return _pick_order(score), tier, -round(score.final_score, SCORE_DIGITS), -focus, score.image_path

    return [renumbered(score, rank) for rank, score in enumerate(sorted(scores, key=place), start=1)]


def _pick_order(score: PhotoScore) -> tuple[int, int]:
    """Sort key of the user's pick and rating, smaller is better; a photo that could not be read is last."""
    if score.final_score is None:
        return 3, 0
    group = 0 if score.pick is Pick.PICKED else 2 if score.pick is Pick.REJECTED else 1
    return group, -(score.rating or 0)


def with_picks(scores: Sequence[PhotoScore], picks: Picks, rules: ScoringRules) -> list[PhotoScore]:
    """Sort photos by the user's picks and then by score, and let the picks decide the best photo of each burst.

    The result is the same for scores as computed and for scores read from photo_scores.csv, whatever picks were
    current when it was written.

    Args:
        scores: Scores of the event, in any order; their picks, ratings and ranks are ignored.
        picks: The user's picks; those of other photos are ignored.
        rules: The rules that the scores were made with.

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
    """For each burst the photo that the user prefers; of equal ones the one with the better `burst_rank`."""
    best: dict[int, tuple[tuple[tuple[int, int], int, str], str]] = {}
    for score in scores:
        if score.burst_id is not None:
            # Tables of earlier versions have no `burst_rank`, only the best photo.
            place = score.burst_rank or (1 if score.best_of_burst else 1 + max(1, score.rank))
            key = (_pick_order(score), place, score.image_path)
            if score.burst_id not in best or key < best[score.burst_id][0]:
                best[score.burst_id] = (key, score.image_path)
    return {path for _, path in best.values()}
