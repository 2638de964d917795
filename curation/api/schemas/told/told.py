"""What the files say, and what is offered of it, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Out, Sent, Text, Whole
from curation.api.schemas.people import MAX_CLUSTER_ID
from curation.api.schemas.picks import MAX_CHANGES, PhotoIdText
from curation.domain.faces.ids import photo_id
from curation.domain.faces.index import EventIndex
from curation.domain.judging.picks import MAX_RATING, PhotoPick, Pick
from curation.domain.labelling.labels import MAX_NAME_CHARS
from curation.domain.told.file_told import FileTold, told_words
from curation.domain.told.taking import Offer
from curation.event.told.names import NameOffered

__all__ = ["NameAnswerIn", "NameAnsweredOut", "NameOfferOut", "TakePicksIn", "ToldOut", "ToldPhotoOut"]

_SHOWN_PHOTOS = 12
_SHOWN_NOTES = 20
_FACES = 4


class ToldPhotoOut(Out):
    """A photo whose files carry stars, a pick or a rejection of another program that could be taken over."""

    photo_id: PhotoIdText
    image_path: Annotated[Text, Field(examples=["day 2/IMG_0132.jpg"])]
    pick: Annotated[Pick | None, Field(examples=["rejected"])]
    rating: Annotated[int | None, Field(ge=1, le=MAX_RATING, examples=[4])]
    words: Annotated[Text, Field(examples=["4 stars, rejected (Lightroom)"])]
    """All that its files say, in one line."""

    @classmethod
    def of(cls, image_path: str, pick: PhotoPick, told: FileTold | None) -> ToldPhotoOut:
        """Convert what is offered of one photo."""
        return cls(
            photo_id=photo_id(image_path),
            image_path=image_path,
            pick=pick.pick,
            rating=pick.rating,
            words="" if told is None else told_words(told),
        )


class NameOfferOut(Out):
    """A name that the files propose for a person by vote."""

    cluster_id: Annotated[int, Field(ge=0, examples=[3])]
    name: Annotated[Text, Field(examples=["Anna"])]
    votes: Annotated[int, Field(ge=1, examples=[12])]
    """In how many photos a region of this name lies over a face of the person."""
    against: Annotated[int, Field(ge=0, examples=[0])]
    """In how many photos a region of another name does."""
    programs: Annotated[tuple[str, ...], Field(examples=[("Lightroom",)])]
    """Who wrote them, as far as that is known."""
    words: Annotated[Text, Field(examples=["named in 12 photos by Lightroom"])]
    photos: Annotated[int, Field(ge=0, examples=[14])]
    """In how many photos the person is."""
    face_ids: tuple[str, ...]
    """Some faces of the person, the best first."""

    @classmethod
    def of(cls, offered: NameOffered, event: EventIndex) -> NameOfferOut:
        """Convert a proposal."""
        vote = offered.vote
        return cls(
            cluster_id=vote.cluster_id,
            name=vote.name,
            votes=len(vote.photos),
            against=vote.against,
            programs=vote.programs,
            words=offered.words,
            photos=offered.photos,
            face_ids=tuple(face.face_id for face in event.sample_faces(vote.cluster_id, _FACES)),
        )


class ToldNoteOut(Out):
    """Something in the files of a photo that could not be used."""

    image_path: Annotated[Text, Field(examples=["a.jpg"])]
    note: Annotated[Text, Field(examples=["a.xmp is damaged and was not used"])]


class ToldOut(Out):
    """What other programs said in the files, and what is offered of it; nothing counts before it is taken over."""

    complete: bool
    """Whether all files were looked at since the service started; until then there may be more."""
    photos: Annotated[int, Field(ge=0, examples=[40])]
    """In how many photos anything is said."""
    with_people: Annotated[int, Field(ge=0, examples=[25])]
    """In how many of them people are named."""
    offered: Annotated[int, Field(ge=0, examples=[12])]
    """How many photos carry stars, a pick or a rejection, and the user said nothing of them here."""
    rated: Annotated[int, Field(ge=0, examples=[8])]
    """How many of these have stars."""
    picked: Annotated[int, Field(ge=0, examples=[0])]
    rejected: Annotated[int, Field(ge=0, examples=[4])]
    kept: Annotated[int, Field(ge=0, examples=[1])]
    """How many photos say something else than the user said here; the user's word stays."""
    preview: tuple[ToldPhotoOut, ...]
    """The first of the photos that are offered, best first."""
    names: tuple[NameOfferOut, ...]
    """The names that are proposed, those with the most votes first."""
    notes: tuple[ToldNoteOut, ...]
    """The first things that could not be used."""

    @classmethod
    def of(
        cls,
        told: Mapping[str, FileTold],
        offer: Offer,
        names: list[NameOffered],
        event: EventIndex,
        *,
        complete: bool,
        limit: int,
    ) -> ToldOut:
        """Put it together.

        Args:
            told: What the files say, by image path.
            offer: What could be taken over.
            names: The names that are proposed.
            event: For their faces.
            complete: Whether all files were looked at.
            limit: The most names.
        """
        notes = [ToldNoteOut(image_path=path, note=note) for path in sorted(told) for note in told[path].notes]
        return cls(
            complete=complete,
            photos=sum(1 for one in told.values() if one.says_anything),
            with_people=sum(1 for one in told.values() if one.names or one.regions),
            offered=len(offer.picks),
            rated=offer.rated,
            picked=offer.picked,
            rejected=offer.rejected,
            kept=offer.kept,
            preview=tuple(
                ToldPhotoOut.of(path, pick, told.get(path)) for path, pick in list(offer.picks.items())[:_SHOWN_PHOTOS]
            ),
            names=tuple(NameOfferOut.of(one, event) for one in names[:limit]),
            notes=tuple(notes[:_SHOWN_NOTES]),
        )


class TakePicksIn(Sent):
    """Which stars and rejections to take over."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"photos": None}]})

    photos: Annotated[
        tuple[PhotoIdText, ...] | None,
        Field(max_length=MAX_CHANGES, description="Only these photos; null for all that are offered."),
    ] = None


class NameAnswerIn(Sent):
    """The user's answer to a name that the files propose, with the name that was shown."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"cluster_id": 3, "name": "Anna", "answer": "accept"}]},
    )

    cluster_id: Annotated[Whole, Field(ge=0, le=MAX_CLUSTER_ID)]
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]
    answer: Literal["accept", "refuse"]


class NameAnsweredOut(Out):
    """A name that was answered."""

    cluster_id: int
    name: Text
    answer: Literal["accept", "refuse"]
    left: Annotated[int, Field(ge=0, examples=[4])]
    """Names that are still proposed."""
