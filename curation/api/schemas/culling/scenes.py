"""Scenes of an event as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out
from curation.api.schemas.faces import PhotoId
from curation.domain.bursts.clocks import EventClocks

__all__ = ["ClockOut", "SceneOut", "ScenesOut", "clocks_out"]


class SceneOut(Out):
    """Photos that were taken without a pause that is large for the event."""

    scene: Annotated[int, Field(ge=1, examples=[3])]
    """From 1, by time."""
    start: Annotated[datetime, Field(examples=["2026-06-20T21:14:03"])]
    """When the first photo was taken, by clocks that are set by the pictures, without a time zone."""
    end: Annotated[datetime, Field(examples=["2026-06-20T21:52:40"])]
    photos: Annotated[int, Field(ge=1, examples=[84])]
    picked: Annotated[int, Field(ge=0, examples=[6])]
    """How many of them the user picked."""
    best_photo_id: PhotoId | None
    """The photo that ranks highest; null before scoring."""


class ClockOut(Out):
    """The clock of a camera."""

    clock: Annotated[str, Field(examples=["NIKON D750 #6012345"])]
    """The camera, with its serial number if its files have it."""
    photos: Annotated[int, Field(ge=0, examples=[412])]
    """How many photos have a time by it."""
    stood_still: Annotated[int, Field(ge=0, examples=[0])]
    """How many more were taken while it stood still; their time is unknown."""
    ahead_s: Annotated[float, Field(examples=[3601.0])]
    """How far it is ahead of the clock that counts, in seconds; what is taken off its times. 0 if it is right."""
    than: Annotated[str | None, Field(examples=["Apple iPhone 15"])]
    """The clock that it was compared with; null if it was not."""
    pairs: Annotated[int, Field(ge=0, examples=[23])]
    """How many pairs of photos speak for it."""
    by_user: Annotated[bool, Field(examples=[False])]
    """Whether the settings say it."""


def clocks_out(clocks: EventClocks) -> tuple[ClockOut, ...]:
    """Convert the clocks of an event."""
    return tuple(
        ClockOut(
            clock=one.name,
            photos=one.photos,
            stood_still=one.still,
            ahead_s=one.ahead_s,
            than=one.than or None,
            pairs=one.pairs,
            by_user=one.by_user,
        )
        for one in clocks.clocks
    )


class ScenesOut(Out):
    """The scenes of an event, by time."""

    scenes: tuple[SceneOut, ...]
    untimed: Annotated[int, Field(ge=0, examples=[2])]
    """How many photos have no usable time; they are in no scene."""
    clocks: tuple[ClockOut, ...]
    """The clocks of the cameras, those with the most photos first."""
