"""Drawing faces that were not found: each is embedded at once, so that it is shown with its photo and its person."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from curation.domain.faces.face import Box
from curation.domain.faces.ids import photo_id as id_of_photo
from curation.domain.faces.index import FaceEntry
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.domain.labelling.new_corrections import drawn_face_corrections
from curation.engines.base import EngineSpec
from curation.errors import (
    ClusterNotFoundError,
    FaceDataError,
    FacePresentError,
    NotClusteredError,
    PhotoGoneError,
    PhotoNotFoundError,
)
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import cluster_of_name
from curation.event.people.edits import CorrectionPlan, PeopleEdits
from curation.event.people.view import display_name
from curation.pipelines.clustering.pipeline import analysis_key
from curation.pipelines.drawn_faces import drawn_key, is_there
from curation.pipelines.picture_faces import PictureFaces
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import FileStamp

__all__ = ["DrawnFace", "FaceDrawing", "ReadsFaces"]


class ReadsFaces(Protocol):
    """Embeds faces of pictures, see `curation.pipelines.picture_faces.PictureFaceReader`."""

    @property
    def spec(self) -> EngineSpec:
        """The engine."""

    def choose_anew(self) -> None:
        """Choose the engine once more."""

    def read(self, picture: bytes | Path, *, box: Box | None = None, sha256: str | None = None) -> PictureFaces:
        """The face at a place of a picture."""


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """A face that was drawn.

    Attributes:
        face: As it is shown now.
        was_seen: Whether the engine sees a face there, too, if only a doubtful one.
        correction: Id of the action, which takes it back.
        etag: Entity tag of the labels.
    """

    face: FaceEntry
    was_seen: bool
    correction: str
    etag: str


class FaceDrawing:
    """Draws faces on photos of an event."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        edits: PeopleEdits,
        analyses: AnalysisLookup,
        reader: ReadsFaces,
    ) -> None:
        """Remember the parts; nothing is read yet."""
        self._settings = settings
        self._catalog = catalog
        self._edits = edits
        self._analyses = analyses
        self._reader = reader

    def draw(self, photo_id: str, box: Box, cluster: int | None = None, name: str | None = None) -> DrawnFace:
        """Say where a face is, and whose it is if that is known; kept over all later runs.

        Args:
            photo_id: Of the photo.
            box: In pixels of the upright full-size photo.
            cluster: The person; None if nobody or a name is said.
            name: The person of this name, or a new one.

        Raises:
            NotClusteredError: If there was no clustering yet.
            PhotoNotFoundError: If there is no such photo.
            PhotoGoneError: If its file is gone.
            ClusterNotFoundError: If there is no such person.
            FacePresentError: If a face was found there, or drawn before.
            PhotoError: If the box does not lie in the photo, or the photo cannot be used or was changed.
            FaceDataError: If the last clustering had other settings of the engine.
            WeightsError: If the engine cannot be loaded.
            CurationError: What `PeopleEdits.correct` raises.
        """
        known = self._catalog.photos_by_id().get(photo_id)
        if known is None:
            raise PhotoNotFoundError(f"there is no photo {photo_id}")
        if cluster is not None and not self._catalog.has_cluster(cluster):
            raise ClusterNotFoundError(f"there is no person {cluster}")
        path = known.image_path
        self._check_free(path, box)
        seen = self._embedded(path, box)

        def plan(next_id: int) -> CorrectionPlan:
            self._check_free(path, box)
            event, labels = self._catalog.event(), self._catalog.labels()
            target, label = cluster, None
            if name is not None:
                target = cluster_of_name(event, labels, name)
                label = None if target is not None else LabelChange(name=name, category=Category.IMPORTANT)
                target = next_id if target is None else target
            return drawn_face_corrections(event, path, box, target), -1 if target is None else target, label

        labels = self._catalog.labels()
        who = name or (display_name(labels, cluster) if cluster is not None else "")
        new, _, etag, _ = self._edits.correct(plan, f"drew the face of {who}" if who else "drew a face")
        face = next(face for face in self._catalog.event().faces_of_photo(photo_id) if face.row.facial_area == box)
        return DrawnFace(face, seen, new[0].id.partition(".")[0], etag)

    def _check_free(self, path: str, box: Box) -> None:
        faces = self._catalog.event().faces_of_photo(id_of_photo(path))
        if is_there(box, [face.row.facial_area for face in faces]):
            raise FacePresentError(
                "a face was found there already: choose that face and say who it is, or draw the box elsewhere"
            )

    def _embedded(self, path: str, box: Box) -> bool:
        """Embed the face as a run would; returns whether the engine sees one there."""
        stamp = self._analyses.stamp(path)
        if stamp is None:
            raise PhotoGoneError(f"the photo {path} is gone: put it back, or run the clustering again")
        key = self._catalog.clustering_record().get("analysis_key")
        if not isinstance(key, str):
            raise NotClusteredError
        reader, chip_px = self._reader, self._settings.clustering.thumbnail_px
        if analysis_key(reader.spec, chip_px) != key:
            reader.choose_anew()
        if analysis_key(reader.spec, chip_px) != key:
            raise FaceDataError(
                "the last clustering was made with other settings of the engine: run the clustering again, then draw"
            )
        found = reader.read(stamp.path, box=box, sha256=self._catalog.words.remembered().photos.get(path))
        self._save(stamp, found, key, box)
        return found.analysis.faces[0].detected.confidence > 0

    def _save(self, stamp: FileStamp, found: PictureFaces, key: str, box: Box) -> None:
        with closing(AnalysisStore(self._settings.io.state_dir)) as store:
            store.save_analysis(stamp, found.sha256, drawn_key(key, box), found.analysis)
