"""Preparing a worker's process for the work of a run, once; what was prepared for the last few runs is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from curation.engines.base import EngineSpec, WeightsFile
from curation.errors import SettingsError, WeightsBrokenError, WeightsMissingError
from curation.remote.functions import FILMS, PHOTOS
from curation.remote.known_contents import SentKnowledge
from curation.remote.machine import Machine
from curation.remote.setups import Converted, FilmWork, PhotoWork

if TYPE_CHECKING:
    from curation.remote.weights import WeightsShelf
    from curation.settings import Settings

__all__ = ["Preparations", "Prepared", "setup_of"]

_CPU = "CPUExecutionProvider"

_KEPT = 2
"""So many runs share a worker's process without loading networks at each turn; each keeps its networks in memory."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A process as it was prepared for a run.

    Attributes:
        kind: `PHOTOS` or `FILMS`.
        input_address: Of the run's photos in object storage; empty if they lie in a folder.
        known: Gets what is sent with each task.
        worker: For `swap_worker` or `swap_video_worker`, with the networks that it has loaded.
    """

    kind: str
    input_address: str
    known: SentKnowledge
    worker: object


class Preparations:
    """What this process is prepared for."""

    def __init__(self) -> None:
        """It is prepared for nothing."""
        self._kept: dict[str, Prepared] = {}

    def ready(self, setup: Any, setup_hash: str, machine: Machine) -> Prepared:
        """Prepare the process for the tasks of a run; nothing happens if it is.

        Args:
            setup: As the parent sent it.
            setup_hash: Its name.
            machine: This one.

        Raises:
            ValueError: If the setup is none.
            CurationError: If this machine cannot do the work.
        """
        prepared = self._kept.pop(setup_hash, None)
        if prepared is None:
            while len(self._kept) >= _KEPT:  # first, so that its memory is free
                del self._kept[next(iter(self._kept))]
            _swap(PHOTOS)(None)
            _swap(FILMS)(None)
            prepared = _prepared(setup_of(setup, machine), machine)
        else:
            _swap(PHOTOS)(None)
            _swap(FILMS)(None)
        _swap(prepared.kind)(prepared.worker)
        self._kept[setup_hash] = prepared  # the last one is the latest
        return prepared


def setup_of(data: Any, machine: Machine) -> PhotoWork | FilmWork:
    """The setup from its JSON, with the model files of this machine; missing ones are fetched.

    Raises:
        ValueError: If it is none.
        CurationError: If this machine lacks something.
    """
    setup = machine.codec.decoded(data)
    if not isinstance(setup, PhotoWork | FilmWork):
        raise ValueError(f"a {type(setup).__name__} is no setup of workers")
    return setup


def _swap(kind: str) -> Callable[[object | None], object | None]:
    if kind == FILMS:
        from curation.pipelines.video.segment_task import swap_video_worker

        return swap_video_worker
    from curation.pipelines.per_photo import swap_worker

    return swap_worker


def _prepared(setup: PhotoWork | FilmWork, machine: Machine) -> Prepared:
    _refuse_without_providers(setup)
    known = SentKnowledge()
    if isinstance(setup, FilmWork):
        _prepare_films(setup, machine)
        return Prepared(FILMS, setup.input_address, known, _swap(FILMS)(None))
    _prepare_photos(setup, machine, known)
    return Prepared(PHOTOS, setup.input_address, known, _swap(PHOTOS)(None))


def _refuse_without_providers(setup: PhotoWork | FilmWork) -> None:
    """ONNX Runtime passes over what it does not offer, and the CPU gives other floats than a GPU.

    Raises:
        SettingsError: If this machine does not offer what the run uses.
    """
    wanted = set(() if setup.spec is None else setup.spec.providers)
    wanted = wanted.union(*(reader.providers for reader in setup.readers)) - {_CPU}
    if not wanted:
        return
    from curation.engines.onnx_sessions import import_onnxruntime

    missing = wanted - set(import_onnxruntime().get_available_providers())
    if missing:
        raise SettingsError(f"ONNX Runtime does not offer {', '.join(sorted(missing))} here, which the run uses")


def _prepare_photos(setup: PhotoWork, machine: Machine, known: SentKnowledge) -> None:
    import logging

    from curation.worker_setup import WorkerSetup, build_worker

    spec = None if setup.spec is None else with_converted(setup.spec, setup.converted, machine)
    build_worker(
        WorkerSetup(
            spec,
            setup.predictor,
            state_dir=machine.settings.io.state_dir,
            max_megapixels=setup.max_megapixels,
            chip_px=setup.chip_px,
            log_level=logging.getLogger().getEffectiveLevel(),
            readers=setup.readers,
            originals=machine.originals,
            make_known=lambda state_dir: known,
        )
    )


def _prepare_films(setup: FilmWork, machine: Machine) -> None:
    from curation.pipelines.video.options import PeopleOptions, PosterOptions
    from curation.pipelines.video.segment_task import prepare_video_worker
    from curation.pipelines.video.setup import VideoSetup
    from curation.worker_setup import build_video_parts

    spec = with_converted(setup.spec, setup.converted, machine)
    prepare_video_worker(
        VideoSetup(
            engine=spec,
            poster_engine=spec,  # of the parent only, as are people and posters
            looks=setup.looks,
            people=PeopleOptions(),
            posters=PosterOptions(),
            readers=setup.readers,
            predictor=setup.predictor,
            state_dir=machine.settings.io.state_dir,
            max_minutes=machine.settings.video.max_video_minutes,
            max_mb=machine.settings.video.max_video_mb,
            build=build_video_parts,
            originals=machine.originals,
        )
    )


def with_converted(spec: EngineSpec, converted: Sequence[Converted], machine: Machine) -> EngineSpec:
    """The engine with the networks that are made from its files: found here, made here, or fetched.

    Raises:
        WeightsMissingError: If this machine makes others, with which results might not be the same, and cannot fetch
            the right ones.
    """
    if not converted:
        return spec
    shelf = machine.shelf
    found = [shelf.made(one.name, one.sha256, one.file_name) for one in converted]
    if None in found:
        own = {one.sha256: one for one in _own_networks(spec, machine.settings)}
        found = [
            here or own.get(one.sha256) or _fetched(shelf, one) for here, one in zip(found, converted, strict=True)
        ]
    return replace(spec, converted=tuple(one for one in found if one is not None))


def _own_networks(spec: EngineSpec, settings: Settings) -> tuple[WeightsFile, ...]:
    from curation.engines.selection import converted_networks

    io = settings.io
    return converted_networks(spec.name, spec.weights, spec.providers, io.models_dir, io.state_dir)


def _fetched(shelf: WeightsShelf, one: Converted) -> WeightsFile:
    try:
        return shelf.fetch_made(one.name, one.sha256, one.file_name)
    except (WeightsMissingError, WeightsBrokenError) as error:
        raise WeightsMissingError(
            f"of {one.name} another network is made here than by the run ({one.file_name}): install the same version "
            f"of ONNX Runtime, or give the run's with workers.weights_url ({error})"
        ) from error
