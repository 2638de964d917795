"""The JSON schema of the document of a picture, made of the same names as the document itself."""

from __future__ import annotations

from curation.domain.assets.document import ASSET_VERSION
from curation.domain.attributes.estimate_schemas import age_schema, classes_schema
from curation.domain.bodies.composition import CutAt
from curation.domain.bodies.pose import PoseJoint
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
from curation.domain.outfits.outfit import ColourName

__all__ = ["asset_schema"]

_BOX: Schema = {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4}


def asset_schema() -> Schema:
    """The schema (JSON Schema 2020-12) that every document of `asset_document` fits."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:curation:schema:asset:{ASSET_VERSION}",
        "title": f"All that was found in one picture, version {ASSET_VERSION}",
        "description": "Keys may be added to this version; none goes or changes its meaning. docs/assets.md explains "
        "them.",
        **record(
            version=said({"const": ASSET_VERSION}, "of this object"),
            sha256=said(SHA256, "of the bytes of the picture's file"),
            width=said({"type": "integer", "minimum": 1}, "of the upright full-size picture, in pixels"),
            height=said({"type": "integer", "minimum": 1}, "likewise"),
            people=said(listed({"$ref": "#/$defs/person"}), "from left to right"),
            cutout=_file("transparent PNG with all people; null if it was not made"),
            masks=record(
                person=_file("binary PNG of the picture's size: all people"), clothes=_file("likewise: their clothes")
            ),
            annotated=_file("JPEG with boxes, skeletons and names of colours"),
            files=said(listed(TEXT), "names of all files beside this record"),
            engine=said(TEXT, "what found the faces"),
            weights=said(listed(record(name=TEXT, sha256=SHA256)), "the model files that took part, by name"),
            notes=said(listed(TEXT), "what could not be told and why, in words"),
        ),
        "$defs": {
            "person": _person(),
            "keypoint": _keypoint(),
            "face": _face(),
            "outfit": _outfit(),
            "garment": _garment(),
            "color": _color(),
            "composition": _composition(),
            "age_estimate": age_schema(),
            "class_estimate": classes_schema(),
        },
    }


def _file(description: str) -> Schema:
    return {"description": description, "type": ["string", "null"]}


def _person() -> Schema:
    return record(
        person_index=said(COUNT, "number of the person, from left to right"),
        bbox=said(
            _BOX,
            "x, y of the upper left corner, width, height of the body as far as it is in the picture, in pixels of the "
            "upright full-size picture",
        ),
        confidence=said(SHARE, "that a person is there"),
        keypoints=or_null(
            listed({"$ref": "#/$defs/keypoint"}, length=len(PoseJoint)),
            "the 33 landmarks of BlazePose in its order; null if the network sees no pose",
        ),
        pose_confidence=or_null(SHARE, "of the skeleton"),
        face=or_null({"$ref": "#/$defs/face"}, "null if none was found, as with people from behind"),
        dominant_colors=or_null(
            {"$ref": "#/$defs/outfit"}, "of the clothes; null if none were found or nothing of them is in the picture"
        ),
        age=or_null(
            {"$ref": "#/$defs/age_estimate"}, "the apparent age; null if it was not asked for or there is no face"
        ),
        sex=or_null(
            {"$ref": "#/$defs/class_estimate"},
            "what the network takes the face for; null if it was not asked for or there is no face",
        ),
        composition={"$ref": "#/$defs/composition"},
        cutout=_file("file with this person alone, where the picture has several; null if it was not made"),
        clothes_share=or_null(SHARE, "the clothes' share of the person's mask"),
        mask_confidence=or_null(SHARE, "mean certainty of the person's mask inside its outline"),
        clothes_confidence=or_null(SHARE, "likewise of the clothing mask"),
        signature=said(
            listed(NUMBER),
            'colours below the chin as numbers, to compare outfits within one event; empty for "cannot tell"',
        ),
    )


def _keypoint() -> Schema:
    return record(
        name=said({"enum": [joint.name.lower() for joint in PoseJoint]}, "left and right are the person's own"),
        x=said(NUMBER, "in pixels of the upright full-size picture; outside of it the network guesses"),
        y=said(NUMBER, "likewise"),
        z=said(NUMBER, "depth in the same unit, 0 at the middle of the hips, smaller towards the camera; rough"),
        visibility=said(SHARE, "that it is in the picture and not hidden"),
    )


def _face() -> Schema:
    return record(
        face_index=said(COUNT, "number of the face in the picture, from left to right, as in face_data.csv"),
        bbox=said(_BOX, "x, y, width, height in pixels"),
        landmarks5=said(
            listed(listed(NUMBER, length=2), length=5),
            "right eye, left eye, nose, right and left corner of the mouth, from the person's own view; x, y in pixels",
        ),
        confidence=said(SHARE, "of the detector"),
    )


def _outfit() -> Schema:
    return said(
        record(
            top={"$ref": "#/$defs/garment"},
            bottom={"$ref": "#/$defs/garment"},
            coloured_light=said(BOOLEAN, "whether the light itself seems coloured, so that all names are doubtful"),
        ),
        "above and below the hips; a dress is both",
    )


def _garment() -> Schema:
    return record(
        colors=said(listed({"$ref": "#/$defs/color"}), 'the largest share first; empty for "cannot tell"'),
        confidence=said(SHARE, "that the first name is right"),
        pixels=said(COUNT, "how many full-size pixels it was read from"),
    )


def _color() -> Schema:
    return record(
        name=said({"enum": [name.value for name in ColourName]}, "for people to read and to search for"),
        share=said(SHARE, "of the garment's pixels"),
        rgb=said(listed({"type": "integer", "minimum": 0, "maximum": 255}, length=3), "mean of these pixels, sRGB"),
        hex=said({"type": "string", "pattern": "^#[0-9a-f]{6}$"}, "the same as #rrggbb"),
    )


def _composition() -> Schema:
    return record(
        cut_at=said(
            {"enum": [place.value for place in CutAt]},
            "where the edge of the picture cuts the body; a joint is named only if the edge is surely near it, `legs` "
            'is the coarser word, `unknown` is "cannot tell"',
        ),
        cut_certainty=SHARE,
        cut_is_fault=said(BOOLEAN, "whether the cut looks like a mistake: at feet, knees or wrists"),
        headroom=or_null(
            NUMBER,
            'free height above the head per height of the picture; negative if the head is cut; null for "cannot tell"',
        ),
        frame_share=said(SHARE, "area of the body's box per area of the picture"),
        tilt_deg=or_null(
            {"type": "number", "minimum": -90, "maximum": 90},
            "of the shoulders against the horizon, positive if the one on the right of the picture is lower; null for "
            '"cannot tell"',
        ),
        overlapped_by=said(listed(COUNT), "numbers of the people in front of this one"),
    )
