"""The results of the finished runs: read from the output folder, and cached until a file changes."""

from __future__ import annotations

import gc
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.faces.ids import photo_id
from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.files.broken import BrokenFile, broken_from_json
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.labelling.labels import Category, Labels, PersonLabel
from curation.errors import CorrectionsError, CurationError, NotScoredError, PersonNotFoundError
from curation.event.clustered_faces import ClusteredFaces
from curation.event.file_cache import Derived
from curation.event.known_people.refusals import KnownRefusals
from curation.event.people.attributes import PeopleAttributes
from curation.event.people.labels import EventLabels
from curation.event.people.seen import SeenPeople
from curation.event.ranked_photos import RankedPhotos
from curation.event.rules.picks_undo import PicksUndo
from curation.event.said_words import SaidWords
from curation.event.taken.cameras import CamerasNow, EventCameras
from curation.event.taken.times import EventTimes, PhotoTimes
from curation.event.told.reading import EventTold
from curation.settings import Settings
from curation.storage.atomic import explained
from curation.storage.cluster_pictures import CLUSTERS_DIR
from curation.storage.face_data_file import FACE_DATA
from curation.storage.photo_scores_file import PHOTO_SCORES

__all__ = ["Catalog", "ClusterSummary", "KnownPhoto", "PhotoEntry"]

_SHOWN_NAMES = 20
_MANY_ROWS = 5000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoEntry:
    """A photo with its faces, its score and its error.

    Attributes:
        photo_id: See `curation.domain.faces.ids`.
        image_path: Path relative to the input folder.
        faces: Its faces from left to right.
        score: Its row of photo_scores.csv; None before scoring.
        error: Why the last clustering could not read it; None if it could.
    """

    photo_id: str
    image_path: str
    faces: tuple[FaceEntry, ...]
    score: PhotoScore | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """The counts of a cluster, with its label and best face.

    Attributes:
        id: Cluster id.
        faces: Number of its faces.
        photos: Number of different photos that these faces are in.
        label: Its label; None if it has none.
        best_face: Id of the face that shows the person best.
    """

    id: int
    faces: int
    photos: int
    label: PersonLabel | None
    best_face: str


