"""The photos of the person of a selfie. Of the selfie nothing is kept: no byte, no embedding, no file, no log line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from curation.domain.faces.face import AnalysedFace
from curation.domain.faces.index import EventIndex
from curation.domain.judging.picks import Pick
from curation.domain.recognition.guests import GuestAnswer, GuestIndex
from curation.domain.recognition.known import ClusterFaces
from curation.domain.recognition.policy import RecognitionRule
from curation.engines.base import EngineSpec
from curation.engines.weights.grouping_rules import MEASURED
from curation.errors import InputError, NotScoredError
from curation.event.catalog import Catalog
from curation.event.guests.links import GuestPhotos
from curation.event.people.drawing import ReadsFaces
from curation.gallery.recognition_rules import recognition_rule
from curation.pipelines.recognition.clusters import cluster_faces, embedder_of, embedder_of_record
from curation.settings import Settings
from curation.storage.face_data_file import EMBEDDINGS

__all__ = ["GuestFinder", "SelfieAnswer", "SelfieResult", "measured_rule"]

_OTHERS_FACE = 0.4  # of the largest face's side: smaller ones are people in the background
_SMALLEST_PX = 60  # of a selfie's face; the face of a phone's picture has several hundred


class SelfieAnswer(StrEnum):
    """What came of a selfie."""

    FOUND = "found"
    NOBODY = "nobody"
    ALIKE = "alike"
    NO_FACE = "no_face"
    SEVERAL = "several"
    TOO_POOR = "too_poor"


@dataclass(frozen=True, slots=True)
class SelfieResult:
    """What came of a selfie.

    Attributes:
        answer: Whether somebody was found, or why not.
        image_paths: Their photos, best first; none unless found.
    """

    answer: SelfieAnswer
    image_paths: tuple[str, ...] = ()


class GuestFinder:
    """Finds the photos of the person of a picture among those of an event. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        reader: Callable[[], ReadsFaces],
    ) -> None:
        """Take what is compared; nothing is read yet.

        Args:
            settings: Of the event.
            catalog: Its people and photos.
            reader: Gives what finds and embeds the faces of a picture, in another process.
        """
        self._settings = settings
        self._catalog = catalog
        self._reader = reader
        self._guard = threading.Lock()
        self._of: tuple[EventIndex, str] | None = None
        self._index: GuestIndex | None = None

    def check(self) -> None:
        """Check that guests can be found with the weights of this event.

        Raises:
            InputError: If these weights were not measured, or do not tell strangers apart well enough.
            NotClusteredError: If there was no clustering yet.
        """
        self._rule()

    def find(self, selfie: bytes, photos: GuestPhotos) -> SelfieResult:
        """The photos of the person of a selfie.

        Args:
            selfie: A picture in any format that photos have.
            photos: Which of the person's photos are found.

        Raises:
            PhotoError: If the picture cannot be used.
            InputError: See `check`.
            CurationError: If the event cannot be read, or the picture not be looked at.
        """
        self.check()
        reader = self._reader()
        if _embedder_of(reader.spec) != self._embedder():
            reader.choose_anew()
        if _embedder_of(reader.spec) != self._embedder():
            raise InputError("the faces of this event were embedded by other weights: look through its photos again")
        face = _the_face(reader.read(selfie).analysis.faces)
        if isinstance(face, SelfieAnswer):
            return SelfieResult(face)
        match = self._compared().match(face.detected.embedding)
        if match.answer is not GuestAnswer.FOUND:
            return SelfieResult(SelfieAnswer(match.answer.value))
        return SelfieResult(SelfieAnswer.FOUND, self._photos_of(match.cluster_ids, photos))

    def _photos_of(self, cluster_ids: Sequence[int], photos: GuestPhotos) -> tuple[str, ...]:
        event = self._catalog.event()
        paths = {path for cluster in cluster_ids for path in event.photos_of_cluster(cluster)}
        picks = self._catalog.ranked.picks()
        try:
            ranked = [score.image_path for score in self._catalog.photos()]
        except NotScoredError:
            ranked = list(event.image_paths)
        wanted = [path for path in ranked if path in paths and picks.of(path).pick is not Pick.REJECTED]
        if photos is GuestPhotos.PICKS:
            wanted = [path for path in wanted if picks.of(path).pick is Pick.PICKED]
        return tuple(wanted)

    def _embedder(self) -> str:
        return embedder_of_record(self._catalog.clustering_record())[1]

    def _rule(self) -> RecognitionRule:
        rule = measured_rule(self._embedder())
        if rule is None or not rule.names:
            raise InputError(
                "guests cannot be found with the face engine of this event: it does not tell strangers apart well "
                "enough, and would show somebody the photos of others. Fetch the better engine on the first page, and "
                "look through the photos again"
            )
        return rule

    def _compared(self) -> GuestIndex:
        """The people of the event as they are now."""
        event, embedder = self._catalog.event(), self._embedder()
        with self._guard:
            if self._index is None or self._of is None or self._of[0] is not event or self._of[1] != embedder:
                clusters = cluster_faces(event, list(event.photo_counts), self._settings.io.output_dir / EMBEDDINGS)
                people = [
                    ClusterFaces(each.cluster_id, each.vectors, tuple(sorted(event.photos_of_cluster(each.cluster_id))))
                    for each in clusters
                    if each.cluster_id >= 0
                ]
                self._index = GuestIndex(people, self._rule())
                self._of = event, embedder
            return self._index


def measured_rule(embedder: str) -> RecognitionRule | None:
    """The rule that was measured for the weights of an embedder; None if there is none."""
    measured = MEASURED.get(embedder)
    return None if measured is None else recognition_rule(embedder, measured.rule)


def _embedder_of(spec: EngineSpec) -> str:
    return embedder_of(spec.name, [str(file.sha256) for file in spec.weights])


def _the_face(faces: Sequence[AnalysedFace]) -> AnalysedFace | SelfieAnswer:
    """The face of a selfie; or why there is none."""
    if not faces:
        return SelfieAnswer.NO_FACE
    sides = sorted(((face.quality.size_px, place) for place, face in enumerate(faces)), reverse=True)
    largest = sides[0][0]
    if len(sides) > 1 and sides[1][0] >= _OTHERS_FACE * largest:
        return SelfieAnswer.SEVERAL
    return faces[sides[0][1]] if largest >= _SMALLEST_PX else SelfieAnswer.TOO_POOR
