"""A segment's findings as bytes: JSON, then embeddings and chips one after the other. Nothing is lost or rounded."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FaceQuality, FiveLandmarks, Point
from curation.domain.film.clip import ClipFacts, Shot
from curation.domain.film.times import Interval, rational, rational_text
from curation.domain.film.track import Sighting, Track, TrackFace
from curation.domain.film.tracking.segments import AnalysedSegment
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS

__all__ = ["pack_facts", "pack_segment", "unpack_facts", "unpack_segment"]

_MAGIC = b"film-segment-1\n"
_LENGTHS = struct.Struct("<II")  # of the compressed JSON and of the embeddings, in bytes


def pack_segment(segment: AnalysedSegment) -> bytes:
    """The findings as bytes; the same bytes for the same findings."""
    faces = [face for track in segment.tracks for face in track.faces]
    embeddings = [face.face.detected.embedding for face in faces] + [track.mean for track in segment.tracks]
    body = {
        "span": _interval_json(segment.span),
        "shots": [[shot.index, _interval_json(shot.span), list(shot.effective_area)] for shot in segment.shots],
        "tracks": [_track_json(track) for track in segment.tracks],
        "counts": [
            segment.frames_decoded,
            segment.frames_looked_at,
            segment.faces_embedded,
            segment.corrupt_count,
        ],
        "corrupt_frames": list(segment.corrupt_frames),
        "sharpness": list(segment.sharpness),
        "ends_with_cut": segment.ends_with_cut,
        "problem": segment.problem,
        "gaps": None if segment.gaps is None else [rational_text(gap) for gap in segment.gaps],
        "dimensions": [len(embedding) for embedding in embeddings],
        "chips": [len(face.face.chip_jpeg) for face in faces],
    }
    text = zlib.compress(json.dumps(body, separators=(",", ":")).encode(), 6)
    vectors = b"".join(np.asarray(embedding, dtype="<f4").tobytes() for embedding in embeddings)
    chips = b"".join(face.face.chip_jpeg for face in faces)
    return _MAGIC + _LENGTHS.pack(len(text), len(vectors)) + text + vectors + chips


def unpack_segment(packed: bytes) -> AnalysedSegment:
    """The findings of `pack_segment`.

    Raises:
        ValueError: If these are not such bytes, or they are damaged.
    """
    try:
        return _unpacked(packed)
    except PARSER_ERRORS as error:
        raise ValueError(f"these are not the findings of a segment ({error})") from error


def pack_facts(facts: ClipFacts, starts: Sequence[Fraction]) -> str:
    """What a film's file tells, and where its segments begin, as JSON."""
    told = asdict(facts)
    told["duration"] = rational_text(facts.duration)
    told["fps_average"] = None if facts.fps_average is None else rational_text(facts.fps_average)
    return json.dumps([told, [rational_text(start) for start in starts]], sort_keys=True)


def unpack_facts(text: str) -> tuple[ClipFacts, tuple[Fraction, ...]]:
    """The inverse of `pack_facts`.

    Raises:
        ValueError: If this is no such text.
    """
    try:
        told, starts = parse_json(text)
        told["duration"] = rational(told["duration"])
        if told["fps_average"] is not None:
            told["fps_average"] = rational(told["fps_average"])
        return ClipFacts(**told), tuple(rational(start) for start in starts)
    except PARSER_ERRORS as error:
        raise ValueError(str(error)) from error


