"""Which engine is used, and why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from curation.engines.base import DLIB, RETINAFACE_ARCFACE, EngineSpec, WeightsFile
from curation.engines.building import ENGINE_NAMES
from curation.engines.onnx_sessions import CPU_PROVIDER, usable_providers
from curation.engines.weights.fetching import fetch
from curation.engines.weights.grouping_rules import grouping_rule
from curation.engines.weights.http_source import DownloadProgress
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import (
    DLIB_DESCRIPTOR_FILE,
    DLIB_DETECTOR_FILE,
    DLIB_PREDICTOR_FILE,
    known_weights,
)
from curation.engines.weights.unreadable_rules import unreadable_rule
from curation.errors import (
    BusyError,
    FaceDataError,
    StorageError,
    WeightsBrokenError,
    WeightsMissingError,
)

if TYPE_CHECKING:
    from curation.settings import Settings

__all__ = ["converted_networks", "fetch_checked", "select_engine"]

logger = logging.getLogger(__name__)

_AUTO = "auto"
# Part of `EngineSpec.options`: raise it when a change of an engine's code changes its results, so that cached
# analyses are not mixed with new ones.
_REVISION = 8


def select_engine(
    settings: Settings,
    *,
    pinned: str | None,
    allow_download: bool,
    progress: DownloadProgress | None = None,
) -> EngineSpec:
    """Choose the engine and make sure that its weights are present.

    Args:
        settings: `engine.name` decides; `auto` takes the engine of an existing face_data.csv, else
            retinaface-arcface if its weights are present or can be downloaded, else dlib.
        pinned: Engine of an existing face_data.csv; None if there is none.
        allow_download: Whether this entry point may download at all; `engine.download` must allow it too.
        progress: Called as weights are downloaded.

    Returns:
        What `build_engine` needs; its `reason` tells the user which engine was taken and why.

    Raises:
        SettingsError: If ONNX Runtime offers none of the providers that the settings ask for.
        FaceDataError: If face_data.csv was made by an engine that does not exist.
        WeightsMissingError: If the engine was asked for by name (or is pinned) and a file is missing.
        WeightsBrokenError: If a file is present but is not what it should be.
        StorageError: If a file cannot be read, or a download cannot be written.
    """
    name: str = settings.engine.name
    reason = "it was asked for by name"
    if name == _AUTO and pinned is not None:
        if pinned not in _SPECS:
            raise FaceDataError(
                f"face_data.csv was made by the engine {pinned!r}; known are {', '.join(ENGINE_NAMES)}. "
                "Name one of them with --engine to analyse all photos again"
            )
        name, reason = pinned, "face_data.csv was made with it; --engine asks for another"
    may_fetch = allow_download and settings.engine.download
    if name != _AUTO:
        try:
            return _SPECS[name](settings, reason, may_fetch, progress)
        except WeightsMissingError as error:
            hint = "\nThe engine dlib needs no download: --engine dlib" if name != DLIB else ""
            raise WeightsMissingError(f"{error}{hint}") from error
    try:
        return _retinaface_arcface(settings, "", may_fetch, progress)
    except WeightsMissingError as error:
        logger.info("%s", error)
        why = str(error).splitlines()[0].rstrip(".:")
        if not settings.engine.download:
            why += "; engine.download is off"
        elif not allow_download:
            why += "; this command downloads nothing, `python -m curation weights fetch` does"
    return _dlib(settings, f"{RETINAFACE_ARCFACE} would be better, but {why}", may_fetch, progress)


def fetch_checked(
    name: str, models_dir: Path, *, progress: DownloadProgress | None = None, connect_timeout_s: float = 5.0
) -> WeightsFile:
    """Download a known file and make sure that it can be loaded, see `curation.engines.weights.fetching.fetch`."""
    return fetch(
        name,
        models_dir,
        progress=progress,
        connect_timeout_s=connect_timeout_s,
        check=_checks_on_cpu().get(name),
    )


def converted_networks(
    engine: str, weights: Sequence[WeightsFile], providers: Sequence[str], models_dir: Path, state_dir: Path
) -> tuple[WeightsFile, ...]:
    """Find what an engine makes of its model files (see `EngineSpec.converted`) in its cache, or make it.

    Args:
        engine: Its name; another one makes nothing.
        weights: Its model files.
        providers: ONNX Runtime's execution providers.
        models_dir: The models folder, the preferred place of the cache.
        state_dir: The place of the cache if the models folder cannot be written.

    Raises:
        WeightsMissingError: If a file is missing.
        WeightsBrokenError: If a file is not what it should be.
        StorageError: If what is made can be written to neither folder.
    """
    if engine == RETINAFACE_ARCFACE:
        from curation.engines.retinaface.prepared_networks import prepared_networks

        return prepared_networks(weights, providers, models_dir, state_dir)
    if engine != DLIB:
        return ()
    from curation.engines.dlib.converter.conversion import converted_network

    found = [converted_network(one, models_dir, state_dir) for one in weights if one.name != DLIB_PREDICTOR_FILE]
    found += [
        converted_network(one, models_dir, state_dir, screening=True)
        for one in weights
        if one.name == DLIB_DETECTOR_FILE
    ]
    return tuple(found)


def _retinaface_arcface(
    settings: Settings, reason: str, may_fetch: bool, progress: DownloadProgress | None
) -> EngineSpec:
    """The spec; without a `reason` the engine is preferred but not required, so a failed download is not fatal."""
    from curation.engines.retinaface.engine import check_detector, check_embedder

    own = settings.engine.retinaface_arcface
    providers = usable_providers(settings.engine.providers)
    models_dir = settings.io.models_dir
    fetched = []
    found = []
    for name, check in ((own.detector_weights, check_detector), (own.embedder_weights, check_embedder)):
        loads = _with_providers(check, providers)
        try:
            weights = locate(name, models_dir, check=loads)
        except WeightsMissingError:
            if not may_fetch or not _fetchable(name):
                raise
            try:
                weights = fetch(
                    name,
                    models_dir,
                    progress=progress,
                    connect_timeout_s=settings.engine.connect_timeout_s,
                    check=loads,
                )
            except (WeightsBrokenError, StorageError, BusyError) as error:
                if reason:
                    raise
                raise WeightsMissingError(str(error)) from error
            fetched.append(name)
        found.append(weights)
    if not reason:
        reason = f"{' and '.join(fetched)} downloaded" if fetched else f"its weights are in {models_dir}"
    threshold, grouping, source = grouping_rule(found[1].sha256)
    return EngineSpec(
        name=RETINAFACE_ARCFACE,
        weights=tuple(found),
        options=_options(min_confidence=own.min_confidence, working_size_px=own.working_size_px, tiling=own.tiling),
        distance_threshold=threshold,
        threshold_source=source,
        providers=providers,
        reason=reason,
        converted=converted_networks(RETINAFACE_ARCFACE, found, providers, models_dir, settings.io.state_dir),
        grouping=grouping,
        unreadable=unreadable_rule(found[1].sha256),
    )


def _dlib(settings: Settings, reason: str, may_fetch: bool, progress: DownloadProgress | None) -> EngineSpec:
    own = settings.engine.dlib
    providers = usable_providers(settings.engine.providers)
    names = [DLIB_DESCRIPTOR_FILE, DLIB_PREDICTOR_FILE]
    if own.detector == "mmod":
        names.append(DLIB_DETECTOR_FILE)
    # Their hashes are known, so they need not be loaded to check them.
    weights = tuple(locate(name, settings.io.models_dir) for name in names)
    networks = converted_networks(DLIB, weights, providers, settings.io.models_dir, settings.io.state_dir)
    threshold, grouping, source = grouping_rule(weights[0].sha256)
    return EngineSpec(
        name=DLIB,
        weights=weights,
        options=_options(
            descriptor="of both sides",  # the mean of the face and its mirror image
            detector=own.detector,
            min_confidence=own.min_confidence,
            tiling=own.tiling,
            working_size_px=own.working_size_px,
        ),
        distance_threshold=threshold,
        threshold_source=source,
        providers=providers,
        reason=reason,
        converted=networks,
        grouping=grouping,
        unreadable=unreadable_rule(weights[0].sha256),
    )


_SPECS: Mapping[str, Callable[[Settings, str, bool, DownloadProgress | None], EngineSpec]] = MappingProxyType(
    {RETINAFACE_ARCFACE: _retinaface_arcface, DLIB: _dlib}
)


def _options(**options: str | int | float) -> tuple[tuple[str, str | int | float], ...]:
    return tuple(sorted({**options, "revision": _REVISION}.items()))


def _fetchable(name: str) -> bool:
    known = known_weights(name)
    return known is not None and bool(known.addresses)


def _with_providers(
    check: Callable[[WeightsFile, Sequence[str]], object], providers: Sequence[str]
) -> Callable[[WeightsFile], None]:
    def check_file(weights: WeightsFile) -> None:
        check(weights, providers)

    return check_file


def _checks_on_cpu() -> dict[str, Callable[[WeightsFile], None]]:
    from curation.engines.attributes.selection import check_weights
    from curation.engines.bodies.selection import check_weights as check_body_weights
    from curation.engines.retinaface.engine import check_detector, check_embedder
    from curation.engines.weights.attribute_files import ATTRIBUTE_FILES
    from curation.engines.weights.body_files import BODY_FILES
    from curation.engines.weights.registry import ARCFACE_FILE, RETINAFACE_FILE

    cpu = (CPU_PROVIDER,)
    return {
        RETINAFACE_FILE: _with_providers(check_detector, cpu),
        ARCFACE_FILE: _with_providers(check_embedder, cpu),
        **{known.name: _with_providers(check_weights, cpu) for known in ATTRIBUTE_FILES},
        **{known.name: check_body_weights for known in BODY_FILES},
    }
