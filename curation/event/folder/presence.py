"""Whether an event's folder of photos is there at all: an empty folder and one that is away are told apart."""

from __future__ import annotations

import os
from enum import StrEnum

from curation.disk.answers import in_time
from curation.settings import Settings

__all__ = ["Presence", "presence_of"]


class Presence(StrEnum):
    """What is at the place of the folder of photos."""

    THERE = "there"
    AWAY = "away"
    """There is no such folder: the disk may be unplugged, the network share not mounted."""
    CLOSED = "closed"
    """It cannot be read: its permissions do not allow it, or its disk fails or does not answer."""


_LIMIT_S = 5.0


def presence_of(settings: Settings) -> Presence:
    """Look at the folder of photos.

    One in object storage counts as there, its requests tell themselves; so does the program's own folder of photos,
    which is made with the first photo that is added.
    """
    if settings.input_address:
        return Presence.THERE
    folder, origin = settings.io.input_dir, settings.origin
    try:
        in_time(folder, lambda: os.scandir(folder).close(), limit_s=_LIMIT_S)
        return Presence.THERE
    except (FileNotFoundError, NotADirectoryError):
        return Presence.THERE if origin is not None and folder.parent == origin.default_root else Presence.AWAY
    except OSError:
        return Presence.CLOSED
