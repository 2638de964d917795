"""The JSON schema of the document of a picture, made of the same names as the document itself."""

from __future__ import annotations

from typing import Any

from curation.domain.assets.document import ASSET_VERSION
from curation.domain.bodies.composition import CutAt
from curation.domain.bodies.pose import PoseJoint
from curation.domain.outfits.outfit import ColourName

__all__ = ["asset_schema"]

_Schema = dict[str, Any]

_NUMBER: _Schema = {"type": "number"}
_SHARE: _Schema = {"type": "number", "minimum": 0, "maximum": 1}
_COUNT: _Schema = {"type": "integer", "minimum": 0}
_BOOLEAN: _Schema = {"type": "boolean"}
_TEXT: _Schema = {"type": "string"}
_SHA256: _Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_BOX: _Schema = {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4}


def asset_schema() -> _Schema:
    """The schema (JSON Schema 2020-12) that every document of `asset_document` fits."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:curation:schema:asset:{ASSET_VERSION}",
        "title": f"All that was found in one picture, version {ASSET_VERSION}",
        "description": "Keys may be added to this version; none goes or changes its meaning. docs/assets.md explains "
        "them.",
        **_object(
            version=_said({"const": ASSET_VERSION}, "of this object"),
            sha256=_said(_SHA256, "of the bytes of the picture's file"),
            width=_said({"type": "integer", "minimum": 1}, "of the upright full-size picture, in pixels"),
            height=_said({"type": "integer", "minimum": 1}, "likewise"),
            people=_said(_list({"$ref": "#/$defs/person"}), "from left to right"),
            cutout=_file("transparent PNG with all people; null if it was not made"),
            masks=_object(
                person=_file("binary PNG of the picture's size: all people"), clothes=_file("likewise: their clothes")
            ),
            annotated=_file("JPEG with boxes, skeletons and names of colours"),
            files=_said(_list(_TEXT), "names of all files beside this record"),
            engine=_said(_TEXT, "what found the faces"),
            weights=_said(_list(_object(name=_TEXT, sha256=_SHA256)), "the model files that took part, by name"),
            notes=_said(_list(_TEXT), "what could not be told and why, in words"),
        ),
        "$defs": {
            "person": _person(),
            "keypoint": _keypoint(),
            "face": _face(),
            "outfit": _outfit(),
            "garment": _garment(),
            "color": _color(),
            "composition": _composition(),
            "age_estimate": _age(),
            "class_estimate": _classes(),
        },
    }


def _said(schema: _Schema, description: str) -> _Schema:
    return {"description": description, **schema}


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: _Schema, *, length: int | None = None) -> _Schema:
    bounds = {} if length is None else {"minItems": length, "maxItems": length}
    return {"type": "array", "items": items, **bounds}


def _or_null(schema: _Schema, description: str) -> _Schema:
    return {"description": description, "anyOf": [{"type": "null"}, schema]}


def _file(description: str) -> _Schema:
    return {"description": description, "type": ["string", "null"]}


def _person() -> _Schema:
    return _object(
        person_index=_said(_COUNT, "number of the person, from left to right"),
        bbox=_said(
            _BOX,
            "x, y of the upper left corner, width, height of the body as far as it is in the picture, in pixels of the "
            "upright full-size picture",
        ),
        confidence=_said(_SHARE, "that a person is there"),
        keypoints=_or_null(
            _list({"$ref": "#/$defs/keypoint"}, length=len(PoseJoint)),
            "the 33 landmarks of BlazePose in its order; null if the network sees no pose",
        ),
        pose_confidence=_or_null(_SHARE, "of the skeleton"),
        face=_or_null({"$ref": "#/$defs/face"}, "null if none was found, as with people from behind"),
        dominant_colors=_or_null(
            {"$ref": "#/$defs/outfit"}, "of the clothes; null if none were found or nothing of them is in the picture"
        ),
        age=_or_null(
            {"$ref": "#/$defs/age_estimate"}, "the apparent age; null if it was not asked for or there is no face"
        ),
        sex=_or_null(
            {"$ref": "#/$defs/class_estimate"},
            "what the network takes the face for; null if it was not asked for or there is no face",
        ),
        composition={"$ref": "#/$defs/composition"},
        cutout=_file("file with this person alone, where the picture has several; null if it was not made"),
        clothes_share=_or_null(_SHARE, "the clothes' share of the person's mask"),
        mask_confidence=_or_null(_SHARE, "mean certainty of the person's mask inside its outline"),
        clothes_confidence=_or_null(_SHARE, "likewise of the clothing mask"),
        signature=_said(
            _list(_NUMBER),
            'colours below the chin as numbers, to compare outfits within one event; empty for "cannot tell"',
        ),
    )


def _keypoint() -> _Schema:
    return _object(
        name=_said({"enum": [joint.name.lower() for joint in PoseJoint]}, "left and right are the person's own"),
        x=_said(_NUMBER, "in pixels of the upright full-size picture; outside of it the network guesses"),
        y=_said(_NUMBER, "likewise"),
        z=_said(_NUMBER, "depth in the same unit, 0 at the middle of the hips, smaller towards the camera; rough"),
        visibility=_said(_SHARE, "that it is in the picture and not hidden"),
    )


def _face() -> _Schema:
    return _object(
        face_index=_said(_COUNT, "number of the face in the picture, from left to right, as in face_data.csv"),
        bbox=_said(_BOX, "x, y, width, height in pixels"),
        landmarks5=_said(
            _list(_list(_NUMBER, length=2), length=5),
            "right eye, left eye, nose, right and left corner of the mouth, from the person's own view; x, y in pixels",
        ),
        confidence=_said(_SHARE, "of the detector"),
    )


def _outfit() -> _Schema:
    return _said(
        _object(
            top={"$ref": "#/$defs/garment"},
            bottom={"$ref": "#/$defs/garment"},
            coloured_light=_said(_BOOLEAN, "whether the light itself seems coloured, so that all names are doubtful"),
        ),
        "above and below the hips; a dress is both",
    )


def _garment() -> _Schema:
    return _object(
        colors=_said(_list({"$ref": "#/$defs/color"}), 'the largest share first; empty for "cannot tell"'),
        confidence=_said(_SHARE, "that the first name is right"),
        pixels=_said(_COUNT, "how many full-size pixels it was read from"),
    )


def _color() -> _Schema:
    return _object(
        name=_said({"enum": [name.value for name in ColourName]}, "for people to read and to search for"),
        share=_said(_SHARE, "of the garment's pixels"),
        rgb=_said(_list({"type": "integer", "minimum": 0, "maximum": 255}, length=3), "mean of these pixels, sRGB"),
        hex=_said({"type": "string", "pattern": "^#[0-9a-f]{6}$"}, "the same as #rrggbb"),
    )


def _composition() -> _Schema:
    return _object(
        cut_at=_said(
            {"enum": [place.value for place in CutAt]},
            "where the edge of the picture cuts the body; a joint is named only if the edge is surely near it, `legs` "
            'is the coarser word, `unknown` is "cannot tell"',
        ),
        cut_certainty=_SHARE,
        cut_is_fault=_said(_BOOLEAN, "whether the cut looks like a mistake: at feet, knees or wrists"),
        headroom=_or_null(
            _NUMBER,
            'free height above the head per height of the picture; negative if the head is cut; null for "cannot tell"',
        ),
        frame_share=_said(_SHARE, "area of the body's box per area of the picture"),
        tilt_deg=_or_null(
            {"type": "number", "minimum": -90, "maximum": 90},
            "of the shoulders against the horizon, positive if the one on the right of the picture is lower; null for "
            '"cannot tell"',
        ),
        overlapped_by=_said(_list(_COUNT), "numbers of the people in front of this one"),
    )


def _age() -> _Schema:
    return _object(
        years=_said(_NUMBER, "the best single number"),
        low=_said(_NUMBER, "lower end of the range that holds four of five true ages"),
        high=_said(_NUMBER, "its upper end"),
        certainty=_said(
            _SHARE, "how likely the true age is within ten years; 0 if nothing was measured for these weights"
        ),
        is_known=_said(_BOOLEAN, 'whether the value may be used; false is "cannot tell"'),
        ages=_said(_list(_NUMBER), "the ages to which `distribution` belongs"),
        distribution=_said(_list(_SHARE), "probability of each"),
        reader=_said(_TEXT, "name of the reader"),
    )


def _classes() -> _Schema:
    return _object(
        answer=_said({"type": ["string", "null"]}, 'the most likely class; null is "cannot tell"'),
        certainty=_said(_SHARE, "how likely the most likely class is the right one"),
        classes=_said(_list(_TEXT), "names of the classes; for sex `female` and `male`"),
        distribution=_said(_list(_SHARE), "probability of each"),
        reader=_said(_TEXT, "name of the reader"),
    )
