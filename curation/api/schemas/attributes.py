"""What the attribute services tell of a picture as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from curation.api.schemas.base import Out, Text
from curation.domain.attributes.image_document import image_document

if TYPE_CHECKING:
    from curation.services.answers import ImageAnswer
    from curation.services.trail.line import TrailLine
    from curation.services.viewer.face_services import ServicesState

__all__ = ["AttributesOut", "AttributesStatusOut", "ImageOut", "RoleOut", "StepOut"]

Probability = Annotated[float, Field(ge=0, le=1)]


class CornersOut(Out):
    """A box in whole pixels of the upright full-size picture; `x2` and `y2` are exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int


class PoseOut(Out):
    """Where the head looks, in degrees; all 0 is straight into the camera."""

    yaw_deg: float
    """To the side; positive is towards growing x of the picture."""
    pitch_deg: float
    """Positive looks up."""
    roll_deg: float
    """Tilt in the plane of the picture; positive is clockwise."""


class AgeOut(Out):
    """An apparent age."""

    years: Annotated[float, Field(examples=[34.2])]
    low: Annotated[float, Field(examples=[27.0])]
    """Four of five true ages are between `low` and `high`."""
    high: Annotated[float, Field(examples=[43.0])]
    certainty: Probability
    """How likely the true age is within ten years of `years`; 0 if it was not measured."""
    is_known: bool
    """False: it cannot be told, and `years` is a guess."""
    ages: tuple[float, ...]
    distribution: tuple[float, ...]
    """The probability of each of `ages`."""
    reader: Annotated[str, Field(examples=["dlib"])]


class ClassOut(Out):
    """An apparent sex, an ethnicity, or an expression."""

    answer: Annotated[str | None, Field(examples=["female"])]
    """Null: it cannot be told."""
    certainty: Probability
    classes: Annotated[tuple[str, ...], Field(examples=[("female", "male")])]
    distribution: tuple[float, ...]
    """The probability of each of `classes`."""
    reader: Annotated[str, Field(examples=["dlib"])]


Points = tuple[tuple[float, float], ...]


class AttributedFaceOut(Out):
    """A face with its points, in pixels of the upright full-size picture, and its attributes; null: not asked for."""

    face_index: Annotated[int, Field(ge=0)]
    """From left to right."""
    box: CornersOut
    confidence: Probability
    landmarks5: Points
    """Right eye, left eye, nose, right and left corner of the mouth, as the person would say it."""
    landmarks68: Points
    """Of the iBUG scheme; empty if they do not fit."""
    landmarks478: tuple[tuple[float, float, float], ...] | None
    """Of MediaPipe's face mesh, with depth; empty if its network sees no face."""
    pose: PoseOut
    age: AgeOut | None
    sex: ClassOut | None
    ethnicity: ClassOut | None
    emotion: ClassOut | None


class ModelOut(Out):
    """A model file that took part."""

    name: str
    sha256: str


class ImageOut(Out):
    """The document of a picture: the same as in the files that the role storage writes, key `curation`."""

    version: int
    sha256: Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    width: int
    height: int
    engine: str
    weights: tuple[ModelOut, ...]
    faces: tuple[AttributedFaceOut, ...]


class AttributesOut(Out):
    """The answer for a picture."""

    status: Annotated[Text, Field(examples=["Success"])]
    """`Success`, or `Partial: …` with what is missing."""
    code: Annotated[str | None, Field(examples=["role_unavailable"])]
    """Why something is missing; stable."""
    request_id: str
    """The name of the request in the log."""
    runtime_s: Annotated[float, Field(ge=0)]
    """How long the services took, in seconds."""
    paths: tuple[Text, ...]
    """The files that the role storage wrote, on its machine."""
    disagreements: tuple[Text, ...]
    """Faces that only one role found, in words."""
    image: ImageOut

    @classmethod
    def of(cls, answer: ImageAnswer) -> AttributesOut:
        """From an answer that has an image."""
        assert answer.image is not None
        return cls(
            status=answer.status,
            code=answer.code or None,
            request_id=answer.request_id,
            runtime_s=answer.runtime_s,
            paths=answer.paths,
            disagreements=answer.disagreements,
            image=ImageOut.model_validate(image_document(answer.image)),
        )


class StepOut(Out):
    """A step of a picture through the services, one line of their log."""

    time: str
    role: str
    step: str
    status: str
    """`ok` or `error`."""
    runtime_s: float | None
    faces: int | None
    code: str
    detail: Text

    @classmethod
    def of(cls, line: TrailLine) -> StepOut:
        """From a line of the log."""
        return cls(
            time=line.time,
            role=line.role,
            step=line.step,
            status=line.status,
            runtime_s=line.runtime_s,
            faces=line.faces,
            code=line.code,
            detail=line.detail,
        )


class RoleOut(Out):
    """A role of the services."""

    role: Annotated[str, Field(examples=["landmarks"])]
    address: Annotated[str, Field(examples=["127.0.0.1:50052"])]
    state: Annotated[str, Field(examples=["SERVING"])]
    """`SERVING`, `NOT_SERVING`, `SERVICE_UNKNOWN` (another program listens there), or `UNREACHABLE`."""


class AttributesStatusOut(Out):
    """Whether the services answer."""

    ready: bool
    """Whether all roles take pictures."""
    installed: bool
    """Whether this service has the packages of the extra `services`."""
    detail: Text
    """What is wrong and what to do; empty if nothing is wrong."""
    roles: tuple[RoleOut, ...]

    @classmethod
    def of(cls, state: ServicesState) -> AttributesStatusOut:
        """From the state of the services."""
        help_ = f" Start them: {state.command}" if state.roles and not state.is_ready else ""
        return cls(
            ready=state.is_ready,
            installed=not state.missing_extra,
            detail=state.detail + help_,
            roles=tuple(RoleOut(role=each.role, address=each.address, state=each.state) for each in state.roles),
        )
