"""The photos of a run, as the user's words look for them, and what is remembered of them for later runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.remembered import LookKey, Remembered
from curation.domain.identity.said import Said, content_of
from curation.engines.base import EngineSpec
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.stage import content_key
from curation.storage.analysis_rows import CachedPhoto
from curation.storage.analysis_store import AnalysisStore

__all__ = ["PresentEvent", "vector_space", "with_looks"]

_MOST_FACES = 40  # of a photo are remembered, the largest ones, beside those that the user said something about


def vector_space(engine: str, weights: Mapping[str, Any]) -> str:
    """A name for the space of an engine's vectors: vectors of equal spaces can be compared.

    Args:
        engine: Its name.
        weights: SHA-256 of its model files, by name.
    """
    return content_key([engine, sorted(weights.values())])[:16]


class PresentEvent:
    """Implements `curation.pipelines.said.locating.PresentPhotos`."""

    def __init__(
        self,
        faces: EventFaces,
        contents: Mapping[str, str],
        unreadable: Collection[str],
        remembered: Remembered,
        store: AnalysisStore,
        spec: EngineSpec,
        key: str,
        last_key: str | None,
        twins: Mapping[str, tuple[str, bool]] = MappingProxyType({}),
    ) -> None:
        """Take the photos of a run.

        Args:
            faces: Of the run.
            contents: SHA-256 by path of all photos that could be read.
            unreadable: Paths of those that could not, and with a slash at the end of folders that could not.
            remembered: Of earlier runs.
            store: Has the analyses.
            spec: The engine of the run.
            key: Of the analyses.
            last_key: Of those of the last run; None if it is not known.
            twins: Photos of the run by the paths of other files of the same shots, and whether that is sure.
        """
        self._twins = twins
        self._last_key = last_key
        self.space = vector_space(spec.name, {weights.name: weights.sha256 for weights in spec.weights})
        self._faces = faces
        self._contents = contents
        self._unreadable = unreadable
        self._unseen = tuple(path for path in unreadable if path.endswith("/"))
        self._remembered = remembered
        self._store = store
        self._key = key
        self._of_photo: dict[str, list[int]] | None = None

    def contents(self) -> Mapping[str, str]:
        """See `PresentPhotos.contents`."""
        return self._contents

    def is_unreadable(self, image_path: str) -> bool:
        """See `PresentPhotos.is_unreadable`."""
        return image_path in self._unreadable or image_path.startswith(self._unseen)

    def twin(self, image_path: str, *, by_name: bool) -> str | None:
        """See `PresentPhotos.twin`."""
        twin, is_sure = self._twins.get(image_path, (None, False))
        return twin if is_sure or by_name else None

    def is_new(self, sha256: str) -> bool:
        """See `PresentPhotos.is_new`."""
        return not self._remembered.has_seen(sha256)

    def rows(self, image_path: str) -> list[int]:
        """The numbers of a photo's faces in the run."""
        if self._of_photo is None:
            self._of_photo = defaultdict(list)
            for face, photo in enumerate(self._faces.photo.tolist()):
                self._of_photo[self._faces.photos[photo]].append(face)
        return self._of_photo.get(image_path, [])

    def boxes(self, image_path: str) -> Sequence[Box]:
        """See `PresentPhotos.boxes`."""
        return [Box(*self._faces.boxes[face].tolist()) for face in self.rows(image_path)]

    def look(self, image_path: str) -> PhotoLook:
        """See `PresentPhotos.look`."""
        sha256 = self._contents[image_path]
        look = _look(image_path, self._store.analysis(sha256, self._key), self._store.look(sha256))
        rows = self.rows(image_path)
        if not (self._faces.stored[rows] < 0).any():
            return look
        return replace(
            look,
            boxes=self._faces.boxes[rows].astype(np.float64),
            landmarks=self._faces.landmarks[rows],
            vectors=self._faces.embeddings[rows],
        )

    def look_then(self, key: str, boxes: Collection[Box] = ()) -> PhotoLook | None:
        """See `PresentPhotos.look_then`."""
        for is_comparable, look in self._looks_then(key):
            if set(boxes) <= {Box(*map(round, box)) for box in look.boxes.tolist()}:
                # Of another engine the faces' places can be compared, the vectors cannot.
                nothing = np.zeros((len(look.boxes), 0), dtype=np.float32)
                return look if is_comparable else replace(look, vectors=nothing)
        return None

    def _looks_then(self, key: str) -> Iterator[tuple[bool, PhotoLook]]:
        """What is known of a photo's looks, and whether its vectors can be compared with those of this run."""
        looks = self._remembered.looks
        if (key, self.space) in looks:
            yield True, looks[key, self.space]
        for analysis_key in dict.fromkeys((self._key, self._last_key)):
            analysis = None if analysis_key is None else self._store.analysis(key, analysis_key)
            if analysis is not None:
                yield analysis_key == self._key, _look("", analysis, self._store.look(key))
        for (photo, space), look in looks.items():
            if photo == key and space != self.space:
                yield False, look


def _look(image_path: str, analysis: CachedPhoto | None, look: tuple[bytes, str | None] | None) -> PhotoLook:
    miniature, time = look if look is not None else (None, None)
    if analysis is None:
        nothing = np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros((0, 0), dtype=np.float32)
        return PhotoLook(image_path, 1, 1, time, miniature, *nothing)
    return PhotoLook(
        image_path,
        analysis.width,
        analysis.height,
        time,
        miniature,
        np.array([face.box for face in analysis.faces], dtype=np.float64).reshape(-1, 4),
        np.array([[(x, y) for x, y in face.landmarks] for face in analysis.faces], dtype=np.float64).reshape(-1, 5, 2),
        analysis.embeddings,
    )


def with_looks(said: Said, present: PresentEvent, looks: Mapping[LookKey, PhotoLook]) -> dict[LookKey, PhotoLook]:
    """The looks of all photos that the user said something about, as far as they are known.

    Args:
        said: With where the photos are now.
        present: The photos of the run.
        looks: That are remembered.
    """
    wanted_contents = set(map(content_of, said.photos))
    out = {key: look for key, look in looks.items() if key[0] in wanted_contents}
    contents = present.contents()
    for said_key, photo in said.photos.items():
        key = content_of(said_key)
        if photo.now is None or contents.get(photo.now) != key:
            continue
        before = out.get((key, present.space))
        wanted = [box for box in photo.faces.values() if box is not None]
        if before is None or not {tuple(map(float, box)) for box in wanted} <= set(map(tuple, before.boxes.tolist())):
            out[key, present.space] = _trimmed(present.look(photo.now), wanted)
    return out


def _trimmed(look: PhotoLook, wanted: Collection[Box]) -> PhotoLook:
    """The look with the largest faces and the wanted ones."""
    if len(look.boxes) <= _MOST_FACES:
        return look
    is_kept: NDArray[np.bool_] = np.zeros(len(look.boxes), dtype=bool)
    is_kept[np.argsort(-look.boxes[:, 2] * look.boxes[:, 3], kind="stable")[:_MOST_FACES]] = True
    is_kept |= np.array([Box(*map(round, box)) in wanted for box in look.boxes.tolist()])
    return replace(look, boxes=look.boxes[is_kept], landmarks=look.landmarks[is_kept], vectors=look.vectors[is_kept])
