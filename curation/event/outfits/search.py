"""Who of an event's people is who on the pictures that were taken apart: for "the woman in red" with her name."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.domain.assets.asset import Asset
from curation.domain.assets.document import record_of_document
from curation.domain.assets.record import AssetRecord
from curation.domain.faces.face import Box, FaceRow
from curation.domain.faces.geometry import box_iou
from curation.domain.faces.index import EventIndex
from curation.domain.labelling.corrections import SAME_PLACE_IOU
from curation.domain.labelling.labels import Labels, Person
from curation.domain.labelling.people_seen import PersonSeen, SeenAnswer, scaled_body
from curation.errors import NotClusteredError
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived, FileCache
from curation.event.people.seen import SeenNow, name_key
from curation.settings import Settings
from curation.storage.assets.picture_bodies import AssetBodies, Body, PictureBodies, Pictures
from curation.storage.assets.store import AssetStore

__all__ = ["EventBodies", "OutfitSearch", "PhotoBodies", "body_of", "has_name", "named"]

_RECENT_S = 0.5
_HEAD_PART = 0.5  # a face whose middle is in this upper part of a body may be its face


@dataclass(frozen=True, slots=True, eq=False)
class PhotoBodies:
    """A photo of the event that was taken apart.

    Attributes:
        image_path: Of the photo; of copies each is one.
        picture: Its bodies.
        rows: For each body the number of its face in the rows of the event; -1 for none.
        has_face: For each body whether it has a face, or one of the event that belongs to no body lies where its head
            may be.
    """

    image_path: str
    picture: PictureBodies
    rows: tuple[int, ...]
    has_face: tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EventBodies:
    """The bodies of an event.

    Attributes:
        photos: One for each photo that was taken apart, by path, ascending.
        row_of: The number of a body's face in the rows of the event, by id of the asset and number of the person; also
            of assets that are not the latest ones of their content.
        rows: Of the event, which these numbers are of.
        pictures: That the bodies were found among.
    """

    photos: tuple[PhotoBodies, ...]
    row_of: Mapping[tuple[str, int], int]
    rows: tuple[FaceRow, ...]
    pictures: Pictures


class OutfitSearch:
    """Which assets are photos of the event, and which of their people are which people of the event. Thread-safe.

    A picture is a photo of the event if it has the content of one, under whatever name it was handed in. Its people are
    told by their faces: a face of the record is the face of the event that lies at the same place, and that one is in
    the cluster that it was grouped into or that the user corrected it to.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        store: AssetStore,
        *,
        read: Callable[[Mapping[str, Any]], AssetRecord] = record_of_document,
    ) -> None:
        """Remember the parts; nothing is read yet.

        Args:
            settings: Name the folders.
            catalog: Of the event.
            store: The database of assets.
            read: Reads a document of the database.
        """
        self._catalog = catalog
        self.bodies = AssetBodies(store, read=read)
        self._event_bodies: Derived[EventBodies] = Derived()
        self._seen: Derived[Mapping[tuple[str, int], str]] = Derived()
        self._of_clusters: Derived[Mapping[int, frozenset[tuple[str, int]]]] = Derived()
        self._recent: tuple[float, EventBodies] | None = None
        self._labels = FileCache(
            settings.io.output_dir / settings.scoring.labels_json,
            lambda _: self._catalog.labels(),
            output_dir=settings.io.output_dir,
        )
        self._guard = threading.Lock()
        self._matched_rows: tuple[FaceRow, ...] = ()
        # By id of the asset and path of the photo, as long as the rows are the same: version, and what was matched.
        self._matched: dict[tuple[str, str], tuple[int, PhotoBodies]] = {}

    def named_people(self, name: str) -> frozenset[tuple[str, int]]:
        """The people of all assets who are one person of the event.

        Args:
            name: A name in upper or lower case, or a cluster id.

        Returns:
            For each the id of the asset and the number of the person in it.

        Raises:
            PersonNotFoundError: If the event has no such person.
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file or the database cannot be read.
        """
        clusters = self._catalog.clusters_of(name)
        event, found = self._catalog.event(), self.event_bodies()
        by_cluster = self._of_clusters.get((event, found), lambda: _of_clusters(event, found))
        by_face = frozenset().union(*(by_cluster.get(cluster, frozenset()) for cluster in clusters))
        labels = self._catalog.labels()
        keys = {person.key for cluster in clusters if (person := named(labels, cluster)) is not None}
        return by_face | {body for body, seen in self.accepted().items() if name_key(seen) in keys}

    def name_of(self, asset: Asset, person_index: int) -> str | None:
        """The name that the user gave a person of an asset; None for nobody who has a name in the event.

        Raises what `named_people` raises except PersonNotFoundError and NotClusteredError.
        """
        try:
            event = self._catalog.event()
            found = self._bodies_with(asset, event)
            row = found.row_of.get((asset.id, person_index), -1)
            if row < 0:
                return self._accepted_among(found).get((asset.id, person_index))
        except NotClusteredError:
            return None
        labels = self._labels.get() or self._catalog.labels()
        person = labels.person(int(event.cluster_ids[row]))
        return person.display_name if person is not None and has_name(person) else None

    def clusters_of(self, asset: Asset) -> dict[int, int]:
        """The clusters of the people of an asset who have faces in the event, by the number of the person.

        Raises what `name_of` raises.
        """
        try:
            event = self._catalog.event()
            found = self._bodies_with(asset, event)
        except NotClusteredError:
            return {}
        rows = {number: row for (id_, number), row in found.row_of.items() if id_ == asset.id and row >= 0}
        return {number: int(event.cluster_ids[row]) for number, row in rows.items()}

    def _bodies_with(self, asset: Asset, event: EventIndex) -> EventBodies:
        """The bodies; for a page with many assets the database is not asked anew for each of them."""
        now, recent = time.monotonic(), self._recent
        if recent is not None and now - recent[0] < _RECENT_S and recent[1].rows is event.rows:
            known = recent[1].pictures.by_id.get(asset.id)
            if known is not None and known.version == asset.version:
                return recent[1]
        found = self.event_bodies()
        self._recent = (now, found)
        return found

    def accepted(self) -> Mapping[tuple[str, int], str]:
        """The names of people without a face, as the user accepted them, by id of the asset and number of the person.

        Raises what `event_bodies` raises; also PeopleSeenError if people_seen.json is not valid.
        """
        return self._accepted_among(self.event_bodies())

    def _accepted_among(self, found: EventBodies) -> Mapping[tuple[str, int], str]:
        seen = self._catalog.seen.now()
        return self._seen.get((found, seen), lambda: _accepted(found, seen))

    def event_bodies(self) -> EventBodies:
        """The bodies of the event's photos: the same object until a face, a photo or an asset changes.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file or the database cannot be read.
        """
        pictures = self.bodies.pictures()
        event, contents = self._catalog.event(), self._catalog.words.remembered().photos
        return self._event_bodies.get((pictures, event.rows, contents), lambda: self._find(pictures, event, contents))

    def _find(self, pictures: Pictures, event: EventIndex, contents: Mapping[str, str]) -> EventBodies:
        paths: dict[str, list[str]] = defaultdict(list)
        for path, sha256 in contents.items():
            paths[sha256].append(path)
        rows: dict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(event.rows):
            rows[row.image_path].append(number)
        photos: list[PhotoBodies] = []
        row_of: dict[tuple[str, int], int] = {}
        with self._guard:
            if self._matched_rows is not event.rows:
                self._matched_rows = event.rows
                self._matched = {}
            for picture in pictures.by_id.values():
                # The last run of an older version did not remember contents.
                known = paths.get(picture.sha256) or ([] if contents else [p for p in picture.image_paths if p in rows])
                for path in known:
                    photo = self._photo(picture, path, event.rows, rows.get(path, ()))
                    row_of.update(
                        ((picture.asset_id, body.person_index), row)
                        for body, row in zip(picture.bodies, photo.rows, strict=True)
                        if row >= 0
                    )
                    if pictures.latest[picture.sha256] is picture:
                        photos.append(photo)
        ordered = tuple(sorted(photos, key=lambda photo: photo.image_path))
        return EventBodies(ordered, row_of, event.rows, pictures)

    def _photo(
        self, picture: PictureBodies, image_path: str, rows: Sequence[FaceRow], numbers: Sequence[int]
    ) -> PhotoBodies:
        key = picture.asset_id, image_path
        known = self._matched.get(key)
        if known is None or known[0] != picture.version:
            known = self._matched[key] = (picture.version, _matched(picture, image_path, rows, numbers))
        return known[1]


