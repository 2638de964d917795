"""Weights that are fetched from a server of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from curation.engines.weights.download import download
from tests.crash_points.scenario import Scenario, Step, tree
from tests.integration.file_server import Manners, serving

__all__ = ["SCENARIOS"]

_CONTENT = np.random.default_rng(1).bytes(600_000)
_OTHER = np.random.default_rng(2).bytes(200_000)
_NAMES = ("one.onnx", "other.onnx")


class _Weights(Scenario):
    """Two files, of which one comes in pieces, and one replaces an old one."""

    name = "weights"
    what = "weights that are downloaded in pieces, and replace an old file"

    def prepare(self, folder: Path) -> None:
        models = folder / "models"
        models.mkdir()
        (models / _NAMES[1]).write_bytes(b"old")

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        models = folder / "models"
        with serving() as server:
            server.paths["/one"] = Manners(_CONTENT, cuts=[250_000])
            server.paths["/other"] = Manners(_OTHER)

            def fetch(name: str, path: str, content: bytes) -> Step:
                sha256 = hashlib.sha256(content).hexdigest()
                return lambda: download(
                    [f"{server.address}{path}"], models / name, sha256=sha256, size_bytes=len(content)
                )

            yield fetch(_NAMES[0], "/one", _CONTENT), fetch(_NAMES[1], "/other", _OTHER)

    def state(self, folder: Path) -> Mapping[str, Any]:
        found = [(folder / "models" / name) for name in _NAMES]
        return {path.name: path.stat().st_size if path.exists() else None for path in found}

    def leaves(self, folder: Path) -> Mapping[str, str]:
        return tree(folder)


SCENARIOS: tuple[Scenario, ...] = (_Weights(),)
