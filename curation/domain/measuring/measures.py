"""Measures of a photo and its faces: values in [0, 1] with their raw values, and their JSON form.

Nothing here depends on labels, rules or thresholds: they are applied when a photo is scored, so that
they can change without measuring pixels again. "Cannot tell" is a separate answer: a value of None
with the reason.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = [
    "MEASURES_VERSION",
    "MINIATURE_BYTES",
    "MINIATURE_PX",
    "Artefacts",
    "FaceMeasures",
    "Measure",
    "PhotoMeasures",
    "Reason",
    "joined_eyes",
]

MEASURES_VERSION = 7  # increase it whenever a measure changes, so that cached measures are computed again
MINIATURE_PX = 16
MINIATURE_BYTES = MINIATURE_PX * MINIATURE_PX * 3

_HUGE = 1e300  # far above any measure; larger numbers are checked more closely


class Reason(StrEnum):
    """Why a measure cannot be told."""

    TURNED = "turned"
    TINY = "tiny"
    COVERED = "covered"
    LOOKING_DOWN = "looking down"
    CUT_OFF = "cut off"
    NO_CONTRAST = "no contrast"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured quantity.

    Attributes:
        value: In [0, 1], more is better; None if it cannot be told.
        raw: The number it was computed from, in the measure's own unit; None if there is none.
        reason: Why it cannot be told; None if it can.
    """

    value: float | None
    raw: float | None
    reason: Reason | None

    @classmethod
    def of(cls, value: float, raw: float) -> Measure:
        """A measure that can be told; the value is clipped to [0, 1], both rounded to 4 digits."""
        return cls(round(min(1.0, max(0.0, float(value))), 4), round(float(raw), 4), None)

    @classmethod
    def unknown(cls, reason: Reason, raw: float | None = None) -> Measure:
        """A measure that cannot be told."""
        return cls(None, None if raw is None else round(float(raw), 4), reason)

    def to_json(self) -> list[Any]:
        """As a list of plain values."""
        return [self.value, self.raw, None if self.reason is None else self.reason.value]

    @classmethod
    def from_json(cls, data: object) -> Measure:
        """The inverse of `to_json`.

        Raises:
            ValueError: If `data` is not such a list.
        """
        if not isinstance(data, list) or len(data) != 3:
            raise ValueError(f"a measure is a list of three, not {data!r}")
        value, raw, reason = data
        # Fast path: nearly all measures are like this, and an event has some hundred thousand.
        is_plain = reason is None and type(value) is float and type(raw) is float
        if is_plain and 0.0 <= value <= 1.0 and -_HUGE < raw < _HUGE:
            return cls(value, raw, None)
        measure = cls(_number(value), _number(raw), None if reason is None else Reason(reason))
        if (measure.value is None) == (measure.reason is None):
            raise ValueError(f"a measure has either a value or a reason: {data!r}")
        if measure.value is not None and not 0.0 <= measure.value <= 1.0:
            raise ValueError(f"a measure's value lies in [0, 1]: {data!r}")
        return measure


def joined_eyes(right: Measure, left: Measure) -> Measure:
    """Both eyes in one measure, their mean, or the one eye that can be told.

    People blink with both eyes, so the mean of two uncertain answers is better than either: one eye that is surely
    open outweighs one that a shadow, a strand of hair or a laugh makes look closed.
    """
    if right.value is None:
        return left if left.value is not None else right
    if left.value is None:
        return right
    raws = [raw for raw in (right.raw, left.raw) if raw is not None]
    return Measure((right.value + left.value) / 2, sum(raws) / len(raws) if raws else None, None)


@dataclass(frozen=True, slots=True)
class FaceMeasures:
    """The measures of one face.

    Attributes:
        size_px: Shorter side of the face's box, in pixels of the full-size photo.
        yaw_deg: Turn to the side in degrees, 0 is frontal; the sign is that of the photo's x axis.
        pitch_deg: Nod in degrees, 0 is upright; positive looks up.
        roll_deg: Tilt in the picture's plane in degrees, 0 is upright; positive is clockwise.
        fit: How well the 68 landmarks fit the face, in [0, 1]; low for covered faces.
        right_eye: Probability that the person's right eye is open; raw is its log-odds.
        left_eye: The same for the left eye.
        smile: From neutral (0) to laughing (1); raw is the log-odds of a smile.
        focus: Sharpness of the face.
        exposure: Exposure of the skin of the face.
        cut_off: The share of the face that lies outside the photo, in [0, 1].
        centre: Middle of the face's box, x and y in pixels of the full-size photo.
    """

    size_px: int
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    fit: float
    right_eye: Measure
    left_eye: Measure
    smile: Measure
    focus: Measure
    exposure: Measure
    cut_off: float = 0.0
    centre: tuple[float, float] = (0.0, 0.0)

    @property
    def eyes(self) -> Measure:
        """Both eyes in one measure, see `joined_eyes`."""
        return joined_eyes(self.right_eye, self.left_eye)

    def to_json(self) -> dict[str, Any]:
        """As a dict of plain values."""
        return {
            "size_px": self.size_px,
            "pose_deg": [self.yaw_deg, self.pitch_deg, self.roll_deg],
            "fit": self.fit,
            "right_eye": self.right_eye.to_json(),
            "left_eye": self.left_eye.to_json(),
            "smile": self.smile.to_json(),
            "focus": self.focus.to_json(),
            "exposure": self.exposure.to_json(),
            "cut_off": self.cut_off,
            "centre": list(self.centre),
        }

    @classmethod
    def from_json(cls, data: object) -> FaceMeasures:
        """The inverse of `to_json`.

        Raises:
            ValueError: If `data` is not what `to_json` makes.
        """
        fields = _mapping(data)
        pose = fields.get("pose_deg")
        if not isinstance(pose, list) or len(pose) != 3:
            raise ValueError(f"pose_deg is a list of three numbers, not {pose!r}")
        size = fields.get("size_px")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ValueError(f"size_px is a whole number, not {size!r}")
        centre = fields.get("centre")
        if not isinstance(centre, list) or len(centre) != 2:
            raise ValueError(f"centre is a list of two numbers, not {centre!r}")
        return cls(
            size_px=size,
            yaw_deg=_required(pose[0]),
            pitch_deg=_required(pose[1]),
            roll_deg=_required(pose[2]),
            fit=_required(fields.get("fit")),
            right_eye=Measure.from_json(fields.get("right_eye")),
            left_eye=Measure.from_json(fields.get("left_eye")),
            smile=Measure.from_json(fields.get("smile")),
            focus=Measure.from_json(fields.get("focus")),
            exposure=Measure.from_json(fields.get("exposure")),
            cut_off=_share(fields.get("cut_off")),
            centre=(_required(centre[0]), _required(centre[1])),
        )


