from __future__ import annotations

import numpy as np
import pytest

from ground_truth.metrics.roc import auc
from training.calibration import fitted_scaling, logistic
from training.reliability import expected_calibration_error, reliability_svg


def test_scaled_answers_are_probabilities() -> None:
    rng = np.random.default_rng(5)
    truth = rng.random(4000) < 0.5
    sure = np.where(truth, 2.0, -2.0) + rng.normal(0, 2, 4000)  # log-odds of the normal pair: just the value
    slope, offset = fitted_scaling(3 * sure + 1, truth)
    assert [slope, offset] == pytest.approx([1 / 3, -1 / 3], abs=0.05)
    said = logistic(slope * (3 * sure + 1) + offset)
    assert expected_calibration_error(said, truth) < 0.03 < expected_calibration_error(logistic(3 * sure + 1), truth)
    assert auc(sure[truth], sure[~truth]) == pytest.approx(0.921, abs=0.02)
    picture = reliability_svg("Eyes", said, truth, uncalibrated=logistic(3 * sure + 1))
    assert picture.startswith("<svg")
    assert picture.count("<circle") > 10
