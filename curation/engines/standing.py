"""Which engine the next run of an event takes, told quickly: nothing is loaded, converted or downloaded."""

from __future__ import annotations

from dataclasses import dataclass

from curation.engines.base import DLIB, RETINAFACE_ARCFACE
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import known_weights
from curation.errors import WeightsBrokenError, WeightsMissingError
from curation.settings import Settings

__all__ = ["EngineStanding", "MissingFile", "engine_standing"]

_AUTO = "auto"
_MB = {"retinaface.onnx": 119, "arcface_weights.onnx": 137}
"""About; their publisher gives no size."""


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A model file of the better engine that is not here.

    Attributes:
        name: Of the file.
        about_mb: About how large it is; 0 if unknown.
        here_bytes: What an interrupted download has left of it.
        licence: Its terms, in words.
        can_fetch: Whether an address of it is known.
        broken: Why the file that lies there cannot be used; empty if there is none.
    """

    name: str
    about_mb: int
    here_bytes: int
    licence: str
    can_fetch: bool
    broken: str = ""


@dataclass(frozen=True, slots=True)
class EngineStanding:
    """The engine of the next run.

    Attributes:
        name: `retinaface-arcface` or `dlib`.
        reason: Why this one, as a sentence.
        missing: Files of the better engine that are not here.
        can_fetch: Whether all of these can be fetched, and the settings allow downloads.
        must_fetch: Whether nothing can be looked through before they are here.
        keeps: Whether the event goes on with the engine it was looked through with, though a better one is here.
    """

    name: str
    reason: str
    missing: tuple[MissingFile, ...]
    can_fetch: bool
    must_fetch: bool
    keeps: bool


def engine_standing(settings: Settings, pinned: str | None) -> EngineStanding:
    """The engine of the next run; the same that `select_engine` takes without downloading anything.

    Args:
        settings: `engine.name` decides.
        pinned: Engine of an existing face_data.csv; None if there is none.

    Raises:
        StorageError: If a model file cannot be read.
    """
    missing = _missing(settings)
    name: str
    asked = settings.engine.name
    keeps = False
    if asked != _AUTO:
        name, reason = asked, "The settings ask for it (engine.name)."
    elif pinned is not None:
        name = pinned
        keeps = pinned == DLIB and not missing
        reason = "This event was looked through with it, and people are found again only with the same engine."
    elif missing:
        name = DLIB
        names = " and ".join(file.name for file in missing)
        reason = f"The better engine needs {names}, which {'is' if len(missing) == 1 else 'are'} not on this machine."
    else:
        name, reason = RETINAFACE_ARCFACE, "It is the better one, and its files are on this machine."
    return EngineStanding(
        name=name,
        reason=reason,
        missing=missing,
        can_fetch=bool(missing) and all(file.can_fetch for file in missing) and settings.engine.download,
        must_fetch=bool(missing) and name == RETINAFACE_ARCFACE,
        keeps=keeps,
    )


def _missing(settings: Settings) -> tuple[MissingFile, ...]:
    own = settings.engine.retinaface_arcface
    out = []
    for name in (own.detector_weights, own.embedder_weights):
        broken = ""
        try:
            locate(name, settings.io.models_dir)
            continue
        except WeightsMissingError:
            pass
        except WeightsBrokenError as error:
            broken = str(error)
        known = known_weights(name)
        part = settings.io.models_dir / f"{name}.part"
        try:
            here_bytes = part.stat().st_size
        except OSError:
            here_bytes = 0
        out.append(
            MissingFile(
                name=name,
                about_mb=_MB.get(name, 0),
                here_bytes=here_bytes,
                licence="" if known is None else known.licence,
                can_fetch=known is not None and bool(known.addresses),
                broken=broken,
            )
        )
    return tuple(out)
