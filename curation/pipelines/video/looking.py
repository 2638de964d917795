"""One look at one picture of a film: its faces, how good they are, and a crop of each while the picture is there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import DetectedFace, FaceQuality
from curation.domain.film.track import Sighting
from curation.domain.measuring.calibration import photo_focus_measure
from curation.engines.alignment import ARCFACE_SIZE_PX, ARCFACE_TEMPLATE, aligned_face, detail_scale
from curation.engines.base import FaceEngine, FoundFace, PhotoPixels, Pixels
from curation.errors import FaceAnalysisError
from curation.photos.looks.focus import sharpest_detail
from curation.pipelines.measuring import face_quality
from curation.pipelines.video.face_crop import FaceCrop, face_crop
from curation.pipelines.video.options import LookOptions

__all__ = ["DOUBTFUL_PART", "Look", "Looker", "SeenFace"]

_NO_EMBEDDING: NDArray[np.float32] = np.zeros(0, dtype=np.float32)

DOUBTFUL_PART = 0.3
"""How much less certain than `min_conf` a face may be that continues a track: somebody who turns to the side."""

_FORM_PX = 16
_NO_FORM: NDArray[np.float32] = np.zeros(_FORM_PX * _FORM_PX, dtype=np.float32)
_EVEN_FORM = 16.0  # one grey level: a face of one colour has no form

_SMALLEST_EFFECTIVE_SHARE = 0.3
"""An upright film between pillars in a wide one has this share of the picture; smaller faces are dropped later, when
the bars are known."""

_SHARPNESS_EVERY_S = 3
"""Measuring how sharp a whole picture is takes as long as finding its faces; a median needs few pictures."""

_CROP_EYES_PX = 64.0
_READ_EYES_PX = 100.0
"""Distance of the eyes at which a face shows all details: to embed it and show it, and for readers of attributes."""


class SeenFace:
    """A face in one picture.

    Attributes:
        sighting: Where it is.
        quality: How well it can be recognised.
        certainty: The detector's largest confidence in its track so far.
        crop: The face and its surroundings; None once it is not needed any more.
        form: (256,) float32 light and dark of the aligned face, of mean 0 and unit length; all 0 if it is even.
    """

    __slots__ = ("_embedding", "certainty", "crop", "form", "quality", "sighting")

    def __init__(self, sighting: Sighting, quality: FaceQuality, crop: FaceCrop | None) -> None:
        """Take a face, not embedded yet."""
        self.sighting = sighting
        self.quality = quality
        self.certainty = sighting.confidence
        self.crop = crop
        self.form = _NO_FORM if crop is None else _form(sighting, crop)
        self._embedding: NDArray[np.float32] | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether the network was asked already."""
        return self._embedding is not None

    def embedding(self, looker: Looker) -> NDArray[np.float32]:
        """(D,) float32 of unit length, made at the first call; empty if the face cannot be embedded."""
        if self._embedding is None:
            self._embedding = _NO_EMBEDDING if self.crop is None else looker.embed(self.sighting, self.crop)
        return self._embedding


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one picture shows.

    Attributes:
        time: Of the picture.
        until: When the next picture comes, as far as is known; else its time and duration.
        number: Of the picture in the segment.
        faces: From left to right.
        skipped: Times of the pictures between the look before and this one, rising; as far as they are known.
    """

    time: Fraction
    until: Fraction
    number: int
    faces: tuple[SeenFace, ...]
    skipped: tuple[Fraction, ...] = ()


class Looker:
    """Looks at pictures, and counts what that took."""

    def __init__(self, engine: FaceEngine, options: LookOptions) -> None:
        """Take an engine of the film's setup."""
        self._engine = engine
        self._options = options
        self._eyes_px = _READ_EYES_PX if options.attributes else _CROP_EYES_PX
        self.pictures = 0
        self.embedded = 0
        self.sharpness: list[float] = []
        self._ahead: dict[int, Sequence[FoundFace]] = {}
        self._measured_at: Fraction | None = None

    def look(self, picture: PhotoPixels, time: Fraction, until: Fraction, number: int, *, regular: bool) -> Look:
        """Find the faces of a picture.

        Args:
            picture: Of the film; upright, with square pixels.
            time: When it is shown.
            until: When the next one is shown.
            number: Of the picture in the segment.
            regular: Whether it is one of those that stand for the film: their sharpness is measured.

        Raises:
            FaceAnalysisError: If the network fails.
        """
        self.pictures += 1
        faces = self._ahead.pop(number, None)
        found = [
            face for face in (self._engine.find(picture) if faces is None else faces) if self._counts(face, picture)
        ]
        if regular and (self._measured_at is None or not 0 <= time - self._measured_at < _SHARPNESS_EVERY_S):
            self._measured_at = time
            small = picture.reduced(self._options.working_size_px).array
            measure = photo_focus_measure(sharpest_detail(small), with_people=bool(found))
            self.sharpness.append(round(measure.value or 0.0, 4))
        return Look(time, until, number, self._seen(picture, found, time, number))

    def find_ahead(self, pictures: Sequence[tuple[int, PhotoPixels]]) -> None:
        """Find the faces of pictures at the same time, which a GPU does faster; what is found is the same.

        Args:
            pictures: Number and picture of each; they are looked at next.

        Raises:
            FaceAnalysisError: If the network fails.
        """
        if len(pictures) < 2:
            return
        with ThreadPoolExecutor(len(pictures)) as threads:
            guard = Lock()
            found = threads.map(lambda each: self._engine.find(_Shared(each[1], guard)), pictures)
            self._ahead = dict(zip((number for number, _ in pictures), found, strict=True))

    def embed(self, sighting: Sighting, crop: FaceCrop) -> NDArray[np.float32]:
        """(D,) float32 of unit length; empty if the points are no face."""
        self.embedded += 1
        try:
            (embedding,) = self._engine.embed_changed(crop, crop.points_within(sighting.landmarks), _as_it_is)
        except FaceAnalysisError:
            return _NO_EMBEDDING
        return np.asarray(embedding, dtype=np.float32)

    def similarity(self, first: SeenFace, second: SeenFace) -> float | None:
        """Cosine of two faces; None if one of them cannot be embedded."""
        one, other = first.embedding(self), second.embedding(self)
        if not len(one) or not len(other):
            return None
        return float(one.astype(np.float64) @ other.astype(np.float64))

    def _counts(self, face: FoundFace, picture: PhotoPixels) -> bool:
        share = face.box.w * face.box.h / (picture.width * picture.height)
        options = self._options
        return (
            face.confidence >= options.min_conf - DOUBTFUL_PART
            and _SMALLEST_EFFECTIVE_SHARE * options.min_area <= share <= options.max_area
        )

    def _seen(
        self, picture: PhotoPixels, found: Sequence[FoundFace], time: Fraction, number: int
    ) -> tuple[SeenFace, ...]:
        if not found:
            return ()
        needed = [detail_scale([face.landmarks], eye_distance_px=self._eyes_px) for face in found]
        pixels = picture.detailed(max(needed))
        seen = []
        for (box, landmarks, confidence), scale in zip(found, needed, strict=True):
            quality = face_quality(pixels, DetectedFace(box, landmarks, confidence, _NO_EMBEDDING))
            crop = face_crop(picture, pixels, box, scale=scale)
            seen.append(SeenFace(Sighting(time, number, box, landmarks, confidence), quality, crop))
        return tuple(seen)


