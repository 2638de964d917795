"""Stage two: measure the faces of every photo, judge the photos by labels and rules, rank them."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.domain.best_of_burst import Shot, mark_bursts
from curation.domain.bursts import BurstRules
from curation.domain.faces import Box, FaceRow, FiveLandmarks
from curation.domain.labels import Category, EventPeople, Labels, parse_labels
from curation.domain.measures import MEASURES_VERSION, FaceMeasures, PhotoMeasures
from curation.domain.ranking import PhotoScore, ScoringRules, failed_photo_score, rank_photos, score_photo
from curation.domain.report import Failure, ScoringReport
from curation.domain.rules import ScoredFace
from curation.engines.base import PhotoPixels, WeightsFile
from curation.engines.expressions import packaged_weights
from curation.engines.landmarks import LandmarkPredictor
from curation.errors import FaceDataError, LabelsError, PhotosMissingError
from curation.photos.listing import Listing, photo_path
from curation.pipelines.measuring import measure_photo
from curation.pipelines.per_photo import MeasureTask, score_photo_worker
from curation.pipelines.stage import RunContext, content_key, failures_as_json, stamp_of
from curation.settings import ScoringSettings
from curation.storage.analysis_store import FileStamp
from curation.storage.labels_file import read_labels
from curation.storage.run_records import (
    CLUSTERING_RUN,
    SCORING_RUN,
    next_cluster_id,
    read_run_record,
    versions,
    write_run_record,
)
from curation.storage.tables import FACE_DATA, PHOTO_SCORES, read_face_data, write_photo_scores

__all__ = ["PhotoScorer", "ScoringPipeline", "measures_key", "score_photo_worker"]

logger = logging.getLogger(__name__)

FRONTAL_YAW_DEG = 25.0  # faces up to here and from FRONTAL_FACE_PX on should be judged nearly always
FRONTAL_FACE_PX = 80
_BEST_SHOWN = 10
_NAMED_IDS = 20


def measures_key(predictor_sha256: str, faces: Sequence[FaceRow]) -> str:
    """Name of everything that the measures of a photo depend on, beside its content."""
    places = [[list(row.facial_area), [list(point) for point in row.landmarks]] for row in faces]
    return content_key([MEASURES_VERSION, predictor_sha256, places])


class PhotoScorer:
    """Judges photos: `measure` looks at pixels, `score` is a pure function of what was measured."""

    def __init__(self, settings: ScoringSettings) -> None:
        """Take thresholds, weights and rules from the settings."""
        self.rules = ScoringRules.from_mapping(settings.model_dump())
        self.bursts = BurstRules(**settings.bursts.model_dump())

    @staticmethod
    def measure(
        photo: PhotoPixels, faces: Sequence[tuple[Box, FiveLandmarks]], predictor: LandmarkPredictor
    ) -> PhotoMeasures:
        """Measure a photo and its faces, see `curation.pipelines.measuring.measure_photo`."""
        return measure_photo(photo, faces, predictor)

    def score(
        self, image_path: str, faces: Sequence[FaceRow], labels: Labels, measures: PhotoMeasures, event: EventPeople
    ) -> PhotoScore:
        """Judge one photo; no file, clock or pixel is looked at.

        Args:
            image_path: Of the photo.
            faces: Its faces, in the order of `measures.faces`.
            labels: Of the event.
            measures: Of the photo.
            event: The people of the whole event.

        Returns:
            The score, not yet ranked.

        Raises:
            ValueError: If the numbers of faces differ.
        """
        return score_photo(image_path, _scored_faces(faces, labels, measures), measures, event, self.rules)

    def mark_bursts(
        self,
        scores: Sequence[PhotoScore],
        faces: Mapping[str, Sequence[FaceRow]],
        labels: Labels,
        measures: Mapping[str, PhotoMeasures],
    ) -> list[PhotoScore]:
        """Find the photos of one moment and mark the best of them, see `curation.domain.best_of_burst`.

        Args:
            scores: Of the event.
            faces: By image path, in the order of the measures.
            labels: Of the event.
            measures: By image path; photos without them stand alone.
        """
        shots = {
            path: Shot(measured, _scored_faces(faces[path], labels, measured)) for path, measured in measures.items()
        }
        return mark_bursts(scores, shots, self.bursts, self.rules)

    def rank(self, scores: Sequence[PhotoScore]) -> list[PhotoScore]:
        """Put photos in order, see `curation.domain.ranking.rank_photos`."""
        return rank_photos(scores, self.rules)


@dataclass(frozen=True, slots=True, eq=False)
class _Event:
    """What the clustering left: faces by photo, and the photos that it could not use."""

    faces: dict[str, list[FaceRow]]
    failed: dict[str, str]
    analysis_key: str | None
    input_dir: str
    engine: str | None
    known_ids: frozenset[int]


class ScoringPipeline:
    """face_data.csv and labels in, photo_scores.csv and scoring_run.json out."""

    def __init__(self, context: RunContext, predictor: WeightsFile) -> None:
        """Take the run's context and the landmark model that the pool's workers load."""
        self._context = context
        self._predictor = predictor
        self._scorer = PhotoScorer(context.settings.scoring)
        self._output = context.settings.io.output_dir

    def run(self, listing: Listing) -> ScoringReport:
        """Run the stage.

        Args:
            listing: The photos that are in the input folder now.

        Returns:
            What was found; `scored + failed == total`.

        Raises:
            FaceDataError: If face_data.csv is missing or not valid.
            PhotosMissingError: If none of its photos is there any more.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
        """
        began = time.monotonic()
        event = self._read_event()
        labels, is_labelled = self._read_labels(event)
        measures, failures, reused = self._measure(event, listing)
        present = {row.cluster_id for rows in event.faces.values() for row in rows if row.cluster_id >= 0}
        people = labels.event_people(present)
        scores = [
            self._scorer.score(path, event.faces[path], labels, measured, people) for path, measured in measures.items()
        ]
        scores += [failed_photo_score(path, reason) for path, reason in failures.items()]
        ranked = self._scorer.rank(self._scorer.mark_bursts(scores, event.faces, labels, measures))
        self._context.stop_if_cancelled()
        write_photo_scores(self._output / PHOTO_SCORES, ranked)
        known = event.faces.keys() | event.failed.keys()
        new = tuple(photo.image_path for photo in listing.photos if photo.image_path not in known)
        warnings = self._warnings(event, labels, is_labelled, present, new)
        report = self._report(ranked, measures, failures, reused, began, labels, is_labelled, new, warnings)
        self._write_record(report, labels, event.engine)
        return report

    def _read_event(self) -> _Event:
        record = read_run_record(self._output / CLUSTERING_RUN)
        rows = read_face_data(self._output / FACE_DATA, written_sha256=(record or {}).get("face_data_sha256"))
        faces: dict[str, list[FaceRow]] = defaultdict(list)
        for row in rows:
            faces[row.image_path].append(row)
        for of_photo in faces.values():
            of_photo.sort(key=lambda row: row.face_index)
        noted = record or {}
        for path in _texts(noted.get("photos_without_faces")):
            faces.setdefault(path, [])
        failed = {}
        failures = noted.get("failures")
        for failure in failures if isinstance(failures, list) else ():
            photo = failure.get("image_path") if isinstance(failure, dict) else None
            if isinstance(photo, str) and photo not in faces:
                failed[photo] = str(failure.get("reason"))
        used = {row.cluster_id for row in rows if row.cluster_id >= 0}
        key = noted.get("analysis_key")
        return _Event(
            dict(faces),
            failed,
            key if isinstance(key, str) else None,
            str(noted.get("input_dir", "another folder")),
            next((row.engine for row in rows), None),
            frozenset(used | set(range(next_cluster_id(record)))),
        )

    def _read_labels(self, event: _Event) -> tuple[Labels, bool]:
        settings = self._context.settings
        data = read_labels(self._output / settings.scoring.labels_json)
        if data is None:
            photos_of = Counter(
                cluster
                for _, cluster in {(row.image_path, row.cluster_id) for rows in event.faces.values() for row in rows}
            )
            photos_of.pop(-1, None)
            minimum = settings.clustering.min_cluster_photos
            return Labels.without_file(photos_of, min_cluster_photos=minimum), False
        category = Category(settings.scoring.unlabelled_category)
        try:
            return parse_labels(data, known_ids=event.known_ids, unlabelled_category=category), True
        except LabelsError as error:
            raise LabelsError(f"{self._output / settings.scoring.labels_json}: {error}") from error

    def _measure(self, event: _Event, listing: Listing) -> tuple[dict[str, PhotoMeasures], dict[str, str], int]:
        """Measures by photo, reasons of failed photos, and how many measures were kept from earlier."""
        store = self._context.store
        input_dir = self._context.settings.io.input_dir
        listed = {photo.image_path: photo for photo in listing.photos}
        stamps: dict[str, FileStamp] = {}
        failures = dict(event.failed)
        for path in event.faces:
            photo = listed.get(path)
            stamp = (
                FileStamp(photo.path, photo.size_bytes, photo.mtime_ns)
                if photo is not None
                else stamp_of(photo_path(input_dir, path))
            )
            if stamp is None:
                failures[path] = "the photo is gone: put it back, or run the clustering again"
            else:
                stamps[path] = stamp
        if event.faces and not stamps:
            raise PhotosMissingError(
                f"none of the {len(event.faces)} photos of {self._output / FACE_DATA} is in {input_dir}; they were "
                f"clustered from {event.input_dir}: give the same --input, or run the clustering again"
            )
        hashes = store.known_hashes(stamps.values())
        keys = {path: measures_key(self._predictor.sha256, event.faces[path]) for path in stamps}
        # Contents that were never analysed under the clustering's key were changed since; the worker says so.
        key = event.analysis_key
        analysed = store.analysed(set(hashes.values()), key) if key is not None else set()
        wanted = {path: hashes[stamp.path] for path, stamp in stamps.items() if stamp.path in hashes}
        kept = store.measures(
            {path: (sha256, keys[path]) for path, sha256 in wanted.items() if not analysed or sha256 in analysed}
        )
        tasks = [
            MeasureTask(
                path,
                stamp.path,
                tuple((row.facial_area, row.landmarks) for row in event.faces[path]),
                key if analysed else None,
                keys[path],
            )
            for path, stamp in stamps.items()
            if path not in kept
        ]
        measures = dict(kept)
        for outcome in self._context.work_through(
            "measuring photos",
            score_photo_worker,
            tasks,
            done=len(kept) + len(failures),
            failed=len(failures),
        ):
            path = outcome.task.image_path
            if outcome.result is None:
                failures[path] = outcome.failure.reason if outcome.failure else "no result"
                continue
            measures[path] = outcome.result.measures
            store.keep_measures(stamps[path], outcome.result.sha256, keys[path], outcome.result.measures)
        return measures, failures, len(kept)

    def _warnings(
        self, event: _Event, labels: Labels, is_labelled: bool, present: set[int], new: Sequence[str]
    ) -> tuple[str, ...]:
        warnings = []
        retired = sorted(set(labels.by_cluster) - present)
        if is_labelled and retired:
            named = ", ".join(map(str, retired[:_NAMED_IDS])) + (" ..." if len(retired) > _NAMED_IDS else "")
            warnings.append(f"the labels name clusters without faces ({named}): their photos or faces are gone")
        if new:
            warnings.append(f"{len(new)} photos came after the clustering and are not ranked; run the clustering again")
        if event.analysis_key is None:
            warnings.append(
                f"there is no {CLUSTERING_RUN}: photos without faces are not ranked; run the clustering again"
            )
        return tuple(warnings)

    def _report(
        self,
        ranked: Sequence[PhotoScore],
        measures: Mapping[str, PhotoMeasures],
        failures: Mapping[str, str],
        reused: int,
        began: float,
        labels: Labels,
        is_labelled: bool,
        new: tuple[str, ...],
        warnings: tuple[str, ...],
    ) -> ScoringReport:
        faces = [face for measured in measures.values() for face in measured.faces]
        judged = [face for face in faces if face.eyes.value is not None]
        return ScoringReport(
            total=len(ranked),
            scored=len(measures),
            failed=len(failures),
            failures=tuple(Failure(path, reason) for path, reason in sorted(failures.items())),
            reused=reused,
            vetoed=sum(bool(score.vetoes) for score in ranked),
            faces=len(faces),
            judged_faces=len(judged),
            frontal_faces=sum(map(_is_frontal, faces)),
            frontal_judged_faces=sum(map(_is_frontal, judged)),
            labelled=is_labelled,
            labelled_clusters=len(labels.by_cluster) if is_labelled else 0,
            new_photos=new,
            warnings=warnings,
            best=tuple(
                (score.image_path, score.final_score) for score in ranked[:_BEST_SHOWN] if score.final_score is not None
            ),
            outputs=(PHOTO_SCORES, SCORING_RUN),
            seconds=time.monotonic() - began,
        )

    def _write_record(self, report: ScoringReport, labels: Labels, engine: str | None) -> None:
        settings = self._context.settings
        write_run_record(
            self._output / SCORING_RUN,
            {
                "stage": "scoring",
                "input_dir": str(settings.io.input_dir),
                "engine": engine,
                "weights": {weights.name: weights.sha256 for weights in (self._predictor, *packaged_weights())},
                "labels": labels.to_json(),
                "labelled_by_user": report.labelled,
                "counts": {
                    "photos": report.total,
                    "scored": report.scored,
                    "failed": report.failed,
                    "kept_from_earlier": report.reused,
                    "vetoed": report.vetoed,
                    "faces": report.faces,
                    "faces_with_judged_eyes": report.judged_faces,
                    "frontal_faces": report.frontal_faces,
                    "frontal_faces_with_judged_eyes": report.frontal_judged_faces,
                },
                "failures": failures_as_json(report.failures),
                "new_photos": list(report.new_photos),
                "warnings": list(report.warnings),
                "settings": settings.model_dump(mode="json", include={"io", "clustering", "scoring", "performance"}),
                "seconds": round(report.seconds, 2),
                "versions": versions(),
            },
        )


def _scored_faces(rows: Sequence[FaceRow], labels: Labels, measures: PhotoMeasures) -> list[ScoredFace]:
    return [
        ScoredFace(row.face_index, labels.person(row.cluster_id), measured)
        for row, measured in zip(rows, measures.faces, strict=True)
    ]


def _is_frontal(face: FaceMeasures) -> bool:
    return abs(face.yaw_deg) <= FRONTAL_YAW_DEG and face.size_px >= FRONTAL_FACE_PX


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FaceDataError(
            f"{CLUSTERING_RUN} was changed (photos_without_faces is not a list of paths); run the clustering again"
        )
    return value
