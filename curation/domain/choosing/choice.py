"""Choosing the best photos so that the people who matter are in them, see docs/scoring.md, section "Choosing"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from curation.domain.choosing.coverage import PersonCoverage, PhotoPeople
from curation.domain.choosing.covering import Item, Need, best_cover
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.judging.ranking import has_counting_people
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.labelling.labels import Category

__all__ = ["Choice", "ChoiceRequest", "ChosenPhoto", "PassedPhoto", "PersonInChoice", "choose"]

_RATING_VALUE = 2.0  # of a star; more than anything that a score can make good
_PEOPLE_VALUE = 1.0  # photos with people who count stand before those without, as in the ranking
_LEAST_VALUE = 1e-4  # so that a photo of score 0 still fills a place


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """What is asked for.

    Attributes:
        count: Number of photos.
        main_at_least: So many of them show each main person well.
        important_at_least: So many of them show each important person well.
        one_per_burst: Take at most one photo of each burst.
    """

    count: int
    main_at_least: int = 3
    important_at_least: int = 1
    one_per_burst: bool = True

    def needed(self, category: Category) -> int:
        """How many photos of a person are asked for."""
        return {Category.MAIN: self.main_at_least, Category.IMPORTANT: self.important_at_least}.get(category, 0)


@dataclass(frozen=True, slots=True)
class ChosenPhoto:
    """A photo that was chosen.

    Attributes:
        score: Of the photo, with its rank.
        reasons: Why it is in, the strongest first; at least one.
    """

    score: PhotoScore
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassedPhoto:
    """A photo that the ranking alone would have chosen.

    Attributes:
        score: Of the photo, with its rank.
        reason: Why it is not in.
    """

    score: PhotoScore
    reason: str


@dataclass(frozen=True, slots=True)
class PersonInChoice:
    """How a person comes off.

    Attributes:
        covered: In all photos.
        wanted: In how many chosen photos the person should be seen well.
        chosen: In how many the person is.
    """

    covered: PersonCoverage
    wanted: int
    chosen: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        photos: Best first.
        passed: Photos that would be in by their rank alone, best first.
        people: Main people first, then by name.
        unmet: What could not be met, in sentences; empty if all was.
        proven: Whether there is no better choice; False if the time was up before that was known.
    """

    photos: tuple[ChosenPhoto, ...]
    passed: tuple[PassedPhoto, ...]
    people: tuple[PersonInChoice, ...]
    unmet: tuple[str, ...]
    proven: bool


def choose(
    request: ChoiceRequest,
    ranked: Sequence[PhotoScore],
    people: Mapping[str, PhotoPeople],
    covered: Sequence[PersonCoverage],
    rules: ScoringRules,
) -> Choice:
    """Choose photos.

    Picked photos are always in, also if they are more than asked for; rejected, vetoed and unreadable ones never are,
    unless they were picked. The others are chosen so that the sum of their ratings and scores is as large as can be
    while everybody is covered.

    Args:
        request: What is asked for.
        ranked: All photos, best first, with the user's picks.
        people: Of these photos, by image path.
        covered: How the people are covered, see `curation.domain.choosing.coverage.coverage`.
        rules: That the scores were made with.

    Returns:
        The choice; the same for the same arguments.
    """
    number = {one.person.key: i for i, one in enumerate(covered)}
    picked = [score for score in ranked if score.pick is Pick.PICKED and score.final_score is not None]
    taken = {score.burst_id for score in picked if score.burst_id is not None} if request.one_per_burst else set()
    open_ = [score for score in ranked if _is_open(score) and score.burst_id not in taken]
    shown = Counter(key for score in picked for key in _well(score, people))
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
            frozenset(number[key] for key in _well(score, people) if key in number),
            score.burst_id if request.one_per_burst else None,
        )
        for score in open_
    ]
    found = best_cover(items, needs, max(0, request.count - len(picked)))
    chosen = sorted([*picked, *(open_[i] for i in found.chosen)], key=lambda score: score.rank)
    counts = Counter(key for score in chosen for key in _well(score, people))
    in_choice = tuple(
        PersonInChoice(one, request.needed(one.person.category), counts[one.person.key]) for one in covered
    )
    alone = _by_rank_alone(request, ranked)
    words = _Words(
        in_choice,
        people,
        alone,
        len(ranked),
        Counter(score.burst_id for score in ranked),
        Counter(score.burst_id for score in chosen),
    )
    return Choice(
        photos=tuple(ChosenPhoto(score, words.reasons(score)) for score in chosen),
        passed=_passed(request, chosen, alone, ranked),
        people=in_choice,
        unmet=tuple(_unmet(request, chosen, len(picked), in_choice, ranked)),
        proven=found.proven,
    )


def _is_open(score: PhotoScore) -> bool:
    return score.final_score is not None and score.pick is None and not score.vetoes


def _well(score: PhotoScore, people: Mapping[str, PhotoPeople]) -> frozenset[str]:
    of_photo = people.get(score.image_path)
    return frozenset() if of_photo is None else of_photo.well


