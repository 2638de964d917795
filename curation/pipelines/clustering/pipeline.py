"""Stage one: find every face, group the faces by person, write tables and pictures for the user to label."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.files.broken import BrokenFile, broken_to_json, counts, folders_told, told
from curation.domain.files.health import FaultKind
from curation.domain.grouping.grouping_evidence import GroupingEvidence
from curation.domain.identity.unfound import unfound_told
from curation.domain.labelling.corrections import (
    Correction,
    FacePlaces,
    active_corrections,
    constraints,
    cover_rows,
)
from curation.domain.report import ClusteringReport, Failure
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.photos.files.listing import Listing
from curation.pipelines.clustering.attributes import AttributesOfFaces
from curation.pipelines.clustering.cluster_ids import assigned_ids
from curation.pipelines.clustering.drawn import analyse_drawn
from curation.pipelines.clustering.earlier_run import EarlierRun
from curation.pipelines.clustering.event_faces import EventFaces, collected_faces
from curation.pipelines.clustering.grouping import FaceGrouping, grouping_rule
from curation.pipelines.clustering.pictures import write_pictures
from curation.pipelines.clustering.present_photos import PresentEvent
from curation.pipelines.clustering.readable_faces import ReadableFaces, UnreadableFaces
from curation.pipelines.clustering.run_words import RunWords
from curation.pipelines.health.broken_files import broken_files
from curation.pipelines.per_photo import (
    AnalyseBatch,
    AnalysedPhoto,
    AnalyseTask,
    analyse_photo_worker,
    analyse_photos_worker,
)
from curation.pipelines.said.words import unfound_json
from curation.pipelines.stage import Batches, RunContext, content_key, failure_of, failures_as_json
from curation.pipelines.stepping_in import keep_lost, left_of_moments, photos_with_raw, raw_twins, stepping_in
from curation.settings import ClusteringSettings
from curation.storage.atomic import own_working_file
from curation.storage.cluster_pictures import CLUSTERS_DIR
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, write_face_data
from curation.storage.file_stamps import FileStamp
from curation.storage.health.file_health import FILE_HEALTH, write_file_health
from curation.storage.run_records import CLUSTERING_RUN, versions, write_run_record
from curation.storage.said.corrections_file import hold_corrections
from curation.storage.together.new_files import new_files
from curation.workers.pool import Outcome

__all__ = ["FaceClusteringPipeline", "analysis_key"]

logger = logging.getLogger(__name__)

ANALYSIS_VERSION = 4
"""Raise it when something other than the engine changes the content of an analysis: decoding, quality, chips."""

_LARGEST_SHOWN = 10
_CPU_PROVIDER = "CPUExecutionProvider"
_GPU_BATCH = 8  # photos: enough faces for one run of the network, and workers still alternate often


def analysis_key(spec: EngineSpec, chip_px: int) -> str:
    """A key for everything that the analysis of a photo depends on, apart from the content of the photo."""
    return content_key(
        [ANALYSIS_VERSION, spec.name, [weights.sha256 for weights in spec.weights], spec.options, chip_px]
    )


class FaceClusteringPipeline:
    """Photos in, face_data.csv, embeddings.npy, output_clusters/ and clustering_run.json out."""

    def __init__(
        self,
        context: RunContext,
        spec: EngineSpec,
        readers: Sequence[ReaderSpec] = (),
        predictor: WeightsFile | None = None,
    ) -> None:
        """Take what the pool's workers build.

        Args:
            context: Of the run.
            spec: The engine.
            readers: One for each attribute of faces that is asked for.
            predictor: Of the 68 landmarks, if a reader needs them.
        """
        self._context = context
        self._spec = spec
        clustering = context.settings.clustering
        self._rule = grouping_rule(clustering, spec)
        self._grouping = FaceGrouping(context, self._rule)
        self._key = analysis_key(spec, clustering.thumbnail_px)
        self._readable = ReadableFaces(context, spec, self._key)
        self._attributes = AttributesOfFaces(context.store, readers, predictor, self._key)
        self._output = context.settings.io.output_dir

    def run(self, listing: Listing) -> ClusteringReport:
        """Run the stage.

        Args:
            listing: The photos.

        Returns:
            What was found; `analysed + failed == total`.

        Raises:
            PhotosMissingError: If a folder of the listing vanished during the run; all outputs are as they were.
            OtherEventError: If the output folder has labels or corrections of other photos.
            CorrectionsError: If corrections.json is not valid.
            FaceDataError: If there are labels but the face_data.csv that they belong to is not valid.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
            WeightsError: If the workers cannot load the engine.
        """
        began = time.monotonic()
        # Read before hours of work, so that a broken file is reported now and not at the end of the run.
        with EarlierRun(self._context.settings, self._spec.name, self._context.store) as earlier:
            hashes, failures, reused = self._analyse(listing)
            if instead := stepping_in(listing, {failure.image_path for failure in failures}):
                more, also_failed, also_reused = self._analyse(instead)
                listing = listing.with_twins_of({failure.image_path for failure in failures})
                hashes |= more
                failures, reused = [*failures, *also_failed], reused + also_reused
            self._context.demand_output()
            failures = left_of_moments(listing, failures, hashes.keys())
            keep_lost(self._context.settings, listing, failures)
            drawn = earlier.drawn(hashes)
            analyse_drawn(self._context, self._attributes, self._key, listing, hashes, drawn)
            paths = [photo.image_path for photo in listing.photos if photo.image_path in hashes]
            with (
                own_working_file(self._output, "collected.npy") as place,
                collected_faces(
                    self._context.store, [(path, hashes[path]) for path in paths], self._key, place, drawn
                ) as faces,
            ):
                failed = {failure.image_path for failure in failures}
                present = PresentEvent(
                    faces,
                    hashes,
                    failed,
                    earlier.remembered,
                    self._context.store,
                    self._spec,
                    self._key,
                    (earlier.record or {}).get("analysis_key"),
                    raw_twins(listing, hashes.keys()),
                )
                broken = broken_files(listing, failures, hashes, self._context.store)
                self._context.watch.demand_all()
                return self._finish(listing, faces, failures, broken, reused, earlier, present, began)

    def _finish(
        self,
        listing: Listing,
        faces: EventFaces,
        failures: list[Failure],
        broken: tuple[BrokenFile, ...],
        reused: int,
        earlier: EarlierRun,
        present: PresentEvent,
        began: float,
    ) -> ClusteringReport:
        """Group the faces and write all outputs."""
        digest = faces.embeddings.sha256()
        places = FacePlaces(faces.places())
        words = RunWords(self._context.settings, earlier, present)
        demanded = constraints(words.corrections(), places)
        photo_paths = {photo.image_path: photo.path for photo in listing.photos}
        unreadable = self._readable.judged(faces, self._grouping.good_enough(faces), photo_paths)
        identified = self._grouping.identifiable(faces, demanded, unreadable.is_unreadable)
        (groups, evidence), apart = words.grouped(
            lambda wanted: self._grouping.groups(faces, identified, unreadable.is_unreadable, wanted, digest),
            demanded,
            places,
        )
        self._context.stop_if_cancelled()
        if len(faces):
            logger.info("distance threshold %.3f: %s", evidence.single_distance, self._threshold_source(evidence))
        # The user may correct the grouping in the service during a run; from here on the service waits.
        with hold_corrections(self._context.settings.lock_dir):
            self._context.refresh_words()
            self._context.demand_output()
            words.read_again()
            corrections = words.corrections()
            ids = assigned_ids(
                earlier,
                words.said,
                groups,
                faces,
                places,
                corrections,
                present,
                grouping_rule(ClusteringSettings(), self._spec),
                self._context.settings.input_address or str(self._context.settings.io.input_dir),
            )
            members = _members(ids.ids)
            rows = faces.rows(ids.ids, self._grouping.confidences(faces, members, evidence), self._spec.name)
            self._context.stop_if_cancelled()
            self._context.demand_output()
            with_attributes = self._attributes.added(rows, faces, unreadable.is_unreadable)
            with new_files(self._output) as new:
                table_sha256 = write_face_data(
                    new.folder, with_attributes, faces.embeddings.path, self._attributes.columns
                )
                write_file_health(new.folder, broken)
                judged = int(identified.sum()), int(unreadable.is_unreadable.sum())
                with words.saved(new.folder):
                    unfound = words.unfound(ids.ids, faces, corrections)
                    lost = (*unfound_told(unfound), *words.more_told(faces))
                    report = self._report(listing, faces, ids.ids, failures, broken, reused, judged, lost, began)
                    sha256 = {"face_data": table_sha256, "embeddings": digest}
                    followed = active_corrections(corrections)
                    said = {"unfound": unfound_json(unfound), "names_kept_apart": [list(pair) for pair in apart]}
                    record = self._record(
                        listing, report, faces, unreadable, ids.next_id, sha256, followed, evidence, said
                    )
                    write_run_record(new.folder / CLUSTERING_RUN, record)
                    words.remember(new.folder, ids.remembered)
                    # Before the pictures, which take longest: without the record scoring would miss photos.
                    new.publish(last=(CLUSTERING_RUN,))
        write_pictures(self._context, faces, members, self._key, cover_rows(corrections, places))
        self._context.demand_output()
        return replace(report, seconds=time.monotonic() - began)

    def _analyse(self, listing: Listing) -> tuple[dict[str, str], list[Failure], int]:
        """Analyse the photos that the store does not have; returns SHA-256 by path, failures, and how many it had."""
        store = self._context.store
        stamps = {photo.image_path: FileStamp(photo.path, photo.size_bytes, photo.mtime_ns) for photo in listing.photos}
        known = store.known_hashes(stamps.values())
        analysed = store.analysed(set(known.values()), self._key, with_pictures=True)
        hashes = {photo.image_path: known[photo.path] for photo in listing.photos if known.get(photo.path) in analysed}
        reused = len(hashes)
        complete = self._attributes.complete(hashes.values())
        tasks = [
            AnalyseTask(photo.image_path, photo.path, self._key, self._attributes.keys, photo.size_bytes)
            for photo in listing.photos
            if hashes.get(photo.image_path) not in complete
        ]
        # A folder that cannot be looked into is no broken file.
        failures = [
            Failure(path, reason, "" if path.endswith("/") else FaultKind.UNREADABLE) for path, reason in listing.failed
        ]
        done = len(listing.photos) - len(tasks) + len(failures)
        lost: list[AnalyseTask] = []
        for outcome in self._worked_through(tasks, done, len(failures)):
            path = outcome.task.image_path
            failure = failure_of(path, outcome.failure)
            if outcome.result is not None:
                reused += self._saved(stamps[path], path, outcome.result) and path not in hashes
                hashes[path] = outcome.result.sha256
            elif path in hashes:
                self._attributes.failed(path, failure.reason)  # its faces are known from an earlier run
            elif outcome.task.attributes and outcome.failure is not None and outcome.failure.kind != "failed":
                # Perhaps it was a reader that crashed or took too long: the faces are wanted without it.
                self._attributes.failed(path, failure.reason)
                lost.append(replace(outcome.task, attributes=()))
            else:
                failures.append(failure)
        for outcome in self._worked_through(lost, done + len(tasks) - len(lost), len(failures)) if lost else ():
            path = outcome.task.image_path
            if outcome.result is not None:
                reused += self._saved(stamps[path], path, outcome.result)
                hashes[path] = outcome.result.sha256
            else:
                self._attributes.photo_failed(path)
                failures.append(failure_of(path, outcome.failure))
        return hashes, failures, reused

    def _worked_through(
        self, tasks: Sequence[AnalyseTask], done: int, failed: int
    ) -> Iterator[Outcome[AnalyseTask, AnalysedPhoto]]:
        return self._context.work_through_batches(
            "analysing photos", analyse_photo_worker, tasks, self._batches(), done=done, failed=failed
        )

    def _saved(self, stamp: FileStamp, image_path: str, photo: AnalysedPhoto) -> bool:
        """Save what was found on a photo; returns whether the store had its analysis."""
        store = self._context.store
        if photo.analysis is None:
            store.save_hash(stamp, photo.sha256)
        else:
            store.save_analysis(stamp, photo.sha256, self._key, photo.analysis)
        self._attributes.save(image_path, photo.sha256, photo.attributes, photo.unread)
        return photo.analysis is None

    def _batches(self) -> Batches[AnalyseTask, AnalysedPhoto]:
        size = self._context.settings.performance.photos_per_batch
        if size == 0:
            # On the CPU batches gain nothing, and results would depend on which photos share a batch.
            size = 1 if set(self._spec.providers) <= {_CPU_PROVIDER} else _GPU_BATCH
        return Batches(
            size=size,
            pack=lambda tasks: AnalyseBatch(tuple(tasks)),
            unpack=lambda batch: batch.tasks,
            function=analyse_photos_worker,
        )

    def _report(
        self,
        listing: Listing,
        faces: EventFaces,
        cluster_ids: NDArray[np.int64],
        failures: list[Failure],
        broken: tuple[BrokenFile, ...],
        reused: int,
        judged: tuple[int, int],
        lost: Sequence[str],
        began: float,
    ) -> ClusteringReport:
        """The report; `judged` counts the faces that were identified and that cannot be read, `lost` are sentences."""
        is_member = cluster_ids >= 0
        pairs = np.unique(np.stack([cluster_ids[is_member], faces.photo[is_member]]), axis=1)
        clusters, photos = np.unique(pairs[0], return_counts=True)
        photos_of = dict(zip(clusters.tolist(), photos.tolist(), strict=True))
        total = len(listing.photos) + len(listing.failed)
        broken_counts = counts(broken)
        return ClusteringReport(
            total=total,
            analysed=total - len(failures),
            failed=len(failures),
            failures=tuple(failures),
            ignored=tuple(Failure(path, reason) for path, reason in listing.ignored),
            reused=reused,
            faces=len(faces),
            identified_faces=judged[0],
            unreadable_faces=judged[1],
            clusters=len(photos_of),
            largest_clusters=tuple(sorted(photos_of.items(), key=lambda item: (-item[1], item[0]))[:_LARGEST_SHOWN]),
            engine=self._spec.name,
            engine_reason=self._spec.reason,
            outputs=(FACE_DATA, EMBEDDINGS, CLUSTERS_DIR, FILE_HEALTH, CLUSTERING_RUN),
            seconds=time.monotonic() - began,
            warnings=(
                *told(broken),
                *folders_told(listing.unseen()),
                *lost,
                *self._attributes.warnings(),
            ),
            broken_files=broken_counts[0],
            absent_photos=broken_counts[1],
            broken=broken,
            with_raw=len(photos_with_raw(listing, {failure.image_path for failure in failures})),
        )

    def _threshold_source(self, evidence: GroupingEvidence) -> str:
        """Where the limits come from, in words."""
        if self._context.settings.clustering.distance_threshold is not None:
            return "clustering.distance_threshold"
        strangers = evidence.strangers
        if not self._rule.follows_strangers or strangers is None:
            return self._spec.threshold_source
        return (
            f"fitted to the strangers of this event, since these weights were not measured: {strangers.pairs} pairs of "
            f"faces on {strangers.photos} photos are {strangers.distance:.3f} apart in the middle"
        )

    def _record(
        self,
        listing: Listing,
        report: ClusteringReport,
        faces: EventFaces,
        unreadable: UnreadableFaces,
        next_id: int,
        sha256: dict[str, str],
        followed: list[Correction],
        evidence: GroupingEvidence,
        said: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The content of clustering_run.json."""
        settings = self._context.settings
        with_faces = set(faces.photos) | {failure.image_path for failure in report.failures}
        return {
            "stage": "clustering",
            "input_dir": settings.input_address or str(settings.io.input_dir),
            "engine": self._spec.name,
            "engine_reason": self._spec.reason,
            "weights": {weights.name: weights.sha256 for weights in self._spec.weights},
            "providers": list(self._spec.providers),
            **self._attributes.record(),
            "distance_threshold": evidence.single_distance,
            "group_distance_threshold": evidence.group_distance,
            "same_photo_penalty": evidence.same_photo_penalty,
            "grouping_evidence": evidence.to_json(),
            "distance_threshold_source": self._threshold_source(evidence),
            "unreadable_faces": {
                "rule": unreadable.source,
                "learned_from_faces": unreadable.sample,
                "directions": len(unreadable.rule.directions) if unreadable.rule else 0,
                "limit": round(unreadable.rule.limit, 4) if unreadable.rule else None,
            },
            "analysis_key": self._key,
            "next_cluster_id": next_id,
            "corrections": [correction.id for correction in followed],
            **said,
            "face_data_sha256": sha256["face_data"],
            "embeddings_sha256": sha256["embeddings"],
            "counts": {
                "photos": report.total,
                "analysed": report.analysed,
                "failed": report.failed,
                "with_raw": report.with_raw,
                "kept_from_earlier": report.reused,
                "faces": report.faces,
                "identified_faces": report.identified_faces,
                "unreadable_faces": report.unreadable_faces,
                "clusters": report.clusters,
                "broken_files": report.broken_files,
                "absent_photos": report.absent_photos,
            },
            "files": broken_to_json(report.broken),
            "failures": failures_as_json(report.failures),
            "ignored": failures_as_json(report.ignored),
            "clips": [clip.video_path for clip in listing.clips],
            "photos_without_faces": [p.image_path for p in listing.photos if p.image_path not in with_faces],
            "settings": settings.recorded("io", "engine", "clustering", "performance"),
            "seconds": round(report.seconds, 2),
            "versions": versions(),
        }


def _members(cluster_ids: NDArray[np.int64]) -> dict[int, list[int]]:
    """The faces of each cluster in ascending order."""
    members: dict[int, list[int]] = defaultdict(list)
    for face, cluster in enumerate(cluster_ids.tolist()):
        if cluster >= 0:
            members[cluster].append(face)
    return dict(members)
