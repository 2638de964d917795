"""Scenes of an event as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out
from curation.api.schemas.faces import PhotoId

__all__ = ["SceneOut", "ScenesOut"]


class SceneOut(Out):
    """Photos that were taken without a pause that is large for the event."""

    scene: Annotated[int, Field(ge=1, examples=[3])]
    """From 1, by time."""
    start: Annotated[datetime, Field(examples=["2026-06-20T21:14:03"])]
    """When the first photo was taken, by the camera's clock, without a time zone."""
    end: Annotated[datetime, Field(examples=["2026-06-20T21:52:40"])]
    photos: Annotated[int, Field(ge=1, examples=[84])]
    picked: Annotated[int, Field(ge=0, examples=[6])]
    """How many of them the user picked."""
    best_photo_id: PhotoId | None
    """The photo that ranks highest; null before scoring."""


class ScenesOut(Out):
    """The scenes of an event, by time."""

    scenes: tuple[SceneOut, ...]
    untimed: Annotated[int, Field(ge=0, examples=[2])]
    """How many photos have no time in their files; they are in no scene."""
