"""What the user said that finds nobody, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from curation.api.schemas.base import Out, Page, Sent, Text, Whole
from curation.api.schemas.people import MAX_CLUSTER_ID
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.domain.identity.unfound import Unfound, UnfoundKind, Why
from curation.event.unfound_words import unfound_id

__all__ = ["AttachIn", "UnfoundChanged", "UnfoundCounts", "UnfoundOut", "UnfoundPage"]


class UnfoundOut(Out):
    """A label, correction or pick that finds nobody now. It is kept, and counts again when its photos are back."""

    kind: Annotated[UnfoundKind, Field(examples=["label"])]
    id: Annotated[str, Field(examples=["7"])]
    """The cluster id of a label, the id of a correction, 16 hex digits for a pick."""
    name: Annotated[Text, Field(examples=["Anna"])]
    """The word as people say it: `Anna`, `person 7`, `same person`, `picked, 5 stars`."""
    why: Annotated[Why, Field(examples=["away"])]
    """Stable: `away`, `replaced`, `unreadable`, `no_face`, `with_others`, `clips_away`, `no_person` or `other_pick`."""
    reason: Annotated[str, Field(examples=["their photos are not in the folder"])]
    """The same in words."""
    photos: Annotated[tuple[Text, ...], Field(examples=[["day 2/IMG_0132.jpg"]])]
    """Where its photos were when it was said; for a correction all of them, for a label some that show the person."""

    @classmethod
    def of(cls, word: Unfound) -> UnfoundOut:
        """Convert a word."""
        return cls(
            kind=word.kind,
            id=unfound_id(word),
            name=word.name,
            why=word.why,
            reason=word.reason,
            photos=word.photos,
        )


class UnfoundCounts(Out):
    """How many words of each kind find nobody."""

    labels: Annotated[int, Field(ge=0, examples=[2])]
    corrections: Annotated[int, Field(ge=0, examples=[1])]
    picks: Annotated[int, Field(ge=0, examples=[3])]
    seen: Annotated[int, Field(ge=0, examples=[0])]
    """Answers about people without a face."""

    @classmethod
    def of(cls, words: Sequence[Unfound]) -> UnfoundCounts:
        """Count words."""
        kinds = [word.kind for word in words]
        return cls(
            labels=kinds.count(UnfoundKind.LABEL),
            corrections=kinds.count(UnfoundKind.CORRECTION),
            picks=kinds.count(UnfoundKind.PICK),
            seen=kinds.count(UnfoundKind.SEEN),
        )


class UnfoundPage(Page):
    """What finds nobody: labels, then corrections, then picks."""

    counts: UnfoundCounts
    """In all pages."""
    told: Annotated[
        str,
        Field(
            examples=[
                "3 picks, 1 correction and 2 names find nobody: their photos are not in the folder. They are kept, and "
                "count again when their photos are back"
            ]
        ),
    ]
    """One sentence about all of them; empty if everything finds somebody."""
    words: tuple[UnfoundOut, ...]


class UnfoundChanged(Out):
    """A word that was forgotten, or given to somebody else."""

    word: UnfoundOut
    """As it was."""
    undoable: bool
    """Whether `POST /undo` brings it back."""
    left: Annotated[int, Field(ge=0, examples=[5])]
    """The number of words that find nobody after it."""

    @classmethod
    def of(cls, word: Unfound, left: Sequence[Unfound]) -> UnfoundChanged:
        """The result of a change."""
        return cls(word=UnfoundOut.of(word), undoable=word.kind is not UnfoundKind.PICK, left=len(left))


class AttachIn(Sent):
    """Who or what a word is about from now on: a person for a label, a photo for a pick."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"cluster_id": 5}, {"photo_id": "1f0c4be9d93c4c3c"}]},
    )

    cluster_id: Annotated[
        Whole | None, Field(ge=0, le=MAX_CLUSTER_ID, description="The person who gets the name and category.")
    ] = None
    photo_id: Annotated[
        str | None, Field(pattern=PHOTO_ID_PATTERN, description="The photo that gets the pick and the stars.")
    ] = None

    @model_validator(mode="after")
    def _says_one(self) -> AttachIn:
        if (self.cluster_id is None) is (self.photo_id is None):
            raise ValueError("give either cluster_id or photo_id")
        return self
