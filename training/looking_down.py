"""Fit the regression that tells eyes that look down from closed ones; needs no torch.

    python -m training.looking_down ../shared --cache ../training-cache

Prints the constants of curation/domain/measuring/looking_down.py, and how right they are on the people who are held
out.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from curation.domain.measuring.calibration import LOOKING_DOWN_FROM, MIN_EXPRESSION_EYES_PX
from curation.domain.measuring.looking_down import looking_down_features
from curation.engines.base import Pixels
from curation.engines.expressions.networks import packaged_expressions
from ground_truth.labels.eyes import eye_label
from ground_truth.splits import is_held_out, person_of
from training.samples.face_chips import FaceChips, face_chips

_MIN_FIT = 0.5
_MAX_YAW_DEG = 45.0
_INVERSE_PENALTY = 0.1  # of the weights: few people look down


def main() -> None:
    """Fit and test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the cached faces, some 300 MB")
    arguments = parser.parse_args()
    features, down, people = _samples(face_chips(arguments.data, arguments.cache / "chips.npz"))
    held_out = np.array([is_held_out(person) for person in people])
    weights, offset = _fitted(features[~held_out], down[~held_out], people[~held_out])
    print(f"weights {np.round(weights, 4).tolist()}, offset {offset:.4f}")
    for name, part in (("learned", ~held_out), ("held out", held_out)):
        found = features[part] @ weights + offset > LOOKING_DOWN_FROM
        yes, no = found[down[part]], found[~down[part]]
        print(f"{name}: looking down {yes.sum()} of {len(yes)}, closed {no.sum()} of {len(no)}")


def _samples(faces: FaceChips) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.str_]]:
    """Features, whether the face looks down, and its person, of the faces whose eyes the network calls closed."""
    rows, down, people = [], [], []
    judged = (faces.fit >= _MIN_FIT) & (faces.eyes_px >= MIN_EXPRESSION_EYES_PX)
    judged &= np.abs(faces.yaw_deg) <= _MAX_YAW_DEG
    for i in np.flatnonzero(judged):
        key = str(faces.keys[i])
        label = eye_label(key)
        if label not in ("closed", "down"):
            continue
        points = faces.points[i].astype(np.float64)
        pixels = Pixels(np.repeat(faces.chips[i][..., None], 3, axis=2), 1.0)
        (seen,) = packaged_expressions().read(pixels, [points])
        odds = [eye.yes for eye in (seen.right_eye, seen.left_eye) if eye is not None]
        if odds and np.mean(odds) < 0:
            rows.append(looking_down_features(points, float(np.mean(odds))))
            down.append(label == "down")
            people.append(person_of(key))
    return np.stack(rows), np.array(down), np.array(people)


def _fitted(
    features: NDArray[np.float64], down: NDArray[np.bool_], people: NDArray[np.str_]
) -> tuple[NDArray[np.float64], float]:
    """Weights and offset; both classes count alike, and many faces of one person less than one each."""
    faces_of = Counter(people.tolist())
    weight = np.array([1 / np.sqrt(faces_of[person]) for person in people.tolist()])
    for part in (down, ~down):
        weight[part] *= len(weight) / 2 / weight[part].sum()
    scale = StandardScaler().fit(features, sample_weight=weight)
    model = LogisticRegression(C=_INVERSE_PENALTY).fit(scale.transform(features), down, sample_weight=weight)
    weights = model.coef_[0] / scale.scale_
    return weights, float(model.intercept_[0] - weights @ scale.mean_)


if __name__ == "__main__":
    main()
