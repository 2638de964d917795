"""Every segmenter fulfils the same contract: stand-ins for all of them, and the real networks where they are."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.base import WeightsFile
from curation.engines.bodies.base import BodyMask, BodySpec, Segmenter
from curation.engines.bodies.segmenters.building import build_segmenter
from curation.engines.bodies.segmenters.forms import FORMS
from curation.errors import SettingsError, WeightsBrokenError, WeightsMissingError
from ground_truth.array_photo import ArrayPhoto
from tests.body_networks import red_people, segmenter_spec
from tests.face_photos import astronaut

_REAL = {"selfie": "selfie_segmentation.onnx", "u2netp": "u2netp.onnx"}


@pytest.fixture(params=tuple(FORMS))
def segmenter(request: pytest.FixtureRequest, tmp_path: Path) -> Segmenter:
    return build_segmenter(segmenter_spec(request.param, tmp_path))


def _person(number: int, box: Box, face: Box | None = None) -> Person:
    found = None
    if face is not None:
        points = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]])
        landmarks = FiveLandmarks.from_array(np.array([face.x, face.y]) + points * [face.w, face.h])
        found = FaceOfBody(number, face, landmarks, 0.99)
    return Person(number, box, 0.9, None, found)


def _on_photo(mask: BodyMask, width: int, height: int) -> NDArray[np.bool_]:
    """A mask as (height, width) bool; nearest pixels."""
    out = np.zeros((height, width), bool)
    rows = ((np.arange(mask.area.h) + 0.5) * mask.values.shape[0] / mask.area.h).astype(int)
    columns = ((np.arange(mask.area.w) + 0.5) * mask.values.shape[1] / mask.area.w).astype(int)
    out[mask.area.y : mask.area.y + mask.area.h, mask.area.x : mask.area.x + mask.area.w] = (
        mask.values[np.ix_(rows, columns)] >= 0.5
    )
    return out


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _is_well_formed(mask: BodyMask, width: int, height: int) -> bool:
    area = mask.area
    return (
        mask.values.dtype == np.float32
        and mask.values.ndim == 2
        and bool(np.isfinite(mask.values).all())
        and float(mask.values.min()) >= 0
        and float(mask.values.max()) <= 1
        and 0 < mask.scale <= 1
        and mask.values.shape == (max(1, round(area.h * mask.scale)), max(1, round(area.w * mask.scale)))
        and area.x >= 0
        and area.y >= 0
        and area.x + area.w <= width
        and area.y + area.h <= height
    )


def test_one_person_is_found(segmenter: Segmenter) -> None:
    picture = red_people(400, 600, (120, 80, 140, 480))
    (mask,) = segmenter.segment(ArrayPhoto(picture), [_person(0, Box(120, 80, 140, 480))])
    assert _is_well_formed(mask, 400, 600)
    assert _iou(_on_photo(mask, 400, 600), picture[..., 1] == 0) > 0.95


def test_neighbours_stay_out_of_each_others_masks(segmenter: Segmenter) -> None:
    picture = red_people(600, 400, (100, 60, 200, 340), (300, 60, 180, 340))  # they touch
    left = _person(0, Box(100, 60, 200, 340), Box(170, 80, 60, 70))
    right = _person(1, Box(300, 60, 180, 340), Box(360, 80, 60, 70))
    masks = segmenter.segment(ArrayPhoto(picture), [right, left])  # in the order that was asked for
    truth = [np.zeros((400, 600), bool), np.zeros((400, 600), bool)]
    truth[0][60:400, 300:480] = True
    truth[1][60:400, 100:300] = True
    for mask, own in zip(masks, truth, strict=True):
        assert _is_well_formed(mask, 600, 400)
        assert _iou(_on_photo(mask, 600, 400), own) > 0.85
    both = _on_photo(masks[0], 600, 400) & _on_photo(masks[1], 600, 400)
    assert both.mean() < 0.005


def test_people_far_apart_are_looked_at_closely(segmenter: Segmenter) -> None:
    picture = red_people(3000, 800, (60, 300, 60, 180), (2800, 300, 60, 180))
    people = [_person(0, Box(60, 300, 60, 180)), _person(1, Box(2800, 300, 60, 180))]
    masks = segmenter.segment(ArrayPhoto(picture), people)
    for mask, person in zip(masks, people, strict=True):
        own = np.zeros((800, 3000), bool)
        own[person.box.y : person.box.y + person.box.h, person.box.x : person.box.x + person.box.w] = True
        assert _iou(_on_photo(mask, 3000, 800), own) > 0.9


@pytest.mark.parametrize("name", FORMS)
def test_nothing_there_is_an_empty_mask(name: str, tmp_path: Path) -> None:
    """Stretching each mask to the full range, as is often done, would make a full one of it."""
    segmenter = build_segmenter(segmenter_spec(name, tmp_path, constant=0.02))
    picture = np.random.default_rng(1).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    (mask,) = segmenter.segment(ArrayPhoto(picture), [_person(0, Box(20, 20, 160, 260))])
    assert mask.values.max() == pytest.approx(0.02, abs=1e-3)


def test_odd_pictures_and_boxes(segmenter: Segmenter) -> None:
    for width, height in ((1, 1), (1, 700), (700, 1), (3, 2)):
        photo = ArrayPhoto(np.zeros((height, width, 3), np.uint8))
        people = [_person(0, Box(0, 0, width, height)), _person(1, Box(width - 1, height - 1, 1, 1))]
        masks = segmenter.segment(photo, people)
        assert len(masks) == 2
        assert all(_is_well_formed(mask, width, height) for mask in masks)
    assert segmenter.segment(ArrayPhoto(np.zeros((8, 8, 3), np.uint8)), []) == []


def test_the_same_picture_gives_the_same_masks(segmenter: Segmenter) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    people = [_person(0, Box(10, 20, 150, 200)), _person(1, Box(140, 10, 160, 220))]
    first = segmenter.segment(ArrayPhoto(picture), people)
    again = segmenter.segment(ArrayPhoto(picture), people)
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.values, other.values)
        assert (one.area, one.scale) == (other.area, other.scale)


def test_specs_and_masks_can_be_sent_to_other_processes(segmenter: Segmenter) -> None:
    assert pickle.loads(pickle.dumps(segmenter.spec)) == segmenter.spec
    (mask,) = segmenter.segment(ArrayPhoto(red_people(60, 90, (20, 10, 20, 70))), [_person(0, Box(20, 10, 20, 70))])
    sent = pickle.loads(pickle.dumps(mask))
    assert np.array_equal(sent.values, mask.values)


@pytest.mark.parametrize("name", FORMS)
def test_another_network_under_its_name_is_refused(name: str, tmp_path: Path) -> None:
    other = next(each for each in FORMS if FORMS[each].side_px != FORMS[name].side_px)
    spec = segmenter_spec(other, tmp_path)
    with pytest.raises(WeightsBrokenError, match="not the network that was expected"):
        build_segmenter(BodySpec(name, spec.weights, spec.providers))


def test_missing_and_unknown(tmp_path: Path) -> None:
    missing = WeightsFile("u2netp.onnx", tmp_path / "u2netp.onnx", "0" * 64)
    with pytest.raises(WeightsMissingError, match="weights fetch"):
        build_segmenter(BodySpec("u2netp", (missing,), ("CPUExecutionProvider",)))
    with pytest.raises(SettingsError, match="known: selfie, u2netp"):
        build_segmenter(BodySpec("modnet", (missing,), ("CPUExecutionProvider",)))


@pytest.fixture(params=sorted(_REAL))
def real_segmenter(request: pytest.FixtureRequest, test_data: Path) -> Segmenter:
    path = test_data / "weights/onnx" / _REAL[request.param]
    if not path.is_file():
        pytest.skip(f"{path} is missing: CURATION_TEST_DATA names the folder of test data")
    return build_segmenter(
        BodySpec(request.param, (WeightsFile(path.name, path, "0" * 64),), ("CPUExecutionProvider",))
    )


def test_real_networks_find_a_person_also_in_the_dark(real_segmenter: Segmenter) -> None:
    picture = astronaut()
    height, width = picture.shape[:2]
    person = _person(0, Box(0, 0, width, height))
    (mask,) = real_segmenter.segment(ArrayPhoto(picture), [person])
    bright = _on_photo(mask, width, height)
    assert 0.3 < bright.mean() < 0.8
    dark = (picture.astype(np.float32) * 0.25).astype(np.uint8)
    dark[:3, :40] = 255  # a lamp
    (mask,) = real_segmenter.segment(ArrayPhoto(dark), [person])
    assert _iou(_on_photo(mask, width, height), bright) > 0.85


def test_real_networks_see_nobody_in_an_empty_room(real_segmenter: Segmenter) -> None:
    grey = np.full((300, 300, 3), 128, np.uint8)
    (mask,) = real_segmenter.segment(ArrayPhoto(grey), [_person(0, Box(50, 50, 200, 200))])
    assert (mask.values > 0.5).mean() < 0.1
