"""Stage one: find every face, group the faces by person, leave tables and pictures for a human to label."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections import defaultdict
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.clusters import confidences, varied_samples
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.labelling.corrections import (
    NOBODY,
    NOT_A_PERSON,
    Constraints,
    Correction,
    FacePlaces,
    active_corrections,
    constraints,
)
from curation.domain.report import ClusteringReport, Failure, Progress
from curation.engines.base import EngineSpec
from curation.errors import StorageError, WorkerError
from curation.photos.files.listing import Listing
from curation.pipelines.clustering.earlier_run import EarlierRun
from curation.pipelines.clustering.event_faces import EventFaces, collected_faces
from curation.pipelines.per_photo import (
    AnalyseBatch,
    AnalysedPhoto,
    AnalyseTask,
    ClusterTask,
    analyse_photo_worker,
    analyse_photos_worker,
    cluster_faces_worker,
)
from curation.pipelines.stage import Batches, RunContext, content_key, failures_as_json
from curation.settings import ClusteringSettings
from curation.storage.analysis_store import FileStamp
from curation.storage.atomic import TEMPORARY_SUFFIX, open_atomic
from curation.storage.cluster_pictures import ClusterPictures, sample_name
from curation.storage.corrections_file import hold_corrections, read_corrections, write_corrections
from curation.storage.run_records import CLUSTERING_RUN, versions, write_run_record
from curation.storage.tables import CLUSTERS_DIR, EMBEDDINGS, FACE_DATA, write_face_data
from curation.workers.pool import usable_cores

__all__ = ["FaceClusteringPipeline", "analysis_key"]

logger = logging.getLogger(__name__)

ANALYSIS_VERSION = 2
"""Raise it when something else than the engine changes what an analysis holds: quality, chips."""

GROUPING_VERSION = 3
"""Raise it when the same embeddings and settings may give other clusters."""

SAME_PHOTO_PART = 1 / 3
"""Of the threshold: what two faces of one photo are farther apart if no penalty was measured for the weights."""

_LARGEST_SHOWN = 10
_CPU_PROVIDER = "CPUExecutionProvider"
_GPU_BATCH = 8  # photos: their faces fill a run of the network, and the workers still take turns often


def analysis_key(spec: EngineSpec, chip_px: int) -> str:
    """Name of everything that an analysis of a photo depends on, beside its content."""
    return content_key(
        [ANALYSIS_VERSION, spec.name, [weights.sha256 for weights in spec.weights], spec.options, chip_px]
    )


class FaceClusteringPipeline:
    """Photos in, face_data.csv, embeddings.npy, output_clusters/ and clustering_run.json out."""

    def __init__(self, context: RunContext, spec: EngineSpec) -> None:
        """Take the run's context and the engine that the pool's workers build."""
        self._context = context
        self._spec = spec
        clustering = context.settings.clustering
        self._rule = _rule(clustering, spec)
        self._key = analysis_key(spec, clustering.thumbnail_px)
        self._output = context.settings.io.output_dir

    def run(self, listing: Listing) -> ClusteringReport:
        """Run the stage.

        Args:
            listing: The photos.

        Returns:
            What was found; `analysed + failed == total`.

        Raises:
            OtherEventError: If the output folder holds labels or corrections of other photos.
            CorrectionsError: If corrections.json is not valid.
            FaceDataError: If labels are there but the face_data.csv that they belong to is not valid.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
            WeightsError: If the workers cannot load the engine.
        """
        began = time.monotonic()
        # Before hours of work, so that what the end of the run needs is refused now if it is broken.
        with EarlierRun(self._context.settings, self._spec.name) as earlier:
            hashes, failures, reused = self._analyse(listing)
            paths = [photo.image_path for photo in listing.photos if photo.image_path in hashes]
            # Under a name that the next run sweeps if this one is killed.
            place = self._output / f".collected.npy.{os.getpid()}{TEMPORARY_SUFFIX}"
            with collected_faces(
                self._context.store, [(path, hashes[path]) for path in paths], self._key, place
            ) as faces:
                return self._finish(listing, faces, failures, reused, earlier, began)

    def _finish(
        self,
        listing: Listing,
        faces: EventFaces,
        failures: list[Failure],
        reused: int,
        earlier: EarlierRun,
        began: float,
    ) -> ClusteringReport:
        """Group the faces and write everything."""
        digest = faces.embeddings.sha256()
        places = FacePlaces(faces.places())
        asked = constraints(earlier.renamed(read_corrections(self._output, earlier.record), faces, places), places)
        identified = self._identifiable(faces) & (asked.cluster != NOT_A_PERSON)
        labels = self._labels(faces, identified, asked, digest)
        self._context.stop_if_cancelled()
        # The service lets people correct the grouping while a run is at work; from here on it waits.
        with hold_corrections(self._context.settings.io.state_dir):
            written = read_corrections(self._output, earlier.record)
            corrections = earlier.renamed(written, faces, places)
            cluster_ids, next_id = earlier.cluster_ids(labels, faces, places, corrections)
            members = _members(cluster_ids)
            rows = faces.rows(cluster_ids, self._confidences(faces, members), self._spec.name)
            self._context.stop_if_cancelled()
            table_sha256 = write_face_data(self._output, rows, faces.embeddings.path)
            report = self._report(listing, faces, cluster_ids, failures, reused, int(identified.sum()), began)
            # Before the pictures, which take longest: tables without their record would leave photos without faces out.
            sha256 = {"face_data": table_sha256, "embeddings": digest}
            if corrections != written:
                write_corrections(self._output, corrections)
            self._write_record(listing, report, faces, next_id, sha256, active_corrections(corrections))
        self._write_pictures(faces, members)
        return replace(report, seconds=time.monotonic() - began)

    def _analyse(self, listing: Listing) -> tuple[dict[str, str], list[Failure], int]:
        """Look at every photo that is not kept yet; gives SHA-256 by path, failures and the number of kept ones."""
        store = self._context.store
        stamps = {photo.image_path: FileStamp(photo.path, photo.size_bytes, photo.mtime_ns) for photo in listing.photos}
        known = store.known_hashes(stamps.values())
        analysed = store.analysed(set(known.values()), self._key)
        hashes = {photo.image_path: known[photo.path] for photo in listing.photos if known.get(photo.path) in analysed}
        reused = len(hashes)
        tasks = [
            AnalyseTask(photo.image_path, photo.path, self._key)
            for photo in listing.photos
            if photo.image_path not in hashes
        ]
        failures = [Failure(path, reason) for path, reason in listing.failed]
        done = reused + len(failures)
        for outcome in self._context.work_through_batches(
            "analysing photos", analyse_photo_worker, tasks, self._batches(), done=done, failed=len(failures)
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

    def _batches(self) -> Batches[AnalyseTask, AnalysedPhoto]:
        size = self._context.settings.performance.photos_per_batch
        if size == 0:
            # On the CPU a batch gains nothing, and results would depend on which photos came together.
            size = 1 if set(self._spec.providers) <= {_CPU_PROVIDER} else _GPU_BATCH
        return Batches(
            size=size,
            pack=lambda tasks: AnalyseBatch(tuple(tasks)),
            unpack=lambda batch: batch.tasks,
            function=analyse_photos_worker,
        )

    def _identifiable(self, faces: EventFaces) -> NDArray[np.bool_]:
        limits = self._context.settings.clustering
        size_px, sharpness, yaw_deg = faces.quality[:, 0], faces.quality[:, 1], faces.quality[:, 2]
        is_good = size_px >= limits.min_face_px
        is_good &= sharpness >= limits.min_sharpness
        is_good &= np.abs(yaw_deg) <= limits.max_yaw_deg
        return is_good

    def _labels(
        self, faces: EventFaces, identified: NDArray[np.bool_], asked: Constraints, digest: str
    ) -> NDArray[np.int64]:
        """Labels of all faces, -1 for those that belong to nobody; taken from the store if it has them."""
        count = int(identified.sum())
        masks = [hashlib.sha256(array.tobytes()).hexdigest() for array in (identified, faces.photo)]
        clustering = self._context.settings.clustering.model_dump(mode="json")
        wanted: list[object] = [GROUPING_VERSION, digest, masks, asdict(self._rule), clustering]
        if asked:
            wanted += [
                hashlib.sha256(array.astype("<i8").tobytes()).hexdigest() for array in (asked.cluster, asked.apart)
            ]
        key = content_key(wanted)
        kept = self._context.store.grouping(key)
        if kept is None or len(kept) != len(faces):
            kept = self._group(faces, identified, asked)
            self._context.store.keep_grouping(key, kept)
        self._context.progress(Progress("grouping faces", count, count))
        return kept

    def _group(self, faces: EventFaces, identified: NDArray[np.bool_], asked: Constraints) -> NDArray[np.int64]:
        count = int(identified.sum())
        if count == 0:
            return np.full(len(faces), -1, dtype=np.int64)
        self._context.progress(Progress("grouping faces", 0, count))
        # The other workers are idle meanwhile, so their cores are free.
        threads = self._context.settings.performance.workers or usable_cores()
        # Under a name that the next run sweeps if this one is killed.
        place = self._output / f".grouping.npy.{os.getpid()}{TEMPORARY_SUFFIX}"
        pairs = self._output / f".apart.npy.{os.getpid()}{TEMPORARY_SUFFIX}"
        # Who a poor face is, is known if the user said so; nothing has to be guessed.
        is_good = np.where(identified, 1, np.where(asked.cluster == NOBODY, 0, -1))
        second_look = self._context.settings.clustering.second_look
        try:
            with open_atomic(place, durable=False) as file:
                np.save(file, np.stack([faces.photo, is_good, asked.together], axis=1), allow_pickle=False)
            if len(asked.apart) > 0:
                with open_atomic(pairs, durable=False) as file:
                    np.save(file, asked.apart.astype(np.int64), allow_pickle=False)
            apart = pairs if len(asked.apart) > 0 else None
            task = ClusterTask(faces.embeddings.path, place, apart, self._rule, second_look, threads)
            (outcome,) = self._context.pool.run(cluster_faces_worker, [task], cancel=self._context.cancel)
        finally:
            place.unlink(missing_ok=True)
            pairs.unlink(missing_ok=True)
        if outcome.result is None:
            reason = outcome.failure.reason if outcome.failure else "no result"
            raise WorkerError(f"grouping {count} faces failed: {reason}; is there enough free memory?")
        return np.array(outcome.result, dtype=np.int64)

    def _confidences(self, faces: EventFaces, members: dict[int, list[int]]) -> NDArray[np.float64]:
        out = np.zeros(len(faces))
        for of_cluster in members.values():
            self._context.stop_if_cancelled()
            if len(of_cluster) > 1:
                vectors = faces.embeddings[of_cluster]
                out[of_cluster] = confidences(
                    vectors, np.zeros(len(vectors), dtype=np.int64), self._rule.group_distance
                )
        return out

    def _write_pictures(self, faces: EventFaces, members: dict[int, list[int]]) -> None:
        count = self._context.settings.clustering.samples_per_cluster
        samples: dict[int, dict[str, int]] = {}
        for cluster, of_cluster in sorted(members.items()):
            self._context.stop_if_cancelled()
            quality = faces.quality[of_cluster, 3].tolist()
            chosen = varied_samples(faces.embeddings[of_cluster], range(len(of_cluster)), quality, count)
            samples[cluster] = {
                sample_name(n, faces.image_path(face), int(faces.index[face])): face
                for n, face in enumerate((of_cluster[place] for place in chosen), start=1)
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

    def _chip(self, faces: EventFaces, face: int) -> bytes:
        sha256 = faces.sha256[int(faces.photo[face])]
        chip = self._context.store.chip(sha256, self._key, int(faces.index[face]))
        if chip is None:
            raise StorageError(f"{self._context.store.path} lost the picture of a face; delete the file and run again")
        return chip

    def _report(
        self,
        listing: Listing,
        faces: EventFaces,
        cluster_ids: NDArray[np.int64],
        failures: list[Failure],
        reused: int,
        identified: int,
        began: float,
    ) -> ClusteringReport:
        is_member = cluster_ids >= 0
        pairs = np.unique(np.stack([cluster_ids[is_member], faces.photo[is_member]]), axis=1)
        clusters, photos = np.unique(pairs[0], return_counts=True)
        photos_of = dict(zip(clusters.tolist(), photos.tolist(), strict=True))
        total = len(listing.photos) + len(listing.failed)
        return ClusteringReport(
            total=total,
            analysed=total - len(failures),
            failed=len(failures),
            failures=tuple(failures),
            ignored=tuple(Failure(path, reason) for path, reason in listing.ignored),
            reused=reused,
            faces=len(faces),
            identified_faces=identified,
            clusters=len(photos_of),
            largest_clusters=tuple(sorted(photos_of.items(), key=lambda item: (-item[1], item[0]))[:_LARGEST_SHOWN]),
            engine=self._spec.name,
            engine_reason=self._spec.reason,
            outputs=(FACE_DATA, EMBEDDINGS, CLUSTERS_DIR, CLUSTERING_RUN),
            seconds=time.monotonic() - began,
        )

    def _write_record(
        self,
        listing: Listing,
        report: ClusteringReport,
        faces: EventFaces,
        next_id: int,
        sha256: dict[str, str],
        followed: list[Correction],
    ) -> None:
        settings = self._context.settings
        with_faces = set(faces.photos) | {failure.image_path for failure in report.failures}
        write_run_record(
            self._output / CLUSTERING_RUN,
            {
                "stage": "clustering",
                "input_dir": str(settings.io.input_dir),
                "engine": self._spec.name,
                "engine_reason": self._spec.reason,
                "weights": {weights.name: weights.sha256 for weights in self._spec.weights},
                "providers": list(self._spec.providers),
                "distance_threshold": self._rule.single_distance,
                "group_distance_threshold": self._rule.group_distance,
                "same_photo_penalty": self._rule.same_photo_penalty,
                "distance_threshold_source": "clustering.distance_threshold"
                if settings.clustering.distance_threshold
                else self._spec.threshold_source,
                "analysis_key": self._key,
                "next_cluster_id": next_id,
                "corrections": [correction.id for correction in followed],
                "face_data_sha256": sha256["face_data"],
                "embeddings_sha256": sha256["embeddings"],
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


def _rule(clustering: ClusteringSettings, spec: EngineSpec) -> GroupingRule:
    """The settings count first, then what was measured for the weights, then their published threshold."""
    distance = clustering.distance_threshold
    if distance is None and spec.grouping is not None:
        rule = spec.grouping
    else:
        distance = distance or spec.distance_threshold
        measured = spec.grouping
        penalty = measured.same_photo_penalty if measured else SAME_PHOTO_PART * distance
        rule = GroupingRule(distance, distance, penalty)
    if clustering.same_photo_penalty is not None:
        rule = replace(rule, same_photo_penalty=clustering.same_photo_penalty)
    return rule


def _members(cluster_ids: NDArray[np.int64]) -> dict[int, list[int]]:
    """The faces of each cluster, in their order."""
    members: dict[int, list[int]] = defaultdict(list)
    for face, cluster in enumerate(cluster_ids.tolist()):
        if cluster >= 0:
            members[cluster].append(face)
    return dict(members)
