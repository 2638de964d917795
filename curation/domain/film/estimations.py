"""The three outputs of the analysis of a trailer, as plain lists and dicts of JSON values.

`aggregated_estimations` has the characters, `embedded_faces` the faces that were embedded, and
`flattened_faces_perso_ids` the character of each of these, in the same order.
"""

from __future__ import annotations

from typing import Any

from curation.domain.attributes.values import AgeEstimate, ClassEstimate
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.screen_time import persons_ids
from curation.domain.film.times import seconds_text

__all__ = ["UNKNOWN", "aggregated_estimations", "embedded_faces", "flattened_faces_perso_ids"]

UNKNOWN = "unknown"
"""The sex or ethnicity of a character of whom it cannot be told."""


def aggregated_estimations(result: TrailerResult) -> list[dict[str, Any]]:
    """One entry for each character, by `cluster_id`.

    Its keys:
        cluster_id: Of the character.
        name, category: That a person gave; empty if none.
        screen_time: In seconds, 3 decimals.
        screen_share: Of the film's duration, in [0, 1].
        appearances: How many times the character comes on screen.
        first, last: When first and until when last, in seconds.
        intervals: `[start, end]` of each appearance, in seconds.
        occupied_area: Mean share of the picture without black bars while on screen, in percent.
        largest_area: Largest such share of one picture, in percent.
        faces: How many faces were looked at.
        persons_ids: `{"frame_index", "track"}` of each picture in which the character was seen.
        confidence: Of the grouping, in [0, 1].
        sex, sex_confidence, sex_distribution: `female`, `male` or `unknown`; only if it was asked for.
        age, age_low, age_high, age_confidence: In years; null for "cannot tell"; only if it was asked for.
        ethnicity, ethnicity_confidence, ethnicity_distribution: A class of the reader or `unknown`; only if it was
            asked for.
    """
    return [_character(result, person) for person in result.people]


def _character(result: TrailerResult, person: FilmPerson) -> dict[str, Any]:
    out: dict[str, Any] = {
        "cluster_id": person.cluster_id,
        "name": person.name,
        "category": person.category,
        "screen_time": float(seconds_text(person.screen_time)),
        "screen_share": round(person.screen_share, 6),
        "appearances": len(person.intervals),
        "first": float(seconds_text(person.intervals[0].start)),
        "last": float(seconds_text(person.intervals[-1].end)),
        "intervals": [[float(seconds_text(start)), float(seconds_text(end))] for start, end in person.intervals],
        "occupied_area": round(100 * person.occupied_area, 4),
        "largest_area": round(100 * person.largest_area, 4),
        "faces": person.faces,
        "persons_ids": [
            {"frame_index": seen.frame_index, "track": seen.track} for seen in persons_ids(result.film, person.tracks)
        ],
        "confidence": round(person.confidence, 4),
    }
    if person.attributes is not None:
        if person.attributes.sex is not None:
            out |= _class("sex", person.attributes.sex)
        if person.attributes.age is not None:
            out |= _age(person.attributes.age)
        if person.attributes.ethnicity is not None:
            out |= _class("ethnicity", person.attributes.ethnicity)
    return out


def _class(name: str, estimate: ClassEstimate) -> dict[str, Any]:
    return {
        name: estimate.answer or UNKNOWN,
        f"{name}_confidence": round(estimate.certainty, 4),
        f"{name}_distribution": {
            one: round(share, 4) for one, share in zip(estimate.classes, estimate.distribution, strict=True)
        },
    }


def _age(estimate: AgeEstimate) -> dict[str, Any]:
    if not estimate.is_known:
        return {"age": None, "age_low": None, "age_high": None, "age_confidence": 0.0}
    return {
        "age": round(estimate.years, 1),
        "age_low": round(estimate.low, 1),
        "age_high": round(estimate.high, 1),
        "age_confidence": round(estimate.certainty, 4),
    }


def embedded_faces(result: TrailerResult) -> list[dict[str, Any]]:
    """The best faces of all tracks, by track and best first.

    Their keys: `track`, `frame_index`, `time` in seconds, `facial_area` (x, y, w, h in pixels of the upright picture),
    `landmarks` (five points x, y), `detection_confidence`, `sharpness`, `yaw_deg`, `face_quality` and `embedding`, a
    list of numbers of unit length.
    """
    return [
        {
            "track": index,
            "frame_index": face.frame_index,
            "time": float(seconds_text(face.time)),
            "facial_area": list(face.face.detected.box),
            "landmarks": [[round(point.x, 2), round(point.y, 2)] for point in face.face.detected.landmarks],
            "detection_confidence": round(face.face.detected.confidence, 4),
            "sharpness": round(face.face.quality.sharpness, 4),
            "yaw_deg": round(face.face.quality.yaw_deg, 1),
            "face_quality": round(face.face.quality.score, 4),
            "embedding": face.face.detected.embedding.tolist(),
        }
        for index, track in enumerate(result.film.tracks)
        for face in track.faces
    ]


def flattened_faces_perso_ids(result: TrailerResult) -> list[int]:
    """The `cluster_id` of each of `embedded_faces`; -1 for faces of nobody and of characters that were dropped."""
    of_track = {index: person.cluster_id for person in result.people for index in person.tracks}
    return [of_track.get(index, -1) for index, track in enumerate(result.film.tracks) for _ in track.faces]
