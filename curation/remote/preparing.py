"""Preparing a worker's process for the work of a run, once; what was prepared for the last few runs is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from curation.engines.base import EngineSpec, WeightsFile
from curation.errors import SettingsError, WeightsBrokenError, WeightsMissingError
from curation.remote.functions import FILMS, PHOTOS, PICTURES
from curation.remote.known_contents import SentKnowledge
from curation.remote.machine import Machine
from curation.remote.setups import AnyWork, Converted, FilmWork, PhotoWork, PictureWork

if TYPE_CHECKING:
    from curation.engines.bodies.base import BodySpec
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
        kind: `PHOTOS`, `FILMS` or `PICTURES`.
        input_address: Of the run's photos in object storage; empty if they lie in a folder.
        known: Gets what is sent with each task.
        worker: For `swap_worker`, `swap_video_worker` or `swap_asset_worker`, with the networks that it has loaded.
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
            _take_out()
            prepared = _prepared(setup_of(setup, machine), machine)
        else:
            _take_out()
        _swap(prepared.kind)(prepared.worker)
        self._kept[setup_hash] = prepared  # the last one is the latest
        return prepared


def setup_of(data: Any, machine: Machine) -> AnyWork:
    """The setup from its JSON, with the model files of this machine; missing ones are fetched.

    Raises:
        ValueError: If it is none.
        CurationError: If this machine lacks something.
    """
    setup = machine.codec.decoded(data)
    if not isinstance(setup, AnyWork):
        raise ValueError(f"a {type(setup).__name__} is no setup of workers")
    return setup


def _take_out() -> None:
    for kind in (PHOTOS, FILMS, PICTURES):
        _swap(kind)(None)


def _swap(kind: str) -> Callable[[object | None], object | None]:
    if kind == FILMS:
        from curation.pipelines.video.segment_task import swap_video_worker

        return swap_video_worker
    if kind == PICTURES:
        from curation.pipelines.assets.task import swap_asset_worker

        return swap_asset_worker
    from curation.pipelines.per_photo import swap_worker

    return swap_worker


def _prepared(setup: AnyWork, machine: Machine) -> Prepared:
    _refuse_without_providers(setup)
    known = SentKnowledge()
    if isinstance(setup, FilmWork):
        _prepare_films(setup, machine)
        return Prepared(FILMS, setup.input_address, known, _swap(FILMS)(None))
    if isinstance(setup, PictureWork):
        _prepare_pictures(setup, machine)
        return Prepared(PICTURES, "", known, _swap(PICTURES)(None))
    _prepare_photos(setup, machine, known)
    return Prepared(PHOTOS, setup.input_address, known, _swap(PHOTOS)(None))


def _refuse_without_providers(setup: AnyWork) -> None:
    """ONNX Runtime passes over what it does not offer, and the CPU gives other floats than a GPU.

    Raises:
        SettingsError: If this machine does not offer what the run uses.
    """
    wanted = set(() if setup.spec is None else setup.spec.providers)
    wanted = wanted.union(*(reader.providers for reader in setup.readers))
    if isinstance(setup, PictureWork):
        wanted = wanted.union(*(body.providers for body in _bodies(setup)))
    wanted -= {_CPU}
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


def _prepare_pictures(setup: PictureWork, machine: Machine) -> None:
    from curation.pipelines.assets.setup import AssetSetup
    from curation.pipelines.assets.task import prepare_asset_worker
    from curation.worker_setup import build_asset_networks

    def whole(spec: BodySpec) -> BodySpec:
        return _with_made(spec, setup.made, machine)

    prepare_asset_worker(
        AssetSetup(
            engine=with_converted(setup.spec, setup.converted, machine),
            people=tuple(map(whole, setup.people)),
            mask=whole(setup.mask),
            cutout=None if setup.cutout is None else whole(setup.cutout),
            clothes=tuple(map(whole, setup.clothes)),
            readers=setup.readers,
            predictor=setup.predictor,
            limits=setup.limits,
            min_person_px=setup.min_person_px,
            colours=setup.colours,
            build=build_asset_networks,
        )
    )


def _bodies(setup: PictureWork) -> list[BodySpec]:
    cutout = () if setup.cutout is None else (setup.cutout,)
    return [*setup.people, setup.mask, *setup.mask.beside, *cutout, *setup.clothes]


def _with_made(spec: BodySpec, made: Sequence[Converted], machine: Machine) -> BodySpec:
    """The network for bodies with what is made of its files, see `with_converted`."""
    files = {file.name: file for file in spec.weights}
    return replace(
        spec,
        converted=tuple(_body_network(files[one.name], one, machine) for one in made if one.name in files),
        beside=tuple(_with_made(other, made, machine) for other in spec.beside),
    )


def _body_network(source: WeightsFile, one: Converted, machine: Machine) -> WeightsFile:
    found = machine.shelf.made(one.name, one.sha256, one.file_name)
    if found is not None:
        return found
    from curation.engines.bodies.tflite.conversion import converted_network

    io = machine.settings.io
    own = converted_network(source, (io.models_dir, io.state_dir))
    return own if own.sha256 == one.sha256 else _fetched(machine.shelf, one)


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
