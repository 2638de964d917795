"""All that is offered of what the files of an event say, in one object."""

from __future__ import annotations

from collections.abc import Mapping

from curation.domain.told.file_told import FileTold
from curation.event.catalog import Catalog
from curation.event.people.edits import PeopleEdits
from curation.event.told.names import NamesOffered
from curation.event.told.offers import PicksOffered

__all__ = ["EventOffers"]


class EventOffers:
    """Picks and names of other programs. Thread-safe."""

    def __init__(self, catalog: Catalog, edits: PeopleEdits) -> None:
        """Remember the parts; nothing is read yet."""
        self._catalog = catalog
        self.picks = PicksOffered(catalog)
        self.names = NamesOffered(catalog, edits)

    def look(self) -> bool:
        """Have the files looked at beside all else; returns whether they were. Raises what `Catalog.photo` does."""
        return self._catalog.look_at_files()

    def told(self) -> Mapping[str, FileTold]:
        """What the files say, by image path, as far as they were read. Raises what `Catalog.photos` raises."""
        return self._catalog.ranked.told()

    def close(self) -> None:
        """Stop looking at files."""
        self._catalog.told.close()
