"""Whether eyes that seem closed look down, from the landmarks of the face.

Lids that are lowered to read or to look at somebody small hide the iris as closed ones do. What differs is around
them: the head nods, so that the nose and the chin lie elsewhere below the eyes, the lids hang lower between the corners
of the eye and are less flat, and the network is less sure. A logistic regression weighs this up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.geometry import apply_transform, five_of_68, head_pose, similarity_transform

__all__ = ["looking_down_features", "looking_down_odds"]

# Fitted by `python -m training.looking_down` on 68 faces that look down and 494 with closed eyes, none of them of
# people who are held out; each person counts with the square root of the number of their faces.
_PER_PITCH_DEG = -0.0313
_PER_CHIN = 5.490
_PER_NOSE = 3.294
_PER_BROW = -0.224
_PER_LID = 77.59
_PER_OPENING = 5.755
_PER_OPEN_ODDS = 0.581
_OFFSET = -11.13

_EYES = np.array([[-0.5, 0.0], [0.5, 0.0]])
_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)
_BROWS, _NOSE, _CHIN = slice(17, 27), 30, 8
_LIDS = [37, 38, 40, 41, 43, 44, 46, 47]
_CORNERS = [36, 39, 42, 45]


def looking_down_features(points: NDArray[np.floating], open_odds: float) -> NDArray[np.float64]:
    """What the regression weighs up.

    Args:
        points: (68, 2) landmarks of the iBUG scheme, in any unit.
        open_odds: Log-odds that the eyes are open, the mean of both.

    Returns:
        (7,) the nod in degrees; chin and nose below the eyes, brows above them and lids below their corners, all in
        distances of the eyes; the sum of both eyes' aspect ratios; `open_odds`.

    Raises:
        ValueError: If the eyes coincide or are not finite.
    """
    eyes = np.stack([points[_RIGHT_EYE].mean(axis=0), points[_LEFT_EYE].mean(axis=0)])
    upright = apply_transform(similarity_transform(eyes, _EYES), points)
    height = upright[:, 1]
    opening = sum(_aspect_ratio(upright[eye]) for eye in (_RIGHT_EYE, _LEFT_EYE))
    lid = height[_LIDS].mean() - height[_CORNERS].mean()
    nod = head_pose(five_of_68(points)).pitch_deg
    return np.array([nod, height[_CHIN], height[_NOSE], -height[_BROWS].mean(), lid, opening, open_odds])


def looking_down_odds(points: NDArray[np.floating], open_odds: float) -> float:
    """The log-odds that eyes that seem closed look down, if both are equally likely beforehand.

    Args:
        points: (68, 2) landmarks of the iBUG scheme, in any unit.
        open_odds: Log-odds that the eyes are open, the mean of both.

    Raises:
        ValueError: If the eyes coincide or are not finite.
    """
    weights = (_PER_PITCH_DEG, _PER_CHIN, _PER_NOSE, _PER_BROW, _PER_LID, _PER_OPENING, _PER_OPEN_ODDS)
    return float(looking_down_features(points, open_odds) @ np.array(weights)) + _OFFSET


def _aspect_ratio(eye: NDArray[np.float64]) -> float:
    """Height by width of an eye's six landmarks (Soukupova and Cech 2016)."""
    heights = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
    width = np.linalg.norm(eye[0] - eye[3])
    return float(heights / (2 * width)) if width > 0 else 0.0
