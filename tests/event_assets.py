"""Records of assets made by hand, and a database in memory that has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curation.domain.assets.asset import Asset, AssetQuery, asset_id
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import Composition, CutAt
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.domain.outfits.outfit import ColourName, Garment, GarmentColour, GarmentPart, Outfit

__all__ = ["MemoryAssets", "body", "outfit", "record", "with_face_of"]

_WHOLE = Composition(CutAt.NONE, 1.0, 0.1, 0.2, 0.0)
_UNKNOWN_FACE = FiveLandmarks(*[(0.0, 0.0)] * 5)  # type: ignore[arg-type]


def outfit(top: ColourName | None = None, bottom: ColourName | None = None, confidence: float = 0.9) -> Outfit:
    """Clothes of these colours; None for "cannot tell"."""

    def garment(part: GarmentPart, name: ColourName | None) -> Garment:
        colours = () if name is None else (GarmentColour(name, 1.0, (0, 0, 0)),)
        return Garment(part, colours, confidence if colours else 0.0, 1000 if colours else 0)

    return Outfit(garment(GarmentPart.TOP, top), garment(GarmentPart.BOTTOM, bottom))


def body(
    box: tuple[int, int, int, int],
    *,
    face: tuple[int, int, int, int] | None = None,
    wears: Outfit | None = None,
    signature: Sequence[float] = (),
    lies: Composition = _WHOLE,
) -> PersonRecord:
    """A person of a record; its number is given by `record`."""
    found = None if face is None else FaceOfBody(0, Box(*face), _UNKNOWN_FACE, 0.9)
    return PersonRecord(Person(0, Box(*box), 0.9, None, found), lies, wears, signature=tuple(signature))


def with_face_of(row: FaceRow, **more: Any) -> PersonRecord:
    """A body below a face of the event."""
    x, y, w, h = row.facial_area
    return body((x - w, y, 3 * w, 6 * h), face=(x, y, w, h), **more)


def record(sha256: str, *people: PersonRecord, width: int = 1000, height: int = 800) -> AssetRecord:
    """A record of these people, numbered in this order."""
    numbered = tuple(
        replace(found, person=replace(found.person, person_index=number)) for number, found in enumerate(people)
    )
    return AssetRecord(sha256, width, height, numbered)


@dataclass
class MemoryAssets:
    """The part of `AssetStore` that readers use; documents hold the record itself, which `read` returns."""

    rows: dict[str, Asset] = field(default_factory=dict)
    version: int = 0
    gets: int = 0

    def put(
        self,
        found: AssetRecord,
        *,
        settings_hash: str = "0" * 64,
        image_path: str | None = None,
        state: AssetState = AssetState.COMPLETED,
    ) -> Asset:
        """Add or replace the row of a record."""
        self.version += 1
        id_ = asset_id(found.sha256, settings_hash)
        paths = () if image_path is None else (image_path,)
        document = {"record": found} if state is AssetState.COMPLETED else None
        when = f"2026-06-20T20:00:00.{self.version:03}Z"
        asset = Asset(id_, found.sha256, settings_hash, "a.jpg", paths, state, None, "", 1, when, when, 0, document)
        self.rows[id_] = replace(asset, version=self.version)
        return self.rows[id_]

    @staticmethod
    def read(document: Mapping[str, Any]) -> AssetRecord:
        """Read a document of this database."""
        found = document["record"]
        if not isinstance(found, AssetRecord):
            raise ValueError("not a record")
        return found

    def get(self, asset_id: str) -> Asset | None:
        """See `AssetStore.get`."""
        self.gets += 1
        return self.rows.get(asset_id)

    def find(self, query: AssetQuery, *, limit: int, offset: int = 0) -> tuple[int, Sequence[Asset]]:
        """See `AssetStore.find`; only states are asked for here."""
        self.gets += 1
        found = [row for row in self.rows.values() if query.state in (None, row.state)]
        found.sort(key=lambda row: -row.version)
        return len(found), found[offset : offset + limit]

    def changes(self, after_version: int, *, limit: int) -> Sequence[Asset]:
        """See `AssetStore.changes`."""
        found = sorted((row for row in self.rows.values() if row.version > after_version), key=lambda row: row.version)
        return [replace(row, document=None) for row in found[:limit]]

    def counts(self) -> Mapping[AssetState, int]:
        """See `AssetStore.counts`."""
        return {state: sum(row.state is state for row in self.rows.values()) for state in AssetState}

    def delete(self, asset_id: str) -> bool:
        """See `AssetStore.delete`."""
        return self.rows.pop(asset_id, None) is not None
