"""Whether an event's folder of photos is there at all: an empty folder and one that is away are told apart."""

from __future__ import annotations

import os
from enum import StrEnum

from curation.settings import Settings

__all__ = ["Presence", "presence_of"]


class Presence(StrEnum):
    """What is at the place of the folder of photos."""

    THERE = "there"
    AWAY = "away"
    """There is no such folder: the disk may be unplugged, the network share not mounted."""
    CLOSED = "closed"
    """It cannot be read: its permissions do not allow it, or its disk fails."""


def presence_of(settings: Settings) -> Presence:
    """Look at the folder of photos; one in object storage counts as there, its requests tell themselves."""
    if settings.input_address:
        return Presence.THERE
    try:
        with os.scandir(settings.io.input_dir):
            return Presence.THERE
    except (FileNotFoundError, NotADirectoryError):
        return Presence.AWAY
    except OSError:
        return Presence.CLOSED