def _value(score: PhotoScore, rules: ScoringRules) -> float:
    """What a photo adds; the order of values is that of the ranking."""
    value = _LEAST_VALUE + (score.final_score or 0.0) + _RATING_VALUE * (score.rating or 0)
    counts = not rules.people_asked_for or has_counting_people(score, rules.counting_weights)
    return value + (_PEOPLE_VALUE if counts else 0.0)


def _by_rank_alone(request: ChoiceRequest, ranked: Sequence[PhotoScore]) -> frozenset[str]:
    """What would be chosen if nobody had to be covered and bursts did not matter."""
    wanted = [score.image_path for score in ranked if score.pick is Pick.PICKED or _is_open(score)]
    return frozenset(wanted[: request.count])


# --- In words ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """Says why photos are in."""

    people_in_choice: Sequence[PersonInChoice]
    people: Mapping[str, PhotoPeople]
    alone: Collection[str]
    photos: int
    burst_sizes: Mapping[int | None, int]
    chosen_of_burst: Mapping[int | None, int]

    def reasons(self, score: PhotoScore) -> tuple[str, ...]:
        reasons = []
        if score.pick is Pick.PICKED:
            reasons.append("you picked it")
        if score.rating is not None:
            reasons.append(f"you gave it {score.rating} star{'s' if score.rating > 1 else ''}")
        well = _well(score, self.people)
        reasons += [
            _needed_for(one)
            for one in self.people_in_choice
            if one.covered.person.key in well and 0 < one.chosen <= one.wanted
        ]
        place = f"number {score.rank} of {self.photos} in the ranking"
        if score.image_path in self.alone and score.pick is None:
            reasons.append(place)
        if score.burst_id is not None:
            size = self.burst_sizes[score.burst_id]
            if score.best_of_burst:
                reasons.append(f"the best of its burst of {size}")
            elif score.pick is None and self.chosen_of_burst[score.burst_id] == 1:
                reasons.append(f"not the best of its burst of {size}, but what fits the rest of the choice")
        return tuple(reasons) or (f"{place}, the best of what is left",)


def _title(one: PersonInChoice) -> str:
    return f"{one.covered.person.display_name} ({one.covered.person.category.value})"


def _needed_for(one: PersonInChoice) -> str:
    if len(one.covered.good) == 1:
        return f"the only good photo of {_title(one)}"
    if one.wanted == 1:
        return f"the one photo of {_title(one)} that is asked for"
    return f"one of {one.chosen} photos of {_title(one)}; {one.wanted} are asked for"


def _passed(
    request: ChoiceRequest, chosen: Sequence[PhotoScore], alone: Collection[str], ranked: Sequence[PhotoScore]
) -> tuple[PassedPhoto, ...]:
    taken = {score.image_path for score in chosen}
    of_burst = {score.burst_id: score for score in reversed(chosen) if score.burst_id is not None}
    out = []
    for score in ranked:
        if score.image_path not in alone or score.image_path in taken:
            continue
        other = of_burst.get(score.burst_id) if score.burst_id is not None and request.one_per_burst else None
        reason = "made room for people who would not have been in often enough"
        if other is not None:
            reason = f"{_name(other, score)} of the same burst is in"
        out.append(PassedPhoto(score, reason))
    return tuple(out)


def _name(score: PhotoScore, beside: PhotoScore) -> str:
    """The file's name, with its folder if that is another one."""
    folder, _, name = score.image_path.rpartition("/")
    return name if folder == beside.image_path.rpartition("/")[0] else score.image_path


def _unmet(
    request: ChoiceRequest,
    chosen: Sequence[PhotoScore],
    picked: int,
    in_choice: Sequence[PersonInChoice],
    ranked: Sequence[PhotoScore],
) -> list[str]:
    out = []
    if picked > request.count:
        out.append(f"you picked {picked} photos, more than the {request.count} that are asked for; all of them are in")
    elif len(chosen) < request.count:
        why = " without taking a burst twice" if request.one_per_burst else ""
        out.append(
            f"only {len(chosen)} of the {request.count} photos: no more can be taken{why}, the others are vetoed, "
            "rejected or unreadable"
        )
    burst_of = {score.image_path: score.burst_id for score in ranked}
    for one in in_choice:
        if one.chosen >= one.wanted:
            continue
        title, good = _title(one), len(one.covered.good)
        moments = len({burst_of.get(path) or path for path in one.covered.good})
        if not one.covered.photos:
            out.append(f"{title} is in no photo that was measured")
        elif good == 0:
            those = "the only one is" if len(one.covered.photos) == 1 else f"all {len(one.covered.photos)} are"
            out.append(f"{title} has no good photo; {those} vetoed, rejected, soft or with closed eyes")
        elif good < one.wanted:
            out.append(f"{title} has {good} good photo{'s' if good > 1 else ''}, {one.wanted} are asked for")
        elif request.one_per_burst and moments < one.wanted:
            of_moments = "one moment" if moments == 1 else f"{moments} moments"
            out.append(f"{title} has good photos of {of_moments} only, {one.wanted} are asked for")
        else:
            out.append(
                f"{title} is in {one.chosen} instead of {one.wanted}: more do not fit into {request.count} photos with "
                "everybody else"
            )
    return out
