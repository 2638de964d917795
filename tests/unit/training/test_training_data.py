"""The parts of the training that need no torch: labels, the split into persons, made crops, calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.augmentation import covered, degraded, jittered, relit
from training.eye_labels import eye_label
from training.eyelids import dark_lens, drawn_lids
from training.face_keys import FaceTable
from training.judging import auc, fitted_scaling, is_reserved, logistic, person_of
from training.reliability import expected_calibration_error, reliability_svg
from training.smile_labels import smile_grade

TRAINING = Path(__file__).parents[3] / "training"


def test_labels_are_known_words_and_name_each_face_once() -> None:
    words = {
        "eye_labels.csv": {"open", "closed", "down", "hidden", "unclear"},
        "smile_labels.csv": {"none", "neutral", "open mouth", "slight", "smile", "laugh", "smiling", "unclear"},
    }
    for name, allowed in words.items():
        rows = (TRAINING / name).read_text(encoding="utf-8").splitlines()[1:]
        faces, labels = zip(*(row.rsplit(",", 1) for row in rows), strict=True)
        assert set(labels) == allowed
        assert len(set(faces)) == len(faces) > 500


def test_labels_of_whole_photos_bear_another_detector(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('face,label\nlfw/a/a_0001.jpg,open\n"groups/b.jpg@100,50",closed\n"groups/b.jpg@200,50",open\n')
    table = FaceTable(path)
    assert table.get("lfw/a/a_0001.jpg") == "open"
    assert table.get("groups/b.jpg@106,44") == "closed"
    assert table.get("groups/b.jpg@190,50") == "open"
    assert table.get("groups/b.jpg@150,50") is None
    assert table.get("groups/c.jpg@100,50") is None
    assert eye_label("cew_eyes/closed/any.jpg") == "closed"
    assert eye_label("utkface/never seen.jpg") == "open"
    assert smile_grade("utkface/never seen.jpg") is None


def test_people_are_split_whole() -> None:
    assert person_of("lfw/Al_Gore/Al_Gore_0003.jpg") == person_of("lfw_smile/Al_Gore_0001.jpg") == "Al_Gore"
    assert person_of("groups/azure/a.jpg@5,6") == person_of("groups/azure/a.jpg") == "groups/azure/a.jpg"
    assert person_of("five_celebs/train/madonna/x@1.jpg@5,6") == "madonna"
    assert person_of("videos/x/in.mp4:120@7,8") == person_of("videos/x/in.mp4:6@1,2")
    share = np.mean([is_reserved(f"person {i}") for i in range(5000)])
    assert share == pytest.approx(0.2, abs=0.02)


def test_lids_are_drawn_over_the_eye_alone() -> None:
    crop = np.full((48, 48), 180, dtype=np.uint8)
    crop[20:28, 16:32] = 250
    crop[20:28, 21:27] = 10  # the iris
    outline = np.array([[11, 24], [19, 19], [28, 19], [36, 24], [28, 28], [19, 28]], dtype=np.float64)
    closed = drawn_lids(crop, outline, 1.0, np.random.default_rng(1))
    narrow = drawn_lids(crop, outline, 0.3, np.random.default_rng(1))
    assert (crop == 10).sum() > (narrow < 60).sum() > 0
    assert closed[21:25, 22:26].min() > 60
    np.testing.assert_array_equal(closed[:, :9], crop[:, :9])
    np.testing.assert_array_equal(closed[40:], crop[40:])


def test_changed_crops_keep_their_kind_and_follow_the_seed() -> None:
    crop = (np.arange(48 * 48).reshape(48, 48) % 200).astype(np.uint8)

    def all_changes(seed: int) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        made = [relit(crop, rng), covered(crop, rng), dark_lens(crop, rng), degraded(crop, 1.0, 0.4, rng)]
        return [*made, jittered(np.eye(2, 3), (23.5, 23.5), rng, shift_px=1.0)]

    for one, same in zip(all_changes(3), all_changes(3), strict=True):
        np.testing.assert_array_equal(one, same)
    assert all(made.shape == (48, 48) and made.dtype == np.uint8 for made in all_changes(4)[:-1])


def test_lower_resolution_takes_detail_away() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 255, (48, 48)).astype(np.uint8)
    assert np.mean([degraded(noise, 1.0, 0.25, rng).std() for _ in range(10)]) < 0.7 * noise.std()


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
