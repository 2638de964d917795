"""The rows of the tables of films; their fields are the columns, in this order.

Columns are added only at the end, with a default, which stands for them in tables of earlier versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from fractions import Fraction
from statistics import median
from typing import Any

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.film.clip import ClipStatus
from curation.domain.film.people import FilmPerson, PosterFace, PosterStatus, TrailerResult
from curation.domain.film.track import FilmAnalysis, Track, TrackFace
from curation.storage.video.table_columns import (
    BOX,
    LANDMARKS,
    NUMBER,
    ROW,
    SECONDS,
    TEXT,
    TRUTH,
    UNIT,
    WHOLE,
    WHOLES,
    YEARS,
    column,
    one_of,
    or_empty,
)

__all__ = [
    "NOBODY",
    "FaceOfTrackRow",
    "FilmPersonRow",
    "PosterRow",
    "TrackRow",
    "VideoRow",
    "face_row",
    "failed_row",
    "person_row",
    "poster_row",
    "track_row",
    "video_row",
]

NOBODY = -1
"""The cluster_id of a track that is no character's."""


@dataclass(frozen=True, slots=True)
class VideoRow:
    """A row of videos.csv: one film."""

    video_path: str = field(metadata=column(TEXT))
    status: ClipStatus = field(metadata=column(one_of(ClipStatus)))
    error: str = field(metadata=column(TEXT))
    duration_s: Fraction | None = field(metadata=column(or_empty(SECONDS)))
    width: int | None = field(metadata=column(or_empty(WHOLE)))
    height: int | None = field(metadata=column(or_empty(WHOLE)))
    rotation_deg: int | None = field(metadata=column(or_empty(WHOLE)))
    fps_average: float | None = field(metadata=column(or_empty(NUMBER)))
    is_vfr: bool | None = field(metadata=column(or_empty(TRUTH)))
    hdr: bool | None = field(metadata=column(or_empty(TRUTH)))
    effective_area: Box | None = field(metadata=column(or_empty(BOX)))
    frames_decoded: int | None = field(metadata=column(or_empty(WHOLE)))
    corrupt_frames: int | None = field(metadata=column(or_empty(WHOLE)))
    shots: int | None = field(metadata=column(or_empty(WHOLE)))
    frames_looked_at: int | None = field(metadata=column(or_empty(WHOLE)))
    tracks: int | None = field(metadata=column(or_empty(WHOLE)))
    people: int | None = field(metadata=column(or_empty(WHOLE)))
    capture_time: str = field(metadata=column(TEXT))
    sharpness: float | None = field(default=None, metadata=column(or_empty(UNIT)))
    codec: str = field(default="", metadata=column(TEXT))
    has_audio: bool | None = field(default=None, metadata=column(or_empty(TRUTH)))
    start_timecode: str = field(default="", metadata=column(TEXT))
    dropped: int | None = field(default=None, metadata=column(or_empty(WHOLE)))
    notes: str = field(default="", metadata=column(TEXT))


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A row of video_tracks.csv: one appearance of one face."""

    video_path: str = field(metadata=column(TEXT))
    track_index: int = field(metadata=column(WHOLE))
    shot_index: int = field(metadata=column(WHOLE))
    start_s: Fraction = field(metadata=column(SECONDS))
    end_s: Fraction = field(metadata=column(SECONDS))
    cluster_id: int = field(metadata=column(ROW))
    cluster_confidence: float = field(metadata=column(UNIT))
    faces_looked_at: int = field(metadata=column(WHOLE))
    detection_confidence: float = field(metadata=column(UNIT))
    face_quality: float | None = field(metadata=column(or_empty(UNIT)))
    best_s: Fraction = field(metadata=column(SECONDS))
    facial_area: Box = field(metadata=column(BOX))
    median_area_share: float = field(metadata=column(UNIT))
    min_abs_yaw_deg: float | None = field(metadata=column(or_empty(NUMBER)))
    embedding_row: int | None = field(metadata=column(or_empty(WHOLE)))
    engine: str = field(metadata=column(TEXT))
    start_tolerance_s: float | None = field(default=None, metadata=column(or_empty(NUMBER)))
    end_tolerance_s: float | None = field(default=None, metadata=column(or_empty(NUMBER)))


@dataclass(frozen=True, slots=True)
class FaceOfTrackRow:
    """A row of video_faces.csv: one of the faces of a track that were embedded."""

    video_path: str = field(metadata=column(TEXT))
    track_index: int = field(metadata=column(WHOLE))
    time_s: Fraction = field(metadata=column(SECONDS))
    frame_index: int = field(metadata=column(WHOLE))
    facial_area: Box = field(metadata=column(BOX))
    landmarks: FiveLandmarks = field(metadata=column(LANDMARKS))
    detection_confidence: float = field(metadata=column(UNIT))
    sharpness: float = field(metadata=column(UNIT))
    yaw_deg: float = field(metadata=column(NUMBER))
    face_quality: float = field(metadata=column(UNIT))
    embedding_row: int = field(metadata=column(WHOLE))
    cluster_id: int | None = field(default=None, metadata=column(or_empty(ROW)))


@dataclass(frozen=True, slots=True)
class FilmPersonRow:
    """A row of video_people.csv: one character of one film.

    An empty gender (age, ethnicity) beside a confidence or a range is "cannot tell"; where these are empty too, it was
    not asked for, or nothing could be read.
    """

    video_path: str = field(metadata=column(TEXT))
    cluster_id: int = field(metadata=column(WHOLE))
    name: str = field(metadata=column(TEXT))
    category: str = field(metadata=column(TEXT))
    screen_time_s: Fraction = field(metadata=column(SECONDS))
    screen_share: float = field(metadata=column(UNIT))
    appearances: int = field(metadata=column(WHOLE))
    first_s: Fraction = field(metadata=column(SECONDS))
    last_s: Fraction = field(metadata=column(SECONDS))
    occupied_area: float = field(metadata=column(UNIT))
    largest_area: float = field(metadata=column(UNIT))
    persons_ids: tuple[int, ...] = field(metadata=column(WHOLES))
    faces: int = field(metadata=column(WHOLE))
    best_s: Fraction = field(metadata=column(SECONDS))
    gender: str = field(metadata=column(TEXT))
    gender_confidence: float | None = field(metadata=column(or_empty(UNIT)))
    age: float | None = field(metadata=column(or_empty(YEARS)))
    age_low: float | None = field(metadata=column(or_empty(YEARS)))
    age_high: float | None = field(metadata=column(or_empty(YEARS)))
    ethnicity: str = field(metadata=column(TEXT))
    ethnicity_confidence: float | None = field(metadata=column(or_empty(UNIT)))
    cluster_confidence: float | None = field(default=None, metadata=column(or_empty(UNIT)))


@dataclass(frozen=True, slots=True)
class PosterRow:
    """A row of posters.csv: one face of one poster; empty gender, age and ethnicity are also "cannot tell"."""

    poster_path: str = field(metadata=column(TEXT))
    item_id: str = field(metadata=column(TEXT))
    face_index: int = field(metadata=column(WHOLE))
    facial_area: Box = field(metadata=column(BOX))
    status: PosterStatus = field(metadata=column(one_of(PosterStatus)))
    cluster_id: int | None = field(metadata=column(or_empty(WHOLE)))
    distance: float | None = field(metadata=column(or_empty(NUMBER)))
    next_distance: float | None = field(metadata=column(or_empty(NUMBER)))
    nearest_face_distance: float | None = field(metadata=column(or_empty(NUMBER)))
    occupied_area: float = field(metadata=column(UNIT))
    gender: str = field(metadata=column(TEXT))
    age: float | None = field(metadata=column(or_empty(YEARS)))
    ethnicity: str = field(metadata=column(TEXT))
    detection_confidence: float | None = field(default=None, metadata=column(or_empty(UNIT)))


def video_row(path: str, result: TrailerResult) -> VideoRow:
    """The row of a film that was looked at, wholly or in part."""
    film, facts = result.film, result.film.facts
    return VideoRow(
        video_path=path,
        status=film.status,
        error=film.problem,
        duration_s=facts.duration,
        width=facts.width,
        height=facts.height,
        rotation_deg=facts.rotation_deg,
        fps_average=None if facts.fps_average is None else float(facts.fps_average),
        is_vfr=facts.is_vfr,
        hdr=facts.is_hdr,
        effective_area=_usual_area(film),
        frames_decoded=film.frames_decoded,
        corrupt_frames=film.corrupt_count,
        shots=len(film.shots),
        frames_looked_at=film.frames_looked_at,
        tracks=len(film.tracks),
        people=len(result.people),
        capture_time=facts.capture_time,
        sharpness=film.sharpness,
        codec=facts.codec,
        has_audio=facts.has_audio,
        start_timecode=facts.start_timecode,
        dropped=len(result.dropped),
        notes=" ".join(film.notes),
    )


def failed_row(path: str, error: str) -> VideoRow:
    """The row of a film that could not be looked at."""
    nothing: dict[str, Any] = {each.name: None for each in fields(VideoRow) if each.default is MISSING}
    known = {"video_path": path, "status": ClipStatus.FAILED, "error": error, "capture_time": ""}
    return VideoRow(**{**nothing, **known})


def _usual_area(film: FilmAnalysis) -> Box | None:
    """The picture without black bars as it is for most of the film."""
    lengths: dict[Box, Fraction] = {}
    for shot in film.shots:
        lengths[shot.effective_area] = lengths.get(shot.effective_area, Fraction(0)) + shot.span.length
    return max(lengths, key=lambda area: (lengths[area], area), default=None)


def track_row(
    path: str, index: int, result: TrailerResult, person: FilmPerson | None, embedding_row: int | None
) -> TrackRow:
    """The row of a track; `person` is the character, None for nobody."""
    track = result.film.tracks[index]
    best = max(track.sightings, key=lambda each: each.confidence)
    face = track.faces[0] if track.faces else None
    area = result.film.shots[track.shot].effective_area
    shares = [each.box.w * each.box.h / (area.w * area.h) for each in track.sightings]
    return TrackRow(
        video_path=path,
        track_index=index,
        shot_index=track.shot,
        start_s=track.span.start,
        end_s=track.span.end,
        cluster_id=NOBODY if person is None else person.cluster_id,
        cluster_confidence=0.0 if person is None else person.confidence,
        faces_looked_at=len(track.sightings),
        detection_confidence=best.confidence,
        face_quality=None if face is None else face.face.quality.score,
        best_s=best.time if face is None else face.time,
        facial_area=best.box if face is None else face.face.detected.box,
        median_area_share=min(median(shares), 1.0),
        min_abs_yaw_deg=min((abs(each.face.quality.yaw_deg) for each in track.faces), default=None),
        embedding_row=embedding_row,
        engine=result.engine,
        start_tolerance_s=track.start_tolerance_s,
        end_tolerance_s=track.end_tolerance_s,
    )


def face_row(path: str, index: int, face: TrackFace, person: FilmPerson | None, embedding_row: int) -> FaceOfTrackRow:
    """The row of a face of a track."""
    detected, quality = face.face.detected, face.face.quality
    return FaceOfTrackRow(
        video_path=path,
        track_index=index,
        time_s=face.time,
        frame_index=face.frame_index,
        facial_area=detected.box,
        landmarks=detected.landmarks,
        detection_confidence=detected.confidence,
        sharpness=quality.sharpness,
        yaw_deg=quality.yaw_deg,
        face_quality=quality.score,
        embedding_row=embedding_row,
        cluster_id=NOBODY if person is None else person.cluster_id,
    )


def person_row(path: str, person: FilmPerson, tracks: Sequence[Track]) -> FilmPersonRow:
    """The row of a character; `tracks` are all of the film."""
    best = tracks[person.best_track]
    age, sex, ethnicity = _told(person.attributes)
    return FilmPersonRow(
        video_path=path,
        cluster_id=person.cluster_id,
        name=person.name,
        category=person.category,
        screen_time_s=person.screen_time,
        screen_share=person.screen_share,
        appearances=len(person.intervals),
        first_s=person.intervals[0].start if person.intervals else Fraction(0),
        last_s=person.intervals[-1].end if person.intervals else Fraction(0),
        occupied_area=person.occupied_area,
        largest_area=person.largest_area,
        persons_ids=person.tracks,
        faces=person.faces,
        best_s=best.faces[0].time if best.faces else best.span.start,
        gender="" if sex is None else sex.answer or "",
        gender_confidence=None if sex is None else sex.certainty,
        age=age.years if age is not None and age.is_known else None,
        age_low=None if age is None else age.low,
        age_high=None if age is None else age.high,
        ethnicity="" if ethnicity is None else ethnicity.answer or "",
        ethnicity_confidence=None if ethnicity is None else ethnicity.certainty,
        cluster_confidence=person.confidence,
    )


def poster_row(path: str, item_id: str, face: PosterFace) -> PosterRow:
    """The row of a face of a poster."""
    age, sex, ethnicity = _told(face.attributes)
    return PosterRow(
        poster_path=path,
        item_id=item_id,
        face_index=face.face_index,
        facial_area=face.box,
        status=face.status,
        cluster_id=face.cluster_id,
        distance=face.distance,
        next_distance=face.next_distance,
        nearest_face_distance=face.nearest_face_distance,
        occupied_area=face.occupied_area,
        gender="" if sex is None else sex.answer or "",
        age=age.years if age is not None and age.is_known else None,
        ethnicity="" if ethnicity is None else ethnicity.answer or "",
        detection_confidence=face.confidence,
    )


def _told(attributes: FaceAttributes | None) -> tuple[AgeEstimate | None, ClassEstimate | None, ClassEstimate | None]:
    if attributes is None:
        return None, None, None
    return attributes.age, attributes.sex, attributes.ethnicity
