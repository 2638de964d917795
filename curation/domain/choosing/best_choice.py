"""Choosing the best photos so that the people who matter are in them, see docs/scoring.md, section "Choosing"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from curation.domain.choosing.choice import Choice, ChoiceRequest, ChosenPhoto, PersonInChoice
from curation.domain.choosing.choice_reasons import ChoiceReasons, passed_photos, unmet_wishes
from curation.domain.choosing.coverage import PersonCoverage, PhotoPeople, well_shown
from curation.domain.choosing.covering import Item, Need, best_cover
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.judging.ranking import shows_somebody
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.labelling.labels import Category

__all__ = ["choose"]

_RATING_VALUE = 2.0  # of a star; more than any score can compensate
_PEOPLE_VALUE = 1.0  # photos that show somebody who matters well come before the others, as in the ranking
_LEAST_VALUE = 1e-4  # so that a photo with score 0 still fills a place


def choose(
    request: ChoiceRequest,
    ranked: Sequence[PhotoScore],
    people: Mapping[str, PhotoPeople],
    covered: Sequence[PersonCoverage],
    rules: ScoringRules,
) -> Choice:
    """Choose photos.

    Picked photos are always chosen, even if they are more than asked for; rejected, vetoed and unreadable ones never
    are, unless they were picked. The others are chosen so that the sum of their ratings and scores is as large as
    possible while everybody is covered.

    Args:
        request: The request.
        ranked: All photos, best first, with the user's picks.
        people: People of these photos, by image path.
        covered: How the people are covered, see `curation.domain.choosing.coverage.coverage`.
        rules: The rules that the scores were made with.

    Returns:
        The choice; the same for the same arguments.
    """
    number = {one.person.key: i for i, one in enumerate(covered)}
    picked = [score for score in ranked if score.pick is Pick.PICKED and score.final_score is not None]
    taken = {score.burst_id for score in picked if score.burst_id is not None} if request.one_per_burst else set()
    open_ = [score for score in ranked if _is_open(score) and score.burst_id not in taken]
    shown = Counter(key for score in picked for key in well_shown(score.image_path, people))
    needs = [
        Need(
            max(0, request.needed(one.person.category) - shown[one.person.key]),
            one.person.category is Category.MAIN,
        )
        for one in covered
    ]
    items = [
        Item(
            _value(score, rules),
            frozenset(number[key] for key in well_shown(score.image_path, people) if key in number),
            score.burst_id if request.one_per_burst else None,
        )
        for score in open_
    ]
    found = best_cover(items, needs, max(0, request.count - len(picked)))
    chosen = sorted([*picked, *(open_[i] for i in found.chosen)], key=lambda score: score.rank)
    counts = Counter(key for score in chosen for key in well_shown(score.image_path, people))
    in_choice = tuple(
        PersonInChoice(one, request.needed(one.person.category), counts[one.person.key]) for one in covered
    )
    alone = _by_rank_alone(request, ranked)
    reasons = ChoiceReasons(
        in_choice,
        people,
        alone,
        len(ranked),
        Counter(score.burst_id for score in ranked),
        Counter(score.burst_id for score in chosen),
    )
    return Choice(
        photos=tuple(ChosenPhoto(score, reasons.of(score)) for score in chosen),
        passed=passed_photos(request, chosen, alone, ranked),
        people=in_choice,
        unmet=tuple(unmet_wishes(request, chosen, len(picked), in_choice, ranked)),
        proven=found.proven,
    )


def _is_open(score: PhotoScore) -> bool:
    return score.final_score is not None and score.pick is None and not score.vetoes


def _value(score: PhotoScore, rules: ScoringRules) -> float:
    """The value of a photo in the choice; values have the same order as the ranking."""
    value = _LEAST_VALUE + (score.final_score or 0.0) + _RATING_VALUE * (score.rating or 0)
    return value + (_PEOPLE_VALUE if shows_somebody(score, rules) else 0.0)


def _by_rank_alone(request: ChoiceRequest, ranked: Sequence[PhotoScore]) -> frozenset[str]:
    """The photos that would be chosen if nobody had to be covered and bursts did not matter."""
    wanted = [score.image_path for score in ranked if score.pick is Pick.PICKED or _is_open(score)]
    return frozenset(wanted[: request.count])
