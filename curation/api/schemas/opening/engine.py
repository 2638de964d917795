"""The engine of an event's next run as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out, Text
from curation.engines.standing import EngineStanding

__all__ = ["EngineOut", "MissingFileOut"]


class MissingFileOut(Out):
    """A model file of the better engine that is not on the service's machine."""

    name: Annotated[Text, Field(examples=["arcface_weights.onnx"])]
    about_mb: Annotated[int, Field(ge=0, examples=[137])]
    """About how large it is, in MB; 0 if unknown."""
    here_bytes: Annotated[int, Field(ge=0, examples=[0])]
    """What an interrupted download has left of it; the next one continues there."""
    licence: Text
    """Its terms."""
    can_fetch: bool
    """Whether `POST /engine/weights` knows where to get it."""
    broken: Text
    """Why the file that lies there cannot be used; empty if there is none."""


class EngineOut(Out):
    """The engine that the next clustering takes, and why."""

    name: Annotated[str, Field(examples=["dlib"])]
    """`retinaface-arcface` (the better one) or `dlib`."""
    reason: Annotated[Text, Field(examples=["The better engine needs arcface_weights.onnx, which is not here."])]
    missing: tuple[MissingFileOut, ...]
    """Files of the better engine that are not here; empty if it can be used."""
    can_fetch: bool
    """Whether `POST /engine/weights` would fetch all of them."""
    must_fetch: bool
    """Whether nothing can be clustered before they are here, because the settings or the event ask for this engine."""
    keeps: bool
    """Whether the event goes on with the engine it was clustered with, though a better one is here."""

    @classmethod
    def of(cls, standing: EngineStanding) -> EngineOut:
        """Convert it."""
        return cls(
            name=standing.name,
            reason=standing.reason,
            missing=tuple(
                MissingFileOut(
                    name=file.name,
                    about_mb=file.about_mb,
                    here_bytes=file.here_bytes,
                    licence=file.licence,
                    can_fetch=file.can_fetch,
                    broken=file.broken,
                )
                for file in standing.missing
            ),
            can_fetch=standing.can_fetch,
            must_fetch=standing.must_fetch,
            keeps=standing.keeps,
        )
