"""Choosing the best photos so that the people who matter are in them and the day is covered, see docs/choosing.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from curation.domain.choosing.choice import (
    Choice,
    ChoiceRequest,
    ChosenPhoto,
    PartInChoice,
    PersonInChoice,
)
from curation.domain.choosing.choice_reasons import ChoiceReasons, passed_photos, unmet_wishes
from curation.domain.choosing.coverage import PersonCoverage, PhotoPeople, well_shown
from curation.domain.choosing.covering import Item, Need, best_cover
from curation.domain.choosing.day import NO_DAY, Day
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.judging.ranking import shows_somebody
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.labelling.labels import Category
from curation.domain.told.taking import said_rejected

__all__ = ["choose"]

_RATING_VALUE = 2.0  # of a star; more than any score can compensate
_PEOPLE_VALUE = 1.0  # photos that show somebody who matters well come before the others, as in the ranking
_LEAST_VALUE = 1e-4  # so that a photo with score 0 still fills a place
_INSTEAD = 4
_OTHERS = 8


def choose(
    request: ChoiceRequest,
    ranked: Sequence[PhotoScore],
    people: Mapping[str, PhotoPeople],
    covered: Sequence[PersonCoverage],
    rules: ScoringRules,
    day: Day = NO_DAY,
) -> Choice:
    """Choose photos.

    Picked photos are always chosen, even if they are more than asked for; rejected, vetoed and unreadable ones never
    are, unless they were picked. A photo of which the user said nothing counts as rejected if its file says so. The
    others are chosen so that the sum of their ratings and scores is as large as possible while everybody is covered,
    and each part of the day that has a photo which may be chosen.

    Args:
        request: The request.
        ranked: All photos, best first, with the user's picks.
        people: People of these photos, by image path.
        covered: How the people are covered, see `curation.domain.choosing.coverage.coverage`.
        rules: The rules that the scores were made with.
        day: The parts of the day to cover.

    Returns:
        The choice; the same for the same arguments.
    """
    number = {one.person.key: i for i, one in enumerate(covered)}
    part_of = {path: i for i, part in enumerate(day.parts) for path in part.image_paths}
    fixed = [score for score in ranked if _is_fixed(score, request)]
    taken = {score.burst_id for score in fixed if score.burst_id is not None} if request.one_per_burst else set()
    usable = [score for score in ranked if _is_open(score, request)]
    open_ = [score for score in usable if score.burst_id not in taken]
    shown = Counter(key for score in fixed for key in well_shown(score.image_path, people))
    with_fixed = {part_of[score.image_path] for score in fixed if score.image_path in part_of}
    with_open = {part_of[score.image_path] for score in open_ if score.image_path in part_of}
    needs = [
        Need(
            max(0, request.needed(one.person.category) - shown[one.person.key]),
            one.person.category is Category.MAIN,
        )
        for one in covered
    ]
    needs += [
        Need(int(i in with_open and i not in with_fixed), first_class=True, weight=len(part.image_paths))
        for i, part in enumerate(day.parts)
    ]
    items = [
        Item(
            _value(score, rules),
            frozenset(number[key] for key in well_shown(score.image_path, people) if key in number)
            | ({len(covered) + part_of[score.image_path]} if score.image_path in part_of else frozenset()),
            score.burst_id if request.one_per_burst else None,
        )
        for score in open_
    ]
    found = best_cover(items, needs, max(0, request.count - len(fixed)))
    chosen = sorted([*fixed, *(open_[i] for i in found.chosen)], key=lambda score: score.rank)
    counts = Counter(key for score in chosen for key in well_shown(score.image_path, people))
    in_choice = tuple(
        PersonInChoice(one, request.needed(one.person.category), counts[one.person.key]) for one in covered
    )
    in_bursts = {score.burst_id for score in chosen if score.burst_id is not None} if request.one_per_burst else set()
    free = {part_of.get(score.image_path) for score in usable if score.burst_id not in in_bursts}
    parts = _parts(day, ranked, usable, fixed, chosen, part_of, free)
    alone = _by_rank_alone(request, ranked)
    reasons = ChoiceReasons(
        in_choice,
        people,
        alone,
        len(ranked),
        Counter(score.burst_id for score in ranked),
        Counter(score.burst_id for score in chosen),
        {path: parts[i] for path, i in part_of.items()},
        request.kept,
    )
    instead = _Instead(usable, chosen, people, part_of)
    return Choice(
        photos=tuple(ChosenPhoto(score, reasons.of(score), instead.of(score)) for score in chosen),
        passed=passed_photos(request, chosen, alone, ranked, has_parts=bool(day.parts)),
        people=in_choice,
        unmet=tuple(unmet_wishes(request, chosen, len(fixed), in_choice, ranked, parts)),
        proven=found.proven,
        parts=parts,
    )


def _is_fixed(score: PhotoScore, request: ChoiceRequest) -> bool:
    if score.final_score is None:
        return False
    return score.pick is Pick.PICKED or (score.image_path in request.kept and score.pick is None)


def _is_open(score: PhotoScore, request: ChoiceRequest) -> bool:
    return (
        score.final_score is not None
        and score.pick is None
        and not said_rejected(score)
        and not score.vetoes
        and score.image_path not in request.left_out
        and score.image_path not in request.kept
    )


def _value(score: PhotoScore, rules: ScoringRules) -> float:
    """The value of a photo in the choice; values have the same order as the ranking."""
    value = _LEAST_VALUE + (score.final_score or 0.0) + _RATING_VALUE * (score.rating or 0)
    return value + (_PEOPLE_VALUE if shows_somebody(score, rules) else 0.0)


def _by_rank_alone(request: ChoiceRequest, ranked: Sequence[PhotoScore]) -> frozenset[str]:
    """The photos that would be chosen if nobody and nothing had to be covered and bursts did not matter."""
    wanted = [score.image_path for score in ranked if _is_fixed(score, request) or _is_open(score, request)]
    return frozenset(wanted[: request.count])


def _parts(
    day: Day,
    ranked: Sequence[PhotoScore],
    usable: Sequence[PhotoScore],
    fixed: Sequence[PhotoScore],
    chosen: Collection[PhotoScore],
    part_of: Mapping[str, int],
    free: Collection[int | None],
) -> tuple[PartInChoice, ...]:
    could = Counter(part_of.get(score.image_path) for score in (*usable, *fixed))
    chosen_paths = {score.image_path for score in chosen}
    taken: list[list[str]] = [[] for _ in day.parts]
    others: list[list[str]] = [[] for _ in day.parts]
    bursts = {score.burst_id for score in chosen}  # one photo of each burst is enough to look at
    for score in ranked:
        i = part_of.get(score.image_path)
        if i is None:
            continue
        if score.image_path in chosen_paths:
            taken[i].append(score.image_path)
        elif len(others[i]) < _OTHERS and score.final_score is not None:
            if score.burst_id is None or score.burst_id not in bursts:
                others[i].append(score.image_path)
            bursts.add(score.burst_id)
    return tuple(
        PartInChoice(part, could[i], tuple(taken[i]), tuple(others[i]), is_blocked=i not in free)
        for i, part in enumerate(day.parts)
    )


class _Instead:
    """What could take the place of a chosen photo."""

    def __init__(
        self,
        usable: Sequence[PhotoScore],
        chosen: Sequence[PhotoScore],
        people: Mapping[str, PhotoPeople],
        part_of: Mapping[str, int],
    ) -> None:
        taken = {score.image_path for score in chosen}
        self._free = [score for score in usable if score.image_path not in taken]
        self._people = people
        self._part_of = part_of

    def of(self, score: PhotoScore) -> tuple[str, ...]:
        """Photos of the same burst, then of the same part of the day that show the same people, best first."""
        well = well_shown(score.image_path, self._people)
        part = self._part_of.get(score.image_path)
        burst: list[str] = []
        alike: list[str] = []
        for other in self._free:
            if score.burst_id is not None and other.burst_id == score.burst_id:
                burst.append(other.image_path)
            elif (
                len(alike) < _INSTEAD
                and (part is None or self._part_of.get(other.image_path) == part)
                and well <= well_shown(other.image_path, self._people)
            ):
                alike.append(other.image_path)
        return tuple([*burst, *alike][:_INSTEAD])
