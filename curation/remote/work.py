"""What a pool of other machines' workers has to know of photos, films and assets; implements `RemoteWork`."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.disk.answers import in_time
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.errors import CurationError, PhotosMissingError, PhotoUnreadableError, StorageError
from curation.photos.files.content import content_sha256
from curation.photos.finding.folder_watch import ANSWER_LIMIT_S, answer_of
from curation.pipelines.per_photo import AnalyseBatch, AnalyseTask, MeasureTask
from curation.pipelines.video.segment_task import SegmentTask
from curation.remote.codec import Codec
from curation.remote.errors import stage_error_of
from curation.remote.functions import FILMS, FUNCTIONS, PHOTOS, PICTURES
from curation.remote.known_contents import known_contents
from curation.remote.places import INPUT, Places, places_of
from curation.remote.setups import AnyWork, Converted, FilmWork, PhotoWork, PictureWork, library_versions
from curation.remote.weights import publish
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import stamp_of

if TYPE_CHECKING:
    from curation.engines.bodies.base import BodySpec
    from curation.pipelines.assets.setup import AssetSetup
    from curation.pipelines.video.setup import VideoSetup
    from curation.settings import Settings
    from curation.workers.pool import TaskPool

__all__ = ["FilmRemoteWork", "PhotoRemoteWork", "PictureRemoteWork", "picture_pool", "shared_out"]

logger = logging.getLogger(__name__)

_Parts = Sequence[Any]

_PICTURE_PATIENCE_S = 30.0


class _RemoteWork:
    """What photos and films have in common."""

    def __init__(self, settings: Settings, kind: str, setup: AnyWork) -> None:
        self._places: Places = places_of(settings)
        self._has_address = bool(settings.input_address)
        self._codec = Codec(self._places)
        self._names = {(one.module, one.name): name for name, one in FUNCTIONS.items() if one.kind == kind}
        self._setup = self._codec.encoded(setup)
        text = json.dumps(self._setup, sort_keys=True, separators=(",", ":"))
        self._setup_hash = hashlib.sha256(text.encode()).hexdigest()

    @property
    def setup(self) -> Any:
        """See `RemoteWork`."""
        return self._setup

    @property
    def setup_hash(self) -> str:
        """See `RemoteWork`."""
        return self._setup_hash

    def name_of(self, function: Callable[..., Any]) -> str | None:
        """See `RemoteWork.name_of`."""
        return self._names.get((function.__module__, getattr(function, "__name__", "")))

    def decode(self, name: str, value: Any) -> Any:
        """See `RemoteWork.decode`."""
        known = FUNCTIONS.get(name)
        if known is None or (known.module, known.name) not in self._names:
            raise ValueError(f"there is no function {name[:80]!r} for these workers")
        result = self._codec.decoded(value)
        if not known.is_result(result):
            raise ValueError(f"a {type(result).__name__} is no result of {name}")
        return result

    def gone(self, task: Any) -> str:
        """See `RemoteWork.gone`."""
        if self._has_address:
            return ""
        for part in _parts(task):
            path = getattr(part, "path", None)
            if isinstance(path, Path):
                why = answer_of(partial(_unreadable, path))
                if why:
                    return why
        return ""

    def error_of(self, value: Any) -> CurationError:
        """See `RemoteWork.error_of`."""
        return stage_error_of(value)

    def label_of(self, task: Any) -> str:
        """See `RemoteWork.label_of`."""
        if isinstance(task, AnalyseBatch):
            first, more = task.tasks[0].image_path, len(task.tasks) - 1
            return f"{first} and {more} more" if more else first
        if isinstance(task, SegmentTask):
            return f"{task.path.name}, from {float(task.span.start):.0f} s"
        return str(task.image_path)

    def _size_seen(self, path: Path, listed: int | None) -> int | None:
        """How many bytes the file has, as this machine sees it; None if it does not see it."""
        if self._has_address and path.is_relative_to(self._places.root(INPUT)):
            return listed
        try:
            stamp = in_time(path.parent, lambda: stamp_of(path), limit_s=ANSWER_LIMIT_S)
        except TimeoutError as error:
            raise PhotosMissingError(
                f"the folder {path.parent} vanished during the run ({error.strerror}); what was there before is as it "
                "was: connect the disk, then run again"
            ) from error
        return None if stamp is None else stamp.size_bytes


class PhotoRemoteWork(_RemoteWork):
    """The work on photos, and on single pictures of clips: both stages."""

    def __init__(
        self,
        settings: Settings,
        spec: EngineSpec | None,
        predictor: WeightsFile | None,
        readers: Sequence[ReaderSpec] = (),
    ) -> None:
        """Tell workers what a run needs; what they may lack is put into object storage if they fetch from there.

        Args:
            settings: Of the run.
            spec: The engine, if the stage needs one.
            predictor: The landmark model, if the stage needs one.
            readers: One for each attribute that is asked for.
        """
        setup = PhotoWork(
            _told_spec(spec),
            _told_converted(spec),
            predictor,
            tuple(readers),
            settings.io.max_photo_megapixels,
            settings.clustering.thumbnail_px,
            settings.input_address,
            library_versions(films=False),
        )
        super().__init__(settings, PHOTOS, setup)
        _put_weights(settings, spec, predictor, readers)
        self._state_dir = settings.io.state_dir
        self._store: AnalysisStore | None = None

    def encode(self, task: Any) -> Any:
        """See `RemoteWork.encode`; what the analysis store knows of the photo's content goes with it."""
        parts = _parts(task)
        known = known_contents(task, self._opened()) if isinstance(parts[0], AnalyseTask | MeasureTask) else ()
        return {
            "task": self._codec.encoded(task),
            "known": [self._codec.encoded(one) for one in known],
            "sizes": [self._size_seen(part.path, getattr(part, "size_bytes", None)) for part in parts],
        }

    def _opened(self) -> AnalysisStore:
        if self._store is None:
            self._store = AnalysisStore(self._state_dir)
            weakref.finalize(self, self._store.close)
            self._store.index_sizes()
        return self._store


