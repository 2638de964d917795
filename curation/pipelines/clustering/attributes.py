"""Attributes of the faces of an event in the clustering stage: what is still to be read, what was read, and its record.

They are kept in the analysis store, each attribute by its own key: one that is switched on later is read of the faces
that are known, and one that is switched off and on again costs nothing. Nothing here has a part in the grouping.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.face_rows import row_attributes
from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.domain.faces.face import FaceRow
from curation.domain.faces.row_attributes import RowAge, RowAttributes
from curation.domain.report import Failure
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import WeightsFile
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.drawn_faces import drawn_key
from curation.pipelines.per_photo import AttributeKey
from curation.pipelines.stage import content_key, failures_as_json
from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_attributes import ATTRIBUTE_COLUMNS

__all__ = ["AttributesOfFaces", "attribute_key"]

logger = logging.getLogger(__name__)

ATTRIBUTES_VERSION = 1
"""Raise it when something other than a reader's weights changes what is read."""

_SHOWN_FAILURES = 3


def attribute_key(analysis_key: str, spec: ReaderSpec, predictor: WeightsFile | None) -> str:
    """A key for everything that an attribute depends on, apart from the content of the photo.

    Args:
        analysis_key: Of the analysis that found the faces.
        spec: Of the reader, asked for this attribute alone.
        predictor: Of the 68 landmarks, if the reader needs them.
    """
    weights = sorted((weights.name, weights.sha256) for weights in spec.weights)
    points = predictor.sha256 if predictor is not None and spec.needs_points68 else None
    asked = [name.value for name in spec.attributes]
    return content_key([ATTRIBUTES_VERSION, analysis_key, spec.name, asked, weights, points])


