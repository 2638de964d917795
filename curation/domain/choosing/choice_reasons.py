"""Why photos were chosen or not, and what the choice could not meet, in sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from curation.domain.choosing.choice import ChoiceRequest, PartInChoice, PassedPhoto, PersonInChoice
from curation.domain.choosing.coverage import PhotoPeople, well_shown
from curation.domain.choosing.day import listed
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.told.taking import said_rejected

_PARTS_TOLD = 6

__all__ = ["ChoiceReasons", "passed_photos", "unmet_wishes"]


@dataclass(frozen=True, slots=True)
class ChoiceReasons:
    """Explains why photos were chosen.

    Attributes:
        people_in_choice: How often each person is in the choice.
        people: People of all photos, by image path.
        alone: Image paths of the photos that the ranking alone would have chosen.
        photos: Number of all photos.
        burst_sizes: By burst id, the number of its photos.
        chosen_of_burst: By burst id, the number of its photos in the choice.
        part_of: By image path, the part of the day that it is of, as far as the day is to be covered.
        kept: Image paths of the photos that the user took into the choice.
    """

    people_in_choice: Sequence[PersonInChoice]
    people: Mapping[str, PhotoPeople]
    alone: Collection[str]
    photos: int
    burst_sizes: Mapping[int | None, int]
    chosen_of_burst: Mapping[int | None, int]
    part_of: Mapping[str, PartInChoice] = field(default_factory=dict)
    kept: Collection[str] = frozenset()

    def of(self, score: PhotoScore) -> tuple[str, ...]:
        """Why a photo was chosen, the strongest reason first; at least one."""
        reasons = []
        if score.pick is Pick.PICKED:
            reasons.append("you picked it")
        elif score.image_path in self.kept:
            reasons.append("you took it into the choice")
        if score.rating is not None:
            reasons.append(f"you gave it {score.rating} star{'s' if score.rating > 1 else ''}")
        well = well_shown(score.image_path, self.people)
        reasons += [
            _needed_for(one)
            for one in self.people_in_choice
            if one.covered.person.key in well and 0 < one.chosen <= one.wanted
        ]
        part = self.part_of.get(score.image_path)
        if part is not None and len(part.chosen) == 1:
            only = "the only usable photo of" if part.usable == 1 else "the one photo of"
            reasons.append(f"{only} {part.part.name}")
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


def passed_photos(
    request: ChoiceRequest,
    chosen: Sequence[PhotoScore],
    alone: Collection[str],
    ranked: Sequence[PhotoScore],
    *,
    has_parts: bool = False,
) -> tuple[PassedPhoto, ...]:
    """The photos that the ranking alone would have chosen and that are not in the choice, best first.

    Args:
        request: What was asked for.
        chosen: Best first.
        alone: Image paths of the photos that the ranking alone would have chosen.
        ranked: All photos, best first.
        has_parts: Whether the day was to be covered.
    """
    taken = {score.image_path for score in chosen}
    of_burst = {score.burst_id: score for score in reversed(chosen) if score.burst_id is not None}
    _others = "people who would not have been in often enough"
    if has_parts:
        _others = "people or parts of the day that would not have been in"
    out = []
    for score in ranked:
        if score.image_path not in alone or score.image_path in taken:
            continue
        other = of_burst.get(score.burst_id) if score.burst_id is not None and request.one_per_burst else None
        reason = f"made room for {_others}"
        if score.image_path in request.left_out:
            reason = "you left it out"
        if other is not None:
            reason = f"{_name(other, score)} of the same burst is in"
        out.append(PassedPhoto(score, reason))
    return tuple(out)


def _name(score: PhotoScore, beside: PhotoScore) -> str:
    """The file name, with the folder if that is a different one."""
    folder, _, name = score.image_path.rpartition("/")
    return name if folder == beside.image_path.rpartition("/")[0] else score.image_path


def unmet_wishes(
    request: ChoiceRequest,
    chosen: Sequence[PhotoScore],
    picked: int,
    in_choice: Sequence[PersonInChoice],
    ranked: Sequence[PhotoScore],
    parts: Sequence[PartInChoice] = (),
) -> list[str]:
    """What the choice could not meet, in sentences.

    Args:
        request: What was asked for.
        chosen: Best first.
        picked: How many photos the user picked.
        in_choice: How often each person is in the choice.
        ranked: All photos, best first.
        parts: How the parts of the day are covered.
    """
    out = []
    if picked > request.count:
        out.append(f"you picked {picked} photos, more than the {request.count} that are asked for; all of them are in")
    elif len(chosen) < request.count:
        why = " without taking a burst twice" if request.one_per_burst else ""
        out.append(
            f"only {len(chosen)} of the {request.count} photos: no more can be taken{why}, the others are vetoed, "
            "rejected or unreadable"
        )
    elsewhere = sum(
        1 for score in ranked if said_rejected(score) and not score.vetoes and score.final_score is not None
    )
    if elsewhere:
        those = "1 photo is" if elsewhere == 1 else f"{elsewhere} photos are"
        out.append(f"{those} left out because another program rejected them in their files; pick them to have them in")
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
    return out + _uncovered_parts(request, parts)


def _uncovered_parts(request: ChoiceRequest, parts: Sequence[PartInChoice]) -> list[str]:
    """Which parts of the day have no photo in the choice, and why."""
    out = []
    left = [one for one in parts if not one.chosen]
    for one in left:
        if not one.usable:
            count = len(one.part.image_paths)
            those = "its only photo is" if count == 1 else f"all {count} photos are"
            out.append(
                f"{one.part.name} has no usable photo: {those} vetoed, rejected, left out or unreadable; pick one to "
                "have it in"
            )
    blocked = [one.part.name for one in left if one.usable and one.is_blocked]
    if blocked:
        are = "is" if len(blocked) == 1 else "are"
        out.append(
            f"{listed(blocked, _PARTS_TOLD)} {are} left out: every photo that could be taken is of a burst that is in "
            "already"
        )
    without_room = [one.part.name for one in left if one.usable and not one.is_blocked]
    if without_room:
        are = "is" if len(without_room) == 1 else "are"
        out.append(
            f"{listed(without_room, _PARTS_TOLD)} {are} left out: {request.count} photos are too few for {len(parts)} "
            "parts of the day with everybody in; parts with more photos come first"
        )
    return out
