"""Documents and files of real photos with real weights: the same whoever reads them, and in however many parts."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from curation.bootstrap import build_analyser, build_attribute_files
from curation.cli.main import main
from curation.domain.attributes.documents import age_gender_result, document_text, image_of_results, landmark_result
from curation.domain.attributes.image_document import image_document
from curation.domain.attributes.values import Attribute, ImageAttributes
from curation.domain.faces.geometry import box_iou
from curation.pipelines.attributes.analyser import AttributeAnalyser, Wanted
from curation.settings import Settings, load_settings

NAMES = {Attribute.AGE: "dlib", Attribute.SEX: "dlib"}
WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC)
_WEIGHTS = (
    "deepface_home/.deepface/weights/retinaface.onnx",
    "deepface_home/.deepface/weights/arcface_weights.onnx",
    "onnx/dlib_cydral_age_v1.onnx",
    "onnx/dlib_cydral_gender_v1.onnx",
)
_PHOTOS = 8
_MAX_BYTES = 1_500_000


@pytest.fixture(scope="module")
def settings(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    models = tmp_path_factory.mktemp("models")
    for name in _WEIGHTS:
        source = test_data / "weights" / name
        if not source.is_file():
            pytest.skip(f"no weights {source}")
        (models / source.name).symlink_to(source.resolve())
    (models / "config.yaml").write_text(
        f"io: {{models_dir: '{models}'}}\nengine: {{name: retinaface-arcface, download: false}}\n", encoding="utf-8"
    )
    return load_settings(models / "config.yaml", default_root=models)


@pytest.fixture(scope="module")
def analyser(settings: Settings) -> AttributeAnalyser:
    return build_analyser(settings, NAMES)


@pytest.fixture(scope="module")
def photos(test_data: Path) -> list[Path]:
    """Some photos of groups, from small to large."""
    everything = (test_data / "photos/groups").rglob("*.jp*g")
    found = sorted(
        (path for path in everything if path.stat().st_size < _MAX_BYTES),
        key=lambda path: (path.stat().st_size, path.name),
    )
    if not found:
        pytest.skip(f"no photos of groups in {test_data}")
    return found[:: max(1, len(found) // _PHOTOS)]


def text_of(image: ImageAttributes) -> str:
    return document_text(image_document(image))


def test_two_roles_apart_tell_what_one_program_tells(analyser: AttributeAnalyser, photos: Sequence[Path]) -> None:
    roles = Wanted(True, frozenset({Attribute.LANDMARKS})), Wanted(False, frozenset(NAMES))
    faces = 0
    for path in photos:
        content = path.read_bytes()
        whole = analyser.analyse(content, wanted=Wanted())
        landmarks, ages = (analyser.analyse(content, wanted=wanted) for wanted in roles)
        joined, said = image_of_results(landmark_result(landmarks), age_gender_result(ages))
        assert not said
        assert text_of(joined) == text_of(whole)
        faces += len(whole.faces)
    assert faces >= len(photos)


def test_threads_get_what_one_alone_gets(analyser: AttributeAnalyser, photos: Sequence[Path]) -> None:
    contents = [path.read_bytes() for path in photos[:6]]
    alone = [text_of(analyser.analyse(content, wanted=Wanted())) for content in contents]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda content: text_of(analyser.analyse(content, wanted=Wanted())), contents)
    assert list(together) == alone


def test_the_command_writes_what_the_api_tells(
    settings: Settings, analyser: AttributeAnalyser, photos: Sequence[Path], tmp_path: Path
) -> None:
    path = photos[len(photos) // 2]
    assert settings.origin is not None
    assert main(["--config", str(settings.origin.path), "attributes", str(path), "--save", str(tmp_path)]) == 0
    content = path.read_bytes()
    told = build_attribute_files(settings).contents(content, analyser.analyse(content, wanted=Wanted()), WHEN)
    for file in told:
        written = (tmp_path / file.path.parent.name / file.path.name).read_bytes().splitlines()
        expected = file.content.splitlines()
        different = [line for line, other in zip(written, expected, strict=True) if line != other]
        assert all(b'"timestamp"' in line for line in different)


def test_faces_are_where_a_viewer_shows_them(analyser: AttributeAnalyser, photos: Sequence[Path]) -> None:
    with Image.open(photos[-1]) as opened:
        upright = opened.convert("RGB")
    upright.thumbnail((1600, 1600))
    plain, turned, heic = BytesIO(), BytesIO(), BytesIO()
    upright.save(plain, "JPEG", quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(turned, "JPEG", quality=95, exif=exif)
    pillow_heif.from_pillow(upright).save(heic, quality=95)
    first, *others = (analyser.analyse(each.getvalue(), wanted=Wanted()) for each in (plain, turned, heic))
    assert first.faces
    for image in others:
        assert (image.width, image.height) == upright.size
        assert len(image.faces) == len(first.faces)
        for face, same in zip(image.faces, first.faces, strict=True):
            assert box_iou(face.box, same.box) > 0.9
            points, same_points = np.array(face.points68), np.array(same.points68)
            assert points.shape == same_points.shape
            if len(points):
                assert np.abs(points - same_points).mean() < 0.03 * same.box.w
