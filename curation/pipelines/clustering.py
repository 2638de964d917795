"""Stage one: find every face, group the faces by person, leave tables and pictures for a human to label."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.clusters import carried_over_ids, confidences, first_ids, varied_samples
from curation.domain.faces import FaceQuality, FaceRow
from curation.domain.report import ClusteringReport, Failure, Progress
from curation.engines.base import EngineSpec
from curation.errors import FaceDataError, LabelsError, OtherEventError, StorageError, WorkerError
from curation.photos.listing import Listing, PhotoFile
from curation.pipelines.identity import EarlierFaces, matched_ids
from curation.pipelines.per_photo import AnalyseTask, ClusterTask, analyse_photo_worker, cluster_faces_worker
from curation.pipelines.stage import RunContext, content_key, failures_as_json
from curation.storage.analysis_store import FileStamp, KeptFace
from curation.storage.atomic import TEMPORARY_SUFFIX, open_atomic
from curation.storage.cluster_pictures import ClusterPictures, sample_name
from curation.storage.labels_file import read_labels
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record, versions, write_run_record
from curation.storage.tables import (
    CLUSTERS_DIR,
    EMBEDDINGS,
    FACE_DATA,
    read_embeddings,
    read_face_data,
    write_face_data,
)

__all__ = ["FaceClusteringPipeline", "analysis_key"]

logger = logging.getLogger(__name__)

ANALYSIS_VERSION = 1
"""Raise it when something else than the engine changes what an analysis holds: quality, chips."""

_LARGEST_SHOWN = 10


def analysis_key(spec: EngineSpec, chip_px: int) -> str:
    """Name of everything that an analysis of a photo depends on, beside its content."""
    return content_key(
        [ANALYSIS_VERSION, spec.name, [weights.sha256 for weights in spec.weights], spec.options, chip_px]
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """All faces of the event in the order of face_data.csv; row i of `embeddings` belongs to face i."""

    photos: list[str]
    sha256: list[str]
    index: list[int]
    kept: list[KeptFace]
    embeddings: NDArray[np.float32]


class FaceClusteringPipeline:
    """Photos in, face_data.csv, embeddings.npy, output_clusters/ and clustering_run.json out."""

    def __init__(self, context: RunContext, spec: EngineSpec) -> None:
        """Take the run's context and the engine that the pool's workers build."""
        self._context = context
        self._spec = spec
        clustering = context.settings.clustering
        self._threshold = clustering.distance_threshold or spec.distance_threshold
        self._key = analysis_key(spec, clustering.thumbnail_px)
        self._output = context.settings.io.output_dir

    def run(self, listing: Listing) -> ClusteringReport:
        """Run the stage.

        Args:
            listing: The photos.

        Returns:
            What was found; `analysed + failed == total`.

        Raises:
            OtherEventError: If the output folder holds labels of other photos.
            FaceDataError: If labels are there but the face_data.csv that they belong to is not valid.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
            WeightsError: If the workers cannot load the engine.
        """
        began = time.monotonic()
        # Before hours of work, so that what the end of the run needs is refused now if it is broken.
        record = read_run_record(self._output / CLUSTERING_RUN)
        earlier = self._earlier(record, is_labelled=bool(self._labelled_ids()))
        hashes, failures, reused = self._analyse(listing)
        faces = self._collect(listing.photos, hashes)
        identified = np.array([self._is_identifiable(face.quality) for face in faces.kept], dtype=bool)
        labels = self._group(faces.embeddings, identified)
        ids, next_id = self._ids(labels, faces, earlier, record)
        cluster_ids = np.array([ids[label] if label >= 0 else -1 for label in labels.tolist()], dtype=np.int64)
        rows = self._rows(faces, cluster_ids)
        self._context.stop_if_cancelled()
        write_face_data(self._output, rows, faces.embeddings)
        report = self._report(listing, rows, failures, reused, int(identified.sum()), began)
        # Before the pictures, which take longest: tables without their record would leave photos without faces out.
        self._write_record(listing, report, rows, next_id, _digest(faces.embeddings))
        self._write_pictures(faces, rows, cluster_ids)
        return replace(report, seconds=time.monotonic() - began)

    def _analyse(self, listing: Listing) -> tuple[dict[str, str], list[Failure], int]:
        """Look at every photo that is not kept yet; gives SHA-256 by path, failures and the number of kept ones."""
        store = self._context.store
        stamps = {photo.image_path: FileStamp(photo.path, photo.size_bytes, photo.mtime_ns) for photo in listing.photos}
        known = store.known_hashes(stamps.values())
        hashes = {
            photo.image_path: known[photo.path]
            for photo in listing.photos
            if photo.path in known and store.has_analysis(known[photo.path], self._key)
        }
        reused = len(hashes)
        tasks = [
            AnalyseTask(photo.image_path, photo.path, self._key)
            for photo in listing.photos
            if photo.image_path not in hashes
        ]
        failures = [Failure(path, reason) for path, reason in listing.failed]
        done = reused + len(failures)
        for outcome in self._context.work_through(
            "analysing photos", analyse_photo_worker, tasks, done=done, failed=len(failures)
        ):
            path = outcome.task.image_path
            if outcome.failure is not None or outcome.result is None:
                failures.append(Failure(path, outcome.failure.reason if outcome.failure else "no result"))
                continue
            hashes[path] = outcome.result.sha256
            if outcome.result.analysis is None:
                store.remember_hash(stamps[path], outcome.result.sha256)
                reused += 1
            else:
                store.keep_analysis(stamps[path], outcome.result.sha256, self._key, outcome.result.analysis)
        return hashes, sorted(failures, key=lambda failure: failure.image_path), reused

    def _collect(self, photos: tuple[PhotoFile, ...], hashes: dict[str, str]) -> _Faces:
        faces = _Faces([], [], [], [], np.zeros((0, 0), dtype=np.float32))
        vectors = []
        for photo in photos:
            sha256 = hashes.get(photo.image_path)
            if sha256 is None:
                continue
            analysis = self._context.store.analysis(sha256, self._key)
            if analysis is None:
                raise StorageError(f"{self._context.store.path} lost an analysis during the run; run again")
            for index, face in enumerate(analysis.faces):
                faces.photos.append(photo.image_path)
                faces.sha256.append(sha256)
                faces.index.append(index)
                faces.kept.append(face)
            if analysis.faces:
                vectors.append(analysis.embeddings)
        embeddings = np.concatenate(vectors) if vectors else faces.embeddings
        return _Faces(faces.photos, faces.sha256, faces.index, faces.kept, embeddings)

    def _is_identifiable(self, quality: FaceQuality) -> bool:
        limits = self._context.settings.clustering
        return (
            quality.size_px >= limits.min_face_px
            and quality.sharpness >= limits.min_sharpness
            and abs(quality.yaw_deg) <= limits.max_yaw_deg
        )

    def _group(self, embeddings: NDArray[np.float32], identified: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Labels of all faces, -1 for those that cannot be identified."""
        labels = np.full(len(embeddings), -1, dtype=np.int64)
        if not identified.any():
            return labels
        count = int(identified.sum())
        self._context.progress(Progress("grouping faces", 0, count))
        # Under a name that the next run sweeps if this one is killed.
        place = self._output / f".grouping.npy.{os.getpid()}{TEMPORARY_SUFFIX}"
        try:
            with open_atomic(place, durable=False) as file:
                np.save(file, embeddings[identified], allow_pickle=False)
            (outcome,) = self._context.pool.run(
                cluster_faces_worker, [ClusterTask(place, self._threshold)], cancel=self._context.cancel
            )
        finally:
            place.unlink(missing_ok=True)
        if outcome.result is None:
            reason = outcome.failure.reason if outcome.failure else "no result"
            raise WorkerError(f"grouping {count} faces failed: {reason}; is there enough free memory?")
        labels[identified] = outcome.result
        self._context.progress(Progress("grouping faces", count, count))
        return labels

    def _ids(
        self,
        labels: NDArray[np.int64],
        faces: _Faces,
        earlier: EarlierFaces | None,
        record: dict[str, Any] | None,
    ) -> tuple[dict[int, int], int]:
        """Ids by label, and the next id that is free."""
        # Read again: the service lets people label while a run is at work.
        labelled_ids = self._labelled_ids()
        places = [(photo, face.box) for photo, face in zip(faces.photos, faces.kept, strict=True)]
        matched = matched_ids(earlier, places, faces.embeddings) if earlier is not None else {}
        if not matched:
            if labelled_ids:
                self._refuse_other_event(earlier, record)
            ids = first_ids(labels, faces.photos)
            return ids, len(ids)
        next_id = max(
            next_cluster_id(record),
            max((row.cluster_id for row in earlier.rows), default=-1) + 1 if earlier is not None else 0,
            max(labelled_ids, default=-1) + 1,
        )
        old_ids = {face: old for face, old in matched.items() if old >= 0}
        ids = carried_over_ids(labels, faces.photos, old_ids, next_id=next_id)
        return ids, max(next_id, max(ids.values(), default=-1) + 1)

    def _refuse_other_event(self, earlier: EarlierFaces | None, record: dict[str, Any] | None) -> None:
        labels = self._output / self._context.settings.scoring.labels_json
        if earlier is None or not earlier.rows:
            raise OtherEventError(
                f"{labels} holds labels, but the {FACE_DATA} that they belong to is not there: put it back, or move "
                "the labels away, or name another folder with --output"
            )
        was = (record or {}).get("input_dir", "another folder")
        raise OtherEventError(
            f"{labels} belongs to other photos ({was}): none of their faces is in "
            f"{self._context.settings.io.input_dir}. Name another folder with --output, or move the labels away"
        )

    def _labelled_ids(self) -> set[int]:
        path = self._output / self._context.settings.scoring.labels_json
        try:
            data = read_labels(path)
        except LabelsError as error:
            raise LabelsError(f"{error}\nCorrect it first, so that no label is lost") from error
        keys = data if isinstance(data, dict) else {}
        return {int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) <= 9}

    def _earlier(self, record: dict[str, Any] | None, *, is_labelled: bool) -> EarlierFaces | None:
        path = self._output / FACE_DATA
        if not path.exists():
            return None
        try:
            rows = read_face_data(path)
        except FaceDataError as error:
            if is_labelled:
                raise FaceDataError(
                    f"{error}. The labels belong to the clusters in that file: restore it, or move the labels away"
                ) from error
            logger.warning("%s; nothing was labelled yet, so clusters are numbered anew", error)
            return None
        if {row.engine for row in rows} - {self._spec.name}:
            return EarlierFaces(rows, None)
        try:
            embeddings = read_embeddings(self._output / EMBEDDINGS, rows)
        except FaceDataError as error:
            logger.warning("%s; faces are found again by their places", error)
            return EarlierFaces(rows, None)
        if (record or {}).get("embeddings_sha256", "") not in ("", _digest(embeddings)):
            # A run that was killed between two files leaves vectors that belong to other rows.
            logger.warning(
                "%s is not the one that the last run noted; faces are found again by their places", EMBEDDINGS
            )
            return EarlierFaces(rows, None)
        return EarlierFaces(rows, embeddings)

    def _rows(self, faces: _Faces, cluster_ids: NDArray[np.int64]) -> list[FaceRow]:
        fits = confidences(faces.embeddings, cluster_ids, self._threshold)
        return [
            FaceRow(
                image_path=faces.photos[row],
                face_index=faces.index[row],
                facial_area=face.box,
                detection_confidence=face.confidence,
                cluster_id=int(cluster_ids[row]),
                cluster_confidence=float(fits[row]),
                face_quality=face.quality.score,
                landmarks=face.landmarks,
                embedding_row=row,
                engine=self._spec.name,
            )
            for row, face in enumerate(faces.kept)
        ]

    def _write_pictures(self, faces: _Faces, rows: list[FaceRow], cluster_ids: NDArray[np.int64]) -> None:
        members: dict[int, list[int]] = {}
        for row, cluster in enumerate(cluster_ids.tolist()):
            if cluster >= 0:
                members.setdefault(cluster, []).append(row)
        count = self._context.settings.clustering.samples_per_cluster
        samples: dict[int, dict[str, int]] = {}
        for cluster, faces_of in sorted(members.items()):
            self._context.stop_if_cancelled()
            quality = [rows[row].face_quality for row in faces_of]
            chosen = varied_samples(faces.embeddings, faces_of, quality, count)
            samples[cluster] = {
                sample_name(n, faces.photos[row], faces.index[row]): row for n, row in enumerate(chosen, start=1)
            }
        pictures = ClusterPictures(self._output / CLUSTERS_DIR)
        pictures.expect(samples)
        for done, (cluster, names) in enumerate(samples.items()):
            self._context.stop_if_cancelled()
            if done % 50 == 0:
                self._context.progress(Progress("writing thumbnails", done, len(members)))
            chips = [self._chip(faces, row) for row in names.values()]
            pictures.write(cluster, chips[0], zip(names, chips, strict=True))
        pictures.finish()
        self._context.progress(Progress("writing thumbnails", len(members), len(members)))

    def _chip(self, faces: _Faces, row: int) -> bytes:
        chip = self._context.store.chip(faces.sha256[row], self._key, faces.index[row])
        if chip is None:
            raise StorageError(f"{self._context.store.path} lost the picture of a face; delete the file and run again")
        return chip

    def _report(
        self,
        listing: Listing,
        rows: list[FaceRow],
        failures: list[Failure],
        reused: int,
        identified: int,
        began: float,
    ) -> ClusteringReport:
        photos_of = Counter(cluster for _, cluster in {(row.image_path, row.cluster_id) for row in rows})
        photos_of.pop(-1, None)
        total = len(listing.photos) + len(listing.failed)
        return ClusteringReport(
            total=total,
            analysed=total - len(failures),
            failed=len(failures),
            failures=tuple(failures),
            ignored=tuple(Failure(path, reason) for path, reason in listing.ignored),
            reused=reused,
            faces=len(rows),
            identified_faces=identified,
            clusters=len(photos_of),
            largest_clusters=tuple(sorted(photos_of.items(), key=lambda item: (-item[1], item[0]))[:_LARGEST_SHOWN]),
            engine=self._spec.name,
            engine_reason=self._spec.reason,
            outputs=(FACE_DATA, EMBEDDINGS, CLUSTERS_DIR, CLUSTERING_RUN),
            seconds=time.monotonic() - began,
        )

    def _write_record(
        self, listing: Listing, report: ClusteringReport, rows: list[FaceRow], next_id: int, embeddings_sha256: str
    ) -> None:
        settings = self._context.settings
        with_faces = {row.image_path for row in rows} | {failure.image_path for failure in report.failures}
        write_run_record(
            self._output / CLUSTERING_RUN,
            {
                "stage": "clustering",
                "input_dir": str(settings.io.input_dir),
                "engine": self._spec.name,
                "engine_reason": self._spec.reason,
                "weights": {weights.name: weights.sha256 for weights in self._spec.weights},
                "providers": list(self._spec.providers),
                "distance_threshold": self._threshold,
                "distance_threshold_source": "clustering.distance_threshold"
                if settings.clustering.distance_threshold
                else self._spec.threshold_source,
                "analysis_key": self._key,
                "next_cluster_id": next_id,
                "embeddings_sha256": embeddings_sha256,
                "counts": {
                    "photos": report.total,
                    "analysed": report.analysed,
                    "failed": report.failed,
                    "kept_from_earlier": report.reused,
                    "faces": report.faces,
                    "identified_faces": report.identified_faces,
                    "clusters": report.clusters,
                },
                "failures": failures_as_json(report.failures),
                "ignored": failures_as_json(report.ignored),
                "photos_without_faces": [p.image_path for p in listing.photos if p.image_path not in with_faces],
                "settings": settings.model_dump(mode="json", include={"io", "engine", "clustering", "performance"}),
                "seconds": round(report.seconds, 2),
                "versions": versions(),
            },
        )


def _digest(embeddings: NDArray[np.float32]) -> str:
    return hashlib.sha256(embeddings.tobytes()).hexdigest()
