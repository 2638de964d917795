"""What the workers of assets are told: networks, limits, and the hash of all that a result depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from curation.engines.attributes.reader import AttributeReader, ReaderSpec
from curation.engines.base import EngineSpec, FaceEngine, WeightsFile
from curation.engines.bodies.base import BodySpec, ClothesSegmenter, PeopleFinder, Segmenter
from curation.engines.landmarks import LandmarkPredictor
from curation.pipelines.assets.limits import GateLimits

__all__ = ["RESULT_VERSION", "AssetNetworks", "AssetSetup"]

RESULT_VERSION = 1
"""Of what this program's own code makes of a picture; raised when the same networks give another result."""


@dataclass(frozen=True, slots=True)
class AssetNetworks:
    """The loaded networks of a worker.

    Attributes:
        faces: Finds faces, where an event has not found them before.
        people: Finds people and their skeletons.
        masks: Person masks, for clothes and colours.
        cutouts: Person masks for cut-outs, the same object as `masks` if the network is the same; None without
            cut-outs.
        clothes: Clothing masks.
        readers: Of age and sex, as far as they are asked for.
        predictor: Gives the predictor of the 68 landmarks, for readers that need it.
    """

    faces: FaceEngine
    people: PeopleFinder
    masks: Segmenter
    cutouts: Segmenter | None
    clothes: ClothesSegmenter
    readers: Sequence[AttributeReader]
    predictor: Callable[[], LandmarkPredictor]


@dataclass(frozen=True, slots=True)
class AssetSetup:
    """What a worker needs to know; small, and can be sent to other processes.

    Attributes:
        engine: Finds faces.
        people: Networks for boxes and skeletons.
        mask: Network for person masks.
        cutout: Network for cut-outs; None without cut-outs.
        clothes: Networks for clothing masks.
        readers: Of age and sex.
        predictor: Of the 68 landmarks; None if no reader needs it.
        limits: Of the gate.
        min_person_px: Of smaller bodies only box and skeleton are told; height in pixels.
        colours: How many colours are looked for on a garment.
        build: Loads the networks; a function of a module, so that it can be sent to other processes.
    """

    engine: EngineSpec
    people: tuple[BodySpec, ...]
    mask: BodySpec
    cutout: BodySpec | None
    clothes: tuple[BodySpec, ...]
    readers: tuple[ReaderSpec, ...]
    predictor: WeightsFile | None
    limits: GateLimits
    min_person_px: int
    colours: int
    build: Callable[[AssetSetup], AssetNetworks]

    @property
    def settings_hash(self) -> str:
        """SHA-256 of all that a result depends on besides the picture, hex: networks, settings, our own code."""
        facts = {
            "version": RESULT_VERSION,
            "engine": [self.engine.name, _files(self.engine.weights), list(map(list, self.engine.options))],
            "people": [_body(spec) for spec in self.people],
            "mask": _body(self.mask),
            "cutout": None if self.cutout is None else _body(self.cutout),
            "clothes": [_body(spec) for spec in self.clothes],
            "readers": [[spec.name, sorted(spec.attributes), _files(spec.weights)] for spec in self.readers],
            "predictor": None if self.predictor is None else _files([self.predictor]),
            "providers": list(self.engine.providers),
            "min_side_px": self.limits.min_side_px,
            "max_megapixels": self.limits.max_megapixels,
            "min_person_px": self.min_person_px,
            "colours": self.colours,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def weights(self) -> tuple[tuple[str, str], ...]:
        """Name and SHA-256 of each model file that takes part, by name."""
        files = [*self.engine.weights]
        for spec in (*self.people, self.mask, *([] if self.cutout is None else [self.cutout]), *self.clothes):
            files += spec.weights
            files += [file for other in spec.beside for file in other.weights]
        for reader in self.readers:
            files += reader.weights
        if self.predictor is not None:
            files.append(self.predictor)
        return tuple(sorted({(file.name, file.sha256) for file in files}))


def _files(files: Sequence[WeightsFile]) -> list[list[str]]:
    return sorted([file.name, file.sha256] for file in files)


def _body(spec: BodySpec) -> list[Any]:
    return [spec.name, _files(spec.weights), list(spec.providers), [_body(other) for other in spec.beside]]
