"""Readers of attributes that are built once and kept, for programs in which each request names its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.building import build_reader
from curation.engines.attributes.reader import AttributeReader
from curation.engines.attributes.selection import OFF, select_readers

__all__ = ["ReaderShelf"]


class ReaderShelf:
    """Hands out readers by name; safe to use from several threads.

    What was asked for once is handed out again without a look at the models folder.
    """

    def __init__(self, models_dir: Path, providers: Sequence[str], *, allow_download: bool = False) -> None:
        """Remember where the weights are.

        Args:
            models_dir: The models folder.
            providers: ONNX Runtime's execution providers, in order of preference.
            allow_download: Whether missing files may be downloaded.
        """
        self._models_dir = models_dir
        self._providers = tuple(providers)
        self._allow_download = allow_download
        self._lock = threading.Lock()
        self._readers: dict[tuple[str, tuple[Attribute, ...]], AttributeReader] = {}

    def readers(self, names: Mapping[Attribute, str]) -> tuple[AttributeReader, ...]:
        """The readers for some attributes.

        Args:
            names: The reader of each attribute; `off` (or nothing) for none.

        Returns:
            One for each name, in the order of `Attribute`.

        Raises:
            SettingsError: If there is no such reader, or it cannot tell the attribute.
            WeightsMissingError: If a file is missing; the message names it and says how to get it.
            WeightsBrokenError: If a file is not what it should be.
            StorageError: If a file cannot be read.
        """
        wanted = _by_reader(names)
        with self._lock:
            for name, attributes in wanted:
                if (name, attributes) not in self._readers:
                    self._build(name, attributes)
            return tuple(self._readers[each] for each in wanted)

    def _build(self, name: str, attributes: tuple[Attribute, ...]) -> None:
        for spec in select_readers(
            dict.fromkeys(attributes, name), self._models_dir, self._providers, allow_download=self._allow_download
        ):
            self._readers[name, attributes] = build_reader(spec)


def _by_reader(names: Mapping[Attribute, str]) -> list[tuple[str, tuple[Attribute, ...]]]:
    wanted: dict[str, list[Attribute]] = {}
    for attribute in Attribute:
        name = names.get(attribute, OFF)
        if name != OFF:
            wanted.setdefault(name, []).append(attribute)
    return [(name, tuple(attributes)) for name, attributes in wanted.items()]
