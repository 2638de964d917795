"""The user's picks over the program's scores: they decide the order, and the best photo of a burst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from curation.domain.judging.photo_score import PhotoScore, pick_order
from curation.domain.judging.picks import UNJUDGED, Picks
from curation.domain.judging.ranking import ScoringRules, rank_photos

__all__ = ["with_picks"]


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
            key = (pick_order(score), place, score.image_path)
            if score.burst_id not in best or key < best[score.burst_id][0]:
                best[score.burst_id] = (key, score.image_path)
    return {path for _, path in best.values()}