class _Shared:
    """A picture that several threads ask for pixels: one conversion at a time, as FFmpeg's scaler is shared."""

    def __init__(self, picture: PhotoPixels, guard: Lock) -> None:
        self._picture = picture
        self._guard = guard
        self.width = picture.width
        self.height = picture.height

    def full(self) -> Pixels:
        with self._guard:
            return self._picture.full()

    def detailed(self, scale: float) -> Pixels:
        with self._guard:
            return self._picture.detailed(scale)

    def reduced(self, long_side_px: int, *, averaged: bool = True) -> Pixels:
        with self._guard:
            return self._picture.reduced(long_side_px, averaged=averaged)


def _form(sighting: Sighting, crop: FaceCrop) -> NDArray[np.float32]:
    points = (crop.points_within(sighting.landmarks).as_array() + 0.5) * crop.scale - 0.5
    template = (ARCFACE_TEMPLATE + 0.5) * (_FORM_PX / ARCFACE_SIZE_PX) - 0.5
    try:
        chip = aligned_face(crop.array, points, template=template, size_px=_FORM_PX)
    except ValueError:
        return _NO_FORM
    grey = chip.astype(np.float32).mean(axis=2).ravel()
    grey -= grey.mean()
    length = float(np.sqrt((grey * grey).sum(dtype=np.float64)))
    return grey / np.float32(length) if length > _EVEN_FORM else _NO_FORM


def _as_it_is(chip: NDArray[np.uint8]) -> Sequence[NDArray[np.uint8]]:
    return [chip]
