"""Which readers of attributes are used, with their weights."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.building import build_reader
from curation.engines.attributes.catalogue import FAMILIES, ReaderFamily
from curation.engines.attributes.measured import has_measurements, is_measured
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import WeightsFile
from curation.engines.onnx_sessions import usable_providers
from curation.engines.weights.fetching import fetch
from curation.engines.weights.http_source import DownloadProgress
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import known_weights
from curation.errors import SettingsError, WeightsMissingError

__all__ = ["OFF", "check_weights", "fetchable_files", "select_readers"]

logger = logging.getLogger(__name__)

OFF = "off"
"""The name that reads nothing."""


def select_readers(
    names: Mapping[Attribute, str],
    models_dir: Path,
    providers: Sequence[str],
    *,
    allow_download: bool,
    progress: DownloadProgress | None = None,
    connect_timeout_s: float = 5.0,
) -> tuple[ReaderSpec, ...]:
    """Find the readers that are asked for, and make sure that their weights are present and can be loaded.

    Args:
        names: The reader of each attribute; `off` (or nothing) for none.
        models_dir: The models folder.
        providers: ONNX Runtime's execution providers, in order of preference.
        allow_download: Whether missing files may be downloaded.
        progress: Called as weights are downloaded.
        connect_timeout_s: How long to wait for any source to answer.

    Returns:
        One spec for each name, with all its attributes, in the order of `Attribute`. What is to be said against a
        reader or its weights is in its `warning`, and logged.

    Raises:
        SettingsError: If there is no such reader, or it cannot tell the attribute, or no provider can be used.
        WeightsMissingError: If a file is missing; the message names it and says how to get it.
        WeightsBrokenError: If a file is not what it should be.
        StorageError: If a file cannot be read, or a download cannot be written.
        BusyError: If another process has been downloading a file for too long.
    """
    asked = _asked(names)
    if not asked:
        return ()
    usable = usable_providers(providers)
    specs = []
    for family, attributes in asked:
        weights: dict[str, WeightsFile] = {}
        for attribute in attributes:
            found = _weights(family, attribute, models_dir, usable, allow_download, progress, connect_timeout_s)
            weights[found.name] = found
        warnings = [sentence for sentence in (family.warning, _unmeasured(family, attributes, weights)) if sentence]
        spec = ReaderSpec(
            name=family.name,
            attributes=attributes,
            weights=tuple(weights.values()),
            providers=usable,
            needs_points68=family.needs_points68,
            warning="; ".join(warnings),
        )
        for sentence in warnings:
            logger.warning("%s", sentence)
        specs.append(spec)
    return tuple(specs)


def fetchable_files(name: str) -> tuple[str, ...]:
    """The names of the files of a reader, to be downloaded.

    Raises:
        SettingsError: If there is no such reader.
    """
    return tuple(dict.fromkeys(names[0] for names in _family(name).files.values()))


def check_weights(weights: WeightsFile, providers: Sequence[str]) -> None:
    """Load a file as one of the readers does that know it by name; nothing if no reader does.

    Raises:
        WeightsBrokenError: If it is not such a network.
    """
    for family in FAMILIES.values():
        attributes = tuple(attribute for attribute, names in family.files.items() if names[0] == weights.name)
        if attributes:
            _load(family, attributes[0], providers, weights)


def _asked(names: Mapping[Attribute, str]) -> list[tuple[ReaderFamily, tuple[Attribute, ...]]]:
    of_reader: dict[str, list[Attribute]] = {}
    for attribute in Attribute:
        name = names.get(attribute, OFF)
        if name == OFF:
            continue
        family = _family(name)
        if attribute not in family.files:
            able = ", ".join(other.name for other in FAMILIES.values() if attribute in other.files)
            raise SettingsError(f"the reader {name} does not tell {attribute}; these do: {able}")
        of_reader.setdefault(name, []).append(attribute)
    return [(FAMILIES[name], tuple(attributes)) for name, attributes in of_reader.items()]


def _family(name: str) -> ReaderFamily:
    if name not in FAMILIES:
        raise SettingsError(f"there is no attribute reader {name!r}; known: {OFF}, {', '.join(FAMILIES)}")
    return FAMILIES[name]


def _weights(
    family: ReaderFamily,
    attribute: Attribute,
    models_dir: Path,
    providers: Sequence[str],
    allow_download: bool,
    progress: DownloadProgress | None,
    connect_timeout_s: float,
) -> WeightsFile:
    check = partial(_load, family, attribute, providers)
    first, *others = family.files[attribute]
    try:
        return locate(first, models_dir, check=check)
    except WeightsMissingError:
        for name in others:
            # Another publisher's name, under which anything may lie: only a file that was measured here is meant.
            if (models_dir / name).is_file():
                found = locate(name, models_dir)
                if has_measurements(found.sha256):
                    check(found)
                    return found
        if not allow_download or not _fetchable(first):
            raise
    return fetch(first, models_dir, progress=progress, connect_timeout_s=connect_timeout_s, check=check)


def _load(family: ReaderFamily, attribute: Attribute, providers: Sequence[str], weights: WeightsFile) -> None:
    build_reader(ReaderSpec(family.name, (attribute,), (weights,), tuple(providers)))


def _fetchable(name: str) -> bool:
    known = known_weights(name)
    return known is not None and bool(known.addresses)


def _unmeasured(family: ReaderFamily, attributes: Sequence[Attribute], weights: Mapping[str, WeightsFile]) -> str:
    unknown = []
    for attribute in attributes:
        file = next(weights[name] for name in family.files[attribute] if name in weights)
        if not is_measured(file.sha256, attribute):
            unknown.append(f"{attribute} ({file.name}, SHA-256 {file.sha256[:12]}...)")
    if not unknown:
        return ""
    return (
        f'{family.name}: nothing was measured with these weights, so every answer is "cannot tell" and only the '
        f"probabilities are given: {', '.join(unknown)}"
    )
