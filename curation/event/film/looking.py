"""Whether the clips of an event are looked at: by the setting, and by what is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from curation.domain.report import FilmsReport
from curation.errors import ExtraMissingError
from curation.photos.files.listing import ClipFile

__all__ = ["can_look", "left_out"]

_PACKAGE = "av"


def can_look() -> bool:
    """Whether the packages of the extra `video` are installed."""
    return find_spec(_PACKAGE) is not None


def left_out(event_clips: str, clips: Sequence[ClipFile]) -> FilmsReport | None:
    """What is told if the clips are not looked at; None if they are.

    Args:
        event_clips: The setting: `off`, `auto` or `on`.
        clips: Of the input folder.

    Raises:
        ExtraMissingError: If they are asked for, and what looks at them is not installed.
    """
    if event_clips == "off":
        return FilmsReport()
    if not clips or can_look():
        return None
    counted = "1 clip was" if len(clips) == 1 else f"{len(clips)} clips were"
    if event_clips == "on":
        raise ExtraMissingError(
            f"{counted} found, and video.event_clips is on, which needs the extra video: make extras EXTRAS=video, or "
            "set video.event_clips to auto or off"
        )
    return FilmsReport(warnings=(f"{counted} not looked at: make extras EXTRAS=video",))
