"""Faces as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import ConfigDict, Field, model_validator

from curation.api.http.urls import face_picture_url
from curation.api.schemas.base import Out, Page, Sent, Whole
from curation.domain.faces.ids import FACE_ID_PATTERN, PHOTO_ID_PATTERN
from curation.domain.faces.index import FaceEntry
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category, Labels
from curation.domain.measuring.measures import FaceMeasures, Measure

__all__ = ["BoxOut", "DrawnFaceIn", "DrawnFaceOut", "FaceMeasuresOut", "FaceOut", "FacePage", "MeasureOut", "face_out"]

MAX_SIDE_PX = 1_000_000
MAX_CLUSTER_ID = 999_999_999
PhotoId = Annotated[str, Field(pattern=PHOTO_ID_PATTERN, examples=["5b41f1e3a0c9d27e"])]
FaceId = Annotated[str, Field(pattern=FACE_ID_PATTERN, examples=["5b41f1e3a0c9d27e-0"])]


class BoxOut(Out):
    """A rectangle in pixels of the upright full-size photo."""

    x: Annotated[int, Field(ge=0, examples=[1204])]
    """Left edge."""
    y: Annotated[int, Field(ge=0, examples=[388])]
    """Upper edge."""
    w: Annotated[int, Field(ge=1, examples=[240])]
    h: Annotated[int, Field(ge=1, examples=[310])]


class MeasureOut(Out):
    """One measure."""

    value: Annotated[float | None, Field(ge=0, le=1, examples=[0.93])]
    """From 0 to 1, more is better; null if it could not be measured."""
    reason: Annotated[str | None, Field(examples=["turned"])]
    """Why it could not be measured."""

    @classmethod
    def of(cls, measure: Measure) -> MeasureOut:
        """Convert a measure; the raw value is dropped."""
        return cls(
            value=None if measure.value is None else round(measure.value, 4),
            reason=None if measure.reason is None else measure.reason.value,
        )


class FaceMeasuresOut(Out):
    """The measures that the scoring took of a face."""

    eyes: MeasureOut
    """Both eyes together: from closed to open."""
    right_eye: MeasureOut
    """The person's right eye, which is on the left in the picture."""
    left_eye: MeasureOut
    smile: MeasureOut
    focus: MeasureOut
    exposure: MeasureOut
    yaw_deg: Annotated[float, Field(examples=[-12.5])]
    """Turn of the head to the side; 0 is frontal."""
    pitch_deg: float
    """Nod of the head; positive looks up."""
    roll_deg: float
    """Tilt of the head in the picture plane; positive is clockwise."""

    @classmethod
    def of(cls, measures: FaceMeasures) -> FaceMeasuresOut:
        """Convert the measures, rounded; raw values are dropped."""
        return cls(
            eyes=MeasureOut.of(measures.eyes),
            right_eye=MeasureOut.of(measures.right_eye),
            left_eye=MeasureOut.of(measures.left_eye),
            smile=MeasureOut.of(measures.smile),
            focus=MeasureOut.of(measures.focus),
            exposure=MeasureOut.of(measures.exposure),
            yaw_deg=round(measures.yaw_deg, 1),
            pitch_deg=round(measures.pitch_deg, 1),
            roll_deg=round(measures.roll_deg, 1),
        )


class FaceOut(Out):
    """A face in a photo, and its person."""

    face_id: FaceId
    photo_id: PhotoId
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    """The path of the photo, relative to the folder of photos."""
    face_index: Annotated[int, Field(ge=0, examples=[0])]
    """Its number in the photo, from left to right."""
    box: BoxOut
    landmarks: Annotated[tuple[tuple[float, float], ...], Field(min_length=5, max_length=5)]
    """Right eye, left eye, nose, right and left corner of the mouth, from the person's point of view; x and y in
    pixels of the upright full-size photo."""
    cluster_id: Annotated[int | None, Field(ge=0, examples=[0])]
    """Null for a face without a cluster."""
    person: Annotated[str | None, Field(examples=["Anna"])]
    """The name, or `person 3` for a cluster without a name; null without a cluster."""
    category: Annotated[Category | None, Field(examples=["main"])]
    """As in the labels; null for a cluster without a label."""
    detection_confidence: Annotated[float, Field(ge=0, le=1)]
    """How sure the detector is that it is a face."""
    cluster_confidence: Annotated[float, Field(ge=0, le=1)]
    """How clearly it belongs to the cluster that the clustering assigned."""
    quality: Annotated[float, Field(ge=0, le=1)]
    """How suitable the face is for recognising the person."""
    picture_url: Annotated[str, Field(examples=["/faces/5b41f1e3a0c9d27e-0/picture"])]
    """A small picture of the face."""
    measures: FaceMeasuresOut | None = None
    """Only in the response for a single photo, after scoring."""


class BoxIn(Sent):
    """A rectangle in pixels of the upright full-size photo."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    x: Annotated[Whole, Field(ge=0, le=MAX_SIDE_PX, examples=[1204])]
    y: Annotated[Whole, Field(ge=0, le=MAX_SIDE_PX, examples=[388])]
    w: Annotated[Whole, Field(ge=1, le=MAX_SIDE_PX, examples=[240])]
    h: Annotated[Whole, Field(ge=1, le=MAX_SIDE_PX, examples=[310])]


class DrawnFaceIn(Sent):
    """Where a face is that was not found, and whose it is if that is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    photo_id: PhotoId
    box: BoxIn
    cluster_id: Annotated[Whole | None, Field(ge=0, le=MAX_CLUSTER_ID, description="The person whose face it is.")] = (
        None
    )
    name: Annotated[
        str | None,
        Field(max_length=MAX_NAME_CHARS, description="The name of the person; a new name makes an important person."),
    ] = None

    @model_validator(mode="after")
    def _names_one(self) -> DrawnFaceIn:
        if self.cluster_id is not None and self.name is not None:
            raise ValueError("give either cluster_id or name")
        return self


class DrawnFaceOut(Out):
    """A face that was drawn."""

    face: FaceOut
    was_seen: bool
    """Whether the engine sees a face there, too, if only a doubtful one; if not, it is not used to find others."""
    correction_id: Annotated[str, Field(examples=["7f0c4be9d93c"])]
    """For taking it back with `DELETE /corrections/{id}`."""


class FacePage(Page):
    """Faces, the best to look at first."""

    faces: tuple[FaceOut, ...]


def face_out(request: Request, face: FaceEntry, labels: Labels, measures: FaceMeasures | None = None) -> FaceOut:
    """Convert a face, with its person."""
    row = face.row
    person = labels.person(face.cluster_id)
    return FaceOut(
        face_id=face.face_id,
        photo_id=face.photo_id,
        image_path=row.image_path,
        face_index=row.face_index,
        box=BoxOut(x=row.facial_area.x, y=row.facial_area.y, w=row.facial_area.w, h=row.facial_area.h),
        landmarks=tuple((point.x, point.y) for point in row.landmarks),
        cluster_id=None if face.cluster_id < 0 else face.cluster_id,
        person=None if person is None else person.display_name,
        category=person.category if person is not None and person.labelled else None,
        detection_confidence=row.detection_confidence,
        cluster_confidence=row.cluster_confidence,
        quality=row.face_quality,
        picture_url=face_picture_url(request, face.face_id),
        measures=None if measures is None else FaceMeasuresOut.of(measures),
    )