class FilmRemoteWork(_RemoteWork):
    """The work on segments of films."""

    def __init__(self, settings: Settings, setup: VideoSetup) -> None:
        """Tell workers what looking at films needs; see `PhotoRemoteWork`."""
        told = FilmWork(
            _without_rules(setup.engine),
            _told_converted(setup.engine),
            setup.predictor,
            setup.readers,
            setup.looks,
            settings.input_address,
            library_versions(films=True),
        )
        super().__init__(settings, FILMS, told)
        _put_weights(settings, setup.engine, setup.predictor, setup.readers)

    def encode(self, task: Any) -> Any:
        """See `RemoteWork.encode`."""
        listed = None if task.stamp is None else task.stamp.size_bytes
        size = self._size_seen(task.path, listed)
        # Other machines see another time of the same file; that it is the same one is known here.
        is_same = self._has_address or stamp_of(task.path) == task.stamp
        return {
            "task": self._codec.encoded(replace(task, stamp=None)),
            "known": [],
            "sizes": [size if is_same else -1],
        }


class PictureRemoteWork(_RemoteWork):
    """The work on assets, whose pictures are sent with their tasks; may be used by several pools at once."""

    def __init__(self, settings: Settings, setup: AssetSetup) -> None:
        """Tell workers what taking pictures apart needs; see `PhotoRemoteWork`."""
        bodies = [*setup.people, setup.mask, *([] if setup.cutout is None else [setup.cutout]), *setup.clothes]
        bodies += [other for body in bodies for other in body.beside]
        made = dict.fromkeys(file for body in bodies for file in body.converted)
        told = PictureWork(
            _without_rules(setup.engine),
            _told_converted(setup.engine),
            tuple(map(_told_body, setup.people)),
            _told_body(setup.mask),
            None if setup.cutout is None else _told_body(setup.cutout),
            tuple(map(_told_body, setup.clothes)),
            tuple(Converted(one.name, one.sha256, one.path.name) for one in made),
            setup.predictor,
            setup.readers,
            setup.limits,
            setup.min_person_px,
            setup.colours,
            library_versions(films=False),
        )
        super().__init__(settings, PICTURES, told)
        _put_weights(settings, setup.engine, setup.predictor, setup.readers, bodies)

    def encode(self, task: Any) -> Any:
        """See `RemoteWork.encode`."""
        return {"task": self._codec.encoded(task), "known": [], "sizes": []}

    def label_of(self, task: Any) -> str:
        """See `RemoteWork.label_of`."""
        return str(task.name)


