"""Known people, and people of the event who can become known, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Out, Page, Sent, Text
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category
from curation.event.known_people.enrolment import Enrolled, NamedPerson
from curation.event.known_people.forgetting import Forgotten, Trace
from curation.gallery.store import Exemplar, KnownPerson

__all__ = [
    "PERSON_ID_PATTERN",
    "AddIn",
    "AddedOut",
    "ForgottenOut",
    "KnownFaceOut",
    "KnownPeoplePage",
    "KnownPersonOut",
    "KnownPersonWithFaces",
    "MergeIn",
    "NamedPeopleOut",
    "NamedPersonOut",
    "RenameIn",
    "face_url",
]

PERSON_ID_PATTERN = r"^[0-9A-Za-z_-]{1,64}$"

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS, examples=["Anna"])]
PersonId = Annotated[str, Field(pattern=PERSON_ID_PATTERN, examples=["3f2a9d0c5b7e4a1f8c6d2e9b0a7f4c31"])]


def face_url(root: str, person_id: str, face_id: str) -> str:
    """The address of the picture of a face in the gallery."""
    return f"{root}/known-people/{person_id}/faces/{face_id}/picture"


class KnownPersonOut(Out):
    """A person of the gallery."""

    person_id: PersonId
    name: Annotated[Text, Field(examples=["Anna"])]
    category: Annotated[Category | None, Field(examples=["main"])]
    """What the person was in the event that added her last; null if it is not known."""
    faces: Annotated[int, Field(ge=0, examples=[8])]
    """With fewer than three, the name is only asked, never proposed as sure."""
    events: Annotated[tuple[Text, ...], Field(examples=[["summer party"]])]
    """The events whose photos the faces are from."""
    added: Annotated[str, Field(examples=["2026-06-20T21:14:03+00:00"])]
    last_seen: Annotated[str, Field(examples=["2026-06-21T09:00:00+00:00"])]
    """When faces were added or a name was accepted last."""

    @classmethod
    def of(cls, person: KnownPerson) -> KnownPersonOut:
        """Convert a person."""
        return cls(
            person_id=person.person_id,
            name=person.name,
            category=Category(person.category) if person.category else None,
            faces=person.exemplars,
            events=person.events,
            added=person.added,
            last_seen=person.last_seen,
        )


class KnownPeoplePage(Page):
    """People of the gallery, by name."""

    people: tuple[KnownPersonOut, ...]


class KnownFaceOut(Out):
    """A face of the gallery."""

    face_id: Annotated[str, Field(examples=["9c1d"])]
    picture_url: Annotated[str, Field(examples=["/known-people/3f2a/faces/9c1d/picture"])]
    event: Annotated[Text, Field(examples=["summer party"])]
    quality: Annotated[float, Field(ge=0, le=1, examples=[0.82])]
    engine: Annotated[str, Field(examples=["retinaface-arcface"])]
    """Faces of other engines and weights are never compared with each other."""
    added: Annotated[str, Field(examples=["2026-06-20T21:14:03+00:00"])]


class KnownPersonWithFaces(Out):
    """A person of the gallery with all faces, the best first."""

    person: KnownPersonOut
    faces: tuple[KnownFaceOut, ...]

    @classmethod
    def of_faces(cls, person: KnownPerson, faces: Sequence[Exemplar], *, root: str) -> KnownPersonWithFaces:
        """Convert a person with faces; `root` is how the addresses of the event begin."""
        return cls(
            person=KnownPersonOut.of(person),
            faces=tuple(
                KnownFaceOut(
                    face_id=face.exemplar_id,
                    picture_url=face_url(root, person.person_id, face.exemplar_id),
                    event=face.event,
                    quality=min(max(round(face.quality, 3), 0.0), 1.0),
                    engine=face.engine,
                    added=face.added,
                )
                for face in faces
            ),
        )


class RenameIn(Sent):
    """Another name of a known person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name


class MergeIn(Sent):
    """The person who gets the faces, and whose name stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    into: PersonId


class AddIn(Sent):
    """Whom of the event the gallery shall know; asking is the consent that you have, see docs/gallery.md."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"names": ["Anna"]}]})

    names: Annotated[
        tuple[Name, ...] | None,
        Field(min_length=1, max_length=1000, description="Null for everybody who has a name."),
    ] = None


class NamedPersonOut(Out):
    """A person of the event who has a name."""

    name: Annotated[Text, Field(examples=["Anna"])]
    category: Annotated[Category, Field(examples=["main"])]
    cluster_ids: tuple[int, ...]
    photos: Annotated[int, Field(ge=0, examples=[57])]
    known: KnownPersonOut | None
    """The person of this name in the gallery; null if there is none."""
    is_new: bool
    """Whether the gallery has no face of this event of that person."""

    @classmethod
    def of(cls, one: NamedPerson) -> NamedPersonOut:
        """Convert a person."""
        return cls(
            name=one.name,
            category=Category(one.category),
            cluster_ids=one.clusters,
            photos=one.photos,
            known=None if one.known is None else KnownPersonOut.of(one.known),
            is_new=one.is_new,
        )


class NamedPeopleOut(Out):
    """The people of the event who have a name, those in the most photos first."""

    event: Annotated[Text, Field(examples=["summer party"])]
    people: tuple[NamedPersonOut, ...]


class EnrolledOut(Out):
    """What became of a person."""

    name: Annotated[Text, Field(examples=["Anna"])]
    person: KnownPersonOut | None
    """Null if no face was good enough, or the photos changed since the clustering."""
    faces_before: Annotated[int, Field(ge=0, examples=[0])]


class AddedOut(Out):
    """Who was put into the gallery."""

    people: tuple[EnrolledOut, ...]

    @classmethod
    def of(cls, added: Sequence[Enrolled]) -> AddedOut:
        """Convert the result of adding people."""
        return cls(
            people=tuple(
                EnrolledOut(
                    name=one.name,
                    person=None if one.person is None else KnownPersonOut.of(one.person),
                    faces_before=one.before,
                )
                for one in added
            )
        )


class TraceOut(Out):
    """A place where something of a person may be left."""

    place: Annotated[Text, Field(examples=["output_clusters"])]
    """Its name, without the folders above it."""
    what: Annotated[Text, Field(examples=["pictures of all people of the event"])]
    todo: Annotated[Text, Field(examples=["delete it, and run the clustering again"])]

    @classmethod
    def of(cls, trace: Trace) -> TraceOut:
        """Convert a place."""
        return cls(place=trace.path.name, what=trace.what, todo=trace.todo)


class ForgottenOut(Out):
    """What forgetting a person did, and where traces may be left."""

    removed: Annotated[tuple[Text, ...], Field(examples=[["8 faces, the name and the vectors in the gallery"]])]
    left: tuple[TraceOut, ...]
    other_events: tuple[Text, ...]
    """Events whose output folders this service does not know: `curation gallery forget --output DIR` clears them."""

    @classmethod
    def of(cls, done: Forgotten) -> ForgottenOut:
        """Convert the result of forgetting."""
        return cls(removed=done.removed, left=tuple(map(TraceOut.of, done.left)), other_events=done.events)
