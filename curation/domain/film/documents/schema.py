"""The JSON schema of the document of a film, made of the same names as the document itself."""

from __future__ import annotations

from curation.domain.attributes.estimate_schemas import age_schema, classes_schema
from curation.domain.film.clip import ClipStatus
from curation.domain.film.document import FILM_VERSION
from curation.domain.film.people import PosterStatus
from curation.domain.json_schema import (
    BOOLEAN,
    COUNT,
    NUMBER,
    SHA256,
    SHARE,
    TEXT,
    Schema,
    listed,
    or_null,
    record,
    said,
)

__all__ = ["film_schema"]

_RATIONAL: Schema = {"type": "string", "pattern": "^-?[0-9]+/[0-9]+$"}
_SIDE: Schema = {"type": "integer", "minimum": 1}
_BOX: Schema = {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4}
_POINTS = listed(listed(NUMBER, length=2), length=5)
_ROW = "row of the embeddings beside the document"


def film_schema() -> Schema:
    """The schema (JSON Schema 2020-12) that every document of `film_document` fits."""
    document = record(
        version=said({"const": FILM_VERSION}, "of this object"),
        source=said(TEXT, "path or address of the film, as the user knows it"),
        film={"$ref": "#/$defs/film"},
        people=said(listed({"$ref": "#/$defs/person"}), "the characters, by cluster_id"),
        dropped=said(
            listed(COUNT), "indices of tracks that are no character's: too few faces, too short, or too poor to compare"
        ),
        poster=or_null({"$ref": "#/$defs/poster"}, "null if there was none"),
        engine=said(TEXT, "what found and compared the faces"),
        weights=said(listed(record(name=TEXT, sha256=SHA256)), "the model files that took part, by name"),
        options=said(listed(record(name=TEXT, value=TEXT)), "on which the result depends; values as JSON in a text"),
    )
    files = {
        "type": "object",
        "required": ["embeddings.npy"],
        "properties": {"embeddings.npy": SHA256, "chips.npz": SHA256},
    }
    document["properties"]["files"] = said(files, "SHA-256 of the files that belong to it, in result.json only")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:curation:schema:film:{FILM_VERSION}",
        "title": f"A film with its characters, version {FILM_VERSION}",
        "description": "Keys may be added to this version; none goes or changes its meaning. Times are seconds since "
        "the start of the container, once exact as a rational such as 1001/24000, once rounded to thousandths (…_s). "
        "Boxes are x, y, width, height in pixels of the upright picture with square pixels. docs/video_outputs.md "
        "explains the rest.",
        **document,
        "$defs": {
            "film": _film(),
            "shot": _shot(),
            "track": _track(),
            "sighting": _sighting(),
            "face": _face(),
            "person": _person(),
            "span": record(**_span()),
            "poster": _poster(),
            "poster_face": _poster_face(),
            "age_estimate": age_schema(),
            "class_estimate": classes_schema(),
        },
    }


def _time(name: str, description: str) -> Schema:
    return {name: said(_RATIONAL, description), f"{name}_s": said(NUMBER, "the same, rounded to thousandths")}


def _span() -> Schema:
    return {**_time("start", "belongs to it"), **_time("end", "does not belong to it any more")}


def _film() -> Schema:
    return record(
        **_time("duration", "from the first to the end of the last picture"),
        width=said(_SIDE, "of the upright picture with square pixels, in pixels"),
        height=said(_SIDE, "likewise"),
        rotation_deg=said(
            {"enum": [0, 90, 180, 270]}, "by how much the stored picture is turned clockwise to be upright"
        ),
        is_mirrored=said(BOOLEAN, "whether the stored picture is mirrored besides"),
        fps_average=or_null(_RATIONAL, "decoded pictures a second; null for fewer than two"),
        is_vfr=said(BOOLEAN, "whether the time between pictures varies"),
        is_hdr=said(BOOLEAN, "whether the brightness is coded as PQ or HLG"),
        is_interlaced=said(BOOLEAN, "whether half pictures were joined"),
        has_audio=BOOLEAN,
        codec=said(TEXT, "of the picture, as FFmpeg calls it"),
        start_timecode=said(TEXT, "SMPTE time code of the first picture; empty if the file has none"),
        capture_time=said(TEXT, "ISO 8601; empty if unknown"),
        status=said({"enum": [each.value for each in ClipStatus]}, "how much could be looked at"),
        problem=said(TEXT, "why it is not all, in words; empty if it is"),
        frames_decoded=COUNT,
        frames_looked_at=said(COUNT, "in which faces were looked for"),
        corrupt_count=said(COUNT, "pictures that were damaged or could not be decoded"),
        corrupt_frames=said(listed(COUNT), "their numbers, at most the first 1,000"),
        sharpness=said(SHARE, "median over the pictures that were looked at"),
        notes=said(listed(TEXT), "what the user should know besides"),
        shots=said(listed({"$ref": "#/$defs/shot"}), "by time"),
        tracks=said(listed({"$ref": "#/$defs/track"}), "appearances of faces, by start, then from left to right"),
    )


