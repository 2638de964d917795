"""Clips beside photos: each is judged by its best moment, and its best pictures of people are proposed.

Moments are measured and judged by the same measures, rules and labels as photos. Nothing of the photos changes.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from curation.domain.choosing.best_frames import (
    BestFrame,
    ClipScore,
    FramePerson,
    PersonPhotos,
    Worth,
    frame_id,
    frame_value,
    is_worth_keeping,
    photos_of_person,
    worth_of,
)
from curation.domain.choosing.coverage import coverage, people_of_photos
from curation.domain.faces.face import FaceRow
from curation.domain.film.people import TrailerResult
from curation.domain.judging.photo_facts import FaceFacts, ScoredFace, ScoringInput, photo_facts
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.ranking import rank_photos
from curation.domain.labelling.labels import Category, EventPeople, Labels
from curation.domain.measuring.measures import MEASURES_VERSION, PhotoMeasures
from curation.domain.report import Failure, ScoringReport
from curation.engines.base import WeightsFile
from curation.errors import CurationError, FilmDocumentError
from curation.event.film.kept_results import found_result
from curation.event.film.looking import can_look
from curation.event.film.moment_task import MomentTask, measure_moment_worker
from curation.event.film.moments import Moment, chosen_moments
from curation.photos.files.listing import photo_path
from curation.pipelines.scoring.event import ScoringEvent, event_ages, read_event, read_event_labels, scored_faces
from curation.pipelines.scoring.rescoring import Rescorer
from curation.pipelines.scoring.scorer import PhotoScorer
from curation.pipelines.stage import RunContext, content_key
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from curation.storage.run_records import VIDEO_RUN, read_run_record
from curation.storage.together.new_files import new_files
from curation.storage.video.clip_scores_file import BEST_FRAMES, CLIP_SCORES, write_best_frames, write_clip_scores
from curation.storage.video.result_files import read_result

__all__ = ["ClipRanking", "RankedClips", "moment_capture_time", "with_clips"]

logger = logging.getLogger(__name__)

PHASE = "measuring clips"
FRAMES_OF_PERSON = 3
"""Pictures that are proposed for one person, from all clips."""
FRAMES_APART_S = Fraction(2)
"""Between two of them from one clip."""


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """A clip that was looked at."""

    video_path: str
    content: str
    capture_time: str
    stamp: FileStamp
    result: TrailerResult
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A person in a measured moment."""

    clip: _Clip
    moment: Moment
    score: PhotoScore
    face: FaceFacts
    cluster_id: int
    face_index: int


@dataclass(frozen=True, slots=True)
class RankedClips:
    """What was ranked: clips, pictures that are proposed, clips that failed, and what the user should know."""

    clips: int
    candidates: int
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()


