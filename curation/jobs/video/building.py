"""The composition root of films in the service: the folder, the networks and the event that the settings name."""

from __future__ import annotations

import logging
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from curation.domain.faces.face import Box
from curation.extras import Extra, extra_for
from curation.jobs.video.film_folders import FilmFolders
from curation.jobs.video.film_work import FilmPictures, FilmWork
from curation.jobs.video.films import Films
from curation.jobs.video.video_jobs import VideoJobs

if TYPE_CHECKING:
    from curation.domain.film.clip import ClipFacts
    from curation.domain.film.people import PosterResult, TrailerResult
    from curation.event.catalog import Catalog
    from curation.event.people.edits import PeopleEdits
    from curation.settings import Settings

__all__ = ["build_films", "demand_extra"]

logger = logging.getLogger(__name__)

FACE_PX = 256
_FACE_QUALITY = 88


def demand_extra() -> None:
    """Make sure that films can be looked at.

    Raises:
        ExtraMissingError: If the packages are not installed; says how to get them.
    """
    with extra_for(Extra.VIDEO, "looking at films"):
        if find_spec("av") is None:
            raise ModuleNotFoundError("No module named 'av'", name="av")


def build_films(settings: Settings, catalog: Catalog, labels: PeopleEdits) -> tuple[VideoJobs, Films]:
    """Create the films of the service; networks are looked for when the first film comes.

    Args:
        settings: Of the program.
        catalog: Of the event, whose people films may show.
        labels: Of the event.
    """
    folders = FilmFolders(settings.video.dir)
    films = Films(folders, settings.io.input_dir, None, labels)
    jobs = VideoJobs(folders, _pictures(settings), partial(_work, settings, catalog, folders))
    return jobs, films


def _pictures(settings: Settings) -> FilmPictures:
    return FilmPictures(
        facts=partial(_facts, settings),
        still=_still,
        face=_face,
        fetch=partial(_fetch, settings),
        poster=partial(_poster, settings),
    )


def _facts(settings: Settings, path: Path) -> ClipFacts:
    from curation.video.opening import open_clip

    video = settings.video
    with open_clip(path, max_minutes=video.max_video_minutes, max_mb=video.max_video_mb) as clip:
        return clip.facts


def _still(path: Path, time: Fraction, long_side_px: int) -> bytes:
    from curation.video.stills import still_jpeg

    return still_jpeg(path, time, long_side_px=long_side_px)


def _face(path: Path, time: Fraction, box: Box) -> bytes:
    import simplejpeg

    from curation.video.stills import still

    pixels = still(path, time)
    margin = round(0.35 * max(box.w, box.h))
    height, width = pixels.shape[:2]
    top, left = max(0, box.y - margin), max(0, box.x - margin)
    cut = pixels[top : min(height, box.y + box.h + margin), left : min(width, box.x + box.w + margin)]
    jpeg: bytes = simplejpeg.encode_jpeg(cut.copy(), quality=_FACE_QUALITY, colorspace="RGB")
    return jpeg


def _work(settings: Settings, catalog: Catalog, folders: FilmFolders) -> FilmWork:
    raise NotImplementedError


def _fetch(settings: Settings, address: str, target: Path, max_bytes: float) -> str:
    raise NotImplementedError


def _poster(settings: Settings, path: Path, poster: PosterResult, result: TrailerResult) -> bytes:
    raise NotImplementedError