@dataclass(frozen=True, slots=True)
class Artefacts:
    """Signs that a picture is not a plain photo, each in [0, 1]: 0 is none, 1 is certain.

    Attributes:
        collage: It is put together from several photos.
        screenshot: It is a screenshot or a drawing.
        cut_out: What it shows stands on an empty background.
    """

    collage: float = 0.0
    screenshot: float = 0.0
    cut_out: float = 0.0

    def to_json(self) -> list[float]:
        """As a list of plain values."""
        return [self.collage, self.screenshot, self.cut_out]

    @classmethod
    def from_json(cls, data: object) -> Artefacts:
        """The inverse of `to_json`.

        Raises:
            ValueError: If `data` is not such a list.
        """
        if not isinstance(data, list) or len(data) != 3:
            raise ValueError(f"artefacts are a list of three numbers, not {data!r}")
        return cls(*map(_share, data))


@dataclass(frozen=True, slots=True)
class PhotoMeasures:
    """The measures of one photo.

    Attributes:
        width: Width of the upright full-size photo, in pixels.
        height: Height of the upright full-size photo, in pixels.
        faces: Measures of the faces, in the order in which the faces were given.
        focus: Sharpness of the sharpest parts of the whole photo.
        exposure: Exposure of the whole photo.
        capture_time: By the camera's own clock, without a time zone; None if it is not known.
        miniature: The photo reduced to a few pixels, see `curation.photos.looks.miniature`; None if there is none.
        artefacts: Whether it is a plain photo at all, see `curation.photos.looks.artefacts`.
    """

    width: int
    height: int
    faces: tuple[FaceMeasures, ...]
    focus: Measure
    exposure: Measure
    capture_time: datetime | None = None
    miniature: bytes | None = field(default=None, repr=False)
    artefacts: Artefacts = Artefacts()

    def to_json(self) -> dict[str, Any]:
        """As a dict of plain values, with the version of the measures."""
        return {
            "version": MEASURES_VERSION,
            "size": [self.width, self.height],
            "faces": [face.to_json() for face in self.faces],
            "focus": self.focus.to_json(),
            "exposure": self.exposure.to_json(),
            "capture_time": None if self.capture_time is None else self.capture_time.isoformat(),
            "miniature": None if self.miniature is None else base64.b64encode(self.miniature).decode("ascii"),
            "artefacts": self.artefacts.to_json(),
        }

    @classmethod
    def from_json(cls, data: object) -> PhotoMeasures:
        """The inverse of `to_json`.

        Raises:
            ValueError: If `data` is not what `to_json` makes, or was made by another version.
        """
        fields = _mapping(data)
        if fields.get("version") != MEASURES_VERSION:
            raise ValueError(f"measures of version {fields.get('version')!r}, not {MEASURES_VERSION}")
        size, faces = fields.get("size"), fields.get("faces")
        if not isinstance(size, list) or len(size) != 2 or not all(type(v) is int and v > 0 for v in size):
            raise ValueError(f"size is a list of two whole numbers above 0, not {size!r}")
        if not isinstance(faces, list):
            raise ValueError(f"faces is a list, not {faces!r}")
        return cls(
            width=size[0],
            height=size[1],
            faces=tuple(FaceMeasures.from_json(face) for face in faces),
            focus=Measure.from_json(fields.get("focus")),
            exposure=Measure.from_json(fields.get("exposure")),
            capture_time=_time(fields.get("capture_time")),
            miniature=_miniature(fields.get("miniature")),
            artefacts=Artefacts.from_json(fields.get("artefacts")),
        )


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"capture_time is a text, not {value!r}")
    time = datetime.fromisoformat(value)
    if time.tzinfo is not None:
        raise ValueError(f"capture_time has no time zone: {value!r}")
    return time


def _miniature(value: object) -> bytes | None:
    if value is None:
        return None
    try:
        decoded = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error as error:
        raise ValueError(f"miniature is not base64: {error}") from error
    if len(decoded) != MINIATURE_BYTES:
        raise ValueError(f"miniature has {len(decoded)} bytes, not {MINIATURE_BYTES}")
    return decoded


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"measures are an object, not {data!r}")
    return data


def _number(value: object) -> float | None:
    return None if value is None else _required(value)


def _share(value: object) -> float:
    number = _required(value)
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"a share lies in [0, 1]: {value!r}")
    return number


def _required(value: object) -> float:
    if type(value) is float and -_HUGE < value < _HUGE:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)