class ClipRanking:
    """video_run.json and the results of clips in, clip_scores.csv and best_frames.csv out."""

    def __init__(self, context: RunContext, predictor: WeightsFile) -> None:
        """Take the run's context, whose workers have the landmark model."""
        self._context = context
        self._predictor = predictor
        self._settings = context.settings
        self._output = context.settings.io.output_dir
        self._scorer = PhotoScorer(context.settings.scoring)

    def run(self) -> RankedClips:
        """Rank the clips beside the photos, which must be scored. Nothing is written for an event without clips.

        Raises:
            FaceDataError: If a table is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled.
        """
        record = read_run_record(self._output / VIDEO_RUN)
        rows = [row for row in (record or {}).get("clips") or () if isinstance(row, dict)]
        if not rows:
            if (self._output / CLIP_SCORES).exists():  # there were clips before
                self._write([], [])
            return RankedClips(0, 0)
        if not can_look():
            return RankedClips(0, 0, warnings=("the clips were not ranked: make extras EXTRAS=video",))
        clips, failures = self._clips(rows)
        measures = self._measures(clips, failures)
        event = read_event(self._output)
        labels = self._labels(event, clips)
        of_photos = {row.cluster_id for faces in event.faces.values() for row in faces if row.cluster_id >= 0}
        in_clips = {person.cluster_id for clip in clips for person in clip.result.people}
        cast = labels.event_people(of_photos | in_clips)
        shown, best = self._judged(clips, measures, labels, cast, event, failures)
        photos = read_photo_scores(self._output / PHOTO_SCORES)
        ranks = _ranks(photos, [one.score for one in best] + [one.score for one in shown], self._scorer)
        scores = [
            replace(one, score=replace(one.score, rank=ranks[one.score.image_path], image_path=_clip_of(one.score)))
            for one in best
        ]
        scores += [ClipScore(failed_photo_score(path, reason), None) for path, reason in sorted(failures.items())]
        frames = self._frames(shown, ranks, self._photos(event, labels, photos))
        self._context.stop_if_cancelled()
        ordered = sorted(scores, key=lambda one: (one.score.final_score is None, one.score.rank, one.score.image_path))
        last = len(photos) + 1
        self._write(
            [one if one.score.rank else replace(one, score=replace(one.score, rank=last)) for one in ordered], frames
        )
        proposed = sum(frame.worth is not Worth.ALSO for frame in frames)
        told = tuple(Failure(path, reason) for path, reason in sorted(failures.items()))
        return RankedClips(len(best), proposed, told)

    def _write(self, scores: Sequence[ClipScore], frames: Sequence[BestFrame]) -> None:
        with new_files(self._output) as new:
            write_clip_scores(new.folder / CLIP_SCORES, scores)
            write_best_frames(new.folder / BEST_FRAMES, frames)
            new.publish()

    def _clips(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[_Clip], dict[str, str]]:
        io = self._settings.io
        clips, failures = [], {}
        for row in rows:
            path, content = str(row.get("video_path")), str(row.get("content") or "")
            if not content:
                failures[path] = str(row.get("error") or "it could not be looked at")
                continue
            stamp = stamp_of(photo_path(io.input_dir, path))
            if stamp is None:
                failures[path] = "the clip is gone: put it back, or look at the clips again"
                continue
            try:
                result = read_result(found_result(self._settings, content))
            except FilmDocumentError as error:
                logger.info("%s: %s", path, error)
                failures[path] = "its result is gone: look at the clips again (python -m curation video event)"
                continue
            capture = str(row.get("capture_time") or "")
            clips.append(_Clip(path, content, capture, stamp, result, chosen_moments(result)))
        return clips, failures

    def _measures(
        self, clips: Sequence[_Clip], failures: dict[str, str]
    ) -> Mapping[tuple[str, Fraction], PhotoMeasures]:
        """Measures by path and time of each moment that could be measured."""
        store = self._context.store
        keys = {(clip.video_path, moment.time): self._key(moment) for clip in clips for moment in clip.moments}
        contents = {clip.video_path: clip.content for clip in clips}
        stamps = {clip.video_path: clip.stamp for clip in clips}
        names = {f"{path}\0{time}": (path, time) for path, time in keys}
        known = store.measures({name: (contents[place[0]], keys[place]) for name, place in names.items()})
        measures = {names[name]: value for name, value in known.items()}
        tasks = [
            MomentTask(
                clip.video_path,
                clip.stamp.path,
                moment.time,
                tuple((face.box, face.landmarks) for face in moment.faces),
            )
            for clip in clips
            for moment in clip.moments
            if (clip.video_path, moment.time) not in measures
        ]
        if not tasks:
            return measures
        reasons: dict[str, str] = {}
        for outcome in self._context.work_through(PHASE, measure_moment_worker, tasks, done=len(measures)):
            place = outcome.task.image_path, outcome.task.time
            if outcome.result is None:
                reasons[place[0]] = outcome.failure.reason if outcome.failure else "no result"
                continue
            measures[place] = outcome.result
            store.save_measures(stamps[place[0]], contents[place[0]], keys[place], outcome.result)
        # A clip fails only if none of its moments could be measured.
        measured = {path for path, _ in measures}
        failures.update({path: reason for path, reason in reasons.items() if path not in measured})
        return measures

    def _key(self, moment: Moment) -> str:
        places = [[list(face.box), [list(point) for point in face.landmarks]] for face in moment.faces]
        return content_key([MEASURES_VERSION, self._predictor.sha256, "still", str(moment.time), places])

    def _labels(self, event: ScoringEvent, clips: Sequence[_Clip]) -> Labels:
        """The labels; without a file, whoever is in enough photos and clips together is important."""
        labels, is_labelled = read_event_labels(self._settings, event)
        if is_labelled:
            return labels
        seen: dict[int, set[str]] = defaultdict(set)
        for path, rows in event.faces.items():
            for row in rows:
                seen[row.cluster_id].add(path)
        for clip in clips:
            for person in clip.result.people:
                seen[person.cluster_id].add(clip.video_path)
        minimum = self._settings.clustering.min_cluster_photos
        return Labels.without_file(
            {cluster: len(places) for cluster, places in seen.items()}, min_cluster_photos=minimum
        )

    def _judged(
        self,
        clips: Sequence[_Clip],
        measures: Mapping[tuple[str, Fraction], PhotoMeasures],
        labels: Labels,
        cast: EventPeople,
        event: ScoringEvent,
        failures: dict[str, str],
    ) -> tuple[list[_Shown], list[ClipScore]]:
        """The main and important people of all measured moments, and the best moment of each clip."""
        ages = event_ages(self._settings, event, labels)
        rules = self._scorer.rules
        shown: list[_Shown] = []
        best: list[ClipScore] = []
        for clip in clips:
            of_clip: list[tuple[PhotoScore, Moment]] = []
            for moment in clip.moments:
                measured = measures.get((clip.video_path, moment.time))
                if measured is None:
                    continue
                self._context.stop_if_cancelled()
                rows = _rows(clip, moment)
                # One path a moment, so that each has its own place in the order.
                score = self._scorer.score(_moment_path(clip, moment), rows, labels, measured, cast, ages)
                of_clip.append((score, moment))
                faces = scored_faces(rows, labels, measured, ages)
                facts = photo_facts(faces, measured.focus, rules.thresholds, rules.excuses)
                for face in facts.key_people:
                    index = _face_index(face, faces)
                    shown.append(_Shown(clip, moment, score, face, rows[index].cluster_id, index))
            if of_clip:
                first = rank_photos([score for score, _ in of_clip], rules)[0]
                moment = next(one for score, one in of_clip if score.image_path == first.image_path)
                at = moment_capture_time(clip.capture_time, moment.time)
                best.append(ClipScore(first, moment.time, at))
            elif clip.video_path not in failures:
                failures[clip.video_path] = "no picture of it could be judged"
        return shown, best

    def _frames(
        self, shown: Sequence[_Shown], ranks: Mapping[str, int], photos: Mapping[str, PersonPhotos]
    ) -> list[BestFrame]:
        """For each main and important person the best pictures of all clips."""
        by_person: dict[str, list[_Shown]] = defaultdict(list)
        for one in shown:
            person = one.face.person
            if person is not None and not one.score.vetoes:
                is_only = photos.get(person.key, PersonPhotos()).count == 0
                if is_worth_keeping(one.face, is_only_picture=is_only):
                    by_person[person.key].append(one)
        frames: list[tuple[int, BestFrame]] = []
        for key, of_person in by_person.items():
            of_person.sort(key=lambda one: (-round(frame_value(one.face), 4), one.clip.video_path, one.moment.time))
            chosen: list[_Shown] = []
            for one in of_person:
                if len(chosen) < FRAMES_OF_PERSON and all(
                    one.clip is not other.clip or abs(one.moment.time - other.moment.time) >= FRAMES_APART_S
                    for other in chosen
                ):
                    chosen.append(one)
            of_key = photos.get(key, PersonPhotos())
            frames += [(number, self._frame(one, of_key, ranks)) for number, one in enumerate(chosen)]
        # First the best picture of each person.
        return [frame for _, frame in sorted(frames, key=lambda item: (item[0], item[1].order))]

    def _frame(self, one: _Shown, photos: PersonPhotos, ranks: Mapping[str, int]) -> BestFrame:
        path, time, face = one.clip.video_path, one.moment.time, one.face
        person = face.person
        category = Category.OTHER if person is None else person.category
        worth, sentence = worth_of(face.name, face, photos, time, path)
        return BestFrame(
            frame_id=frame_id(path, time, one.cluster_id),
            video_path=path,
            time=time,
            person=FramePerson(one.cluster_id, face.name, category.value),
            worth=worth,
            sentence=sentence,
            rank=ranks[one.score.image_path],
            final_score=one.score.final_score or 0.0,
            results_string=one.score.results_string,
            people=one.score.people,
            eyes=face.eyes,
            smile=face.smile,
            focus=face.focus,
            exposure=face.exposure,
            facial_area=one.moment.faces[one.face_index].box,
            best_photo=photos.best,
            capture_time=moment_capture_time(one.clip.capture_time, time),
        )

    def _photos(self, event: ScoringEvent, labels: Labels, ranked: Sequence[PhotoScore]) -> dict[str, PersonPhotos]:
        """What the photos of each person have, by the key of the person."""
        rules = self._scorer.rules
        ages = event_ages(self._settings, event, labels)
        shots = {
            path: ScoringInput(shot.measures, scored_faces(event.faces[path], labels, shot.measures, ages))
            for path, shot in Rescorer(self._settings).event().shots.items()
        }
        people = people_of_photos(shots, rules.thresholds, rules.excuses)
        faces: dict[str, list[FaceFacts]] = defaultdict(list)
        persons = {}
        for shot in shots.values():
            for face in photo_facts(shot.faces, shot.measures.focus, rules.thresholds, rules.excuses).key_people:
                if face.person is not None:
                    faces[face.person.key].append(face)
                    persons[face.person.key] = face.person
        return {
            one.person.key: photos_of_person(len(one.photos), one.good, faces[one.person.key])
            for one in coverage(ranked, people, persons.values())
        }