def _shot() -> Schema:
    return record(shot_index=COUNT, **_span(), effective_area=said(_BOX, "the picture without black bars"))


def _track() -> Schema:
    return record(
        track_index=said(COUNT, "number in the list"),
        shot_index=COUNT,
        **_span(),
        start_tolerance_s=said(NUMBER, "how far the true start may lie from it, in seconds"),
        end_tolerance_s=said(NUMBER, "likewise for the end"),
        embedding_row=or_null(COUNT, f"{_ROW}: the mean of the track; null for one too poor to compare"),
        faces=said(listed({"$ref": "#/$defs/face"}), "the faces that were compared, best first"),
        sightings=said(listed({"$ref": "#/$defs/sighting"}), "the face in the pictures that were looked at, by time"),
    )


def _seen() -> Schema:
    return {
        **_time("time", "of the picture"),
        "frame_index": said(COUNT, "number of the picture in the order of presentation; damaged ones count"),
        "box": _BOX,
        "landmarks": said(
            _POINTS, "right eye, left eye, nose, right and left corner of the mouth, from the person's own view; x, y"
        ),
        "confidence": said(SHARE, "of the detector"),
    }


def _sighting() -> Schema:
    return record(**_seen())


def _estimates() -> Schema:
    return {
        "age": or_null({"$ref": "#/$defs/age_estimate"}, "null if it was not asked for, or could not be read"),
        "sex": or_null({"$ref": "#/$defs/class_estimate"}, "likewise"),
    }


def _chip() -> Schema:
    return said({"type": ["string", "null"]}, "picture of the face (JPEG, base64); null where it lies in a file")


def _face() -> Schema:
    return record(
        **_seen(),
        quality=record(
            size_px=said(COUNT, "shorter side of the face"),
            sharpness=SHARE,
            yaw_deg=said(NUMBER, "turn of the head to the side; 0 is frontal"),
            score=said(SHARE, "all of it in one number"),
        ),
        embedding_row=said(COUNT, _ROW),
        **_estimates(),
        chip_jpeg=_chip(),
    )


def _with_ethnicity(schema: Schema) -> Schema:
    schema["properties"]["ethnicity"] = said(
        {"$ref": "#/$defs/class_estimate"}, "over all faces of the character; there only if somebody asked for it"
    )
    return schema


def _person() -> Schema:
    schema = record(
        cluster_id=said(COUNT, "within the film or the event"),
        name=said(TEXT, "that a person gave; empty if none"),
        category=said({"enum": ["", "main", "important", "other"]}, "likewise"),
        confidence=said(SHARE, "how certain it is that the tracks are one person"),
        **_time("screen_time", "the sum of the intervals"),
        screen_share=said(SHARE, "of the film's duration"),
        occupied_area=said(SHARE, "mean share of the effective area that the face takes while on screen"),
        largest_area=said(SHARE, "largest such share of one picture"),
        faces=said(COUNT, "how many were looked at"),
        tracks=said(listed(COUNT), "indices, rising"),
        best_track=said(COUNT, "the one whose first face is the character's picture"),
        intervals=said(listed({"$ref": "#/$defs/span"}), "when the character is on screen"),
        embedding_row=or_null(COUNT, f"{_ROW}: the mean of the character"),
        **_estimates(),
    )
    schema["properties"]["known_person"] = said(
        record(
            person_id=said(TEXT, "of the gallery of known people"),
            name=TEXT,
            answer=said({"enum": ["name", "ask"]}, "whether it is this person, or may be"),
            certainty=SHARE,
        ),
        "whose name is proposed; there only with a gallery, for a character without a name",
    )
    return _with_ethnicity(schema)


def _poster() -> Schema:
    return record(
        width=said(_SIDE, "of the upright poster, in pixels"),
        height=said(_SIDE, "likewise"),
        unmatched=said(COUNT, "faces that are no character"),
        faces=said(listed({"$ref": "#/$defs/poster_face"}), "from left to right"),
    )


def _poster_face() -> Schema:
    schema = record(
        face_index=COUNT,
        box=_BOX,
        confidence=said(SHARE, "of the detector"),
        status={"enum": [each.value for each in PosterStatus]},
        cluster_id=or_null(COUNT, "of the character; null unless matched"),
        distance=or_null(NUMBER, "Euclidean distance of unit vectors to the nearest character's mean"),
        next_distance=or_null(NUMBER, "likewise to the second nearest"),
        nearest_face_distance=or_null(NUMBER, "to the nearest single face of any character"),
        occupied_area=said(SHARE, "of the poster's area"),
        **_estimates(),
        chip_jpeg=_chip(),
    )
    return _with_ethnicity(schema)