class Catalog:
    """Clusters, labels and ranked photos of the output folder. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Remember the paths; nothing is read yet."""
        output_dir = settings.io.output_dir
        self.face_data_path = output_dir / FACE_DATA
        self.photo_scores_path = output_dir / PHOTO_SCORES
        self._clusters_dir = output_dir / CLUSTERS_DIR
        self.words = SaidWords(settings, lambda: self.faces.seen())
        self.faces = ClusteredFaces(settings, self.words)
        self.event_labels = EventLabels(
            output_dir / settings.scoring.labels_json,
            self.faces,
            Category(settings.scoring.unlabelled_category),
            output_dir,
        )
        self.attributes = PeopleAttributes(settings, self.faces, self.event_labels)
        self.ranked = RankedPhotos(settings, self.words)
        self.picks_undo = PicksUndo(settings, self.ranked)
        self.seen = SeenPeople(settings, self.words)
        self.refusals = KnownRefusals(settings, self.words)
        self.cameras = EventCameras(settings)
        self.told = EventTold(settings)
        self._taken = PhotoTimes(settings)
        self._broken: Derived[tuple[BrokenFile, ...]] = Derived()
        self._known: Derived[Mapping[str, KnownPhoto]] = Derived()
        self._bursts: Derived[Mapping[int, tuple[PhotoScore, ...]]] = Derived()
        self._burst_sizes: Derived[Mapping[int, int]] = Derived()
        self._scores: Derived[Mapping[str, PhotoScore]] = Derived()

    def read_ahead(self) -> None:
        """Fill the caches that most requests need, so that the first request is as quick as others. Never raises."""
        try:
            self.words.settle()
            self.photos_by_id()
            self.times()
            if len(self.event().rows) < _MANY_ROWS:
                return
        except CurationError as error:
            logger.debug("nothing could be read ahead: %s", error)
            return
        # The tables are some hundred thousand small, long-lived objects without reference cycles: unless they are
        # frozen, each full garbage collection delays requests by a tenth of a second.
        gc.collect()
        gc.freeze()

    def event(self) -> EventIndex:
        """All faces, in their clusters with the user's corrections applied.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read.
        """
        return self.faces.index()

    def clustering_record(self) -> Mapping[str, Any]:
        """The run record of the last clustering; empty if there is no such file.

        Raises:
            StorageError: If it cannot be read.
        """
        return self.faces.record()

    def broken_files(self) -> tuple[BrokenFile, ...]:
        """Files that should be copied again, and photos that are not on this disk, by the last clustering.

        Raises:
            StorageError: If its run record cannot be read.
        """
        record = self.clustering_record()
        return self._broken.get((record,), lambda: broken_from_json(record.get("files")))

    def labels(self) -> Labels:
        """The labels in the labels file; empty if there is no file. Raises what `EventLabels.read` raises."""
        return self.event_labels.read()

    def photo(self, photo: str) -> PhotoEntry | None:
        """A photo with its faces and score, by its id; None if the event has no such photo.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv or photo_scores.csv is not valid.
            StorageError: If a file cannot be read.
        """
        known = self.photos_by_id().get(photo)
        if known is None:
            return None
        faces = self.event().faces_of_photo(photo)
        return PhotoEntry(photo, known.image_path, faces, self.scores().get(known.image_path), known.error)

    def photos_by_id(self) -> Mapping[str, KnownPhoto]:
        """The path and error of every photo of the event, by photo id; needs no file of the user's words.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv or photo_scores.csv is not valid.
            StorageError: If a file cannot be read.
        """
        paths, record, table = self.faces.paths(), self.clustering_record(), self.ranked.table() or _NOTHING
        return self._known.get((paths, record, table), lambda: _known_photos(paths, record, table))

    def scores(self) -> Mapping[str, PhotoScore]:
        """The ranked photos by path; empty before scoring. Raises what `photos` raises except NotScoredError."""
        photos = self.ranked.photos() or _NOTHING
        return self._scores.get((photos,), lambda: {photo.image_path: photo for photo in photos})

    def times(self) -> EventTimes:
        """When the photos were taken, and the scenes; the same object until there is another clustering.

        Raises what `photo` raises.
        """
        return self._taken.of(self.clustering_record(), self._paths(), self._people)

    def _people(self) -> dict[str, frozenset[str]]:
        """The clusters of each photo with faces, by image path."""
        event = self.event()
        people: defaultdict[str, set[str]] = defaultdict(set)
        for row, cluster in zip(event.rows, event.cluster_ids.tolist(), strict=True):
            if cluster >= 0:
                people[row.image_path].add(str(cluster))
        return {path: frozenset(clusters) for path, clusters in people.items()}

    def cameras_now(self) -> CamerasNow:
        """How the photos were taken, as far as that is known now. Raises what `photo` raises."""
        return self.cameras.now(self.clustering_record(), self._paths())

    def look_at_files(self) -> bool:
        """Have it looked at what the files say now; returns whether all were. Raises what `photo` raises."""
        return self.told.look(self._paths())

    def _paths(self) -> Iterator[str]:
        """The paths of all photos of the event; nothing is read until the first one is asked for."""
        for known in self.photos_by_id().values():
            yield known.image_path

    def faces_of_photo(self, photo: str) -> tuple[FaceEntry, ...]:
        """The faces of a photo from left to right; empty for an unknown id. Raises what `event` raises."""
        return self.event().faces_of_photo(photo)

    def face(self, face: str) -> FaceEntry | None:
        """A face by its id; None for an unknown id. Raises what `event` raises."""
        return self.event().face(face)

    def face_as_found(self, face: str) -> FaceEntry | None:
        """A face by its id, for its picture: if corrections.json is not valid, as the last clustering found it.

        Raises what `paths` of `ClusteredFaces` raises.
        """
        try:
            return self.event().face(face)
        except CorrectionsError:
            return self.faces.as_found().face(face)

    def faces_of_cluster(self, cluster_id: int, limit: int | None = None, offset: int = 0) -> tuple[FaceEntry, ...]:
        """The faces of a cluster, the best pictures of the person first; empty if there is no such cluster.

        Args:
            cluster_id: Its id.
            limit: Maximum number of faces; None for all.
            offset: Number of faces to skip at the start.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            StorageError: If a file cannot be read.
        """
        return self.event().faces_of_cluster(cluster_id, limit, offset)

    def clusters(self) -> tuple[ClusterSummary, ...]:
        """All clusters that have faces, those with the most photos first.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        event = self.event()
        labels = self.labels()
        summaries = (_summary(event, cluster, labels) for cluster in event.photo_counts)
        return tuple(sorted(summaries, key=lambda summary: (-summary.photos, -summary.faces, summary.id)))

    def cluster(self, cluster_id: int) -> ClusterSummary | None:
        """One cluster; None if it has no faces. Raises what `clusters` raises."""
        event = self.event()
        return _summary(event, cluster_id, self.labels()) if event.face_count(cluster_id) else None

    def has_cluster(self, cluster_id: int) -> bool:
        """Whether the cluster has any face; the labels are not read."""
        return self.event().face_count(cluster_id) > 0

    def thumbnail(self, cluster_id: int) -> Path:
        """The path of the picture of the cluster's best face; the file may be missing."""
        return self._clusters_dir / f"cluster_{cluster_id}.jpg"

    def samples(self, cluster_id: int) -> tuple[Path, ...]:
        """The paths of the sample pictures of a cluster, sorted by name.

        Raises:
            StorageError: If their folder cannot be read.
        """
        folder = self._clusters_dir / f"cluster_{cluster_id}"
        try:
            return tuple(sorted(path for path in folder.iterdir() if path.suffix == ".jpg"))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise explained(error, folder, "read") from error

    def photos(self) -> tuple[PhotoScore, ...]:
        """The ranked photos, best first, with the user's current picks.

        Raises:
            NotScoredError: If there was no scoring yet.
            FaceDataError: If photo_scores.csv is not valid.
            PicksError: If picks.json is not valid.
            StorageError: If it cannot be read.
        """
        photos = self.ranked.photos()
        if photos is None:
            raise NotScoredError
        return photos

    def burst_sizes(self) -> Mapping[int, int]:
        """The number of photos of each burst, by burst id. Raises what `scores` raises."""
        photos = self.ranked.photos() or _NOTHING
        return self._burst_sizes.get(
            (photos,), lambda: Counter(photo.burst_id for photo in photos if photo.burst_id is not None)
        )

    def bursts(self) -> Mapping[int, tuple[PhotoScore, ...]]:
        """The photos of each burst, the best first, by burst id. Raises what `scores` raises."""
        photos = self.ranked.photos() or _NOTHING
        return self._bursts.get((photos,), lambda: _by_burst(photos))

    def photos_of(self, person: str) -> frozenset[str]:
        """The image paths of all photos of a person.

        Args:
            person: A cluster id, or a name in upper or lower case.

        Raises:
            PersonNotFoundError: If there is no such cluster or name.
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        event = self.event()
        return frozenset().union(*map(event.photos_of_cluster, self.clusters_of(person)))

    def clusters_of(self, person: str) -> tuple[int, ...]:
        """The clusters of a person that have faces. Takes and raises what `photos_of` does."""
        event = self.event()
        if person.isascii() and person.isdecimal() and len(person) <= 9 and event.face_count(int(person)):
            return (int(person),)
        labels = self.labels()
        # Labels decides which spellings count as the same name.
        asked = Labels({0: PersonLabel(" ".join(person.split()), Category.OTHER)}, Category.OTHER).person(0)
        people = {cluster: labels.person(cluster) for cluster in event.photo_counts}
        found = [
            cluster
            for cluster, known in people.items()
            if known and asked and (known.key == asked.key or known.display_name == asked.display_name)
        ]
        if not found:
            names = sorted({known.display_name for known in people.values() if known and known.key.startswith("name:")})
            listed = ", ".join([*names[:_SHOWN_NAMES], "the ids of clusters"])
            raise PersonNotFoundError(f"there is no person {person!a}; known: {listed}")
        return tuple(found)


_NOTHING: tuple[PhotoScore, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """Path and error of a photo of the event.

    Attributes:
        image_path: Path relative to the input folder.
        error: Why the last clustering could not read it; None if it could.
    """

    image_path: str
    error: str | None


def _by_burst(photos: tuple[PhotoScore, ...]) -> dict[int, tuple[PhotoScore, ...]]:
    found: defaultdict[int, list[PhotoScore]] = defaultdict(list)
    for photo in photos:
        if photo.burst_id is not None:
            found[photo.burst_id].append(photo)
    return {
        burst: tuple(sorted(of_burst, key=lambda photo: (not photo.best_of_burst, photo.rank)))
        for burst, of_burst in found.items()
    }


def _known_photos(
    with_faces: Iterable[str], record: Mapping[str, Any], table: Iterable[PhotoScore]
) -> dict[str, KnownPhoto]:
    paths = dict.fromkeys([*with_faces, *(photo.image_path for photo in table)])
    without_faces = record.get("photos_without_faces")
    if isinstance(without_faces, list):
        paths.update(dict.fromkeys(path for path in without_faces if isinstance(path, str)))
    errors: dict[str, str] = {}
    failures = record.get("failures")
    for failure in failures if isinstance(failures, list) else ():
        path = failure.get("image_path") if isinstance(failure, dict) else None
        if isinstance(path, str):
            errors[path] = str(failure.get("reason"))
            paths.setdefault(path)
    return {photo_id(path): KnownPhoto(path, errors.get(path)) for path in paths}


def _summary(event: EventIndex, cluster: int, labels: Labels) -> ClusterSummary:
    return ClusterSummary(
        cluster,
        event.face_count(cluster),
        event.photo_counts[cluster],
        labels.by_cluster.get(cluster),
        event.best_face(cluster),
    )
