"""Films and posters in, characters out: the one way in for a trailer, a poster, a movie and a whole catalogue."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from curation.domain.film.clip import ClipFacts, ClipStatus
from curation.domain.film.document import FILM_VERSION
from curation.domain.film.movies import CatalogueReport, ItemResult, Media, Movie
from curation.domain.film.people import PosterResult, TrailerResult
from curation.domain.film.track import FilmAnalysis
from curation.engines.base import EngineSpec, FaceEngine
from curation.engines.weights.poster_limits import poster_limits
from curation.errors import CurationError, InputError, PhotoError
from curation.pipelines.stage import ProgressListener, content_key
from curation.pipelines.video.analysis import LOOKS_VERSION
from curation.pipelines.video.media import MediaShelf, media_name
from curation.pipelines.video.poster import infer_on_poster, poster_rule
from curation.pipelines.video.setup import VideoSetup
from curation.workers.pool import stop_if

if TYPE_CHECKING:
    from curation.domain.film.joining import KnownPeople
    from curation.domain.labelling.labels import Labels
    from curation.pipelines.video.catalogue import CatalogueOptions, ItemListener

__all__ = ["FilmListener", "PosterListener", "TrailerInference", "VideoInference", "device_name"]

logger = logging.getLogger(__name__)

FilmListener = Callable[[Path, TrailerResult], None]
"""Told of a film that was looked at, as long as its file is there: for drawing over it."""

PosterListener = Callable[[Path, PosterResult, TrailerResult], None]
"""Likewise of a poster, and the film that it was matched with."""

_CPU = "CPUExecutionProvider"
_RESULTS_VERSION = 2
"""Part of the keys of stored predictions: raise it when films or posters give other results than before."""


class TrailerInference(Protocol):
    """Looks at one film: `curation.pipelines.video.trailer.infer_on_trailer` with its parts."""

    def __call__(
        self,
        path: Path,
        *,
        known: KnownPeople | None,
        labels: Labels | None,
        first_new_id: int,
        progress: ProgressListener,
        cancel: threading.Event | None,
    ) -> TrailerResult:
        """The film with its characters."""


class VideoInference:
    """Looks at films and posters; one call at a time."""

    def __init__(
        self,
        setup: VideoSetup,
        look: TrailerInference,
        shelf: MediaShelf,
        *,
        make_engine: Callable[[EngineSpec], FaceEngine],
        max_megapixels: float,
        free_memory: Callable[[], None] = lambda: None,
    ) -> None:
        """Set the parts.

        Args:
            setup: Everything that settings decide.
            look: Looks at a film.
            shelf: Opens films and posters by path or address.
            make_engine: Loads the engine for posters, at the first poster.
            max_megapixels: Larger posters are refused.
            free_memory: Called after each movie and each error, besides what is freed here.
        """
        self.setup = setup
        self._look = look
        self._shelf = shelf
        self._make_engine = make_engine
        self._max_megapixels = max_megapixels
        self._free_memory = free_memory
        self._engine: FaceEngine | None = None

    @property
    def device(self) -> str:
        """What looks at films and posters, such as `cpu` or `cuda`."""
        return device_name(self.setup.engine)

    @property
    def settings_key(self) -> str:
        """A hash of all settings and weights that results depend on, to the last bit."""
        setup = self.setup
        # Neither depends on how many pictures are worked on at once.
        looks = {name: value for name, value in asdict(setup.looks).items() if name != "batch_size"}
        return content_key(
            {
                "versions": [_RESULTS_VERSION, LOOKS_VERSION, FILM_VERSION],
                "device": self.device,
                "engines": [_engine_facts(setup.engine), _engine_facts(setup.poster_engine)],
                "looks": looks,
                "people": asdict(setup.people),
                "posters": [asdict(setup.posters), asdict(poster_rule(setup.posters, setup.poster_engine)[0])],
                "readers": [[reader.name, [file.sha256 for file in reader.weights]] for reader in setup.readers],
            }
        )

    @property
    def run_facts(self) -> dict[str, Any]:
        """What the record of a run says of settings and weights, as JSON values."""
        setup = self.setup
        files = [*setup.engine.weights, *(file for reader in setup.readers for file in reader.weights)]
        return {
            "engine": setup.engine.name,
            "weights": {file.name: file.sha256 for file in files},
            "looks": {name: value for name, value in asdict(setup.looks).items() if name != "attributes"},
            "people": asdict(setup.people),
            "posters": asdict(setup.posters),
            "poster_limits": poster_limits(setup.poster_engine).source,
            "attributes": [str(attribute) for reader in setup.readers for attribute in reader.attributes],
        }

    def infer_on_trailer(
        self,
        trailer: str | Path,
        *,
        known: KnownPeople | None = None,
        labels: Labels | None = None,
        first_new_id: int = 0,
        folders: Sequence[Path] = (),
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
        on_film: FilmListener | None = None,
    ) -> TrailerResult:
        """Look at a film.

        Args:
            trailer: Path or http(s) address.
            known: People who are known already, whom its faces join.
            labels: What they are called.
            first_new_id: Ids of characters who are nobody known begin here.
            folders: Where a relative path is looked for; the current folder if empty.
            progress: Told how far it is.
            cancel: Stops it.
            on_film: Told of the film while its file is there.

        Raises:
            PhotoError: If the film cannot be used.
            RunInterruptedError: If `cancel` was set.
        """
        with self._shelf.opened(trailer, Media.TRAILER, folders=folders, progress=progress, cancel=cancel) as path:
            result = self._look(
                path,
                known=known,
                labels=labels,
                first_new_id=first_new_id,
                progress=progress or _nobody_listens,
                cancel=cancel,
            )
            if on_film is not None:
                on_film(path, result)
            return result

    def infer_on_poster(
        self,
        poster: str | Path | bytes,
        trailer: TrailerResult,
        *,
        selected: Collection[int] | None = None,
        folders: Sequence[Path] = (),
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
        on_poster: PosterListener | None = None,
    ) -> PosterResult:
        """Match the faces of a poster with the characters of a film.

        Args:
            poster: Path, http(s) address, or content of a picture.
            trailer: The film.
            selected: Cluster ids of the characters that count; None for all.
            folders: Where a relative path is looked for; the current folder if empty.
            progress: Told of a download.
            cancel: Stops it.
            on_poster: Told of the poster while its file is there; not of a content.

        Raises:
            PhotoError: If the poster cannot be used.
            WeightsError: If the engine cannot be loaded.
        """
        if isinstance(poster, bytes):
            return self._match(poster, trailer, selected)
        with self._shelf.opened(poster, Media.POSTER, folders=folders, progress=progress, cancel=cancel) as path:
            result = self._match(path, trailer, selected)
            if on_poster is not None:
                on_poster(path, result, trailer)
            return result

    def predict_one_item(
        self,
        movie: Movie | Mapping[str, str],
        *,
        selected: Collection[int] | None = None,
        known: KnownPeople | None = None,
        labels: Labels | None = None,
        first_new_id: int = 0,
        folders: Sequence[Path] = (),
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
        on_film: FilmListener | None = None,
        on_poster: PosterListener | None = None,
    ) -> ItemResult:
        """Look at the trailer and the poster of a movie; what is wrong with one of them does not end the other.

        Args:
            movie: Its id, trailer and poster, either of which may be empty.
            selected: See `infer_on_poster`.
            known: See `infer_on_trailer`.
            labels: See `infer_on_trailer`.
            first_new_id: See `infer_on_trailer`.
            folders: See `infer_on_trailer`.
            progress: Told how far it is.
            cancel: Stops it.
            on_film: See `infer_on_trailer`.
            on_poster: See `infer_on_poster`.

        Raises:
            ValueError: If a mapping has no id.
            RunInterruptedError: If `cancel` was set.
            CurationError: If nothing can be looked at at all: model files are missing, the disk is full.
        """
        movie = movie if isinstance(movie, Movie) else Movie.of(movie)
        problems: list[str] = []
        failures = 0
        trailer: TrailerResult | None = None
        poster: PosterResult | None = None
        try:
            if movie.trailer:
                with self._tolerated(movie, Media.TRAILER, problems):
                    trailer = self.infer_on_trailer(
                        movie.trailer,
                        known=known,
                        labels=labels,
                        first_new_id=first_new_id,
                        folders=folders,
                        progress=progress,
                        cancel=cancel,
                        on_film=on_film,
                    )
                failures += trailer is None
            if trailer is not None and trailer.film.status is not ClipStatus.OK:
                problems.append(f"trailer: {trailer.film.problem or 'not all of it could be looked at'}")
            stop_if(cancel)
            if movie.poster:
                with self._tolerated(movie, Media.POSTER, problems):
                    poster = self.infer_on_poster(
                        movie.poster,
                        _NO_FILM if trailer is None else trailer,
                        selected=selected,
                        folders=folders,
                        progress=progress,
                        cancel=cancel,
                        on_poster=on_poster,
                    )
                failures += poster is None
        finally:
            self._free()
        if trailer is None and poster is None:
            status = ClipStatus.FAILED
        else:
            status = ClipStatus.PARTIAL if problems else ClipStatus.OK
        return ItemResult(movie, status, trailer, poster, tuple(problems), failures > 0, self.device)

    def infer_pipeline(
        self,
        csv: str | Path,
        istart: int = 0,
        istop: int | None = None,
        *,
        options: CatalogueOptions | None = None,
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
        on_item: ItemListener | None = None,
    ) -> CatalogueReport:
        """Look at all movies of a catalogue, see `curation.pipelines.video.catalogue.run_catalogue`.

        Without `options` the results go into the current folder.
        """
        from curation.pipelines.video.catalogue import CatalogueOptions, run_catalogue

        return run_catalogue(
            self,
            Path(csv),
            istart,
            istop,
            options=options or CatalogueOptions(Path.cwd()),
            progress=progress,
            cancel=cancel,
            on_item=on_item,
        )

    def _match(self, poster: Path | bytes, trailer: TrailerResult, selected: Collection[int] | None) -> PosterResult:
        if self._engine is None:
            self._engine = self._make_engine(self.setup.poster_engine)
        return infer_on_poster(
            poster,
            trailer,
            engine=self._engine,
            options=self.setup.posters,
            selected=selected,
            max_megapixels=self._max_megapixels,
        )

    @contextmanager
    def _tolerated(self, movie: Movie, media: Media, problems: list[str]) -> Iterator[None]:
        """What is wrong with one trailer or poster is noted; what is wrong with the machine is raised."""
        try:
            yield
        except (PhotoError, InputError) as error:
            reason = str(error)
        except MemoryError:
            reason = "not enough memory"
        except CurationError:
            raise
        except Exception as error:
            logger.exception("%s: an error of the program with its %s; please report it", movie.item_id, media)
            reason = f"unexpected error ({type(error).__name__}: {error})"
        else:
            return
        self._free()
        named = media_name(movie.trailer if media is Media.TRAILER else movie.poster)
        problems.append(f"{media}: {reason}")
        logger.info("%s: its %s %s was skipped: %s", movie.item_id, media, named, reason)

    def _free(self) -> None:
        """Free what a movie took on a GPU: there, the engine's memory only grows until it is closed."""
        if self._engine is not None and self.device != "cpu":
            self._engine = None
        self._free_memory()


def device_name(spec: EngineSpec) -> str:
    """What an engine runs on, in the words of `video.device` where it has one."""
    first = spec.providers[0] if spec.providers else _CPU
    return first.removesuffix("ExecutionProvider").lower()


def _engine_facts(spec: EngineSpec) -> list[object]:
    return [spec.name, [file.sha256 for file in spec.weights], [list(option) for option in spec.options]]


def _nobody_listens(_: object) -> None:
    return None


def _no_film() -> TrailerResult:
    facts = ClipFacts(Fraction(0), 0, 0)
    return TrailerResult(FilmAnalysis(facts, ClipStatus.OK, "", (), 0, 0, 0, 0.0, (), ()), (), (), "")


_NO_FILM = _no_film()
"""What posters are matched with where there is no trailer: nobody."""
