"""Coverage, choices and reasons as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, ConfigDict, Field

from curation.api.schemas.base import Flag, Out, Score, Sent, Text, Whole
from curation.domain.choosing.day import CoverDay
from curation.domain.choosing.shortcomings import WhyNot
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.domain.judging.photo_reasons import ReasonKind
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import Category

__all__ = [
    "MAX_CHOICE",
    "MAX_REASONS",
    "ChoiceIn",
    "ChoiceOut",
    "ChosenPhotoOut",
    "CoverageOut",
    "PartOfDayOut",
    "PassedPhotoOut",
    "PersonCoverageOut",
    "PersonInChoiceOut",
    "PhotoReasonsOut",
    "RankingOut",
    "ReasonOut",
    "ReasonsOut",
    "ShortcomingOut",
]

MAX_CHOICE = 2000
MAX_REASONS = 1000

PhotoIdText = Annotated[str, Field(pattern=PHOTO_ID_PATTERN, examples=["1f0c4be9d93c4c3c"])]


class ShortcomingOut(Out):
    """Why photos of a person are not good."""

    why: WhyNot
    photos: Annotated[int, Field(ge=1, examples=[3])]
    """Of how many of the person's photos this is true."""
    text: Annotated[Text, Field(examples=["blinks in 3 of 4"])]


class PersonCoverageOut(Out):
    """How many photos, and how many good ones, a main or important person has."""

    name: Annotated[str, Field(examples=["Anna"])]
    """As in the labels, or `person N` for the unnamed cluster N."""
    category: Category
    cluster_ids: Annotated[tuple[int, ...], Field(examples=[(0, 7)])]
    """The clusters that are this person."""
    photos: Annotated[int, Field(ge=0, examples=[84])]
    """Photos of the person."""
    good: Annotated[int, Field(ge=0, examples=[61])]
    """Of these, photos that show the person with open eyes and in focus, as far as that could be measured, and that
    are neither vetoed nor rejected."""
    picked: Annotated[int, Field(ge=0, examples=[4])]
    """Picked photos of the person."""
    in_top: Annotated[int, Field(ge=0, examples=[9])]
    """Good photos of the person among the best `top`."""
    best_photo_ids: tuple[PhotoIdText, ...]
    """The best of the good photos, at most five."""
    shortcomings: tuple[ShortcomingOut, ...]
    """Why there is no good photo of the person that shows the face large enough to be judged, what is most often wrong
    first; empty if there is one."""
    best_so_far: PhotoIdText | None
    """The best photo of a person with shortcomings; null if there is none, or nothing is wrong."""


class CoverageOut(Out):
    """Who is in how many good photos."""

    top: Annotated[int, Field(ge=1, examples=[100])]
    photos: Annotated[int, Field(ge=0, examples=[2140])]
    """All ranked photos."""
    without_good: Annotated[tuple[str, ...], Field(examples=[("Ida",)])]
    """The people without a good photo."""
    people: tuple[PersonCoverageOut, ...]
    """Main people first, then by name."""
    current: bool
    """Whether this is the ranking by what is said now; false while it is being made again, which takes a moment."""


