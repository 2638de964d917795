"""From raw measurements of a face to measures in [0, 1], where 0.5 is the decision.

The constants are fitted to labelled photos, one half of each set; docs/scoring.md gives the results on
the other halves and on sets that were not used.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.geometry import HeadPose, apply_transform, projected_head, similarity_transform
from curation.domain.measures import Measure, Reason

__all__ = [
    "EyeCues",
    "LightLevels",
    "exposure_measure",
    "eye_aspect_ratios",
    "eye_measure",
    "face_focus_measure",
    "face_quality_score",
    "landmark_fit",
    "mouth_shape",
    "photo_focus_measure",
    "smile_measure",
]


class EyeCues(NamedTuple):
    """What an eye looks like; brightness in standard deviations of its surroundings.

    Attributes:
        above: Brightness just above the line between the corners (a lid is bright, an iris dark).
        below: Brightness just below it (where a closed lid's lashes lie).
        upright_edges: Share of upright edges among all inside the eye, in [0, 1].
        middle: Brightness of the middle minus that of both sides (an iris between the whites).
        dark_height: Mean height of what is dark, in eye widths below the line between the corners.
    """

    above: float
    below: float
    upright_edges: float
    middle: float
    dark_height: float


class LightLevels(NamedTuple):
    """The light on a face or a photo.

    Attributes:
        bright: Luminance that 97 % of the pixels stay below, 0 to 255.
        blown: Share of pixels with a channel at its upper end.
        blocked: Share of pixels that are all but black.
    """

    bright: float
    blown: float
    blocked: float


class MouthShape(NamedTuple):
    """The mouth in eye distances of the frontal head, roll and yaw taken out.

    Attributes:
        width: Between the corners.
        lip_height: From the base of the nose down to the upper lip; a smile draws it up.
    """

    width: float
    lip_height: float


# --- Eyes -------------------------------------------------------------------------------------------------

FAR_EYE_DEG = 22.0  # an eye turned further away is foreshortened too much, or hidden by the nose
# Logistic regression on one half each of 992 and 555 photos of mostly open eyes from two sources, 397 loosely
# labelled open and 561 closed ones. Order: aspect ratio, then the fields of `EyeCues`.
_EYE_WEIGHTS = (13.94, -1.63, 1.85, 10.16, -1.64, -14.32)
# The fitted bias is -7.10; it is raised so that fewer open eyes (laughing, narrow) are called closed.
_EYE_BIAS = -5.70


def eye_aspect_ratios(points: NDArray[np.floating]) -> tuple[float, float]:
    """Height over width of the right and the left eye.

    Soukupová and Čech, "Real-time eye blink detection using facial landmarks", CVWW 2016.

    Args:
        points: (68, 2) landmarks.
    """
    return _aspect_ratio(points[36:42]), _aspect_ratio(points[42:48])


def _aspect_ratio(eye: NDArray[np.floating]) -> float:
    width = float(np.linalg.norm(eye[0] - eye[3]))
    height = float(np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])) / 2
    return height / width if width > 0 else 0.0


def eye_measure(aspect_ratio: float, cues: EyeCues, away_deg: float) -> Measure:
    """How far an eye is open.

    Args:
        aspect_ratio: Height over width, from the landmarks.
        cues: Of its look.
        away_deg: How far the head's yaw turns this eye away from the camera; negative for the near eye.

    Returns:
        The measure; the raw value is the aspect ratio as a frontal face would show it.
    """
    if away_deg > FAR_EYE_DEG:
        return Measure.unknown(Reason.TURNED, aspect_ratio)
    # The width of the far eye shrinks with the cosine, its height does not.
    frontal = aspect_ratio * math.cos(math.radians(max(0.0, away_deg)))
    features = (frontal, *cues)
    return Measure.of(_logistic(sum(w * f for w, f in zip(_EYE_WEIGHTS, features, strict=True)) + _EYE_BIAS), frontal)


# --- Smile ------------------------------------------------------------------------------------------------

# Logistic regression on one half of 594 labelled faces. How far the mouth is open would separate that set almost
# perfectly, because its smiles show teeth; it is left out, as it would call talking a smile.
_SMILE_WIDTH_WEIGHT, _SMILE_LIP_WEIGHT, _SMILE_BIAS = 21.0, -27.6, -14.0
_SMILE_STEEPNESS = 0.6  # below 1: the fitted probability says smile or not, the measure shall also say how much


def mouth_shape(points: NDArray[np.floating], five: NDArray[np.floating], pose: HeadPose) -> MouthShape:
    """The shape of the mouth, upright and in units of the head.

    Args:
        points: (68, 2) landmarks.
        five: (5, 2) landmarks of the detector, that give the scale.
        pose: Of the head.
    """
    upright = apply_transform(similarity_transform(five, projected_head(pose)), points)
    turned = max(0.5, math.cos(math.radians(pose.yaw_deg)))
    return MouthShape(
        width=float(np.linalg.norm(upright[54] - upright[48])) / turned,
        lip_height=float(upright[51, 1] - upright[33, 1]),
    )


def smile_measure(mouth: MouthShape) -> Measure:
    """How much a face smiles, from neutral (0) to laughing (1).

    Neither feature grows when a mouth merely opens, so talking is not smiling. The raw value is the
    weighted sum, 0 at the decision.
    """
    raw = _SMILE_WIDTH_WEIGHT * mouth.width + _SMILE_LIP_WEIGHT * mouth.lip_height + _SMILE_BIAS
    return Measure.of(_logistic(_SMILE_STEEPNESS * raw), raw)


# --- Focus ------------------------------------------------------------------------------------------------

FOCUS_EYE_DISTANCE_PX = 48.0  # faces are reduced to this size, so that large and small ones compare
FINE_EYE_DISTANCE_PX = 128.0  # large faces are looked at in this size too, where slight blur shows
_FINE_FROM_PX = 72.0  # eye distance from where the second size adds something
_DECISION_DETAIL = -3.4  # log2 of the share of fine detail at which half the viewers would call a face soft
_DETAIL_STEEPNESS = 1.4
_FINE_SHARE = 0.35
_UNSEEN_FINE = 0.6  # a face too small for the second size has this part of the first one's value there
_SMALL_SHARE = 0.25  # what a face loses at most for showing fewer pixels than the first size
# Places hold more detail than faces: sharp photos have about -0.9 to 1, plainly blurred ones -3 (two small sets).
_PHOTO_DECISION_DETAIL, _PHOTO_STEEPNESS = -2.0, 1.1
_FULL_FOCUS = 1.12  # so that a face as sharp as cameras make them is full


def face_focus_measure(detail: float | None, fine_detail: float | None, eye_distance_px: float) -> Measure:
    """How sharp a face is.

    Args:
        detail: Share of fine detail (log2) at `FOCUS_EYE_DISTANCE_PX` or, if it is smaller, at its own size.
        fine_detail: The same at `FINE_EYE_DISTANCE_PX`; None for small faces.
        eye_distance_px: Distance of the eyes of the frontal head, in pixels of the photo.

    Returns:
        The measure; raw is `detail`.
    """
    if detail is None:
        return Measure.unknown(Reason.NO_CONTRAST if eye_distance_px >= 8 else Reason.TINY)
    seen = _detail_value(detail)
    fine = _UNSEEN_FINE * seen
    if fine_detail is not None:
        span = FINE_EYE_DISTANCE_PX - _FINE_FROM_PX
        share = min(1.0, max(0.0, (eye_distance_px - _FINE_FROM_PX) / span))
        fine += share * (_detail_value(fine_detail) - fine)
    size = 1.0 - _SMALL_SHARE * max(0.0, 1.0 - eye_distance_px / FOCUS_EYE_DISTANCE_PX)
    return Measure.of(((1.0 - _FINE_SHARE) * seen + _FINE_SHARE * fine) * size * _FULL_FOCUS, detail)


def photo_focus_measure(detail: float | None) -> Measure:
    """How sharp the sharpest parts of a photo are.

    Args:
        detail: Share of fine detail (log2) of those parts.
    """
    if detail is None:
        return Measure.unknown(Reason.NO_CONTRAST)
    return Measure.of(_logistic(_PHOTO_STEEPNESS * (detail - _PHOTO_DECISION_DETAIL)), detail)


def _detail_value(detail: float) -> float:
    return 1.0 / (1.0 + math.exp(-_DETAIL_STEEPNESS * (detail - _DECISION_DETAIL)))


# --- Exposure ---------------------------------------------------------------------------------------------

# The bright end (nose, forehead, teeth, whites of the eyes) is nearly the same for dark and light skin in good
# light (medians 181 to 196 of 255 over five groups of people), the mean is not (122 to 148).
_DARK_LEVEL, _LIT_LEVEL = 60.0, 150.0
_BLOWN_FROM, _BLOWN_TO = 0.06, 0.6
_BLOCKED_FROM, _BLOCKED_TO = 0.05, 0.8


def exposure_measure(light: LightLevels | None) -> Measure:
    """How well a face (or a photo) is exposed; raw is the luminance of its bright end, 0 to 255."""
    if light is None:
        return Measure.unknown(Reason.CUT_OFF)
    lit = _ramp(light.bright, _DARK_LEVEL, _LIT_LEVEL)
    kept = 1.0 - _ramp(light.blown, _BLOWN_FROM, _BLOWN_TO)
    open_shadows = 1.0 - _ramp(light.blocked, _BLOCKED_FROM, _BLOCKED_TO)
    return Measure.of(lit * kept * open_shadows, light.bright)


def _ramp(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


# --- Whole face -------------------------------------------------------------------------------------------


_GOOD_DISAGREEMENT, _BAD_DISAGREEMENT = 0.10, 0.26  # a good fit's median is 0.07
_STABLE, _UNSTABLE = 0.03, 0.10  # a good fit's median is 0.01


def landmark_fit(disagreement: float, instability: float) -> float:
    """How well 68 landmarks fit a face, in [0, 1]; below 0.5 they are not to be trusted.

    Args:
        disagreement: With the detector's five points, in eye distances.
        instability: Between several start boxes, in eye distances.
    """
    return min(_falling(disagreement, _GOOD_DISAGREEMENT, _BAD_DISAGREEMENT), _falling(instability, _STABLE, _UNSTABLE))


def _falling(value: float, good: float, bad: float) -> float:
    return 1.0 - _ramp(value, good, bad)


def face_quality_score(size_px: float, sharpness: float, yaw_deg: float, confidence: float) -> float:
    """How well a face serves to recognise its person, in [0, 1].

    Args:
        size_px: Shorter side of the face's box; more than 160 pixels add nothing.
        sharpness: In [0, 1].
        yaw_deg: Turn to the side; a profile (90) is worth nothing.
        confidence: Of the detector, in [0, 1].
    """
    size = min(1.0, size_px / 160.0)
    frontal = max(0.0, math.cos(math.radians(min(90.0, abs(yaw_deg)))))
    return round(math.sqrt(size) * (0.25 + 0.75 * sharpness) * frontal * confidence, 4)


def _logistic(x: float) -> float:
    """A logistic curve that reaches 0 and 1, at about -4 and 4."""
    return min(1.0, max(0.0, 0.5 + 1.04 * (1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, x)))) - 0.5)))
