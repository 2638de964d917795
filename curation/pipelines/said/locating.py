"""Finds the photos and faces that the user's words are about among the photos of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

import numpy as np

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from curation.domain.identity.face_matching import faces_by_overlap, matched_faces
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.photo_matching import recognised_photos
from curation.domain.identity.said import NOTHING_SAID, Missing, Said, SaidPhoto, content_of, is_copy, is_known_by_path
from curation.domain.labelling.corrections import SAME_PLACE_IOU

__all__ = ["PresentPhotos", "located"]

_MOST_RIVALS = 5000  # in larger events only photos that something was said about
_BY_PATH_CERTAINTY = 0.5  # only its name says that it is the photo
_TWIN_CERTAINTY = 0.97  # the RAW file of the same shot, or its picture; see `curation.domain.files.pairing`


class PresentPhotos(Protocol):
    """The photos of a run."""

    def contents(self) -> Mapping[str, str]:
        """SHA-256 by path of all photos that could be read."""

    def is_unreadable(self, image_path: str) -> bool:
        """Whether there is a file at a path that could not be read."""

    def twin(self, image_path: str, *, by_name: bool) -> str | None:
        """The photo of the run that is one shot with a file that is not looked at: a picture, or its RAW file.

        Args:
            image_path: Of the file.
            by_name: Whether their name suffices, because one of them cannot be seen.
        """

    def is_new(self, sha256: str) -> bool:
        """Whether no earlier run could read a photo with this content."""

    def boxes(self, image_path: str) -> Sequence[Box]:
        """The boxes of a photo's faces."""

    def look(self, image_path: str) -> PhotoLook:
        """What a photo looks like, with its faces in the order of `boxes`."""

    def look_then(self, key: str, boxes: Collection[Box] = ()) -> PhotoLook | None:
        """What a photo that the user said something about looked like; None if that is not known.

        Args:
            key: Of the photo.
            boxes: Of faces that it must have.
        """


def located(said: Said, present: PresentPhotos, known: Said = NOTHING_SAID) -> Said:
    """The same with where all photos and faces are now.

    A photo is found by its content, under whatever path. Those that are left over are looked for among photos with a
    content that was never seen before: an edited or converted photo is one. Of a RAW file and a picture of one shot
    only one is a photo of the run; what was said of the other one is said of it. Nothing is taken for a photo for
    its path alone.

    Args:
        said: All words, settled.
        present: The photos of this run.
        known: Words that were located among the same photos before; only what came since is looked for.
    """
    if not said.photos:
        return said
    contents = present.contents()
    wanted = {sha256 for key, photo in said.photos.items() for sha256 in (content_of(key), *photo.versions)}
    paths_of: dict[str, list[str]] = defaultdict(list)
    for path, sha256 in contents.items():
        if sha256 in wanted:
            paths_of[sha256].append(path)
    photos: dict[str, SaidPhoto] = {}
    missing: list[str] = []
    own = {
        path
        for key, photo in said.photos.items()
        for path in (photo.now, photo.image_path)
        if path is not None and contents.get(path) in (content_of(key), *photo.versions)
    }
    for key, photo in said.photos.items():
        before = known.photos.get(key)
        if before is not None and before.faces.keys() >= photo.faces.keys():
            photos[key] = before
            continue
        found = _path_by_content(key, photo, paths_of, own)
        if found is not None:
            is_same = contents[found] == content_of(key)
            own.add(found)
            photos[key] = _found(photo, key, found, 1.0 if is_same else photo.certainty, present, is_same=is_same)
        elif is_known_by_path(key) and photo.image_path in contents:
            photos[key] = _found(photo, key, photo.image_path, _BY_PATH_CERTAINTY, present, is_same=True)
        elif (twin := _twin(key, photo, present)) is not None:
            # Known by its content, too, so that what is said of it from now on is said of the same photo.
            versions = tuple(dict.fromkeys((*photo.versions, contents[twin])))
            photos[key] = _found(replace(photo, versions=versions), key, twin, _TWIN_CERTAINTY, present, is_same=False)
        else:
            missing.append(key)
    taken = {photo.now for photo in known.photos.values()}
    photos |= _recognised(said, missing, contents, present, taken)
    return replace(said, photos={key: photos[key] for key in said.photos})


def _path_by_content(
    key: str, photo: SaidPhoto, paths_of: Mapping[str, Sequence[str]], own: Collection[str]
) -> str | None:
    """The path of the photo's content, else of its latest version.

    Of copies it is the one that the photo was, else one that no other photo is; when there is none left, only photos
    that are no copies themselves share one.

    Args:
        key: Of the photo.
        photo: As it was.
        paths_of: All paths by content.
        own: Paths of photos that are where they were, and of those that were found.
    """
    for sha256 in (content_of(key), *reversed(photo.versions)):
        paths = paths_of.get(sha256, ())
        had = (path for path in (photo.now, photo.image_path) if path in paths)
        free = (path for path in paths if path not in own)
        shared = paths[:1] if not is_copy(key) else ()
        found = next(chain(had, free, shared), None)
        if found is not None:
            return found
    return None