class AttributesOfFaces:
    """The attributes that a run is asked for."""

    def __init__(
        self, store: AnalysisStore, specs: Sequence[ReaderSpec], predictor: WeightsFile | None, analysis_key: str
    ) -> None:
        """Take what was selected.

        Args:
            store: Keeps what was read.
            specs: One for each attribute.
            predictor: Of the 68 landmarks, if a reader needs them.
            analysis_key: Of the analyses that find the faces.
        """
        self._store = store
        self._specs = {spec.attributes[0]: spec for spec in specs}
        self._predictor = predictor
        self._analysis_key = analysis_key
        self.keys = self.keys_of(analysis_key)
        self._failures: dict[str, str] = {}
        self._faces = 0
        self._told: Counter[Attribute] = Counter()
        self._untold: Counter[Attribute] = Counter()
        if Attribute.ETHNICITY in self._specs:
            logger.warning(
                "the ethnicity of faces is read, because attributes.ethnicity is set: such readers are wrong too often "
                "to say anything of a person. It is written into face_data.csv and the people's JSON, and has no part "
                "in pages, names, exports, ranking or grouping"
            )

    @property
    def columns(self) -> tuple[Attribute, ...]:
        """The attributes that have columns in face_data.csv."""
        return tuple(name for name in self._specs if name in ATTRIBUTE_COLUMNS)

    def keys_of(self, analysis_key: str) -> tuple[AttributeKey, ...]:
        """The attributes that are read of the faces of an analysis.

        Args:
            analysis_key: Of the faces that the engine finds by itself, or of one that the user drew.
        """
        return tuple((name, attribute_key(analysis_key, spec, self._predictor)) for name, spec in self._specs.items())

    def complete(self, sha256s: Iterable[str], keys: Sequence[AttributeKey] | None = None) -> set[str]:
        """Those of the contents of whose faces the store has every attribute.

        Args:
            sha256s: The contents.
            keys: What has to be there; None for the attributes of the faces that the engine finds by itself.
        """
        out = set(sha256s)
        for _, key in self.keys if keys is None else keys:
            out = self._store.having_attributes(out, key)
        return out

    def save(self, image_path: str, sha256: str, read: Sequence[tuple[str, bytes]], unread: str) -> None:
        """Keep what was read of a photo's faces, or why nothing was.

        Raises:
            StorageError: If the store fails.
        """
        if read:
            self._store.save_face_attributes(sha256, dict(read))
        if unread:
            self.failed(image_path, unread)

    def failed(self, image_path: str, reason: str) -> None:
        """The faces of this photo stay without what the store does not have."""
        self._failures[image_path] = reason

    def photo_failed(self, image_path: str) -> None:
        """The whole photo failed, and is reported as such: it has no faces."""
        self._failures.pop(image_path, None)

    def added(self, rows: Iterable[FaceRow], faces: EventFaces, is_unreadable: NDArray[np.bool_]) -> Iterator[FaceRow]:
        """The rows of face_data.csv with the attributes of their faces; the rows as they are if nothing is asked for.

        Args:
            rows: In the order of `faces`.
            faces: Of the event.
            is_unreadable: (N,) which of them cannot be read; of these nothing can be told either.
        """
        if not self.columns:
            yield from rows
            return
        of_photo: tuple[int, list[RowAttributes]] | None = None
        for number, row in enumerate(rows):
            photo = int(faces.photo[number])
            if of_photo is None or of_photo[0] != photo:
                of_photo = (photo, self._of_photo(faces.sha256[photo], self.keys))
            stored, read = int(faces.stored[number]), of_photo[1]
            if stored < 0:
                drawn = self.keys_of(drawn_key(self._analysis_key, row.facial_area))
                stored, read = 0, self._of_photo(faces.sha256[photo], drawn)
            told = read[stored] if stored < len(read) else None
            if told is not None and is_unreadable[number]:
                told = _untold(told)
            self._count(told)
            yield replace(row, attributes=told)

    def record(self) -> dict[str, Any]:
        """What clustering_run.json says; empty if nothing is asked for. To be called when all rows were made."""
        if not self._specs:
            return {}
        readers = {}
        for name, spec in self._specs.items():
            weights = {weights.name: weights.sha256 for weights in spec.weights}
            if spec.needs_points68 and self._predictor is not None:
                weights[self._predictor.name] = self._predictor.sha256
            readers[name.value] = {"reader": spec.name, "weights": weights, "warning": spec.warning or None}
        return {
            "attributes": {
                "readers": readers,
                "keys": {name.value: key for name, key in self.keys},
                "faces": self._faces,
                "told": {name.value: self._told[name] for name in self.columns},
                "cannot_tell": {name.value: self._untold[name] for name in self.columns},
                "failures": failures_as_json([Failure(path, self._failures[path]) for path in sorted(self._failures)]),
            }
        }

    def warnings(self) -> tuple[str, ...]:
        """What the user should know, in sentences."""
        if not self._failures:
            return ()
        paths = sorted(self._failures)
        shown = "; ".join(f"{path}: {self._failures[path]}" for path in paths[:_SHOWN_FAILURES])
        others = len(paths) - _SHOWN_FAILURES
        more = f"; and {others} more in clustering_run.json" if others > 0 else ""
        photos = "1 photo" if len(paths) == 1 else f"{len(paths)} photos"
        return (
            f'the attributes of the faces on {photos} could not be read, so these faces are kept as "cannot tell" '
            f"({shown}{more}); the next clustering tries again",
        )

    def _of_photo(self, sha256: str, keys: Sequence[AttributeKey]) -> list[RowAttributes]:
        joined: list[FaceAttributes] = []
        for name, key in keys:
            if name not in ATTRIBUTE_COLUMNS:
                continue
            read = self._store.face_attributes(sha256, key, name)
            if read is None:
                continue
            joined += [FaceAttributes()] * (len(read) - len(joined))
            joined = [
                replace(one, **{name.value: getattr(told, name.value)}) for one, told in zip(joined, read, strict=True)
            ]
        return [row_attributes(face) for face in joined]

    def _count(self, face: RowAttributes | None) -> None:
        self._faces += 1
        for name in self.columns:
            told = None if face is None else getattr(face, name.value)
            known = told is not None and (told.is_known if isinstance(told, RowAge) else told.answer is not None)
            (self._told if known else self._untold)[name] += 1


def _untold(face: RowAttributes) -> RowAttributes:
    """The same numbers, but "cannot tell" for everything."""
    return RowAttributes(
        age=None if face.age is None else replace(face.age, is_known=False),
        sex=None if face.sex is None else replace(face.sex, answer=None),
        ethnicity=None if face.ethnicity is None else replace(face.ethnicity, answer=None),
        emotion=None if face.emotion is None else replace(face.emotion, answer=None),
    )
