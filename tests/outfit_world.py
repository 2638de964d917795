"""An event of painted photos that were taken apart, with people from behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from curation.domain.assets.record import PersonRecord
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.event.catalog import Catalog
from curation.event.outfits.search import OutfitSearch
from curation.event.outfits.suggestions import OutfitSuggester
from curation.event.people.edits import PeopleEdits
from curation.storage.assets.store import AssetStore
from tests.event_assets import MemoryAssets, body, record, with_face_of
from tests.fake_workflow import FakeEvent, fake_event

__all__ = ["BEHIND", "BLUE", "GREEN", "RED", "OutfitWorld", "outfit_world", "signature"]

RED, GREEN, BLUE = 0, 1, 2
BEHIND = (400, 10, 60, 200)
"""Where somebody without a face stands."""


def signature(colour: int, noise: float = 0.0) -> tuple[float, ...]:
    """Top and bottom of one of four colours."""
    half = [noise / 4] * 4
    half[colour] += 1 - noise
    return tuple(half + half)


class OutfitWorld:
    """The parts of the service, on an event whose photos were taken apart."""

    def __init__(self, event: FakeEvent) -> None:
        self.event = event
        self.store = MemoryAssets()
        self.restart()

    def restart(self) -> None:
        """A new service; the database and the files stay."""
        self.settings = self.event.settings()
        self.catalog = Catalog(self.settings)
        self.edits = PeopleEdits(self.settings, self.catalog)
        self.search = OutfitSearch(self.settings, self.catalog, cast(AssetStore, self.store), read=self.store.read)
        self.suggester = OutfitSuggester(self.settings, self.catalog, self.search, self.edits)

    def cluster_on(self, path: str) -> int:
        """The cluster of the first face of a photo."""
        event = self.catalog.event()
        return next(
            int(cluster) for row, cluster in zip(event.rows, event.cluster_ids, strict=True) if row.image_path == path
        )

    def take_apart(self, path: str, clothes: Mapping[int, int], behind: int | None = None) -> str:
        """Make the record of a photo; returns its id.

        Args:
            path: Of the photo.
            clothes: The colour that each cluster wears.
            behind: The colour of somebody without a face who stands there, too; None for nobody.
        """
        event = self.catalog.event()
        people: list[PersonRecord] = []
        for row, cluster in zip(event.rows, event.cluster_ids, strict=True):
            if row.image_path == path:
                noise = len(self.store.rows) / 100
                people.insert(0, with_face_of(row, signature=signature(clothes[int(cluster)], noise)))
        if behind is not None:
            people.append(body(BEHIND, signature=signature(behind, 0.05)))
        sha256 = self.catalog.words.remembered().photos[path]
        return self.store.put(record(sha256, *people, width=500, height=400), image_path=path).id

    def name(self, cluster: int, name: str, category: Category = Category.MAIN) -> None:
        """Give a person a name."""
        self.edits.change_labels(lambda _: (cluster,), LabelChange(name, category), "named")


@contextmanager
def outfit_world(folder: Path) -> Iterator[OutfitWorld]:
    """Anna in red is on a.png and b.png, Tom in green on a.png and c.png; on d.png somebody in red from behind."""
    with fake_event(folder) as event:
        event.add("a.png", 0, 1)
        event.add("b.png", 0, seed=1)
        event.add("c.png", 1, seed=2)
        event.add("d.png", seed=3)
        event.add("e.png", 0, seed=4)
        event.add("f.png", 1, seed=5)
        event.cluster()
        world = OutfitWorld(event)
        clothes = {world.cluster_on("b.png"): RED, world.cluster_on("c.png"): GREEN}
        for path in ("a.png", "b.png", "c.png", "e.png", "f.png"):
            world.take_apart(path, clothes)
        world.take_apart("d.png", clothes, behind=RED)
        world.name(world.cluster_on("b.png"), "Anna")
        world.name(world.cluster_on("c.png"), "Tom", Category.IMPORTANT)
        yield world
