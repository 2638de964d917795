"""Where the results of films go, and the files that commands write besides: drawn films, faces of posters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curation.cli.terminal import ProgressBars
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.film.people import PosterResult, TrailerResult

__all__ = [
    "RESULTS",
    "Keeping",
    "Visuals",
    "draw_film",
    "draw_poster",
    "file_stem",
    "folders_of",
    "shown_name",
    "write_faces",
    "write_film",
]

RESULTS = Path("film_results")
"""Where results go if no folder is named."""

_LONGEST_STEM = 120


def draw_film(path: Path, result: TrailerResult, target: Path, *, progress: ProgressBars | None = None) -> None:
    """Write a film with boxes and names drawn in."""
    from curation.video.annotated import annotate

    annotate(path, result, target, progress=progress)


def draw_poster(path: Path, poster: PosterResult, trailer: TrailerResult, target: Path, *, settings: Settings) -> None:
    """Write a poster with boxes and names drawn in."""
    from curation.photos.lettering.annotated_poster import annotated_poster
    from curation.storage.atomic import write_bytes

    limit = settings.io.max_photo_megapixels
    write_bytes(target, annotated_poster(path, poster, trailer, max_megapixels=limit), durable=False)


class Visuals:
    """Draws over films and posters that were looked at."""

    def __init__(self, folder: Path, bars: ProgressBars, settings: Settings) -> None:
        """Name the folder of the drawn films and posters, the progress, and the limits."""
        self._folder = folder
        self._bars = bars
        self._settings = settings

    def film(self, path: Path, result: TrailerResult) -> None:
        """Draw over a film."""
        draw_film(path, result, self._folder / "annotated.mp4", progress=self._bars)

    def poster(
        self, path: Path, poster: PosterResult, trailer: TrailerResult, *, name: str = "annotated_poster"
    ) -> None:
        """Draw over a poster."""
        draw_poster(path, poster, trailer, self._folder / f"{name}.jpg", settings=self._settings)


class Keeping:
    """Writes what was found in a film before anything else is done with its file."""

    def __init__(
        self, folder: Path, shown: str, formats: Sequence[str], visuals: Visuals | None, settings: Settings
    ) -> None:
        """Name the folder, the film as the user knows it, what is written besides, and the gallery of known people."""
        self._settings = settings
        self._folder = folder
        self._shown = shown
        self._formats = formats
        self._visuals = visuals

    def __call__(self, path: Path, result: TrailerResult) -> None:
        """Write what was found, then draw."""
        write_film(self._folder, result, None, self._shown, self._formats, self._settings)
        if self._visuals is not None:
            self._visuals.film(path, result)


def write_film(
    folder: Path,
    result: TrailerResult,
    poster: PosterResult | None,
    shown: str,
    formats: Sequence[str],
    settings: Settings,
) -> None:
    """Write the files of a film, with the names of known people that are proposed if there is a gallery."""
    from curation.storage.video.result_files import write_result

    if settings.gallery.enabled:
        from curation.event.known_people.film_people import try_recognised_characters

        write_result(folder, result, poster=poster, source=shown, known=try_recognised_characters(settings, result))
    else:
        write_result(folder, result, poster=poster, source=shown)
    if formats:
        from curation.storage.video.exports import write_exports

        write_exports(folder, result, formats, source=shown)


def write_faces(folder: Path, stem: str, poster: PosterResult) -> None:
    """Write the faces of a poster, cut out."""
    from curation.storage.atomic import write_bytes

    for face in poster.faces:
        write_bytes(folder / "poster_faces" / f"{stem}_{face.face_index}.jpg", face.chip_jpeg, durable=False)


def folders_of(clips: Sequence[str], output: Path | None) -> list[Path]:
    """A folder for the results of each film; films of the same name get a number."""
    if output is not None and len(clips) == 1:
        return [output]
    taken: dict[str, int] = {}
    folders = []
    for clip in clips:
        stem = file_stem(clip)
        taken[stem] = taken.get(stem, 0) + 1
        folders.append((output or RESULTS) / (stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"))
    return folders


def file_stem(where: str) -> str:
    """A name for files from a path or an address; the extension stays, as a.mp4 and a.mkv are two films."""
    name = shown_name(where).rstrip("/").rpartition("/")[2]
    safe = "".join(char if char.isalnum() or char in " ._-" else "_" for char in name).strip(" .")
    return safe[:_LONGEST_STEM] or "film"


def shown_name(where: str) -> str:
    """What the user sees of a path or an address."""
    from curation.pipelines.video.media import media_name

    return media_name(where)
