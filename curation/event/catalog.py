"""What the finished runs left behind, read for the routes and kept as long as the files do not change."""

from __future__ import annotations

import gc
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.faces.ids import photo_id
from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.labelling.labels import Category, Labels, PersonLabel
from curation.errors import CurationError, NotScoredError, PersonNotFoundError
from curation.event.clustered_faces import ClusteredFaces
from curation.event.file_cache import Derived
from curation.event.people.labels import EventLabels
from curation.event.ranked_photos import RankedPhotos
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
    """A photo with all that is known of it.

    Attributes:
        photo_id: See `curation.domain.faces.ids`.
        image_path: Relative to the input folder.
        faces: From left to right.
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
    """A cluster in numbers.

    Attributes:
        id: Its number.
        faces: Faces in it.
        photos: Different photos that these faces are in.
        label: What the labels say of it; None if they leave it out.
        best_face: Id of the face that shows the person best.
    """

    id: int
    faces: int
    photos: int
    label: PersonLabel | None
    best_face: str


class Catalog:
    """Clusters, labels and ranked photos of the output folder. Every method may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        """Note where the files are; nothing is read yet."""
        output_dir = settings.io.output_dir
        self.face_data_path = output_dir / FACE_DATA
        self.photo_scores_path = output_dir / PHOTO_SCORES
        self._clusters_dir = output_dir / CLUSTERS_DIR
        self.faces = ClusteredFaces(output_dir)
        self.event_labels = EventLabels(
            output_dir / settings.scoring.labels_json, self.faces, Category(settings.scoring.unlabelled_category)
        )
        self.ranked = RankedPhotos(settings)
        self._known: Derived[Mapping[str, KnownPhoto]] = Derived()
        self._burst_sizes: Derived[Mapping[int, int]] = Derived()
        self._scores: Derived[Mapping[str, PhotoScore]] = Derived()

    def read_ahead(self) -> None:
        """Read what most requests need, so that the first of them is as quick as the others; never raises."""
        try:
            self.photos_by_id()
            if len(self.event().rows) < _MANY_ROWS:
                return
        except CurationError as error:
            logger.debug("nothing to read ahead: %s", error)
            return
        # Some hundred thousand small objects that live as long as the tables do: looking through all of them again and
        # again for cycles, of which they have none, would hold up requests for a tenth of a second each time.
        gc.collect()
        gc.freeze()

    def event(self) -> EventIndex:
        """All faces, in the clusters that they are in with the user's corrections.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read.
        """
        return self.faces.index()

    def clustering_record(self) -> Mapping[str, Any]:
        """What the last clustering noted of itself; empty if there is no such file.

        Raises:
            StorageError: If it cannot be read.
        """
        return self.faces.record()

    def labels(self) -> Labels:
        """The labels in the file; none if there is no file. Raises what `EventLabels.read` raises."""
        return self.event_labels.read()

    def photo(self, photo: str) -> PhotoEntry | None:
        """All that is known of a photo, by its id; None if the clustering did not see it.

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
        """Of every photo of the event, with faces or without, its path. Raises what `photo` raises."""
        event = self.event()
        record = self.clustering_record()
        scores = self.scores()
        return self._known.get((event.rows, record, scores), lambda: _known_photos(event, record, scores))

    def scores(self) -> Mapping[str, PhotoScore]:
        """The ranked photos by their path; none before scoring. Raises what `photos` raises but NotScoredError."""
        photos = self.ranked.photos() or _NOTHING
        return self._scores.get((photos,), lambda: {photo.image_path: photo for photo in photos})

    def faces_of_photo(self, photo: str) -> tuple[FaceEntry, ...]:
        """The faces of a photo from left to right; none for an id that is not known. Raises what `event` raises."""
        return self.event().faces_of_photo(photo)

    def face(self, face: str) -> FaceEntry | None:
        """A face by its id. Raises what `event` raises."""
        return self.event().face(face)

    def faces_of_cluster(self, cluster_id: int, limit: int | None = None, offset: int = 0) -> tuple[FaceEntry, ...]:
        """The faces of a cluster, the best to look at first; none if there is no such cluster.

        Args:
            cluster_id: Its id.
            limit: At most so many; None for all.
            offset: Leave out so many from the start.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            StorageError: If a file cannot be read.
        """
        return self.event().faces_of_cluster(cluster_id, limit, offset)

    def clusters(self) -> tuple[ClusterSummary, ...]:
        """All clusters that have faces, the one with the most photos first.

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
        """One cluster, or None if no face is in it. Raises what `clusters` raises."""
        event = self.event()
        return _summary(event, cluster_id, self.labels()) if event.face_count(cluster_id) else None

    def has_cluster(self, cluster_id: int) -> bool:
        """Whether any face is in the cluster; the labels are not looked at."""
        return self.event().face_count(cluster_id) > 0

    def thumbnail(self, cluster_id: int) -> Path:
        """Where the picture of the cluster's best face should be."""
        return self._clusters_dir / f"cluster_{cluster_id}.jpg"

    def samples(self, cluster_id: int) -> tuple[Path, ...]:
        """The pictures of varied faces of a cluster, in the order of their names.

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
        """The ranked photos, best first, with the user's picks as they are now.

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
        """Of each burst the number of its photos. Raises what `scores` raises."""
        photos = self.ranked.photos() or _NOTHING
        return self._burst_sizes.get(
            (photos,), lambda: Counter(photo.burst_id for photo in photos if photo.burst_id is not None)
        )

    def photos_of(self, person: str) -> frozenset[str]:
        """The image paths of all photos of a person.

        Args:
            person: A cluster id, or a name; upper and lower case are one.

        Raises:
            PersonNotFoundError: If nobody is called so.
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        event = self.event()
        if person.isascii() and person.isdecimal() and len(person) <= 9 and event.face_count(int(person)):
            return event.photos_of_cluster(int(person))
        labels = self.labels()
        # The labels decide which spellings are one name.
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
            raise PersonNotFoundError(f"there is no person {person!a}; possible: {listed}")
        return frozenset().union(*map(event.photos_of_cluster, found))


_NOTHING: tuple[PhotoScore, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo of the event.

    Attributes:
        image_path: Relative to the input folder.
        error: Why the last clustering could not read it; None if it could.
    """

    image_path: str
    error: str | None


def _known_photos(
    event: EventIndex, record: Mapping[str, Any], scores: Mapping[str, PhotoScore]
) -> dict[str, KnownPhoto]:
    paths = dict.fromkeys([*event.image_paths, *scores])
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
