"""A film with its characters as a JSON object without loss: what is written can be read back.

docs/video_outputs.md describes it, docs/schemas/film.schema.json is its schema. Times stand there twice: as an exact
rational for programs, and in rounded seconds for people. Embeddings are rows of an array beside the document. Ethnicity
is written of characters alone, never of single faces, and only where it was asked for.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.domain.attributes.image_document import age_object, class_object
from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.face import FiveLandmarks
from curation.domain.film.clip import ClipFacts, Shot
from curation.domain.film.documents.json_values import JsonValue
from curation.domain.film.documents.reading import read_poster, read_result
from curation.domain.film.people import (
    NOBODY_KNOWN,
    FilmPerson,
    KnownCharacter,
    PosterFace,
    PosterResult,
    TrailerResult,
)
from curation.domain.film.times import Interval, rational_text, seconds_text
from curation.domain.film.track import Sighting, Track, TrackFace
from curation.errors import FilmDocumentError

__all__ = [
    "FILM_VERSION",
    "film_chips",
    "film_document",
    "film_embeddings",
    "poster_object",
    "poster_of_document",
    "result_of_document",
    "source_of_document",
]

FILM_VERSION = 1
"""Of the document; raised when a key changes its meaning or goes, not when one is added."""

_Object = dict[str, Any]


def film_document(
    result: TrailerResult,
    poster: PosterResult | None = None,
    *,
    source: str = "",
    with_chips: bool = True,
    known: Mapping[int, KnownCharacter] = NOBODY_KNOWN,
) -> _Object:
    """A film with its characters as a JSON object.

    Args:
        result: The film.
        poster: Its poster, if there is one.
        source: Path or address of the film, as the user knows it.
        with_chips: Whether the pictures of faces (JPEG, base64) are in it, which makes it several times larger.
        known: Names of known people that are proposed, by cluster id.

    Returns:
        Only dicts, lists, strings, numbers, booleans and None; always with the same keys in the same order, but for
        `known_person`, which only those have for whom a name is proposed.
    """
    film = result.film
    rows = count()
    face_rows = [[next(rows) for _ in track.faces] for track in film.tracks]
    track_rows = [next(rows) if track.mean.size else None for track in film.tracks]
    person_rows = [next(rows) if person.mean.size else None for person in result.people]
    return {
        "version": FILM_VERSION,
        "source": source,
        "film": {
            **_facts(film.facts),
            "status": film.status.value,
            "problem": film.problem,
            "frames_decoded": int(film.frames_decoded),
            "frames_looked_at": int(film.frames_looked_at),
            "corrupt_count": int(film.corrupt_count),
            "corrupt_frames": _whole(film.corrupt_frames),
            "sharpness": float(film.sharpness),
            "notes": list(film.notes),
            "shots": [_shot(each) for each in film.shots],
            "tracks": [
                _track(index, track, face_rows[index], track_rows[index], with_chips)
                for index, track in enumerate(film.tracks)
            ],
        },
        "people": [
            _person(each, row, known.get(each.cluster_id)) for each, row in zip(result.people, person_rows, strict=True)
        ],
        "dropped": _whole(result.dropped),
        "poster": None if poster is None else poster_object(poster, with_chips=with_chips),
        "engine": result.engine,
        "weights": [{"name": name, "sha256": sha256} for name, sha256 in result.weights],
        "options": [{"name": name, "value": value} for name, value in result.options],
    }


def film_embeddings(result: TrailerResult) -> NDArray[np.float32]:
    """The vectors to which a document refers by row.

    Returns:
        (N, D) float32: those of the faces in the order of the document, then the means of tracks, then of characters.

    Raises:
        FilmDocumentError: If they are not all of one length.
    """
    tracks = result.film.tracks
    vectors = [
        *(face.face.detected.embedding for track in tracks for face in track.faces),
        *(track.mean for track in tracks if track.mean.size),
        *(person.mean for person in result.people if person.mean.size),
    ]
    if not vectors:
        return np.empty((0, 0), dtype=np.float32)
    if len({vector.shape for vector in vectors}) > 1:
        raise FilmDocumentError("the embeddings of this film are not all of one length")
    return np.stack(vectors).astype(np.float32, copy=False)


def film_chips(result: TrailerResult) -> tuple[bytes, ...]:
    """The pictures of the faces (JPEG) in the order of the document; the first ones of `film_embeddings` are theirs."""
    return tuple(face.face.chip_jpeg for track in result.film.tracks for face in track.faces)


def result_of_document(
    document: Mapping[str, Any], embeddings: ArrayLike, *, chips: Sequence[bytes] = ()
) -> TrailerResult:
    """The film of a JSON object that `film_document` made; keys that it does not know are skipped.

    Args:
        document: As parsed; nothing of it is trusted.
        embeddings: (N, D) that `film_embeddings` made.
        chips: That `film_chips` made, for a document without pictures; without them faces have empty pictures.

    Raises:
        FilmDocumentError: If it is of another version, or not such an object, or the vectors do not fit.
    """
    value = _checked(document)
    try:
        return read_result(value, _vectors(embeddings), chips)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _not_a_film(error) from error


def poster_of_document(document: Mapping[str, Any]) -> PosterResult | None:
    """The poster of a JSON object that `film_document` made, None if it has none.

    Raises:
        FilmDocumentError: If it is of another version, or not such an object.
    """
    value = _checked(document)
    try:
        return value["poster"].optional(read_poster)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _not_a_film(error) from error


def source_of_document(document: Mapping[str, Any]) -> str:
    """What the document says where the film came from.

    Raises:
        FilmDocumentError: If it is of another version, or not such an object.
    """
    value = _checked(document)
    try:
        return value["source"].text()
    except ValueError as error:
        raise _not_a_film(error) from error


def _checked(document: Mapping[str, Any]) -> JsonValue:
    if not isinstance(document, dict) or "version" not in document:
        raise FilmDocumentError("this is no document of a film: it is not an object with the key 'version'")
    version = document["version"]
    if type(version) is not int or version != FILM_VERSION:
        shown = ascii(version)[:20] if isinstance(version, int | float | str) else "of another kind"
        raise FilmDocumentError(
            f"this document of a film has the version {shown}, this program reads version {FILM_VERSION}: use the "
            "release of Curation that wrote it, or look at the film anew"
        )
    return JsonValue(document)


def _not_a_film(error: Exception) -> FilmDocumentError:
    return FilmDocumentError(f"this is no document of a film: {error}; look at the film anew to write it again")


def _vectors(embeddings: ArrayLike) -> NDArray[np.float32]:
    vectors = np.asarray(embeddings)
    if vectors.ndim != 2 or vectors.dtype != np.float32 or not bool(np.isfinite(vectors).all()):
        raise FilmDocumentError(
            f"the embeddings of a film are rows of finite float32, not {vectors.dtype} values of the shape "
            f"{vectors.shape}"
        )
    return vectors


def _time(name: str, time: Fraction) -> _Object:
    return {name: rational_text(time), f"{name}_s": float(seconds_text(time))}


def _span(span: Interval) -> _Object:
    return {**_time("start", span.start), **_time("end", span.end)}


def _facts(facts: ClipFacts) -> _Object:
    rate = facts.fps_average
    return {
        **_time("duration", facts.duration),
        "width": int(facts.width),
        "height": int(facts.height),
        "rotation_deg": int(facts.rotation_deg),
        "is_mirrored": facts.is_mirrored,
        "fps_average": None if rate is None else rational_text(rate),
        "is_vfr": facts.is_vfr,
        "is_hdr": facts.is_hdr,
        "is_interlaced": facts.is_interlaced,
        "has_audio": facts.has_audio,
        "codec": facts.codec,
        "start_timecode": facts.start_timecode,
        "capture_time": facts.capture_time,
    }


def _shot(shot: Shot) -> _Object:
    return {"shot_index": int(shot.index), **_span(shot.span), "effective_area": _whole(shot.effective_area)}


def _track(index: int, track: Track, face_rows: Sequence[int], row: int | None, with_chips: bool) -> _Object:
    return {
        "track_index": index,
        "shot_index": int(track.shot),
        **_span(track.span),
        "start_tolerance_s": float(track.start_tolerance_s),
        "end_tolerance_s": float(track.end_tolerance_s),
        "embedding_row": row,
        "faces": [_face(face, row, with_chips) for face, row in zip(track.faces, face_rows, strict=True)],
        "sightings": [_sighting(each) for each in track.sightings],
    }


def _sighting(sighting: Sighting) -> _Object:
    return {
        **_time("time", sighting.time),
        "frame_index": int(sighting.frame_index),
        "box": _whole(sighting.box),
        "landmarks": _points(sighting.landmarks),
        "confidence": float(sighting.confidence),
    }


def _face(face: TrackFace, row: int, with_chips: bool) -> _Object:
    detected, quality = face.face.detected, face.face.quality
    return {
        **_time("time", face.time),
        "frame_index": int(face.frame_index),
        "box": _whole(detected.box),
        "landmarks": _points(detected.landmarks),
        "confidence": float(detected.confidence),
        "quality": {
            "size_px": int(quality.size_px),
            "sharpness": float(quality.sharpness),
            "yaw_deg": float(quality.yaw_deg),
            "score": float(quality.score),
        },
        "embedding_row": row,
        **_age_and_sex(face.attributes),
        "chip_jpeg": _base64(face.face.chip_jpeg) if with_chips else None,
    }


def _person(person: FilmPerson, row: int | None, known: KnownCharacter | None) -> _Object:
    return {
        "cluster_id": int(person.cluster_id),
        "name": person.name,
        "category": person.category,
        "confidence": float(person.confidence),
        **_time("screen_time", person.screen_time),
        "screen_share": float(person.screen_share),
        "occupied_area": float(person.occupied_area),
        "largest_area": float(person.largest_area),
        "faces": int(person.faces),
        "tracks": _whole(person.tracks),
        "best_track": int(person.best_track),
        "intervals": [_span(each) for each in person.intervals],
        "embedding_row": row,
        **_age_and_sex(person.attributes),
        **_ethnicity(person.attributes),
        **({} if known is None else {"known_person": _known_person(known)}),
    }


def _known_person(known: KnownCharacter) -> _Object:
    return {
        "person_id": known.person_id,
        "name": known.name,
        "answer": known.answer,
        "certainty": float(known.certainty),
    }


def poster_object(poster: PosterResult, *, with_chips: bool = True) -> _Object:
    """A poster as a JSON object, as `film_document` has it under `poster`."""
    return {
        "width": int(poster.width),
        "height": int(poster.height),
        "unmatched": int(poster.unmatched),
        "faces": [_poster_face(face, with_chips) for face in poster.faces],
    }


def _poster_face(face: PosterFace, with_chips: bool) -> _Object:
    return {
        "face_index": int(face.face_index),
        "box": _whole(face.box),
        "confidence": float(face.confidence),
        "status": face.status.value,
        "cluster_id": None if face.cluster_id is None else int(face.cluster_id),
        "distance": _number(face.distance),
        "next_distance": _number(face.next_distance),
        "nearest_face_distance": _number(face.nearest_face_distance),
        "occupied_area": float(face.occupied_area),
        **_age_and_sex(face.attributes),
        **_ethnicity(face.attributes),
        "chip_jpeg": _base64(face.chip_jpeg) if with_chips else None,
    }


def _age_and_sex(attributes: FaceAttributes | None) -> _Object:
    """Null for what was not asked, or could not be read; an object that is not known is "cannot tell"."""
    age, sex = (None, None) if attributes is None else (attributes.age, attributes.sex)
    return {"age": None if age is None else age_object(age), "sex": None if sex is None else class_object(sex)}


def _ethnicity(attributes: FaceAttributes | None) -> _Object:
    """A key that is there only if somebody asked for it."""
    if attributes is None or attributes.ethnicity is None:
        return {}
    return {"ethnicity": class_object(attributes.ethnicity)}


def _whole(numbers: Sequence[int]) -> list[int]:
    return [int(value) for value in numbers]


def _points(landmarks: FiveLandmarks) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in landmarks]


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