def _twin(key: str, photo: SaidPhoto, present: PresentPhotos) -> str | None:
    """The photo of the run that is one shot with the file that something was said about."""
    last = (path for path in (photo.now, photo.image_path) if path is not None)
    twins = (present.twin(path, by_name=is_known_by_path(key)) for path in last)
    return next((twin for twin in twins if twin is not None), None)


def _found(
    photo: SaidPhoto, key: str, path: str, certainty: float, present: PresentPhotos, *, is_same: bool
) -> SaidPhoto:
    """The photo at its path now, with its faces.

    Args:
        photo: As it was.
        key: Its key.
        path: Where it is now.
        certainty: That it is this photo.
        present: The photos of the run.
        is_same: Whether its content is unchanged, so that faces have the same places.
    """
    if not photo.faces:
        return replace(photo, now=path, missing=None, certainty=certainty)
    boxes = present.boxes(path)
    # The same engine finds the same faces of the same content.
    faces: dict[Box, Box | None] = {box: box if is_same and box in boxes else None for box in photo.faces}
    left = [box for box, now in faces.items() if now is None]
    free = [box for box in boxes if box not in faces.values()]
    if left and free:
        faces |= _faces_now(left, key, path, present, is_same=is_same)
    return replace(photo, now=path, missing=None, certainty=certainty, faces=faces)


def _faces_now(
    wanted: Sequence[Box], key: str, path: str, present: PresentPhotos, *, is_same: bool
) -> dict[Box, Box | None]:
    """Where faces are on the photo as it is now."""
    before = present.look_then(content_of(key), wanted)
    if before is not None and len(before.boxes):
        now = present.look(path)
        pairs = matched_faces(before, now)
        # It is the photo, so whoever is at the place of a face is that face, however badly it is seen now.
        for by_place in (
            matched_faces(_without_vectors(before), _without_vectors(now)),
            faces_by_overlap(before, now),
        ):
            pairs |= {old: new for old, new in by_place.items() if old not in pairs and new not in pairs.values()}
        boxes_before = [Box(*map(round, box)) for box in before.boxes.tolist()]
        boxes_now = present.boxes(path)
        return {
            box: next((boxes_now[new] for old, new in pairs.items() if boxes_before[old] == box), None)
            for box in wanted
        }
    out: dict[Box, Box | None] = dict.fromkeys(wanted)
    if is_same:
        pairs_by_overlap = sorted(
            ((-box_iou(box, other), box, other) for box in wanted for other in present.boxes(path)),
        )
        for overlap, box, other in pairs_by_overlap:
            if -overlap >= SAME_PLACE_IOU and out[box] is None and other not in out.values():
                out[box] = other
    return out


def _without_vectors(look: PhotoLook) -> PhotoLook:
    return replace(look, vectors=np.zeros((len(look.boxes), 0), dtype=np.float32))


def _recognised(
    said: Said,
    missing: Sequence[str],
    contents: Mapping[str, str],
    present: PresentPhotos,
    taken: Collection[str | None],
) -> dict[str, SaidPhoto]:
    """Photos whose content is not there: as which edited photos they were recognised, or why they are missing."""
    looks = {}
    for key in missing:
        photo = said.photos[key]
        look = present.look_then(content_of(key), photo.faces)
        if look is not None:
            # Under the name that it had last: names are hints.
            looks[key] = replace(look, image_path=photo.now or photo.image_path)
    out: dict[str, SaidPhoto] = {}
    if looks:
        candidates = [path for path, sha256 in contents.items() if present.is_new(sha256) and path not in taken]
        keys = list(looks)
        found = recognised_photos(
            [looks[key] for key in keys],
            [present.look(path) for path in candidates],
            present=_rivals(contents, present, said) if candidates else (),
        )
        for number, recognised in sorted(found.items()):
            key, path = keys[number], candidates[recognised.candidate]
            edited = replace(said.photos[key], versions=(*said.photos[key].versions, contents[path]))
            out[key] = _found(edited, key, path, recognised.certainty, present, is_same=False)
    for key in missing:
        if key not in out:
            photo = said.photos[key]
            faces: dict[Box, Box | None] = dict.fromkeys(photo.faces)
            out[key] = replace(photo, now=None, missing=_reason(photo, contents, present), faces=faces)
    return out


def _rivals(contents: Mapping[str, str], present: PresentPhotos, said: Said) -> list[PhotoLook]:
    """Photos that are there as they were: a new one that looks more like one of them is no edit of a missing one."""
    known = [path for path, sha256 in contents.items() if not present.is_new(sha256)]
    if len(known) > _MOST_RIVALS:
        known = [path for path in known if contents[path] in said.photos]
    return [present.look(path) for path in known]


def _reason(photo: SaidPhoto, contents: Mapping[str, str], present: PresentPhotos) -> Missing:
    last = [path for path in (photo.now, photo.image_path) if path is not None]
    if any(map(present.is_unreadable, last)):
        return Missing.UNREADABLE
    return Missing.REPLACED if any(path in contents for path in last) else Missing.AWAY