def has_name(person: Person) -> bool:
    """Whether the user gave a person a name."""
    return person.key.startswith("name:")


def named(labels: Labels, cluster: int) -> Person | None:
    """The person of a cluster, if the user gave a name."""
    person = labels.person(cluster)
    return person if person is not None and has_name(person) else None


def body_of(seen: PersonSeen, photo: PhotoBodies) -> Body | None:
    """The body that an answer is about on the photo as it is now; None if it is not there or cannot be told."""
    box = scaled_body(seen, photo.picture.width, photo.picture.height)
    if box is None:
        return None
    best = max(photo.picture.bodies, key=lambda body: box_iou(box, body.box), default=None)
    return best if best is not None and box_iou(box, best.box) >= SAME_PLACE_IOU else None


def _accepted(bodies: EventBodies, seen: SeenNow) -> Mapping[tuple[str, int], str]:
    out = {}
    for photo in bodies.photos:
        for answer in seen.by_photo.get(photo.image_path, ()):
            body = body_of(answer, photo) if answer.answer is SeenAnswer.ACCEPTED else None
            if body is not None:
                out[photo.picture.asset_id, body.person_index] = answer.name
    return out


def _matched(picture: PictureBodies, image_path: str, rows: Sequence[FaceRow], numbers: Sequence[int]) -> PhotoBodies:
    """The faces of the event that the bodies of one of its photos have.

    Args:
        picture: The photo.
        image_path: Its path.
        rows: Of the event.
        numbers: Of the rows of this photo.
    """
    pairs = sorted(
        (
            (-overlap, place, number)
            for place, body in enumerate(picture.bodies)
            if body.face is not None
            for number in numbers
            if (overlap := box_iou(body.face, rows[number].facial_area)) >= SAME_PLACE_IOU
        ),
    )
    found: dict[int, int] = {}
    for _, place, number in pairs:
        if place not in found and number not in found.values():
            found[place] = number
    left = [rows[number].facial_area for number in numbers if number not in found.values()]
    return PhotoBodies(
        image_path,
        picture,
        tuple(found.get(place, -1) for place in range(len(picture.bodies))),
        tuple(body.face is not None or _may_have(body, left) for body in picture.bodies),
    )


def _may_have(body: Body, faces: Iterable[Box]) -> bool:
    x, y, w, h = body.box
    return any(x <= face.x + face.w / 2 <= x + w and y <= face.y + face.h / 2 <= y + h * _HEAD_PART for face in faces)


def _of_clusters(event: EventIndex, bodies: EventBodies) -> Mapping[int, frozenset[tuple[str, int]]]:
    out: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for body, row in bodies.row_of.items():
        out[int(event.cluster_ids[row])].add(body)
    return {cluster: frozenset(found) for cluster, found in out.items() if cluster >= 0}
