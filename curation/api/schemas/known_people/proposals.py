"""Names that are proposed for people of the event, as JSON."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Number, Out, Sent, Text, Whole
from curation.api.schemas.known_people.people import PersonId, face_url
from curation.api.schemas.people import MAX_CLUSTER_ID
from curation.domain.faces.index import EventIndex
from curation.event.known_people.event_known import EventKnown
from curation.event.known_people.proposals import Proposal

__all__ = [
    "AcceptAllIn",
    "AcceptedOut",
    "ProposalAnswerIn",
    "ProposalAnsweredOut",
    "ProposalOut",
    "ProposalsOut",
    "ShownIn",
]

_FACES = 4


class ProposalOut(Out):
    """A name of the gallery that is proposed for a person of the event."""

    cluster_id: Annotated[int, Field(ge=0, examples=[3])]
    person_id: PersonId
    name: Annotated[Text, Field(examples=["Anna"])]
    answer: Annotated[Literal["name", "ask"], Field(examples=["name"])]
    """`name`: it is this person; `ask`: it may be."""
    certainty: Annotated[float, Field(ge=0, le=1, examples=[0.97])]
    """That it is this person; calibrated on other people than those of the gallery."""
    distance: Annotated[float | None, Field(examples=[0.41])]
    limit: Annotated[float | None, Field(examples=[0.6])]
    """Up to this distance the answer would be `name`."""
    runner_up: Annotated[float | None, Field(examples=[0.83])]
    """Distance of the second best person; null if there is none."""
    photos: Annotated[int, Field(ge=0, examples=[14])]
    face_ids: tuple[str, ...]
    """Some faces of the person of the event, the best first."""
    known_face_urls: tuple[str, ...]
    """Pictures of the known person."""

    @classmethod
    def shown(cls, one: Proposal, event: EventIndex, known: EventKnown, *, root: str) -> ProposalOut:
        """Convert a proposal, with some faces of both sides; `root` is how the addresses of the event begin.

        Raises what `EventKnown.faces` raises.
        """
        found = one.recognition
        faces = known.faces(one.person_id)[:_FACES]
        return cls(
            cluster_id=one.cluster_id,
            person_id=one.person_id,
            name=one.name,
            answer="name" if one.is_sure else "ask",
            certainty=min(max(round(one.certainty, 4), 0.0), 1.0),
            distance=_finite(found.distance),
            limit=_finite(found.limit),
            runner_up=_finite(found.runner_up),
            photos=one.photos,
            face_ids=tuple(face.face_id for face in event.sample_faces(one.cluster_id, _FACES)),
            known_face_urls=tuple(face_url(root, one.person_id, face.exemplar_id) for face in faces),
        )


class ProposalsOut(Out):
    """Open proposals: names before questions, people in the most photos first."""

    total: Annotated[int, Field(ge=0, examples=[5])]
    names: Annotated[int, Field(ge=0, examples=[4])]
    """How many of them are names, not questions."""
    proposals: tuple[ProposalOut, ...]


class ProposalAnswerIn(Sent):
    """The user's answer to a proposal, with the person whose name was shown."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"person_id": "3f2a", "answer": "accept"}]}
    )

    person_id: PersonId
    answer: Literal["accept", "refuse"]


class ProposalAnsweredOut(Out):
    """A proposal that was answered."""

    cluster_id: int
    name: Text
    answer: Literal["accept", "refuse"]
    left: Annotated[int, Field(ge=0, examples=[4])]
    """Proposals that are open after it."""
    can_add: bool
    """Whether the gallery has no faces of this event of the person yet, so that they can be added, if you want."""


class ShownIn(Sent):
    """A proposal that was shown to the user."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cluster_id: Annotated[Whole, Field(ge=0, le=MAX_CLUSTER_ID)]
    person_id: PersonId


class AcceptAllIn(Sent):
    """Accept all names, no questions, from a certainty on, as far as the user saw them."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"from_certainty": 0.95, "shown": [{"cluster_id": 3, "person_id": "3f2a"}]}]},
    )

    from_certainty: Annotated[Number, Field(ge=0, le=1)]
    shown: Annotated[tuple[ShownIn, ...], Field(max_length=10_000)]


class AcceptedOut(Out):
    """The names that were accepted; each is one change for `POST /undo`."""

    accepted: tuple[ShownOut, ...]
    left: Annotated[int, Field(ge=0, examples=[1])]


class ShownOut(Out):
    """A cluster, and the name that it got."""

    cluster_id: int
    name: Text


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


AcceptedOut.model_rebuild()