def with_clips(report: ScoringReport, clips: RankedClips) -> ScoringReport:
    """The report of a scoring with what became of the clips."""
    if not clips.clips and not clips.failures:
        return replace(report, warnings=(*report.warnings, *clips.warnings)) if clips.warnings else report
    told = []
    if clips.failures:
        first = clips.failures[0]
        counted = "1 clip is" if len(clips.failures) == 1 else f"{len(clips.failures)} clips are"
        told.append(f"{counted} not ranked ({first.image_path}: {first.reason}); see {CLIP_SCORES}")
    if clips.candidates:
        pictures = "1 picture" if clips.candidates == 1 else f"{clips.candidates} pictures"
        told.append(f"{pictures} of clips show somebody better than the photos do: see {BEST_FRAMES}")
    return replace(
        report,
        warnings=(*report.warnings, *clips.warnings, *told),
        outputs=(*report.outputs, CLIP_SCORES, BEST_FRAMES),
    )


def _face_index(face: FaceFacts, faces: Sequence[ScoredFace]) -> int:
    return next(other.face_index for other in faces if other.measures is face.measures)


def _moment_path(clip: _Clip, moment: Moment) -> str:
    return f"{clip.video_path}\0{moment.time}"


def _clip_of(score: PhotoScore) -> str:
    return score.image_path.partition("\0")[0]


