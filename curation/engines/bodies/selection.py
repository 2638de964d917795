"""Which networks for whole people are used, with their weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curation.engines.base import WeightsFile
from curation.engines.bodies.base import BodySpec
from curation.engines.bodies.catalogue import (
    BODY_NETWORKS,
    CLOTHES,
    OUTFIT,
    PERSON_BOXES,
    POSE_DETECTOR,
    SELFIE,
    TFLITE,
    U2NETP,
    BodyNetwork,
)
from curation.engines.bodies.network import check_file
from curation.engines.onnx_sessions import CPU_PROVIDER, usable_providers
from curation.engines.weights.fetching import fetch
from curation.engines.weights.http_source import DownloadProgress
from curation.engines.weights.inventory import locate
from curation.errors import SettingsError, WeightsMissingError

__all__ = ["BodyEngines", "check_weights", "fetchable_files", "select_bodies", "select_outfit_network"]

_OFF, _FINE = "off", "fine"


@dataclass(frozen=True, slots=True)
class BodyEngines:
    """The chosen networks for whole people; small enough to send to workers.

    Attributes:
        people: What `curation.engines.bodies.people.build_people_finder` needs.
        mask: The network of people's masks.
        cutout: That of cut-outs; None if there are to be none.
        clothes: What tells clothes apart.
    """

    people: tuple[BodySpec, ...]
    mask: BodySpec
    cutout: BodySpec | None
    clothes: tuple[BodySpec, ...]


def select_bodies(
    *,
    pose: str,
    cutouts: str,
    fine_segmenter: str,
    models_dir: Path,
    cache_dirs: Sequence[Path],
    providers: Sequence[str],
    allow_download: bool,
    progress: DownloadProgress | None = None,
    connect_timeout_s: float = 5.0,
) -> BodyEngines:
    """Find the networks that settings ask for, and make sure that they can be loaded.

    An ONNX file that the user put into the models folder is used as it is. Files of TensorFlow Lite are converted
    once.

    Args:
        pose: `assets.pose`: `lite`, `full` or `heavy`.
        cutouts: `assets.cutouts`: `off`, `auto` or `fine`.
        fine_segmenter: `assets.fine_segmenter`.
        models_dir: The models folder.
        cache_dirs: Folders for converted models, in order of preference: the models folder, the state folder.
        providers: ONNX Runtime's execution providers, in order of preference.
        allow_download: Whether missing files may be downloaded.
        progress: Called as weights are downloaded.
        connect_timeout_s: How long to wait for any source to answer.

    Raises:
        SettingsError: If there is no such network, or no provider can be used.
        WeightsMissingError: If a file is missing; the message names it and says how to get it.
        WeightsBrokenError: If a file is not what it should be.
        StorageError: If a file cannot be read, or a download or a converted model cannot be written.
        BusyError: If another process has been downloading a file for too long.
    """
    usable = usable_providers(providers)

    def found(name: str) -> BodySpec:
        return _spec(name, models_dir, cache_dirs, usable, allow_download, progress, connect_timeout_s)

    names = _names(pose, cutouts, fine_segmenter)
    specs = {name: found(name) for name in dict.fromkeys(names.all)}
    if names.beside:
        specs[names.mask] = replace(specs[names.mask], beside=tuple(specs[name] for name in names.beside))
    return BodyEngines(
        people=tuple(specs[name] for name in names.people),
        mask=specs[names.mask],
        cutout=specs[names.cutout[0]] if names.cutout else None,
        clothes=tuple(specs[name] for name in names.clothes),
    )


def select_outfit_network(
    models_dir: Path,
    providers: Sequence[str],
    *,
    allow_download: bool,
    progress: DownloadProgress | None = None,
    connect_timeout_s: float = 5.0,
) -> BodySpec:
    """Find the network that `curation.engines.bodies.outfit_vector` uses; arguments and errors as `select_bodies`."""
    usable = usable_providers(providers)
    return _spec(OUTFIT, models_dir, (models_dir,), usable, allow_download, progress, connect_timeout_s)


def fetchable_files(models_dir: Path, *, pose: str, cutouts: str, fine_segmenter: str) -> tuple[str, ...]:
    """The names of the files that settings ask for and that are not in the models folder, to be downloaded.

    Args:
        models_dir: The models folder.
        pose: See `select_bodies`.
        cutouts: Likewise.
        fine_segmenter: Likewise.

    Raises:
        SettingsError: If there is no such network.
    """
    names = _names(pose, cutouts, fine_segmenter)
    networks = [_network(name) for name in names.all]
    missing = [
        network.files[-1] for network in networks if not any((models_dir / file).is_file() for file in network.files)
    ]
    return tuple(dict.fromkeys(missing))


def check_weights(weights: WeightsFile) -> None:
    """Load a file as the network of the catalogue that has it, on the CPU; nothing if there is none.

    Raises:
        WeightsBrokenError: If it is not such a network.
    """
    for network in BODY_NETWORKS.values():
        if weights.name in network.files:
            _check(network, (CPU_PROVIDER,))(weights)


@dataclass(frozen=True, slots=True)
class _Names:
    people: tuple[str, ...]
    mask: str
    beside: tuple[str, ...]
    cutout: tuple[str, ...]
    clothes: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.people, self.mask, *self.beside, *self.cutout, *self.clothes)


def _names(pose: str, cutouts: str, fine_segmenter: str) -> _Names:
    people = (PERSON_BOXES, POSE_DETECTOR, pose)
    if cutouts == _OFF:
        return _Names(people, SELFIE, (), (), (CLOTHES,))
    return _Names(people, U2NETP, (SELFIE,), (fine_segmenter if cutouts == _FINE else U2NETP,), (CLOTHES,))


def _network(name: str) -> BodyNetwork:
    network = BODY_NETWORKS.get(name)
    if network is None:
        raise SettingsError(f"there is no network {name!r} for bodies; known: {', '.join(BODY_NETWORKS)}")
    return network


def _spec(
    name: str,
    models_dir: Path,
    cache_dirs: Sequence[Path],
    providers: tuple[str, ...],
    allow_download: bool,
    progress: DownloadProgress | None,
    connect_timeout_s: float,
) -> BodySpec:
    network = _network(name)
    check = _check(network, providers)
    *others, last = network.files
    for file in others:
        if (models_dir / file).is_file():
            return BodySpec(name, (locate(file, models_dir, check=check),), providers)
    try:
        weights = locate(last, models_dir, check=check)
    except WeightsMissingError:
        if not allow_download:
            raise
        weights = fetch(last, models_dir, progress=progress, connect_timeout_s=connect_timeout_s, check=check)
    if not last.endswith(TFLITE):
        return BodySpec(name, (weights,), providers)
    from curation.engines.bodies.tflite.conversion import converted_network

    return BodySpec(name, (weights,), providers, (converted_network(weights, cache_dirs),))


def _check(network: BodyNetwork, providers: Sequence[str]) -> Callable[[WeightsFile], None]:
    """What loads a file as a network; a file of TensorFlow Lite is converted first."""

    def check(weights: WeightsFile) -> None:
        if not weights.name.endswith(TFLITE):
            check_file(network, weights, providers)
            return
        from curation.engines.bodies.tflite.conversion import temporarily_converted

        with temporarily_converted(weights) as model:
            check_file(network, model, providers)

    return check