def picture_pool(settings: Settings, work: PictureRemoteWork) -> TaskPool:
    """A pool for one picture at a time, for somebody who counts himself how often a picture lost its worker.

    Args:
        settings: The section `workers`.
        work: What workers know.
    """
    from curation.workers.distributed.broker import BrokerOptions
    from curation.workers.distributed.pool import CeleryPool

    broker = BrokerOptions.of(settings.workers)
    # Who waits in vain gives the picture back, and asks again later.
    broker = replace(broker, max_sends=1, patience_s=min(broker.patience_s, _PICTURE_PATIENCE_S))
    return CeleryPool(broker, work, here=_nowhere)


def _unreadable(path: Path) -> str:
    """Why a file cannot be read here; empty if it can."""
    if not os.path.lexists(path):
        return "the photo is gone: put it back, or run the clustering again"
    try:
        content_sha256(path)
    except PhotoUnreadableError as error:
        return str(error)
    return ""


def _nowhere() -> TaskPool:
    raise RuntimeError("this pool runs on other machines only")


def shared_out(settings: Settings, work: PhotoRemoteWork | FilmRemoteWork, here: Callable[[], TaskPool]) -> TaskPool:
    """A pool that shares tasks out to the workers of other machines.

    Args:
        settings: The section `workers`.
        work: What workers know.
        here: Makes the pool of this machine, for what they do not know.
    """
    from curation.workers.distributed.broker import BrokerOptions
    from curation.workers.distributed.pool import CeleryPool

    return CeleryPool(BrokerOptions.of(settings.workers), work, here=here)


def _parts(task: Any) -> _Parts:
    return task.tasks if isinstance(task, AnalyseBatch) else (task,)


def _told_spec(spec: EngineSpec | None) -> EngineSpec | None:
    return None if spec is None else _without_rules(spec)


def _without_rules(spec: EngineSpec) -> EngineSpec:
    """What a worker needs of an engine: its rules are applied by the parent, and are long."""
    return replace(spec, converted=(), grouping=None, unreadable=None, reason="", threshold_source="")


def _told_converted(spec: EngineSpec | None) -> tuple[Converted, ...]:
    converted = () if spec is None else spec.converted
    return tuple(Converted(one.name, one.sha256, one.path.name) for one in converted)


def _told_body(body: BodySpec) -> BodySpec:
    return replace(body, converted=(), beside=tuple(map(_told_body, body.beside)))


def _put_weights(
    settings: Settings,
    spec: EngineSpec | None,
    predictor: WeightsFile | None,
    readers: Sequence[ReaderSpec],
    bodies: Sequence[BodySpec] = (),
) -> None:
    """Put what workers may lack into the object storage that they fetch it from."""
    url = settings.workers.weights_url
    if url is None or url.startswith(("http://", "https://")):
        return
    files = [] if spec is None else [*spec.weights, *spec.converted]
    files += [file for reader in readers for file in reader.weights]
    files += [file for body in bodies for file in (*body.weights, *body.converted)]
    files += [] if predictor is None else [predictor]
    try:
        publish(
            {file.sha256: file.path for file in files},
            url,
            timeout_s=settings.io.object_timeout_s,
        )
    except StorageError as error:
        # Workers that have the files need nothing from there; the others say what they lack.
        logger.warning("model files could not be put where workers fetch them: %s", error)
