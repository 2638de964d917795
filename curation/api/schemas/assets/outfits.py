"""What people of an event wear, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Out, Sent, Text
from curation.domain.faces.face import Box
from curation.domain.faces.ids import photo_id
from curation.domain.outfits.dress import DressCount, DressedPerson
from curation.domain.outfits.lookalikes import Spread
from curation.event.outfits.suggestions import OutfitSuggestion

__all__ = ["AnswerIn", "AnsweredOut", "DressOut", "OutfitSuggestionOut", "OutfitSuggestionsOut"]


class BodyBoxOut(Out):
    """Bounds of a body, in pixels of the upright full-size photo."""

    x: int
    y: int
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]

    @classmethod
    def of(cls, box: Box) -> BodyBoxOut:
        """Convert a box."""
        return cls(x=box.x, y=box.y, width=box.w, height=box.h)


class LearntFromOut(Out):
    """The body with a face that a suggestion was learnt from."""

    photo_id: str
    image_path: Text
    asset_id: str
    person_index: Annotated[int, Field(ge=0)]
    box: BodyBoxOut
    photo_width: Annotated[int, Field(ge=1)]
    photo_height: Annotated[int, Field(ge=1)]
    face_id: str | None
    """Of its face; null for one that you accepted."""


class OutfitSuggestionOut(Out):
    """Somebody without a face who may be a person with a name."""

    id: Annotated[str, Field(examples=["1f0c4be9d93c4c3c"])]
    photo_id: str
    image_path: Annotated[Text, Field(examples=["day 2/IMG_0132.jpg"])]
    asset_id: str
    person_index: Annotated[int, Field(ge=0)]
    """Number of the person in its picture, from left to right."""
    box: BodyBoxOut
    photo_width: Annotated[int, Field(ge=1)]
    photo_height: Annotated[int, Field(ge=1)]
    name: Annotated[Text, Field(examples=["Anna"])]
    likeness: Annotated[float, Field(ge=0, le=1, examples=[0.81])]
    """How alike the clothes are; not a probability."""
    learnt_from: LearntFromOut

    @classmethod
    def of(cls, one: OutfitSuggestion) -> OutfitSuggestionOut:
        """Convert a suggestion."""
        source = one.learnt_from
        return cls(
            id=one.id,
            photo_id=photo_id(one.image_path),
            image_path=one.image_path,
            asset_id=one.asset_id,
            person_index=one.person_index,
            box=BodyBoxOut.of(one.box),
            photo_width=one.size[0],
            photo_height=one.size[1],
            name=one.name,
            likeness=round(min(1.0, max(0.0, one.likeness)), 3),
            learnt_from=LearntFromOut(
                photo_id=photo_id(source.image_path),
                image_path=source.image_path,
                asset_id=source.asset_id,
                person_index=source.person_index,
                box=BodyBoxOut.of(source.box),
                photo_width=source.size[0],
                photo_height=source.size[1],
                face_id=source.face_id,
            ),
        )


class AlikeOut(Out):
    """A person who is not suggested, because others dress like this one."""

    name: Text
    others: tuple[Text, ...]


class SpreadOut(Out):
    """How well the people of this event can be told by their clothes, measured on bodies whose face is known."""

    tried: Annotated[int, Field(ge=0)]
    """So many bodies were taken as if they had no face."""
    right: Annotated[int, Field(ge=0)]
    """For so many of them the right person would have been suggested ..."""
    wrong: Annotated[int, Field(ge=0)]
    """... and for so many somebody else; for the others nobody."""
    alike: tuple[AlikeOut, ...]

    @classmethod
    def of(cls, spread: Spread) -> SpreadOut:
        """Convert a spread."""
        alike = tuple(AlikeOut(name=name, others=others) for name, others in sorted(spread.alike.items()))
        return cls(tried=spread.tried, right=spread.right, wrong=spread.wrong, alike=alike)


class OutfitSuggestionsOut(Out):
    """Suggestions, the likeliest first."""

    total: Annotated[int, Field(ge=0)]
    suggestions: tuple[OutfitSuggestionOut, ...]
    without_face: Annotated[int, Field(ge=0)]
    """Bodies without a face whose clothes could be read."""
    off: Text
    """Why nothing is suggested for this event, in words; empty if suggestions are made."""
    spread: SpreadOut


class AnswerIn(Sent):
    """The answer to a suggestion."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    answer: Literal["accept", "refuse"]


class AnsweredOut(Out):
    """An answer that was written."""

    suggestion: OutfitSuggestionOut
    answer: Literal["accept", "refuse"]
    left: Annotated[int, Field(ge=0)]
    """Suggestions that are left."""


class DressedPersonOut(Out):
    """A person with a name, and whether this person wears what was asked for."""

    name: Text
    wears: bool | None
    """On most of the photos on which it can be told; null for "cannot tell"."""
    photos: Annotated[int, Field(ge=0)]
    """Photos on which it can be told."""
    wearing: Annotated[int, Field(ge=0)]
    """How many of them show it worn."""
    photo_id: str | None
    """A photo that shows it."""

    @classmethod
    def of(cls, person: DressedPerson) -> DressedPersonOut:
        """Convert a person."""
        return cls(
            name=person.name,
            wears=person.wears,
            photos=person.photos,
            wearing=person.wearing,
            photo_id=None if person.example is None else photo_id(person.example),
        )


class DressOut(Out):
    """How many people of the event wear what was asked for."""

    told: Text
    """The same in one sentence."""
    wearing: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=0)]
    """People of whom it can be told."""
    share: Annotated[float | None, Field(ge=0, le=1)]
    people: tuple[DressedPersonOut, ...]
    """All people with a name: first those who do not wear it, then those of whom it cannot be told."""
    unknown_bodies: Annotated[int, Field(ge=0)]
    """Bodies of nobody who has a name; they are not counted above."""
    unknown_wearing: Annotated[int, Field(ge=0)]

    @classmethod
    def from_count(cls, count: DressCount, told: str) -> DressOut:
        """Convert a count."""
        return cls(
            told=told,
            wearing=count.wearing,
            of=count.told,
            share=count.share,
            people=tuple(map(DressedPersonOut.of, count.people)),
            unknown_bodies=count.unknown_bodies,
            unknown_wearing=count.unknown_wearing,
        )
