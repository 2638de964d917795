"""Turns raw measurements of faces and photos into measures in [0, 1], where 0.5 is the decision.

The constants are fitted to labelled photos, one half of each set; docs/scoring.md gives the results on
the other halves and on sets that were not used.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from curation.domain.measuring.measures import Measure, Reason

__all__ = [
    "FAR_EYE_DEG",
    "LOOKING_DOWN_FROM",
    "MIN_EXPRESSION_EYES_PX",
    "LightLevels",
    "exposure_measure",
    "eye_measure",
    "face_focus_measure",
    "face_quality_score",
    "landmark_fit",
    "photo_focus_measure",
    "smile_measure",
]


class LightLevels(NamedTuple):
    """The light on a face or a photo.

    Attributes:
        bright: Luminance that 97 % of the pixels stay below, 0 to 255.
        blown: Share of pixels with a channel at its maximum.
        blocked: Share of pixels that are almost black.
    """

    bright: float
    blown: float
    blocked: float


# --- Eyes -------------------------------------------------------------------------------------------------

FAR_EYE_DEG = 22.0  # an eye turned further away is foreshortened too much, or hidden by the nose
_HIDDEN_EYE_FROM = -2.0  # log-odds; finds four of five pairs of dark glasses, and rejects one open eye in a hundred
LOOKING_DOWN_FROM = 1.5  # log-odds; finds half of the lowered lids, and rejects one pair of closed eyes in forty
MIN_EXPRESSION_EYES_PX = 16.0  # distance of the eyes below which too few pixels are left


def eye_measure(open_odds: float, hidden_odds: float, away_deg: float) -> Measure:
    """How far an eye is open.

    Args:
        open_odds: Log-odds that the eye is open.
        hidden_odds: Log-odds that it is hidden, for example behind dark lenses.
        away_deg: How far the head's yaw turns this eye away from the camera; negative for the near eye.

    Returns:
        The measure: the probability that the eye is open, with equal priors; the raw value is `open_odds`.
    """
    if away_deg > FAR_EYE_DEG:
        return Measure.unknown(Reason.TURNED, open_odds)
    if hidden_odds > _HIDDEN_EYE_FROM:
        return Measure.unknown(Reason.COVERED, open_odds)
    return Measure.of(_logistic(open_odds), open_odds)


# --- Smile ------------------------------------------------------------------------------------------------

# From the log-odds of a smile to the scale from neutral to laughing. Beside the decision, the points are the medians of
# faces graded as no smile, a slight smile, one that shows teeth, a laugh; none of them is in the training data.
_SMILE_SCALE = ((-5.0, 0.0), (0.0, 0.5), (1.8, 0.65), (3.8, 0.8), (7.0, 1.0))


def smile_measure(smile_odds: float, hidden_odds: float) -> Measure:
    """How much a face smiles, from neutral (0) to laughing (1).

    Args:
        smile_odds: Log-odds that the face smiles at all; they grow with the smile.
        hidden_odds: Log-odds that the mouth is hidden, for example behind a mask or a hand.

    Returns:
        The measure, 0.5 at the decision; the raw value is `smile_odds`, whose logistic is the probability of a smile.
    """
    if hidden_odds > 0:
        return Measure.unknown(Reason.COVERED, smile_odds)
    odds, values = zip(*_SMILE_SCALE, strict=True)
    return Measure.of(float(np.interp(smile_odds, odds, values)), smile_odds)


# --- Focus ------------------------------------------------------------------------------------------------

FOCUS_EYE_DISTANCE_PX = 48.0  # faces are scaled down to this size, so that large and small ones are comparable
FINE_EYE_DISTANCE_PX = 128.0  # large faces are also measured at this size, where slight blur shows
_FINE_FROM_PX = 72.0  # eye distance from which the second size adds something
_DECISION_DETAIL = -3.4  # log2 of the share of fine detail at which half the viewers would call a face soft
_DETAIL_STEEPNESS = 1.4
_FINE_SHARE = 0.35
_UNSEEN_FINE = 0.6  # a face too small for the second size gets this share of the first value instead
_SMALL_SHARE = 0.25  # maximum penalty for a face smaller than the first size
# Places hold more detail than faces: sharp photos have about -1.1 to 1.5, slightly smeared ones -1.7, plainly blurred
# ones -3. The threshold of 0.4 lies half way between the first two (half of two small sets).
_PLACE_DECISION_DETAIL, _PLACE_STEEPNESS = -1.2, 1.7
_PEOPLE_DECISION_DETAIL, _PEOPLE_STEEPNESS = -2.0, 1.1  # skin and clothes are smooth: sharp photos reach -2.2
_FULL_FOCUS = 1.12  # so that a face as sharp as cameras produce gets 1


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


def photo_focus_measure(detail: float | None, *, with_people: bool) -> Measure:
    """How sharp the sharpest parts of a photo are.

    Args:
        detail: Share of fine detail (log2) of those parts.
        with_people: Whether a face was found in the photo.
    """
    if detail is None:
        return Measure.unknown(Reason.NO_CONTRAST)
    decision, steepness = (
        (_PEOPLE_DECISION_DETAIL, _PEOPLE_STEEPNESS) if with_people else (_PLACE_DECISION_DETAIL, _PLACE_STEEPNESS)
    )
    return Measure.of(_logistic(steepness * (detail - decision)), detail)


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
    """How well 68 landmarks fit a face, in [0, 1]; below 0.5 they are not reliable.

    Args:
        disagreement: Distance from the detector's five points, in eye distances.
        instability: Spread over several start boxes, in eye distances.
    """
    return min(_falling(disagreement, _GOOD_DISAGREEMENT, _BAD_DISAGREEMENT), _falling(instability, _STABLE, _UNSTABLE))


def _falling(value: float, good: float, bad: float) -> float:
    return 1.0 - _ramp(value, good, bad)


def face_quality_score(size_px: float, sharpness: float, yaw_deg: float, confidence: float) -> float:
    """How suitable a face is for recognising its person, in [0, 1].

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