class ChoiceIn(Sent):
    """What to choose."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"count": 60, "main_at_least": 3, "important_at_least": 1, "cover_day": "scenes"}]
        },
    )

    count: Annotated[Whole, Field(ge=1, le=MAX_CHOICE, description="The number of photos to choose.")]
    main_at_least: Annotated[
        Whole,
        Field(
            ge=0,
            le=100,
            description="The least number of good photos of each main person; also `at_least_main`.",
            validation_alias=AliasChoices("main_at_least", "at_least_main"),
        ),
    ] = 3
    important_at_least: Annotated[
        Whole,
        Field(
            ge=0,
            le=100,
            description="The least number of good photos of each important person; also `at_least_important`.",
            validation_alias=AliasChoices("important_at_least", "at_least_important"),
        ),
    ] = 1
    one_per_burst: Annotated[Flag, Field(description="Choose at most one photo of each burst.")] = True
    cover_day: Annotated[
        CoverDay, Field(description="Which parts of the day should each have a photo: hours, scenes, or none.")
    ] = CoverDay.NONE
    keep: Annotated[
        tuple[PhotoIdText, ...],
        Field(max_length=MAX_CHOICE, description="Photos that are in as if they were picked; rejected ones are not."),
    ] = ()
    leave_out: Annotated[
        tuple[PhotoIdText, ...],
        Field(max_length=MAX_CHOICE, description="Photos that are not in, unless they are picked."),
    ] = ()


class ChosenPhotoOut(Out):
    """A chosen photo, and why it was chosen."""

    photo_id: PhotoIdText
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    rank: Annotated[int, Field(ge=1)]
    final_score: Score
    pick: Pick | None
    rating: Annotated[int | None, Field(ge=1, le=5)]
    burst_id: int | None
    people: tuple[str, ...]
    """The people in the photo, the most important first."""
    reasons: Annotated[
        tuple[Text, ...],
        Field(examples=[("the only good photo of Tom (important)", "number 12 of 2140 in the ranking")]),
    ]
    instead: tuple[PhotoIdText, ...]
    """Photos that could take its place, at most four: of the same burst first, then of the same part of the day with
    the same people."""


class PassedPhotoOut(Out):
    """A photo that would have been chosen by its rank alone, and why it was not."""

    photo_id: PhotoIdText
    image_path: Annotated[str, Field(examples=["day 2/IMG_0133.jpg"])]
    rank: Annotated[int, Field(ge=1)]
    reason: Annotated[Text, Field(examples=["IMG_0132.jpg of the same burst is in"])]


class PersonInChoiceOut(Out):
    """How many chosen photos show a person."""

    name: Annotated[str, Field(examples=["Anna"])]
    category: Category
    cluster_ids: tuple[int, ...]
    wanted: Annotated[int, Field(ge=0, examples=[3])]
    chosen: Annotated[int, Field(ge=0, examples=[9])]
    """Good photos of the person among the chosen ones."""
    good: Annotated[int, Field(ge=0, examples=[61])]
    """All good photos of the person."""


class PartOfDayOut(Out):
    """An hour or a scene of the event, and its photos in the choice."""

    name: Annotated[str, Field(examples=["scene 3 (14:02-14:40)"])]
    begins: Annotated[datetime, Field(examples=["2026-06-20T14:02:11"])]
    """By the cameras' clocks, without a time zone."""
    ends: datetime
    photos: Annotated[int, Field(ge=1, examples=[84])]
    usable: Annotated[int, Field(ge=0, examples=[61])]
    """Photos that may be chosen: neither vetoed nor rejected nor unreadable."""
    chosen: tuple[PhotoIdText, ...]
    """Best first; empty for a gap."""
    others: tuple[PhotoIdText, ...]
    """The best of its other photos, also of those that no choice takes; at most eight."""


class ChoiceOut(Out):
    """The chosen photos."""

    photos: tuple[ChosenPhotoOut, ...]
    """Best first."""
    passed: tuple[PassedPhotoOut, ...]
    people: tuple[PersonInChoiceOut, ...]
    cover_day: CoverDay
    parts: tuple[PartOfDayOut, ...]
    """The parts of the day by time; none if `cover_day` is `none`."""
    without_time: Annotated[int, Field(ge=0, examples=[3])]
    """Photos whose time is not known; they are in no part of the day."""
    wrong_clock: Annotated[int, Field(ge=0, examples=[0])]
    """Photos whose time is half a year or more from all others, as of a camera whose clock was never set; they are in
    no part of the day."""
    unmet: Annotated[tuple[Text, ...], Field(examples=[("Ida (important) has no good photo; all 4 are vetoed",)])]
    """Requirements that could not be met; empty if all were."""
    current: bool
    """Whether this is the ranking by what is said now; false while it is being made again, which takes a moment."""
    proven: bool
    """Whether this is certainly the best choice; false if not all photos could be compared in time."""


class ReasonOut(Out):
    """A sentence about a photo."""

    kind: ReasonKind
    text: Annotated[Text, Field(examples=["Anna (main) blinks; 0132 in the same burst has Anna's eyes open"])]
    face_id: Annotated[str | None, Field(examples=["1f0c4be9d93c4c3c-0"])]
    """The face that the sentence is about; null if it is about the photo, or about somebody who is missing."""
    better_photo_id: Annotated[str | None, Field(examples=["9b9f9ad0b5f1e2aa"])]
    """A photo of the same burst without this problem; null if there is none."""


class PhotoReasonsOut(Out):
    """The problems of a photo, followed by what is good about it."""

    photo_id: PhotoIdText
    reasons: tuple[ReasonOut, ...]


class ReasonsOut(Out):
    """The reasons of several photos, in the order of the request."""

    photos: tuple[PhotoReasonsOut, ...]
    current: bool
    """Whether this is the ranking by what is said now; false while it is being made again, which takes a moment."""


class RankingOut(Out):
    """The ranking that is shown everywhere."""

    current: bool
    """Whether this is the ranking by what is said now; false while it is being made again, which takes a moment."""
    version: Annotated[str, Field(examples=["9f3c1e0a5b7d2c44"])]
    """Changes with the ranking, but not with picks."""
    waiting: Annotated[int, Field(ge=0, examples=[1])]
    """Photos that must be looked at before they can be ranked anew, such as those with a new face; until then they keep
    their old score. `POST /score` looks at them."""
    new_photos: Annotated[int | None, Field(ge=0, examples=[12])]
    """Photos of the folder that no run has seen: `POST /cluster` looks through them. Null if that is not known."""
    problem: Text
    """Why the ranking cannot follow, such as a mistake in a file that was edited by hand; empty if it can."""