def _ranks(photos: Sequence[PhotoScore], moments: Sequence[PhotoScore], scorer: PhotoScorer) -> dict[str, int]:
    """For each moment its place among the photos alone: one more than the photos that come before it."""
    of_photos = {photo.image_path for photo in photos}
    ranks: dict[str, int] = {}
    before = 0
    for score in rank_photos([*photos, *moments], scorer.rules):
        if score.image_path in of_photos:
            before += 1
        else:
            ranks[score.image_path] = before + 1
    return ranks


def _rows(clip: _Clip, moment: Moment) -> list[FaceRow]:
    return [
        FaceRow(
            image_path=clip.video_path,
            face_index=index,
            facial_area=face.box,
            detection_confidence=face.confidence,
            cluster_id=face.cluster_id,
            cluster_confidence=1.0,
            face_quality=face.quality,
            landmarks=face.landmarks,
            embedding_row=0,
            engine=clip.result.engine,
        )
        for index, face in enumerate(moment.faces)
    ]


def moment_capture_time(capture_time: str, time: Fraction) -> str:
    """When a moment of a clip was taken, ISO 8601 to the millisecond; empty if that is not known of the clip."""
    with suppress(ValueError, OverflowError, CurationError):
        if capture_time:
            began = datetime.fromisoformat(capture_time)
            return (began + timedelta(milliseconds=round(time * 1000))).isoformat(timespec="milliseconds")
    return ""
