"""Pictures from clips on the pages about photos: a strip that leads into the player of the page Videos."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from curation.api.context import ServiceContext
from curation.domain.choosing.best_frames import BestFrame
from curation.errors import CurationError
from curation.event.film.event_films import film_id
from curation.event.film.media_coverage import event_coverage

__all__ = ["ClipCard", "ClipStrip", "clip_strip", "only_in_clips"]

logger = logging.getLogger(__name__)

_SHOWN = 24
_STILL_PX = 320


@dataclass(frozen=True, slots=True)
class ClipCard:
    """A picture of a clip.

    Attributes:
        picture: Address of the picture.
        address: Of the page Videos at that second.
        sentence: Why it is shown.
        rank: The place that it would have among the photos.
    """

    picture: str
    address: str
    sentence: str
    rank: int


@dataclass(frozen=True, slots=True)
class ClipStrip:
    """Some pictures, and how many there are in all."""

    cards: tuple[ClipCard, ...]
    total: int


def clip_strip(context: ServiceContext) -> ClipStrip:
    """The pictures of clips that show somebody better than the photos do; none if they cannot be read.

    Args:
        context: Of the service.
    """
    try:
        frames = context.event_films.candidates()
    except CurationError as error:
        logger.info("no pictures of clips are shown: %s", error)
        frames = ()
    return ClipStrip(tuple(map(_card, frames[:_SHOWN])), len(frames))


def only_in_clips(context: ServiceContext) -> tuple[str, ...]:
    """The names of main and important people who are in clips, but on no photo; none if that cannot be read."""
    try:
        return tuple(
            one.person.display_name
            for one in event_coverage(context.judgement, context.event_films)
            if one.is_only_in_clips
        )
    except CurationError as error:
        logger.info("nobody is told to be only in clips: %s", error)
        return ()


def _card(frame: BestFrame) -> ClipCard:
    clip, seconds = film_id(frame.video_path), f"{float(frame.time):.3f}"
    return ClipCard(
        picture=f"/event/clips/{clip}/still?time={seconds}&size={_STILL_PX}",
        address=f"/review/videos/{clip}?t={seconds}",
        sentence=frame.sentence,
        rank=frame.rank,
    )
