"""How people lie in the frame of an event's photos, from the database of assets, by the content of the photos."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from curation.domain.bodies.composition import Composition
from curation.domain.faces.face import FaceRow
from curation.domain.faces.geometry import box_iou
from curation.domain.judging.photo_composition import PhotoComposition
from curation.domain.labelling.corrections import SAME_PLACE_IOU
from curation.settings import Settings
from curation.storage.assets.picture_bodies import AssetBodies, PictureBodies

if TYPE_CHECKING:
    from curation.storage.assets.store import AssetStore

__all__ = ["NO_COMPOSITIONS", "EventCompositions", "missing_told", "photo_composition", "read_compositions"]

logger = logging.getLogger(__name__)

NO_COMPOSITIONS: Mapping[str, PhotoComposition] = {}


def _open_store(settings: Settings) -> AssetStore:
    from curation.storage.assets.opening import open_asset_store

    return open_asset_store(settings)


def read_compositions(
    settings: Settings,
    faces: Mapping[str, Sequence[FaceRow]],
    contents: Mapping[str, str],
    *,
    open_bodies: Callable[[Settings], AssetStore] = _open_store,
) -> dict[str, PhotoComposition]:
    """The composition of each photo that was taken apart, by image path.

    Args:
        settings: Name the database.
        faces: The faces of all photos, by image path.
        contents: SHA-256 of the photos, by image path.
        open_bodies: Opens the database.

    Raises:
        StorageError: If the database cannot be read.
    """
    with closing(open_bodies(settings)) as store:
        latest = AssetBodies(store).pictures().latest
    return _of_photos(latest, faces, contents)


def _of_photos(
    latest: Mapping[str, PictureBodies], faces: Mapping[str, Sequence[FaceRow]], contents: Mapping[str, str]
) -> dict[str, PhotoComposition]:
    return {
        path: photo_composition(picture, faces[path])
        for path, sha256 in contents.items()
        if path in faces and (picture := latest.get(sha256)) is not None
    }


class EventCompositions:
    """The same for a service: kept until the event or the database changes. Not thread-safe."""

    def __init__(self, settings: Settings, *, open_bodies: Callable[[Settings], AssetStore] = _open_store) -> None:
        """Remember the database; it is opened when it is first needed, and stays open."""
        self._settings = settings
        self._open = open_bodies
        self._bodies: AssetBodies | None = None
        self._sources: tuple[object, object] | None = None
        self.last: Mapping[str, PhotoComposition] = NO_COMPOSITIONS
        """What `now` returned last."""

    def now(
        self, event: object, faces: Mapping[str, Sequence[FaceRow]], contents: Mapping[str, str]
    ) -> Mapping[str, PhotoComposition]:
        """See `read_compositions`; the same object until `event` is another object or a record changes."""
        if self._bodies is None:
            self._bodies = AssetBodies(self._open(self._settings))
        pictures = self._bodies.pictures()
        if self._sources is None or self._sources[0] is not event or self._sources[1] is not pictures:
            self._sources = (event, pictures)
            self.last = _of_photos(pictures.latest, faces, contents)
        return self.last


def photo_composition(picture: PictureBodies, rows: Sequence[FaceRow]) -> PhotoComposition:
    """How the people of a photo lie in its frame, by the faces of the event at the same places."""
    pairs = sorted(
        (-overlap, place, row.face_index)
        for place, body in enumerate(picture.bodies)
        if body.face is not None
        for row in rows
        if (overlap := box_iou(body.face, row.facial_area)) >= SAME_PLACE_IOU
    )
    by_face: dict[int, Composition] = {}
    taken: set[int] = set()
    for _, place, face_index in pairs:
        if place not in taken and face_index not in by_face:
            by_face[face_index] = picture.bodies[place].composition
            taken.add(place)
    return PhotoComposition(by_face, len(picture.bodies))


def missing_told(missing: int, total: int) -> str:
    """What to say of photos that were not taken apart, so that nothing can be told; empty if there are none."""
    if not missing:
        return ""
    return (
        f"the composition of {missing} of {total} photos cannot be told: they have no record of people. Make them with "
        "python -m curation assets run FOLDER"
    )
