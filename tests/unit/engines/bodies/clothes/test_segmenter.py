from pathlib import Path

import numpy as np
import pytest

from curation.engines.bodies.base import ClothesSegmenter
from curation.engines.bodies.clothes.building import build_clothes_segmenter
from curation.errors import FaceAnalysisError, SettingsError, WeightsBrokenError, WeightsMissingError
from ground_truth.array_photo import ArrayPhoto
from tests.clothes_networks import clothes_spec, write_parsing_network
from tests.dressed_people import DressedPerson, dressed_person


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> ClothesSegmenter:
    path = tmp_path_factory.mktemp("weights") / "pan_skin_clothes_hair.onnx"
    write_parsing_network(path)
    return build_clothes_segmenter([clothes_spec(path)])


def _overlap(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(((found > 0.5) & (wanted > 0.5)).sum() / ((found > 0.5) | (wanted > 0.5)).sum())


def _clothes(segmenter: ClothesSegmenter, drawn: DressedPerson) -> np.ndarray:
    (mask,) = segmenter.segment(ArrayPhoto(drawn.pixels.array), [drawn.person], [drawn.whole])
    assert mask.area == drawn.whole.area
    assert mask.scale == drawn.whole.scale
    assert mask.values.shape == drawn.whole.values.shape
    assert mask.values.dtype == np.float32
    assert 0 <= mask.values.min() <= mask.values.max() <= 1
    return mask.values


@pytest.mark.parametrize("with_pose", [True, False])
@pytest.mark.parametrize("with_face", [True, False])
@pytest.mark.parametrize("height", [360, 150])
def test_clothes_are_the_person_less_the_skin(
    segmenter: ClothesSegmenter, with_pose: bool, with_face: bool, height: int
) -> None:
    drawn = dressed_person(with_pose=with_pose, with_face=with_face, height=height)
    found = _clothes(segmenter, drawn)
    assert _overlap(found, drawn.clothes.values) > 0.8
    assert (found[drawn.whole.values == 0] > 0.5).mean() < 0.01  # not the wall, but for cells on the edge


def test_an_empty_person_mask_has_no_clothes(segmenter: ClothesSegmenter) -> None:
    drawn = dressed_person()
    empty = drawn._replace(whole=drawn.whole._replace(values=np.zeros_like(drawn.whole.values)))
    assert not _clothes(segmenter, empty).any()


def test_masks_come_in_the_given_order(segmenter: ClothesSegmenter) -> None:
    drawn = dressed_person()
    nothing = drawn.whole._replace(values=np.zeros_like(drawn.whole.values))
    photo = ArrayPhoto(drawn.pixels.array)
    first, second = segmenter.segment(photo, [drawn.person, drawn.person], [nothing, drawn.whole])
    assert not first.values.any()
    assert second.values.any()
    assert segmenter.segment(photo, [], []) == []
    with pytest.raises(ValueError, match="1 people, but 0 masks"):
        segmenter.segment(photo, [drawn.person], [])


def test_the_same_photo_gives_the_same_masks(segmenter: ClothesSegmenter) -> None:
    drawn = dressed_person()
    assert (_clothes(segmenter, drawn) == _clothes(segmenter, drawn)).all()


def test_a_photo_of_one_pixel(segmenter: ClothesSegmenter) -> None:
    drawn = dressed_person()
    person = drawn.person.__class__(0, drawn.whole.area._replace(w=1, h=1), 0.5, None, None)
    whole = drawn.whole._replace(values=np.ones((1, 1), np.float32), area=person.box)
    (mask,) = segmenter.segment(ArrayPhoto(np.zeros((1, 1, 3), dtype=np.uint8)), [person], [whole])
    assert mask.values.shape == (1, 1)


@pytest.mark.parametrize(("side", "channels"), [(256, 3), (512, 4)])
def test_another_network_is_refused(tmp_path: Path, side: int, channels: int) -> None:
    path = tmp_path / "other.onnx"
    write_parsing_network(path, side=side, channels=channels)
    with pytest.raises(WeightsBrokenError, match="not the network for skin, clothes and hair"):
        build_clothes_segmenter([clothes_spec(path)])


def test_a_network_that_gives_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    write_parsing_network(path, broken=True)
    drawn = dressed_person()
    with pytest.raises(FaceAnalysisError, match="gave no map"):
        build_clothes_segmenter([clothes_spec(path)]).segment(
            ArrayPhoto(drawn.pixels.array), [drawn.person], [drawn.whole]
        )


def test_missing_and_wrong_numbers_of_files(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError):
        build_clothes_segmenter([clothes_spec(tmp_path / "nothing.onnx")])
    with pytest.raises(SettingsError, match="one network"):
        build_clothes_segmenter([])
