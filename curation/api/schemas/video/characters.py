"""The characters of a film, and where they are in it, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from curation.api.http.urls import root_of
from curation.api.schemas.base import Out, Text
from curation.api.schemas.people import MAX_CLUSTER_ID
from curation.domain.film.people import TrailerResult
from curation.domain.film.track import Track
from curation.domain.labelling.labels import Category
from curation.domain.recognition.known import Recognition
from curation.jobs.video.films import Character, Film

__all__ = [
    "CharacterOut",
    "CharacterProposalOut",
    "CharactersOut",
    "TrackOut",
    "TracksOut",
    "character_out",
    "tracks_out",
]

ClusterIdValue = Annotated[int, Field(ge=0, le=MAX_CLUSTER_ID, examples=[3])]
Seconds = Annotated[float, Field(ge=0, examples=[12.48])]
Share = Annotated[float, Field(ge=0, le=1, examples=[0.31])]
NO_PROPOSALS: Mapping[int, Recognition] = MappingProxyType({})


class SpanOut(Out):
    """A part of a film: `start_s` belongs to it, `end_s` does not."""

    start_s: Seconds
    end_s: Seconds


class CharacterProposalOut(Out):
    """A known person whose name is proposed for a character."""

    person_id: Annotated[str, Field(examples=["3f2a9d0c5b7e4a1f8c6d2e9b0a7f4c31"])]
    name: Annotated[Text, Field(examples=["Anna"])]
    answer: Literal["name", "ask"]
    """`name`: it is this person; `ask`: it may be."""
    certainty: Share

    @classmethod
    def of(cls, found: Recognition) -> CharacterProposalOut:
        """Convert a proposal."""
        return cls(
            person_id=found.person_id,
            name=found.name,
            answer="name" if found.answer == "name" else "ask",
            certainty=_share(found.certainty),
        )


class CharacterOut(Out):
    """A character of a film."""

    cluster_id: ClusterIdValue
    name: Annotated[Text | None, Field(examples=["Anna"])]
    """Null without a name."""
    category: Category | None
    display_name: Annotated[Text, Field(examples=["person 3"])]
    of_event: bool
    """Whether it is a person of the event: a name typed here is then that person's name everywhere."""
    screen_time_s: Seconds
    screen_share: Share
    """Of the film's duration."""
    appearances: tuple[SpanOut, ...]
    """When the character is on screen, in rising order, without overlap."""
    occupied_area: Share
    """Mean share of the picture that the face takes while on screen."""
    largest_area: Share
    faces: Annotated[int, Field(ge=0)]
    """Faces that were looked at."""
    confidence: Share
    """How certain the grouping is."""
    tracks: tuple[int, ...]
    """Numbers of the appearances in `GET /videos/{id}/tracks`."""
    best_s: Seconds
    """When the face is seen best."""
    face_url: str
    proposal: CharacterProposalOut | None = None
    """A name of the gallery of known people; null with a name, without a gallery, or for nobody known."""


class CharactersOut(Out):
    """The characters of a film, those seen longest first."""

    video_id: str
    people: tuple[CharacterOut, ...]


class SightingOut(Out):
    """Where a face is at a time, in pixels of the upright picture."""

    time_s: Seconds
    x: int
    y: int
    w: int
    h: int


class TrackOut(Out):
    """One appearance of one face in one shot."""

    track: Annotated[int, Field(ge=0)]
    cluster_id: ClusterIdValue | None
    """The character; null for a face that is nobody's."""
    start_s: Seconds
    end_s: Seconds
    boxes: tuple[SightingOut, ...]
    """Of the pictures that were looked at; in between the box moves straight."""


class TracksOut(Out):
    """The tracks of a film, by their start."""

    video_id: str
    width: int
    height: int
    tracks: tuple[TrackOut, ...]


def seconds(time: Fraction) -> float:
    """A time, with the three decimals of the tables."""
    return round(float(time), 3)


def character_out(
    request: Request,
    film: Film,
    character: Character,
    result: TrailerResult,
    proposals: Mapping[int, Recognition] = NO_PROPOSALS,
) -> CharacterOut:
    """Convert a character, with the name that is proposed for it."""
    proposal = proposals.get(character.person.cluster_id)
    person = character.person
    root = root_of(request)
    best = result.film.tracks[person.best_track]
    return CharacterOut(
        cluster_id=person.cluster_id,
        name=person.name or None,
        category=Category(person.category) if person.category else None,
        display_name=person.name or f"person {person.cluster_id}",
        of_event=character.of_event,
        screen_time_s=seconds(person.screen_time),
        screen_share=_share(person.screen_share),
        appearances=tuple(SpanOut(start_s=seconds(one.start), end_s=seconds(one.end)) for one in person.intervals),
        occupied_area=_share(person.occupied_area),
        largest_area=_share(person.largest_area),
        faces=person.faces,
        confidence=_share(person.confidence),
        tracks=person.tracks,
        best_s=seconds(best.faces[0].time if best.faces else best.span.start),
        face_url=f"{root}/videos/{film.id}/faces/{person.cluster_id}.jpg",
        proposal=None if proposal is None else CharacterProposalOut.of(proposal),
    )


def tracks_out(film: Film, result: TrailerResult, *, from_s: float, to_s: float | None) -> TracksOut:
    """The tracks that are seen in a part of a film."""
    owner = {index: person.cluster_id for person in result.people for index in person.tracks}
    return TracksOut(
        video_id=film.id,
        width=result.film.facts.width,
        height=result.film.facts.height,
        tracks=tuple(
            _track_out(index, track, owner.get(index))
            for index, track in enumerate(result.film.tracks)
            if track.span.end > from_s and (to_s is None or track.span.start < to_s)
        ),
    )


def _track_out(index: int, track: Track, cluster_id: int | None) -> TrackOut:
    return TrackOut(
        track=index,
        cluster_id=cluster_id,
        start_s=seconds(track.span.start),
        end_s=seconds(track.span.end),
        boxes=tuple(
            SightingOut(time_s=seconds(seen.time), x=seen.box.x, y=seen.box.y, w=seen.box.w, h=seen.box.h)
            for seen in track.sightings
        ),
    )


def _share(value: float) -> float:
    return min(1.0, max(0.0, round(value, 4)))
