"""What the finished runs left behind, read for the routes and kept as long as the files do not change."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from curation.api.errors import ApiProblem
from curation.domain.labels import Category, Labels, PersonLabel, parse_labels
from curation.domain.ranking import PhotoScore
from curation.settings import Settings
from curation.storage.atomic import explained
from curation.storage.labels_file import labels_etag, read_labels, write_labels
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record
from curation.storage.tables import CLUSTERS_DIR, FACE_DATA, PHOTO_SCORES, read_face_data, read_photo_scores

__all__ = ["NOT_CLUSTERED", "NOT_SCORED", "Catalog", "ClusterSummary"]

NOT_CLUSTERED = "the photos are not clustered yet; run the clustering first: POST /cluster, or python run_clustering.py"
NOT_SCORED = "the photos are not scored yet; run the scoring first: POST /score, or python run_scoring.py"
_SHOWN_NAMES = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """A cluster in numbers.

    Attributes:
        id: Its number.
        faces: Faces in it.
        photos: Different photos that these faces are in.
        label: What the labels say of it; None if they leave it out.
    """

    id: int
    faces: int
    photos: int
    label: PersonLabel | None


@dataclass(frozen=True, slots=True)
class _Faces:
    """face_data.csv by cluster."""

    faces_of: Mapping[int, int]
    photos_of: Mapping[int, frozenset[str]]


class _FileCache(Generic[T]):
    """What was read from a file, read again only when the file changed."""

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        self.path = path
        self._read = read
        self._guard = threading.Lock()
        self._kept: tuple[tuple[int, int, int], T] | None = None

    def get(self) -> T | None:
        """The content; None if there is no file."""
        with self._guard:
            try:
                stat = self.path.stat()
            except (FileNotFoundError, NotADirectoryError):
                self._kept = None
                return None
            except OSError as error:
                raise explained(error, self.path, "read") from error
            # Looked at before reading: a file that is replaced in between is then read again next time.
            version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._kept is None or self._kept[0] != version:
                self._kept = (version, self._read(self.path))
            return self._kept[1]


class Catalog:
    """Clusters, labels and ranked photos of the output folder. Every method may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        """Note where the files are; nothing is read yet."""
        output_dir = settings.io.output_dir
        self.face_data_path = output_dir / FACE_DATA
        self.photo_scores_path = output_dir / PHOTO_SCORES
        self._labels_path = output_dir / settings.scoring.labels_json
        self._clusters_dir = output_dir / CLUSTERS_DIR
        self._unlabelled = Category(settings.scoring.unlabelled_category)
        self._faces = _FileCache(self.face_data_path, _read_faces)
        self._photos = _FileCache(self.photo_scores_path, lambda path: tuple(read_photo_scores(path)))
        self._next_cluster_id = _FileCache(
            output_dir / CLUSTERING_RUN, lambda path: next_cluster_id(read_run_record(path))
        )
        self._label_writer = threading.Lock()

    def clusters(self) -> tuple[ClusterSummary, ...]:
        """All clusters that have faces, the one with the most photos first.

        Raises:
            ApiProblem: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        faces = self._clustered()
        labels = self.labels()
        summaries = (
            ClusterSummary(cluster, count, len(faces.photos_of[cluster]), labels.by_cluster.get(cluster))
            for cluster, count in faces.faces_of.items()
        )
        return tuple(sorted(summaries, key=lambda summary: (-summary.photos, -summary.faces, summary.id)))

    def cluster(self, cluster_id: int) -> ClusterSummary | None:
        """One cluster, or None if no face is in it. Raises what `clusters` raises."""
        faces = self._clustered()
        if cluster_id not in faces.faces_of:
            return None
        label = self.labels().by_cluster.get(cluster_id)
        return ClusterSummary(cluster_id, faces.faces_of[cluster_id], len(faces.photos_of[cluster_id]), label)

    def has_cluster(self, cluster_id: int) -> bool:
        """Whether any face is in the cluster; the labels are not looked at."""
        return cluster_id in self._clustered().faces_of

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

    def labels(self) -> Labels:
        """The labels in the file; none if there is no file.

        Raises:
            ApiProblem: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        data = read_labels(self._labels_path)
        return self.checked_labels({} if data is None else data)

    def checked_labels(self, data: object) -> Labels:
        """Labels made of a JSON value. Raises what `labels` raises."""
        # Ids that were retired may keep their labels.
        known_ids = self._clustered().faces_of.keys() | set(range(self._next_cluster_id.get() or 0))
        return parse_labels(data, known_ids=known_ids, unlabelled_category=self._unlabelled)

    def labels_etag(self) -> str:
        """The entity tag of the labels file as it is now."""
        return labels_etag(self._labels_path)

    def replace_labels(self, labels: Labels, *, only_if: Callable[[str], bool]) -> str | None:
        """Write the labels file, unless it is not the version that the caller knows.

        Args:
            labels: Checked labels.
            only_if: Told the entity tag of the file as it is now; False refuses.

        Returns:
            The new entity tag; None if it was refused.

        Raises:
            StorageError: If the file cannot be written; the old one is then untouched.
        """
        with self._label_writer:
            if not only_if(self.labels_etag()):
                return None
            write_labels(self._labels_path, labels.to_json())
            return self.labels_etag()

    def photos(self) -> tuple[PhotoScore, ...]:
        """The ranked photos, best first.

        Raises:
            ApiProblem: If there was no scoring yet.
            FaceDataError: If photo_scores.csv is not valid.
            StorageError: If it cannot be read.
        """
        photos = self._photos.get()
        if photos is None:
            raise ApiProblem(409, "not_scored", NOT_SCORED)
        return photos

    def photos_of(self, person: str) -> frozenset[str]:
        """The image paths of all photos of a person.

        Args:
            person: A cluster id, or a name; upper and lower case are one.

        Raises:
            ApiProblem: If nobody is called so, or there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file cannot be read.
        """
        faces = self._clustered()
        if person.isascii() and person.isdecimal() and len(person) <= 9 and int(person) in faces.photos_of:
            return faces.photos_of[int(person)]
        labels = self.labels()
        # The labels decide which spellings are one name.
        asked = Labels({0: PersonLabel(" ".join(person.split()), Category.OTHER)}, Category.OTHER).person(0)
        people = {cluster: labels.person(cluster) for cluster in faces.photos_of}
        found = [
            cluster
            for cluster, known in people.items()
            if known and asked and (known.key == asked.key or known.display_name == asked.display_name)
        ]
        if not found:
            names = sorted({known.display_name for known in people.values() if known and known.key.startswith("name:")})
            listed = ", ".join([*names[:_SHOWN_NAMES], "the cluster ids of GET /clusters"])
            raise ApiProblem(404, "person_not_found", f"there is no person {person!a}; possible: {listed}")
        return frozenset().union(*(faces.photos_of[cluster] for cluster in found))

    def _clustered(self) -> _Faces:
        faces = self._faces.get()
        if faces is None:
            raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
        return faces


def _read_faces(path: Path) -> _Faces:
    faces_of: Counter[int] = Counter()
    photos_of: dict[int, set[str]] = {}
    for row in read_face_data(path):
        if row.cluster_id >= 0:
            faces_of[row.cluster_id] += 1
            photos_of.setdefault(row.cluster_id, set()).add(row.image_path)
    return _Faces(
        faces_of,
        {cluster: frozenset(photos) for cluster, photos in photos_of.items()},
    )
