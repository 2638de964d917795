"""What bodies and outfits add to an event: search by name, suggestions, dress code. Opened when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from curation.domain.assets.asset import Asset
from curation.domain.assets.document import record_of_document
from curation.domain.assets.record import AssetRecord
from curation.domain.faces.index import EventIndex
from curation.domain.outfits.dress import DressCount, DressedBody, dress_count
from curation.domain.outfits.outfit import ColourName
from curation.domain.outfits.searching import wears
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived
from curation.event.outfits.search import EventBodies, OutfitSearch, has_name
from curation.event.outfits.suggestions import OutfitSuggester
from curation.event.people.edits import PeopleEdits
from curation.settings import Settings
from curation.storage.assets.opening import open_asset_store
from curation.storage.assets.store import AssetStore

__all__ = ["EventOutfits"]


class EventOutfits:
    """The parts that need the database of assets, on one connection. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        edits: PeopleEdits,
        *,
        open_store: Callable[[Settings], AssetStore] = open_asset_store,
        read: Callable[[Mapping[str, Any]], AssetRecord] = record_of_document,
    ) -> None:
        """Remember the parts; nothing is opened yet.

        Args:
            settings: Of the service.
            catalog: Of the event.
            edits: Through which answers to suggestions are written.
            open_store: Opens the database of assets.
            read: Reads a document of the database.
        """
        self._settings = settings
        self._catalog = catalog
        self._edits = edits
        self._open_store = open_store
        self._read = read
        self._guard = threading.Lock()
        self._store: AssetStore | None = None
        self._search: OutfitSearch | None = None
        self._suggester: OutfitSuggester | None = None
        self._wearing: Derived[Mapping[ColourName, frozenset[int]]] = Derived()

    @property
    def is_on(self) -> bool:
        """Whether the service works on assets, so that there can be records."""
        return self._settings.assets.enabled

    @property
    def search(self) -> OutfitSearch:
        """Who is who on the pictures that were taken apart.

        Raises:
            StorageError: If the database cannot be opened.
        """
        with self._guard:
            if self._search is None:
                self._store = self._open_store(self._settings)
                self._search = OutfitSearch(self._settings, self._catalog, self._store, read=self._read)
            return self._search

    @property
    def suggester(self) -> OutfitSuggester:
        """Suggestions who people without a face are. Raises what `search` raises."""
        search = self.search
        with self._guard:
            if self._suggester is None:
                self._suggester = OutfitSuggester(self._settings, self._catalog, search, self._edits)
            return self._suggester

    def named_people(self, name: str) -> frozenset[tuple[str, int]]:
        """See `OutfitSearch.named_people`; raises what `search` raises, too."""
        return self.search.named_people(name)

    def name_of(self, asset: Asset, person_index: int) -> str | None:
        """See `OutfitSearch.name_of`; raises what `search` raises, too."""
        return self.search.name_of(asset, person_index)

    def clusters_of(self, asset: Asset) -> dict[int, int]:
        """See `OutfitSearch.clusters_of`; raises what `search` raises, too."""
        return self.search.clusters_of(asset)

    def dress(self, top: ColourName | None, bottom: ColourName | None) -> DressCount:
        """How many people of the event wear colours, and who does not.

        Args:
            top: The colour above the hips; None asks nothing.
            bottom: The colour below the hips; likewise.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If cluster_labels.json is not valid.
            PeopleSeenError: If people_seen.json is not valid.
            StorageError: If a file or the database cannot be read.
        """
        search = self.search
        event, labels = self._catalog.event(), self._catalog.labels()
        accepted = search.accepted()
        bodies = []
        for photo in search.event_bodies().photos:
            for body, row in zip(photo.picture.bodies, photo.rows, strict=True):
                person = labels.person(int(event.cluster_ids[row])) if row >= 0 else None
                name = accepted.get((photo.picture.asset_id, body.person_index))
                known = name or (person.display_name if person is not None and has_name(person) else None)
                key = None if known is None else known.casefold()
                bodies.append(DressedBody(photo.image_path, key, known or "", body.outfit))
        return dress_count(bodies, top, bottom)

    def wearing(self) -> Mapping[ColourName, frozenset[int]]:
        """The clusters of the people who wear each colour on some photo, above the hips or below.

        Raises what `dress` raises but LabelsError and PeopleSeenError.
        """
        event, found = self._catalog.event(), self.search.event_bodies()
        return self._wearing.get((event, found), lambda: _wearing(event, found))

    def close(self) -> None:
        """Close the database, if it was opened."""
        with self._guard:
            if self._store is not None:
                self._store.close()
            self._store = self._search = self._suggester = None


def _wearing(event: EventIndex, found: EventBodies) -> Mapping[ColourName, frozenset[int]]:
    out: dict[ColourName, set[int]] = {}
    for photo in found.photos:
        for body, row in zip(photo.picture.bodies, photo.rows, strict=True):
            cluster = int(event.cluster_ids[row]) if row >= 0 else -1
            if cluster < 0 or body.outfit is None:
                continue
            for garment in (body.outfit.top, body.outfit.bottom):
                for colour in ColourName:
                    if wears(garment, colour):
                        out.setdefault(colour, set()).add(cluster)
    return {colour: frozenset(clusters) for colour, clusters in out.items()}
