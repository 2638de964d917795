"""The bodies of all pictures that were taken apart, as far as an event needs them; kept until the database changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.assets.asset import Asset, AssetQuery
from curation.domain.assets.document import record_of_document
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import Composition
from curation.domain.faces.face import Box
from curation.domain.outfits.outfit import Outfit
from curation.errors import CurationError
from curation.storage.assets.store import AssetStore

__all__ = ["AssetBodies", "Body", "PictureBodies", "Pictures", "bodies_of"]

logger = logging.getLogger(__name__)

_PAGE = 500
_NOTHING: Mapping[str, PictureBodies] = {}
_FEW = 40  # more changed rows are read in pages, one query for many, instead of one by one


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A person of a picture, in so far as clothes and composition are concerned.

    Attributes:
        person_index: See `Person`.
        box: See `Person`.
        face: The box of its face as the record has it; None for a body without a face.
        composition: How it lies in the frame.
        outfit: What it wears; None for "cannot tell".
        signature: (D,) float32, see `curation.domain.outfits.signature`; None for "cannot tell".
    """

    person_index: int
    box: Box
    face: Box | None
    composition: Composition
    outfit: Outfit | None
    signature: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, eq=False)
class PictureBodies:
    """A picture with its bodies.

    Attributes:
        asset_id: Its id.
        sha256: Of its content, hex.
        image_paths: Photos of the event that had this content when they were handed in.
        version: Of its row.
        width: Of the upright full-size picture, in pixels.
        height: Likewise.
        bodies: From left to right.
    """

    asset_id: str
    sha256: str
    image_paths: tuple[str, ...]
    version: int
    width: int
    height: int
    bodies: tuple[Body, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """All pictures that are COMPLETED, as the database had them at one moment.

    Attributes:
        by_id: By the id of the asset.
        latest: By content: of several assets of one picture (made with other settings) the one that was changed last.
    """

    by_id: Mapping[str, PictureBodies]
    latest: Mapping[str, PictureBodies]


def bodies_of(asset: Asset, record: AssetRecord) -> PictureBodies:
    """What is kept of a row and its record."""
    people = tuple(map(_body, record.people))
    return PictureBodies(asset.id, asset.sha256, asset.image_paths, asset.version, record.width, record.height, people)


def _body(found: PersonRecord) -> Body:
    person = found.person
    return Body(
        person.person_index,
        person.box,
        None if person.face is None else person.face.box,
        found.composition,
        found.outfit,
        np.asarray(found.signature, dtype=np.float32) if found.signature else None,
    )


class AssetBodies:
    """Reads the bodies of all pictures, and afterwards only those whose rows were changed. Thread-safe.

    Nothing of it is written anywhere: what was read of a record goes when the record is deleted.
    """

    def __init__(
        self, store: AssetStore, *, read: Callable[[Mapping[str, Any]], AssetRecord] = record_of_document
    ) -> None:
        """Remember the database; nothing is read yet.

        Args:
            store: Has the rows.
            read: Reads a document.
        """
        self._store = store
        self._read = read
        self._guard = threading.Lock()
        self._version = 0
        self._rows: set[str] = set()  # of all states
        self._known: dict[str, PictureBodies] = {}
        self._pictures = Pictures({}, {})

    def pictures(self) -> Pictures:
        """All pictures: the same object until a row is added, changed or deleted.

        Raises:
            StorageError: If the database cannot be read.
        """
        with self._guard:
            is_changed = self._take_changes(_NOTHING)
            if len(self._rows) != sum(self._store.counts().values()):
                # Rows were deleted, which `changes` does not tell: begin anew, without reading again what is unchanged.
                unchanged, self._known = self._known, {}
                self._version = 0
                self._rows.clear()
                self._take_changes(unchanged)
                is_changed = True
            if is_changed:
                latest: dict[str, PictureBodies] = {}
                for picture in sorted(self._known.values(), key=lambda known: known.version):
                    latest[picture.sha256] = picture
                self._pictures = Pictures(dict(self._known), latest)
            return self._pictures

    def _take_changes(self, unchanged: Mapping[str, PictureBodies]) -> bool:
        changed: dict[str, Asset] = {}
        while page := self._store.changes(self._version, limit=_PAGE):
            for row in page:
                changed[row.id] = row
            self._version = max(self._version, page[-1].version)
        if not changed:
            return False
        self._rows.update(changed)
        wanted: list[str] = []
        for row in changed.values():
            before = unchanged.get(row.id)
            if row.state is not AssetState.COMPLETED:
                self._known.pop(row.id, None)
            elif before is not None and before.version == row.version:
                self._known[row.id] = before
            else:
                wanted.append(row.id)
        for asset in self._completed(wanted):
            self._keep(asset)
        return True

    def _completed(self, ids: list[str]) -> Iterator[Asset]:
        """Rows with their documents, as far as they are still COMPLETED."""
        left = set(ids)
        if len(ids) > _FEW:
            offset = 0
            while left:
                _, page = self._store.find(AssetQuery(state=AssetState.COMPLETED), limit=_PAGE, offset=offset)
                if not page:
                    break
                offset += len(page)
                yield from (asset for asset in page if asset.id in left)
                left.difference_update(asset.id for asset in page)
        # Few rows, and those that moved between two pages.
        for asset_id in sorted(left):
            asset = self._store.get(asset_id)
            if asset is not None and asset.state is AssetState.COMPLETED:
                yield asset

    def _keep(self, asset: Asset) -> None:
        if asset.document is None:
            return
        try:
            self._known[asset.id] = bodies_of(asset, self._read(asset.document))
        except (CurationError, ValueError, TypeError, LookupError, AttributeError) as error:
            self._known.pop(asset.id, None)
            logger.warning("the record of asset %s cannot be read and is left out: %s", asset.id, error)
