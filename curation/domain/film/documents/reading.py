"""Reads the parts of a film's document, see `curation.domain.film.document`; nothing in it is trusted.

Every function raises ValueError with the place in the document where something is wrong.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FaceQuality, FiveLandmarks, Point
from curation.domain.film.clip import ClipFacts, ClipStatus, Shot
from curation.domain.film.documents.json_values import JsonValue
from curation.domain.film.people import FilmPerson, PosterFace, PosterResult, PosterStatus, TrailerResult
from curation.domain.film.times import Interval
from curation.domain.film.track import FilmAnalysis, Sighting, Track, TrackFace

__all__ = ["read_poster", "read_result"]

_MAX_SIDE_PX = 1_000_000
_MAX_YEARS = 1000
_Vectors = NDArray[np.float32]


def read_result(document: JsonValue, vectors: _Vectors, chips: Sequence[bytes]) -> TrailerResult:
    """The film of a document whose version is right.

    Args:
        document: The whole document.
        vectors: (N, D) float32 to which it refers.
        chips: The pictures of the faces in their order, if they are not in the document; may be empty.
    """
    film = _film(document["film"], vectors, iter(chips))
    people = document["people"].many(lambda each: _person(each, film, vectors))
    if len({person.cluster_id for person in people}) != len(people):
        raise document["people"].wrong("people with a cluster_id each")
    return TrailerResult(
        film=film,
        people=people,
        dropped=document["dropped"].many(lambda each: each.whole(0, len(film.tracks) - 1)),
        engine=document["engine"].text(),
        weights=document["weights"].many(lambda each: (each["name"].text(), each["sha256"].text())),
        options=document["options"].many(lambda each: (each["name"].text(), each["value"].text())),
    )


def _film(value: JsonValue, vectors: _Vectors, chips: Any) -> FilmAnalysis:
    shots = value["shots"].many(_shot)
    return FilmAnalysis(
        facts=_facts(value),
        status=value["status"].one_of(ClipStatus),
        problem=value["problem"].text(),
        corrupt_frames=value["corrupt_frames"].many(JsonValue.whole),
        corrupt_count=value["corrupt_count"].whole(),
        frames_decoded=value["frames_decoded"].whole(),
        frames_looked_at=value["frames_looked_at"].whole(),
        sharpness=value["sharpness"].share(),
        shots=shots,
        tracks=value["tracks"].many(lambda each: _track(each, len(shots), vectors, chips)),
        notes=value["notes"].many(JsonValue.text),
    )


def _facts(value: JsonValue) -> ClipFacts:
    duration, rate = value["duration"].rational(), value["fps_average"].optional(JsonValue.rational)
    if duration < 0 or (rate is not None and rate <= 0):
        raise value.wrong("a film with a duration and a rate above 0")
    rotation = value["rotation_deg"].whole(0, 270)
    if rotation % 90:
        raise value["rotation_deg"].wrong("0, 90, 180 or 270")
    return ClipFacts(
        duration=duration,
        width=value["width"].whole(1, _MAX_SIDE_PX),
        height=value["height"].whole(1, _MAX_SIDE_PX),
        rotation_deg=rotation,
        is_mirrored=value["is_mirrored"].truth(),
        fps_average=rate,
        is_vfr=value["is_vfr"].truth(),
        is_hdr=value["is_hdr"].truth(),
        is_interlaced=value["is_interlaced"].truth(),
        has_audio=value["has_audio"].truth(),
        codec=value["codec"].text(),
        start_timecode=value["start_timecode"].text(),
        capture_time=value["capture_time"].text(),
    )


def _span(value: JsonValue) -> Interval:
    span = Interval(value["start"].rational(), value["end"].rational())
    if span.end < span.start:
        raise value.wrong("a part of a film whose end is not before its start")
    return span


def _shot(value: JsonValue) -> Shot:
    return Shot(value["shot_index"].whole(), _span(value), _box(value["effective_area"]))


def _track(value: JsonValue, shots: int, vectors: _Vectors, chips: Any) -> Track:
    sightings = value["sightings"].many(_sighting)
    if not sightings:
        raise value["sightings"].wrong("a list of at least one")
    return Track(
        shot=value["shot_index"].whole(0, shots - 1),
        span=_span(value),
        sightings=sightings,
        faces=value["faces"].many(lambda each: _face(each, vectors, chips)),
        mean=_mean(value["embedding_row"], vectors),
        start_tolerance_s=value["start_tolerance_s"].number(0),
        end_tolerance_s=value["end_tolerance_s"].number(0),
    )


def _sighting(value: JsonValue) -> Sighting:
    return Sighting(
        time=value["time"].rational(),
        frame_index=value["frame_index"].whole(),
        box=_box(value["box"]),
        landmarks=_landmarks(value["landmarks"]),
        confidence=value["confidence"].share(),
    )


def _face(value: JsonValue, vectors: _Vectors, chips: Any) -> TrackFace:
    quality = value["quality"]
    other_chip = next(chips, b"")
    chip = value["chip_jpeg"].optional(_base64)
    return TrackFace(
        time=value["time"].rational(),
        frame_index=value["frame_index"].whole(),
        face=AnalysedFace(
            detected=DetectedFace(
                box=_box(value["box"]),
                landmarks=_landmarks(value["landmarks"]),
                confidence=value["confidence"].share(),
                embedding=_vector(value["embedding_row"], vectors),
            ),
            quality=FaceQuality(
                size_px=quality["size_px"].whole(0, _MAX_SIDE_PX),
                sharpness=quality["sharpness"].share(),
                yaw_deg=quality["yaw_deg"].number(-360, 360),
                score=quality["score"].share(),
            ),
            chip_jpeg=other_chip if chip is None else chip,
        ),
        attributes=_attributes(value),
    )


def _person(value: JsonValue, film: FilmAnalysis, vectors: _Vectors) -> FilmPerson:
    last = len(film.tracks) - 1
    return FilmPerson(
        cluster_id=value["cluster_id"].whole(),
        name=value["name"].text(),
        category=value["category"].text(),
        tracks=value["tracks"].many(lambda each: each.whole(0, last)),
        confidence=value["confidence"].share(),
        intervals=value["intervals"].many(_span),
        screen_time=value["screen_time"].rational(),
        screen_share=value["screen_share"].share(),
        occupied_area=value["occupied_area"].share(),
        largest_area=value["largest_area"].share(),
        faces=value["faces"].whole(),
        best_track=value["best_track"].whole(0, last),
        attributes=_attributes(value),
        mean=_mean(value["embedding_row"], vectors),
    )


def read_poster(value: JsonValue) -> PosterResult:
    """A poster, as the document has it under `poster`."""
    return PosterResult(
        width=value["width"].whole(1, _MAX_SIDE_PX),
        height=value["height"].whole(1, _MAX_SIDE_PX),
        faces=value["faces"].many(_poster_face),
        unmatched=value["unmatched"].whole(),
    )


def _poster_face(value: JsonValue) -> PosterFace:
    return PosterFace(
        face_index=value["face_index"].whole(),
        box=_box(value["box"]),
        confidence=value["confidence"].share(),
        status=value["status"].one_of(PosterStatus),
        cluster_id=value["cluster_id"].optional(JsonValue.whole),
        distance=value["distance"].optional(_distance),
        next_distance=value["next_distance"].optional(_distance),
        nearest_face_distance=value["nearest_face_distance"].optional(_distance),
        occupied_area=value["occupied_area"].share(),
        attributes=_attributes(value),
        chip_jpeg=value["chip_jpeg"].optional(_base64) or b"",
    )


def _distance(value: JsonValue) -> float:
    return value.number(0.0, 3.0)


def _box(value: JsonValue) -> Box:
    x, y, w, h = value.many(lambda each: each.whole(-_MAX_SIDE_PX, _MAX_SIDE_PX), length=4)
    if w < 1 or h < 1:
        raise value.wrong("a box [x, y, w, h] that is not empty")
    return Box(x, y, w, h)


def _landmarks(value: JsonValue) -> FiveLandmarks:
    return FiveLandmarks(*value.many(_point, length=5))


def _point(value: JsonValue) -> Point:
    x, y = value.many(lambda each: each.number(-_MAX_SIDE_PX, _MAX_SIDE_PX), length=2)
    return Point(x, y)


def _vector(value: JsonValue, vectors: _Vectors) -> _Vectors:
    return np.array(vectors[value.whole(0, len(vectors) - 1)])


def _mean(value: JsonValue, vectors: _Vectors) -> _Vectors:
    vector = value.optional(lambda each: _vector(each, vectors))
    return np.empty(0, dtype=np.float32) if vector is None else vector


def _base64(value: JsonValue) -> bytes:
    try:
        return base64.b64decode(value.text(), validate=True)
    except ValueError:
        raise value.wrong("a picture in base64") from None


def _attributes(value: JsonValue) -> FaceAttributes | None:
    ethnicity = value.get("ethnicity")
    found = FaceAttributes(
        age=value["age"].optional(_age),
        sex=value["sex"].optional(_class),
        ethnicity=None if ethnicity is None else ethnicity.optional(_class),
    )
    return None if found == FaceAttributes() else found


def _age(value: JsonValue) -> AgeEstimate:
    return AgeEstimate(
        years=_years(value["years"]),
        low=_years(value["low"]),
        high=_years(value["high"]),
        certainty=value["certainty"].share(),
        is_known=value["is_known"].truth(),
        ages=value["ages"].many(_years),
        distribution=value["distribution"].many(JsonValue.number),
        reader=value["reader"].text(),
    )


def _years(value: JsonValue) -> float:
    return value.number(-_MAX_YEARS, _MAX_YEARS)


def _class(value: JsonValue) -> ClassEstimate:
    classes = value["classes"].many(JsonValue.text)
    distribution = value["distribution"].many(JsonValue.number, length=len(classes))
    if not classes:
        raise value["classes"].wrong("a list of at least one")
    answer = value["answer"].optional(JsonValue.text)
    return ClassEstimate(answer, value["certainty"].share(), classes, distribution, value["reader"].text())
