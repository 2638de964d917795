"""Stage two: measure the faces of every photo, judge the photos by labels and rules, rank them."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from curation.domain.bursts.clocks import EventClocks
from curation.domain.judging.photo_composition import PhotoComposition
from curation.domain.judging.photo_score import failed_photo_score, with_problem
from curation.domain.measuring.measures import PhotoMeasures
from curation.domain.report import ScoringReport
from curation.domain.told.file_told import FileTold, with_told
from curation.engines.base import WeightsFile
from curation.engines.expressions.networks import packaged_weights
from curation.errors import PhotosMissingError
from curation.photos.files.listing import Listing
from curation.pipelines.event_clocks import clock_rules, people_of, read_clocks
from curation.pipelines.per_photo import MeasureTask, score_photo_worker
from curation.pipelines.said.last_event import last_event
from curation.pipelines.said.waiting import labels_gone_told
from curation.pipelines.said.words import read_picks_now, settle
from curation.pipelines.scoring.composition import NO_COMPOSITIONS, missing_told, read_compositions
from curation.pipelines.scoring.event import (
    PHOTO_IS_GONE,
    ScoringEvent,
    event_ages,
    event_unfound,
    find_measures,
    read_event,
    read_event_labels,
    with_times,
)
from curation.pipelines.scoring.kept import kept_scores
from curation.pipelines.scoring.report import scoring_report, scoring_warnings, write_scoring_record
from curation.pipelines.scoring.scorer import PhotoScorer
from curation.pipelines.scoring.sources import RankingSources
from curation.pipelines.stage import RunContext
from curation.pipelines.told.event_told import read_event_told
from curation.storage.face_data_file import FACE_DATA
from curation.storage.file_stamps import FileStamp
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores, write_photo_scores
from curation.storage.run_records import SCORING_RUN
from curation.storage.said.picks_file import hold_scores
from curation.storage.together.new_files import new_files

__all__ = ["ScoringPipeline"]

logger = logging.getLogger(__name__)

_NOT_READ_BACK = (
    "its measures were stored, but could not be read back; run the scoring again, it measures the photo anew"
)
_NOTHING_TOLD: Mapping[str, FileTold] = {}


class ScoringPipeline:
    """face_data.csv and labels in, photo_scores.csv and scoring_run.json out."""

    def __init__(self, context: RunContext, predictor: WeightsFile) -> None:
        """Take the run's context and the landmark model that the pool's workers load."""
        self._context = context
        self._predictor = predictor
        self._scorer = PhotoScorer(context.settings.scoring)
        self._output = context.settings.io.output_dir

    def run(self, listing: Listing, *, only_known: bool = False) -> ScoringReport:
        """Run the stage.

        Args:
            listing: The photos that are in the input folder now.
            only_known: Rank by what is known, and look at no photo: those without measures keep the row that they have
                in the table, and those without a row wait for a run that looks at them.

        Returns:
            What was found; `scored + failed == total`.

        Raises:
            FaceDataError: If face_data.csv is missing or not valid.
            PhotosMissingError: If none of its photos exists any more, or a folder of the listing vanished during the
                run; the table is as it was.
            LabelsError: If cluster_labels.json is not valid.
            PicksError: If picks.json is not valid.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
        """
        began = time.monotonic()
        io = self._context.settings.io
        # Before anything is read: what changes meanwhile makes this ranking one of the past, never one of the present.
        sources = RankingSources(self._context.settings, self._predictor.sha256)
        ranked_from = sources.ranking(self._context.settings.scoring)
        event = read_event(self._output)
        labels, is_labelled = read_event_labels(self._context.settings, event)
        # Nothing is written before all that the user wrote was found to be valid.
        said = settle(self._context.settings, last_event(io.output_dir, io.state_dir))
        told = self._told(event)
        self._context.watch.demand_all()
        measures, failures, reused = self._measure(event, listing, only_known=only_known)
        self._context.stop_if_cancelled()
        clocks = self._clocks(event, measures, listing)
        measures = with_times(measures, clocks)
        self._context.stop_if_cancelled()
        present = {row.cluster_id for rows in event.faces.values() for row in rows if row.cluster_id >= 0}
        people = labels.event_people(present)
        ages = event_ages(self._context.settings, event, labels)
        compositions = self._compositions(event, measures, listing)
        scores = []
        for path, measured in measures.items():
            self._context.stop_if_cancelled()
            score = self._scorer.score(path, event.faces[path], labels, measured, people, ages, compositions.get(path))
            scores.append(with_problem(score, event.broken.get(path)))
        scores += [failed_photo_score(path, reason) for path, reason in failures.items()]
        marked = self._scorer.mark_bursts(scores, event.faces, labels, measures, ages, clocks)
        waiting: tuple[str, ...] = ()
        if only_known:
            kept, waiting = kept_scores(
                read_photo_scores(self._output / PHOTO_SCORES), event.faces.keys() - measures.keys() - failures.keys()
            )
            marked += kept
            failures |= {score.image_path: score.error for score in kept if score.error}
        self._context.stop_if_cancelled()
        self._context.refresh_words()
        known = event.faces.keys() | event.failed.keys()
        unknown = tuple(photo.image_path for photo in listing.photos if photo.image_path not in known)
        weights = {weights.name: weights.sha256 for weights in (self._predictor, *packaged_weights())}
        with new_files(self._output) as new, hold_scores(self._context.settings.lock_dir):
            self._context.demand_output()
            ranked = self._scorer.rank(with_told(marked, told), read_picks_now(self._output))
            write_photo_scores(new.folder / PHOTO_SCORES, ranked)
            unfound = event_unfound(self._context.settings, said, event)
            warnings = scoring_warnings(self._context.settings, event, unfound, unknown, waiting, has_ages=bool(ages))
            warnings += clocks.sentences + labels_gone_told(self._context.settings, said)
            if self._scorer.rules.composition_asked_for:
                untold = missing_told(len(measures.keys() - compositions.keys()), len(measures))
                warnings += (untold,) if untold else ()
            report = scoring_report(
                ranked,
                measures.values(),
                failures,
                reused=reused,
                labels=labels,
                is_labelled=is_labelled,
                new=unknown,
                warnings=warnings,
                seconds=time.monotonic() - began,
            )
            write_scoring_record(
                new.folder,
                self._context.settings,
                report,
                labels,
                event.engine,
                unfound,
                landmark_model=self._predictor.sha256,
                weights=weights,
                ranked_from=ranked_from,
                waiting=waiting,
                clocks=clocks,
            )
            new.publish(last=(SCORING_RUN,))
        self._context.demand_output()
        return report

    def _measure(
        self, event: ScoringEvent, listing: Listing, *, only_known: bool
    ) -> tuple[dict[str, PhotoMeasures], dict[str, str], int]:
        """Measures by photo, reasons by failed photo, and how many measures the store had."""
        store = self._context.store
        input_dir = self._context.settings.io.input_dir
        listed = {photo.image_path: FileStamp(photo.path, photo.size_bytes, photo.mtime_ns) for photo in listing.photos}
        found = find_measures(event, store, input_dir, self._predictor.sha256, listed)
        stamps, keys, cached = found.stamps, found.keys, found.measures
        failures = {**event.failed, **{path: listing.why_unseen(path) or PHOTO_IS_GONE for path in found.gone}}
        if event.faces and not stamps:
            place = self._context.settings.input_address or input_dir
            raise PhotosMissingError(
                f"none of the {len(event.faces)} photos of {self._output / FACE_DATA} is in {place}; they were "
                f"clustered from {event.input_dir}: give the same --input, or run the clustering again"
            )
        tasks = [
            MeasureTask(
                path,
                stamp.path,
                tuple((row.facial_area, row.landmarks) for row in event.faces[path]),
                found.analysis_key,
                keys[path],
                stamp.size_bytes,
            )
            for path, stamp in stamps.items()
            if path not in cached and not only_known
        ]
        # Those of new photos go into the store and are read at the end, so that hours of measuring take no more memory.
        fresh: dict[str, tuple[str, str]] = {}
        for outcome in self._context.work_through(
            "measuring photos",
            score_photo_worker,
            tasks,
            done=len(cached) + len(failures),
            failed=len(failures),
        ):
            path = outcome.task.image_path
            if outcome.result is None:
                failures[path] = outcome.failure.reason if outcome.failure else "no result"
                continue
            fresh[path] = (outcome.result.sha256, keys[path])
            store.save_measures(stamps[path], outcome.result.sha256, keys[path], outcome.result.measures)
        measures = cached | store.measures(fresh)
        failures |= dict.fromkeys(fresh.keys() - measures.keys(), _NOT_READ_BACK)
        return measures, failures, len(cached)

    def _told(self, event: ScoringEvent) -> Mapping[str, FileTold]:
        """What other programs said in the files of all photos of the event, by image path."""
        paths = event.faces.keys() | event.failed.keys()
        return read_event_told(self._context.settings, paths, cancel=self._context.cancel) or _NOTHING_TOLD

    def _compositions(
        self, event: ScoringEvent, measures: Mapping[str, PhotoMeasures], listing: Listing
    ) -> Mapping[str, PhotoComposition]:
        """How people lie in the frame, by image path; nothing is read unless it has a weight."""
        if not self._scorer.rules.composition_asked_for:
            return NO_COMPOSITIONS
        return read_compositions(self._context.settings, event.faces, self._contents(measures, listing))

    def _clocks(self, event: ScoringEvent, measures: Mapping[str, PhotoMeasures], listing: Listing) -> EventClocks:
        """When the photos were taken, by clocks that are set by the pictures."""
        return read_clocks(
            self._context.store,
            self._contents(measures, listing),
            people_of(event.faces),
            clock_rules(self._context.settings),
            known={path: measured.capture_time for path, measured in measures.items()},
        )

    def _contents(self, measures: Mapping[str, PhotoMeasures], listing: Listing) -> dict[str, str]:
        """The SHA-256 of the photos that were measured, by image path."""
        stamps = {
            photo.image_path: FileStamp(photo.path, photo.size_bytes, photo.mtime_ns)
            for photo in listing.photos
            if photo.image_path in measures
        }
        hashes = self._context.store.known_hashes(stamps.values())
        return {path: hashes[stamp.path] for path, stamp in stamps.items() if stamp.path in hashes}
