"""A catalogue of movies: each by itself, kept at once, and gathered at the end."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curation.domain.film.clip import ClipStatus
from curation.domain.film.movies import CatalogueReport, ItemResult, Media, Movie
from curation.domain.report import Progress
from curation.errors import CatalogueFileError
from curation.pipelines.stage import ProgressListener, content_key
from curation.pipelines.video.web.addresses import is_address
from curation.storage.locks import hold_catalogue
from curation.storage.video.catalogue_file import read_catalogue
from curation.storage.video.final_predictions import write_final_predictions
from curation.storage.video.prediction_tables import arrow_schema
from curation.storage.video.stored_predictions import ItemRecord, StoredPredictions
from curation.workers.memory import PeakMemory
from curation.workers.pool import stop_if

if TYPE_CHECKING:
    from curation.domain.film.people import PosterResult, TrailerResult
    from curation.pipelines.video.inference import VideoInference

__all__ = ["FINAL_FOLDER", "STORED_FOLDER", "CatalogueOptions", "ItemListener", "run_catalogue"]

logger = logging.getLogger(__name__)

STORED_FOLDER = Path("tmp", "stored_predictions")
FINAL_FOLDER = Path("outputs", "final_predictions")
_VISUALS_FOLDER = Path("outputs", "visuals")

_PHASE = "movies"
_KEY_PART_BYTES = 1 << 20

ItemListener = Callable[[ItemRecord, bool], None]
"""Told of each movie when it is kept, and whether an earlier run had done it."""


@dataclass(frozen=True, slots=True)
class CatalogueOptions:
    """How a catalogue is worked through.

    Attributes:
        output_dir: Gets `tmp/stored_predictions` and `outputs/final_predictions`.
        with_pickle: Whether `.pkl` files are written besides.
        memory_profile: Whether the peak memory of each movie is measured.
        draw_film: Draws over a film: given the film, what was found in it, and the file to write; None for none.
        draw_poster: Draws over a poster likewise: given the poster, its faces, the film, and the file to write.
    """

    output_dir: Path
    with_pickle: bool = False
    memory_profile: bool = False
    draw_film: Callable[[Path, TrailerResult, Path], None] | None = None
    draw_poster: Callable[[Path, PosterResult, TrailerResult, Path], None] | None = None


def run_catalogue(
    inference: VideoInference,
    csv: Path,
    istart: int = 0,
    istop: int | None = None,
    *,
    options: CatalogueOptions,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
    on_item: ItemListener | None = None,
) -> CatalogueReport:
    """Look at all movies of a catalogue.

    What is found for a movie is kept before the next one is begun. A run that was killed is continued by the same call:
    movies that are whole are not done again if their files, the settings and the weights are the same. Movies of which
    anything failed are tried again.

    Args:
        inference: Looks at each movie.
        csv: The catalogue, see `storage.video.catalogue_file`. Relative paths in it begin at its folder, or at the
            current one if there is no such file.
        istart: The first movie that is done, 0-based.
        istop: The first one that is not done any more; None for all.
        options: Where results go, and what is written besides.
        progress: Told of the movies that are done, in the phase `movies`.
        cancel: Stops between two steps; what is done is kept.
        on_item: Told of each movie when it is kept.

    Returns:
        How it ended; all movies of the catalogue that are whole, also of earlier runs with the same settings, are in
        `outputs/final_predictions`.

    Raises:
        CatalogueFileError: If the file or the range is wrong; nothing was begun.
        ExtraMissingError: If pyarrow is not installed; nothing was begun.
        BusyError: If another run works on the same folder.
        RunInterruptedError: If `cancel` was set.
        CurationError: If nothing can be looked at at all: model files are missing, the disk is full.
    """
    began_s = time.monotonic()
    movies = read_catalogue(csv)
    asked = _asked(csv, movies, istart, istop)
    arrow_schema(Media.TRAILER)  # what is missing to write the tables is told now, not after the first movie
    with hold_catalogue(options.output_dir):
        run = _Run(inference, csv, options, cancel, progress or _nobody_listens)
        run.stored.sweep()
        for number, movie in enumerate(asked):
            run.progress(Progress(_PHASE, number, len(asked), run.failed))
            stop_if(cancel)
            record, is_reused = run.done(movie)
            if on_item is not None:
                on_item(record, is_reused)
        run.progress(Progress(_PHASE, len(asked), len(asked), run.failed))
        return run.gathered(movies, len(asked), began_s)


class _Run:
    def __init__(
        self,
        inference: VideoInference,
        csv: Path,
        options: CatalogueOptions,
        cancel: threading.Event | None,
        progress: ProgressListener,
    ) -> None:
        self.inference = inference
        self.options = options
        self.cancel = cancel
        self.progress = progress
        self.stored = StoredPredictions(options.output_dir / STORED_FOLDER)
        self.folders = (csv.absolute().parent, Path.cwd())
        self.settings_key = inference.settings_key
        self.records: list[ItemRecord] = []
        self.reused = 0
        self.peaks: list[tuple[str, float]] = []

    @property
    def failed(self) -> int:
        return sum(record.status is ClipStatus.FAILED for record in self.records)

    def done(self, movie: Movie) -> tuple[ItemRecord, bool]:
        """The record of a movie, and whether an earlier run had done it."""
        key = self._key(movie)
        known = self.stored.record(movie.item_id)
        if known is not None and known.key == key and not known.has_failure:
            self.reused += 1
            self.records.append(known)
            return known, True
        memory = PeakMemory() if self.options.memory_profile else None
        with memory or nullcontext():
            result = self._looked_at(movie)
            record = self.stored.save(
                result, key=key, settings_key=self.settings_key, with_pickle=self.options.with_pickle
            )
        if memory is not None:
            self.peaks.append((movie.item_id, memory.peak_mb))
        self.records.append(record)
        return record, False

    def gathered(self, movies: Sequence[Movie], total: int, began_s: float) -> CatalogueReport:
        """Write the final predictions of the whole catalogue."""
        of_run = {record.item_id: record for record in self.records}
        ready: list[ItemRecord] = []
        missing = 0
        for movie in movies:
            record = of_run.get(movie.item_id) or self.stored.record(movie.item_id)
            if record is not None and record.settings_key == self.settings_key:
                ready.append(record)
            else:
                missing += 1
        warnings = []
        if missing:
            warnings.append(
                f"{missing} of the {len(movies)} movies of the catalogue are not in the final predictions: they were "
                "not done yet with these settings"
            )
        folder = self.options.output_dir / FINAL_FOLDER
        counts = {status: sum(record.status is status for record in self.records) for status in ClipStatus}
        report = CatalogueReport(
            total=total,
            ok=counts[ClipStatus.OK],
            partial=counts[ClipStatus.PARTIAL],
            failed=counts[ClipStatus.FAILED],
            reused=self.reused,
            problems=tuple(
                (record.item_id, record.status, "; ".join(record.problems))
                for record in self.records
                if record.status is not ClipStatus.OK
            ),
            outputs=(str(folder),),
            seconds=round(time.monotonic() - began_s, 1),
            device=self.inference.device,
            warnings=tuple(warnings),
            peak_mb=tuple(self.peaks),
        )
        write_final_predictions(folder, self.stored, ready, report, self.inference.run_facts)
        return report

    def _looked_at(self, movie: Movie) -> ItemResult:
        folder, options = self.options.output_dir / _VISUALS_FOLDER, self.options

        def film(path: Path, trailer: TrailerResult) -> None:
            if options.draw_film is not None:
                options.draw_film(path, trailer, folder / f"{movie.item_id}_trailer.mp4")

        def poster(path: Path, found: PosterResult, trailer: TrailerResult) -> None:
            if options.draw_poster is not None:
                options.draw_poster(path, found, trailer, folder / f"{movie.item_id}_poster.jpg")

        return self.inference.predict_one_item(
            movie,
            folders=self.folders,
            progress=self._of_movie,
            cancel=self.cancel,
            on_film=film,
            on_poster=poster,
        )

    def _of_movie(self, progress: Progress) -> None:
        """The progress within a movie is not shown as that of the catalogue, except for downloads."""
        logger.debug("%s: %d of %d", progress.phase, progress.done, progress.total)

    def _key(self, movie: Movie) -> str:
        """A hash of all that the result of a movie depends on."""
        return content_key(
            {
                "settings": self.settings_key,
                "trailer": self._input_key(movie.trailer),
                "poster": self._input_key(movie.poster),
                "pickle": self.options.with_pickle,
            }
        )

    def _input_key(self, where: str) -> list[str]:
        """What an input is; that of an address is the address, as it is not fetched only to compare it."""
        if not where or is_address(where):
            return ["", where]
        for folder in self.folders:
            try:
                return [where, _content_digest(folder / where)]
            except (OSError, ValueError):
                continue
        return [where, "missing"]


def _content_digest(path: Path) -> str:
    """A hash of a file's size and of its first, middle and last megabyte; films are too large to be hashed whole."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest.update(str(size).encode())
        for start in sorted({0, max(0, size // 2 - _KEY_PART_BYTES // 2), max(0, size - _KEY_PART_BYTES)}):
            file.seek(start)
            digest.update(file.read(_KEY_PART_BYTES))
    return digest.hexdigest()


def _asked(csv: Path, movies: Sequence[Movie], istart: int, istop: int | None) -> Sequence[Movie]:
    """The movies of a range.

    Raises:
        CatalogueFileError: If there are none.
    """
    stop = len(movies) if istop is None else istop
    if istart < 0 or stop <= istart or istart >= len(movies):
        raise CatalogueFileError(
            f"there is no movie from {istart} to {stop}: {csv} has {len(movies)}, numbered from 0, and istop is the "
            "first one that is not done"
        )
    return movies[istart:stop]


def _nobody_listens(_: Progress) -> None:
    return None
