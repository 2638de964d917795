"""Every reader of attributes fulfils the same contract, on stand-ins for its weights."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute, ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.attributes.building import build_reader
from curation.engines.attributes.catalogue import FAMILIES
from curation.engines.attributes.families.mediapipe import POINTS
from curation.engines.attributes.reader import AttributeReader, FoundAt, ReaderSpec
from curation.engines.attributes.selection import select_readers
from curation.engines.building import build_engine
from curation.engines.selection import select_engine
from curation.errors import WeightsBrokenError, WeightsMissingError
from curation.settings import load_settings
from ground_truth.array_photo import ArrayPhoto
from tests.attribute_networks import NETWORKS, stand_in_spec, write_network
from tests.conftest import real_data_dir
from tests.face_photos import astronaut, grace_hopper, side_by_side

READERS = tuple(NETWORKS)
ETHNICITIES = {"gear": 5, "deepface": 6, "fairface": 7}
_POINTS = np.array([[0.30, 0.35], [0.70, 0.35], [0.50, 0.55], [0.35, 0.75], [0.65, 0.75]])


def _face(x: int, y: int, side: int) -> FoundAt:
    return FoundAt(Box(x, y, side, side), FiveLandmarks.from_array(np.array([x, y]) + _POINTS * side))


def _photo(seed: int = 1) -> ArrayPhoto:
    return ArrayPhoto(np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8))


FACES = (_face(20, 30, 60), _face(120, 40, 90), _face(230, 130, 40))


def _peak(size: int, at: int) -> NDArray[np.float64]:
    """Log-odds of almost certainty for one class."""
    values = np.zeros(size)
    values[at] = 12.0
    return values


def _mesh() -> NDArray[np.float64]:
    grid = np.zeros((POINTS, 3))
    grid[:, 0] = np.linspace(20, 170, POINTS)
    grid[:, 1] = np.linspace(170, 20, POINTS)
    grid[:, 2] = np.linspace(-40, 40, POINTS)
    return grid.ravel()


def _varied(reader: str, folder: Path) -> AttributeReader:
    """A reader whose answers depend on what it sees."""
    outputs = {1434: _mesh(), 1: np.array([9.0])}
    return build_reader(stand_in_spec(reader, folder, outputs, slope=3.0))


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> AttributeReader:
    return _varied(request.param, tmp_path)


def _estimates(attributes: FaceAttributes) -> list[ClassEstimate]:
    return [each for each in (attributes.sex, attributes.ethnicity, attributes.emotion) if each is not None]


def _cannot_tell(attributes: FaceAttributes) -> bool:
    age_unknown = attributes.age is None or (
        not attributes.age.is_known and attributes.age.certainty == 0 and math.isfinite(attributes.age.years)
    )
    return age_unknown and all(each.answer is None for each in _estimates(attributes)) and not attributes.dense


def _told(attributes: FaceAttributes) -> set[Attribute]:
    values = {
        Attribute.AGE: attributes.age,
        Attribute.SEX: attributes.sex,
        Attribute.ETHNICITY: attributes.ethnicity,
        Attribute.EMOTION: attributes.emotion,
        Attribute.LANDMARKS: attributes.dense,
    }
    return {attribute for attribute, value in values.items() if value is not None}


def test_all_readers_are_under_this_contract() -> None:
    assert set(READERS) == set(FAMILIES)
    for name, forms in NETWORKS.items():
        told = {attribute: form.file for form in forms for attribute in form.attributes}
        assert told == {attribute: files[0] for attribute, files in FAMILIES[name].files.items()}


def test_it_tells_what_was_asked_with_probabilities_of_sum_1(reader: AttributeReader) -> None:
    for attributes in reader.read(_photo(), FACES):
        assert _told(attributes) == set(reader.spec.attributes)
        if attributes.age is not None:
            assert sum(attributes.age.distribution) == pytest.approx(1)
            assert len(attributes.age.distribution) == len(attributes.age.ages)
            assert list(attributes.age.ages) == sorted(attributes.age.ages)
            assert attributes.age.low <= attributes.age.years <= attributes.age.high
            assert attributes.age.reader == reader.spec.name
        for estimate in _estimates(attributes):
            assert sum(estimate.distribution) == pytest.approx(1)
            assert len(estimate.distribution) == len(estimate.classes)
            assert estimate.certainty == max(estimate.distribution)
        if attributes.sex is not None:
            assert attributes.sex.classes == ("female", "male")
        if attributes.dense is not None:
            assert len(attributes.dense) == 478


def test_no_faces_are_no_answers(reader: AttributeReader) -> None:
    assert reader.read(_photo(), []) == []


def test_faces_together_are_read_as_each_alone(reader: AttributeReader) -> None:
    photo = _photo()
    together = reader.read(photo, FACES)
    assert together == [reader.read(photo, [face])[0] for face in FACES]
    assert len({repr(attributes) for attributes in together}) == len(FACES)  # they do differ


def test_the_order_of_the_faces_does_not_matter(reader: AttributeReader) -> None:
    photo = _photo()
    assert reader.read(photo, FACES[::-1]) == reader.read(photo, FACES)[::-1]


def test_faces_at_and_beyond_the_edge_are_read(reader: AttributeReader) -> None:
    faces = [_face(-30, -30, 80), _face(290, 210, 60), _face(0, 0, 320), _face(319, 239, 1), _face(5000, 5000, 50)]
    read = reader.read(_photo(), faces)
    assert len(read) == len(faces)
    for attributes in read:
        assert _told(attributes) == set(reader.spec.attributes)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_landmarks_that_are_no_numbers_cannot_be_told(reader: AttributeReader, value: float) -> None:
    bad = FoundAt(Box(20, 30, 60, 60), FiveLandmarks.from_array(np.full((5, 2), value)))
    good = FACES[1]
    read = reader.read(_photo(), [bad, good, bad])
    assert _cannot_tell(read[0]) and _cannot_tell(read[2])
    assert read[1] == reader.read(_photo(), [good])[0]
    assert _cannot_tell(reader.read(_photo(), [bad])[0])


def test_landmarks_in_one_spot_are_no_crash(reader: AttributeReader) -> None:
    spot = FoundAt(Box(20, 30, 60, 60), FiveLandmarks.from_array(np.full((5, 2), 40.0)))
    assert len(reader.read(_photo(), [spot])) == 1


def test_a_box_without_area_cannot_be_told_or_is_not_needed(reader: AttributeReader) -> None:
    flat = FoundAt(Box(20, 30, 0, 60), FACES[0].landmarks)
    assert len(reader.read(_photo(), [flat])) == 1


def test_photos_of_one_pixel_are_no_crash(reader: AttributeReader) -> None:
    photo = ArrayPhoto(np.zeros((1, 1, 3), dtype=np.uint8))
    assert len(reader.read(photo, [_face(0, 0, 1)])) == 1


def test_a_reader_serves_several_threads(reader: AttributeReader) -> None:
    photos = [_photo(seed) for seed in range(8)]
    alone = [reader.read(photo, FACES) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda photo: reader.read(photo, FACES), photos)) == alone


def test_its_spec_goes_to_workers_and_builds_the_same_reader(reader: AttributeReader) -> None:
    again = build_reader(pickle.loads(pickle.dumps(reader.spec)))
    assert again.spec.name == reader.spec.name
    assert again.read(_photo(), FACES) == reader.read(_photo(), FACES)


@pytest.mark.parametrize("name", READERS)
def test_numbers_that_are_no_numbers_cannot_be_told(name: str, tmp_path: Path) -> None:
    outputs = {size: np.full(size, np.nan) for form in NETWORKS[name] for size in form.sizes}
    read = build_reader(stand_in_spec(name, tmp_path, outputs)).read(_photo(), FACES)
    assert all(_cannot_tell(attributes) for attributes in read)


@pytest.mark.parametrize("name", READERS)
def test_weights_that_were_not_measured_give_probabilities_only(name: str, tmp_path: Path) -> None:
    outputs = {size: _peak(size, 0) for form in NETWORKS[name] for size in form.sizes}
    for attributes in build_reader(stand_in_spec(name, tmp_path, outputs)).read(_photo(), FACES):
        assert attributes.age is None or (not attributes.age.is_known and attributes.age.certainty == 0)
        for estimate in _estimates(attributes):
            assert estimate.answer is None and estimate.certainty > 0.9


@pytest.mark.parametrize(
    ("name", "size", "at", "years"),
    [
        ("dlib", 81, 0, 0.25),
        ("dlib", 81, 34, 34),
        ("openvino", 101, 30, 30),
        ("deepface", 101, 100, 100),
        ("gear", 7, 3, 35.5),
        ("fairface", 9, 8, 78),
    ],
)
def test_a_network_that_is_certain_of_an_age_is_told_so(
    name: str, size: int, at: int, years: float, tmp_path: Path
) -> None:
    (attributes,) = build_reader(stand_in_spec(name, tmp_path, {size: _peak(size, at)})).read(_photo(), FACES[:1])
    assert attributes.age is not None and attributes.age.years == pytest.approx(years, abs=0.2)


@pytest.mark.parametrize(
    ("name", "female_at"), [("dlib", 0), ("openvino", 0), ("deepface", 0), ("gear", 1), ("fairface", 1)]
)
def test_the_order_of_the_sexes_is_the_networks_own(name: str, female_at: int, tmp_path: Path) -> None:
    (attributes,) = build_reader(stand_in_spec(name, tmp_path, {2: _peak(2, female_at)})).read(_photo(), FACES[:1])
    assert attributes.sex is not None and attributes.sex.most_likely == "female"


@pytest.mark.parametrize("name", sorted(ETHNICITIES))
def test_ethnicities_are_in_the_networks_order(name: str, tmp_path: Path) -> None:
    size = ETHNICITIES[name]
    (attributes,) = build_reader(stand_in_spec(name, tmp_path, {size: _peak(size, 1)})).read(_photo(), FACES[:1])
    second = {"gear": "black", "deepface": "indian", "fairface": "black"}[name]
    assert attributes.ethnicity is not None and attributes.ethnicity.most_likely == second
    assert attributes.ethnicity.answer is None


def test_measured_weights_give_answers_where_they_are_certain(tmp_path: Path) -> None:
    measured = "d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734"
    for odds, answer in ((12.0, "male"), (1.0, None)):
        spec = stand_in_spec("dlib", tmp_path, {2: np.array([0.0, odds])}, sha256=measured)
        only_sex = ReaderSpec(spec.name, (Attribute.SEX,), spec.weights[1:], spec.providers)
        (attributes,) = build_reader(only_sex).read(_photo(), FACES[:1])
        assert attributes.sex is not None and attributes.sex.answer == answer
        assert attributes.age is None


def test_dense_landmarks_are_in_pixels_of_the_photo(tmp_path: Path) -> None:
    reader = build_reader(stand_in_spec("mediapipe", tmp_path, {1434: _mesh(), 1: np.array([9.0])}))
    photo = _photo()
    small, large = reader.read(photo, [_face(20, 30, 60), _face(40, 60, 120)])
    assert small.dense is not None and large.dense is not None
    # Twice as large and twice as far from the origin: so are the points, up to the pixels' own size.
    for one, two in zip(small.dense, large.dense, strict=True):
        assert [two.x, two.y, two.z] == pytest.approx([2 * one.x, 2 * one.y, 2 * one.z], abs=0.6)
    assert 20 < np.mean([point.x for point in small.dense]) < 80
    assert 30 < np.mean([point.y for point in small.dense]) < 90


def test_no_dense_landmarks_where_the_network_sees_no_face(tmp_path: Path) -> None:
    reader = build_reader(stand_in_spec("mediapipe", tmp_path, {1434: _mesh(), 1: np.array([-1.0])}))
    assert [attributes.dense for attributes in reader.read(_photo(), FACES)] == [(), (), ()]


@pytest.mark.parametrize("name", READERS)
def test_a_network_of_another_shape_is_refused(name: str, tmp_path: Path) -> None:
    spec = stand_in_spec(name, tmp_path, {})
    form = NETWORKS[name][0]
    path = spec.weights[0].path
    shapes: Sequence[tuple[int, ...]] = [(7, *form.shape[1:]), (*form.shape, 1), form.shape[1:]]
    for shape in shapes:
        write_network(path, shape, [np.zeros(size) for size in form.sizes])
        with pytest.raises(WeightsBrokenError, match="input"):
            build_reader(spec)
    write_network(path, form.shape, [np.zeros(size + 1) for size in form.sizes])
    with pytest.raises(WeightsBrokenError, match="outputs") as caught:
        build_reader(spec)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", READERS)
def test_broken_and_missing_files_are_refused(name: str, tmp_path: Path) -> None:
    spec = stand_in_spec(name, tmp_path, {})
    spec.weights[0].path.write_bytes(b"no network")
    with pytest.raises(WeightsBrokenError, match="cannot be loaded"):
        build_reader(spec)
    spec.weights[0].path.unlink()
    with pytest.raises(WeightsMissingError, match="missing"):
        build_reader(spec)


@pytest.fixture(scope="module", params=["dlib", "openvino", "gear", "deepface", "mediapipe"])
def real_reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AttributeReader:
    data = real_data_dir()
    folders = [data / "weights/onnx", data / "weights/deepface_home/.deepface/weights"] if data else []
    files = {path.name: path for folder in folders for path in folder.glob("*.onnx")}
    models = tmp_path_factory.mktemp("models")
    family = FAMILIES[request.param]
    names = {}
    for attribute, alternatives in family.files.items():
        for name in alternatives:
            if name in files:
                if not (models / name).exists():
                    (models / name).symlink_to(files[name])
                names[attribute] = family.name
    if not names:
        pytest.skip(f"no weights for {family.name}: set CURATION_TEST_DATA to a folder that contains weights/")
    (spec,) = select_readers(names, models, ("CPUExecutionProvider",), allow_download=False)
    return build_reader(spec)


@pytest.fixture(scope="module")
def real_faces(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArrayPhoto, list[FoundAt]]:
    photo = ArrayPhoto(side_by_side(astronaut(), grace_hopper()))
    settings = load_settings(None, default_root=tmp_path_factory.mktemp("root"), overrides={"engine": {"name": "dlib"}})
    engine = build_engine(select_engine(settings, pinned=None, allow_download=False))
    return photo, [FoundAt(face.box, face.landmarks) for face in engine.analyse(photo)]


def test_real_weights_read_faces_together_as_each_alone(
    real_reader: AttributeReader, real_faces: tuple[ArrayPhoto, list[FoundAt]]
) -> None:
    photo, faces = real_faces
    assert len(faces) == 2
    alone = [real_reader.read(photo, [face])[0] for face in faces]
    assert real_reader.read(photo, faces) == alone
    assert real_reader.read(photo, faces[::-1]) == alone[::-1]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: real_reader.read(photo, faces), range(8))) == [alone] * 8


def test_real_weights_tell_sensible_things(
    real_reader: AttributeReader, real_faces: tuple[ArrayPhoto, list[FoundAt]]
) -> None:
    young, old = real_reader.read(*real_faces)
    for attributes, face in zip((young, old), real_faces[1], strict=True):
        if attributes.dense is not None:
            assert len(attributes.dense) == 478
            nose, mean = face.landmarks.nose, np.mean([(point.x, point.y) for point in attributes.dense], axis=0)
            assert np.linalg.norm(mean - nose) < 0.2 * face.box.w
    if real_reader.spec.name == "dlib":
        assert young.sex is not None and young.sex.answer == "female"
        assert young.age is not None and old.age is not None
        assert 20 < young.age.years < 45 < old.age.years
        assert young.age.is_known and young.age.low < young.age.years < young.age.high
