"""Where an event's photos and results lie when a user names only its folder: one rule for commands and service."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from curation.settings.addresses import is_address, written_path
from curation.settings.loading import Settings

__all__ = ["CURATED_FOLDER", "SAMPLE_FOLDER", "EventPlaces", "event_places", "own_event", "sample_places"]

CURATED_FOLDER = "curated"
"""The folder of the results of all events whose user named no other one, in the project's root."""
SAMPLE_FOLDER = "sample_event"
"""The folder of the sample event, in the project's root."""


@dataclass(frozen=True, slots=True)
class EventPlaces:
    """The places of an event.

    Attributes:
        input: Folder (absolute path) or address of the photos.
        output: The same of the results.
    """

    input: str
    output: str


def own_event(settings: Settings) -> EventPlaces:
    """The event of the settings file."""
    io = settings.io
    return EventPlaces(settings.input_address or str(io.input_dir), settings.output_address or str(io.output_dir))


def sample_places(settings: Settings) -> EventPlaces:
    """The sample event; whether it was made yet or not."""
    folder = _root(settings) / SAMPLE_FOLDER
    return EventPlaces(str(folder / "photos"), str(folder))


def event_places(settings: Settings, folder: str, output: str | None = None) -> EventPlaces:
    """The places of the event of a folder.

    The results of the settings' own event lie where the settings say, those of any other one in `curated/NAME`, named
    after the folder as the user wrote it, even if that is a link.

    Args:
        settings: The settings.
        folder: Folder or address of the photos, as the user wrote it; relative paths start at the current folder.
        output: The same of the results, if the user named it.
    """
    own = own_event(settings)
    if is_address(folder):
        place = folder.rstrip("/")
        default = own.output if place == own.input else _curated(settings, place.rpartition("/")[2])
    else:
        path = Path(os.path.abspath(written_path(folder)))  # noqa: PTH100 - resolve follows links
        place = str(path)
        is_own = not settings.input_address and path.resolve() == settings.io.input_dir.resolve()
        is_sample = path.resolve() == Path(sample_places(settings).input).resolve()
        default = own.output if is_own else _curated(settings, path.name)
        if is_sample:
            default = sample_places(settings).output
    chosen = output or default
    return EventPlaces(place, chosen if is_address(chosen) else str(written_path(chosen).absolute()))


def _curated(settings: Settings, name: str) -> str:
    return str(_root(settings) / CURATED_FOLDER / (name or "photos"))


def _root(settings: Settings) -> Path:
    return settings.origin.default_root if settings.origin is not None else Path.cwd()