def _unpacked(packed: bytes) -> AnalysedSegment:
    if not packed.startswith(_MAGIC):
        raise ValueError("of another version")
    text_bytes, vector_bytes = _LENGTHS.unpack_from(packed, len(_MAGIC))
    start = len(_MAGIC) + _LENGTHS.size
    body: dict[str, Any] = parse_json(zlib.decompress(packed[start : start + text_bytes]))
    start += text_bytes
    flat = np.frombuffer(packed[start : start + vector_bytes], dtype="<f4").astype(np.float32)
    edges = np.cumsum([0, *body["dimensions"]])
    if edges[-1] != len(flat):
        raise ValueError("embeddings are missing")
    vectors = [flat[first:last] for first, last in pairwise(edges)]
    start += vector_bytes
    chips = []
    for length in body["chips"]:
        chips.append(packed[start : start + length])
        start += length
    if start != len(packed):
        raise ValueError("chips are missing")
    embeddings, jpegs = iter(vectors), iter(chips)
    means = iter(vectors[len(chips) :])
    tracks = []
    for data in body["tracks"]:
        faces = tuple(_face(one, next(embeddings), next(jpegs)) for one in data["faces"])
        tracks.append(
            Track(
                shot=int(data["shot"]),
                span=_interval(data["span"]),
                sightings=tuple(_sighting(one) for one in data["sightings"]),
                faces=faces,
                mean=next(means),
                start_tolerance_s=float(data["tolerances"][0]),
                end_tolerance_s=float(data["tolerances"][1]),
            )
        )
    decoded, looked_at, embedded, corrupt = body["counts"]
    gaps = body["gaps"]
    return AnalysedSegment(
        span=_interval(body["span"]),
        shots=tuple(Shot(index, _interval(span), Box(*area)) for index, span, area in body["shots"]),
        tracks=tuple(tracks),
        frames_decoded=decoded,
        frames_looked_at=looked_at,
        faces_embedded=embedded,
        corrupt_frames=tuple(body["corrupt_frames"]),
        corrupt_count=corrupt,
        sharpness=tuple(body["sharpness"]),
        ends_with_cut=bool(body["ends_with_cut"]),
        problem=str(body["problem"]),
        gaps=None if gaps is None else (rational(gaps[0]), rational(gaps[1])),
    )


def _track_json(track: Track) -> dict[str, Any]:
    return {
        "shot": track.shot,
        "span": _interval_json(track.span),
        "sightings": [_sighting_json(sighting) for sighting in track.sightings],
        "faces": [_face_json(face) for face in track.faces],
        "tolerances": [track.start_tolerance_s, track.end_tolerance_s],
    }


def _sighting_json(sighting: Sighting) -> list[Any]:
    points = [list(point) for point in sighting.landmarks]
    return [rational_text(sighting.time), sighting.frame_index, list(sighting.box), points, sighting.confidence]


def _sighting(data: list[Any]) -> Sighting:
    time, number, box, points, confidence = data
    return Sighting(rational(time), number, Box(*box), _landmarks(points), confidence)


def _face_json(face: TrackFace) -> dict[str, Any]:
    detected, quality = face.face.detected, face.face.quality
    return {
        "time": rational_text(face.time),
        "frame": face.frame_index,
        "box": list(detected.box),
        "landmarks": [list(point) for point in detected.landmarks],
        "confidence": detected.confidence,
        "quality": [quality.size_px, quality.sharpness, quality.yaw_deg, quality.score],
        "attributes": None if face.attributes is None else _attributes_json(face.attributes),
    }


def _face(data: Mapping[str, Any], embedding: Any, chip: bytes) -> TrackFace:
    detected = DetectedFace(Box(*data["box"]), _landmarks(data["landmarks"]), data["confidence"], embedding)
    attributes = data["attributes"]
    return TrackFace(
        rational(data["time"]),
        data["frame"],
        AnalysedFace(detected, FaceQuality(*data["quality"]), chip),
        None if attributes is None else _attributes(attributes),
    )


def _attributes_json(attributes: FaceAttributes) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in ("age", "sex", "ethnicity"):
        value = getattr(attributes, name)
        if value is not None:
            told[name] = {field: getattr(value, field) for field in type(value).__dataclass_fields__}
    return told


def _attributes(data: Mapping[str, Any]) -> FaceAttributes:
    told: dict[str, Any] = {}
    for name, value in data.items():
        kind: Callable[..., Any] = AgeEstimate if name == "age" else ClassEstimate
        told[name] = kind(**{key: tuple(item) if isinstance(item, list) else item for key, item in value.items()})
    return FaceAttributes(**told)


def _landmarks(points: list[list[float]]) -> FiveLandmarks:
    return FiveLandmarks(*(Point(x, y) for x, y in points))


def _interval_json(span: Interval) -> list[str]:
    return [rational_text(span.start), rational_text(span.end)]


def _interval(data: list[str]) -> Interval:
    return Interval(rational(data[0]), rational(data[1]))
