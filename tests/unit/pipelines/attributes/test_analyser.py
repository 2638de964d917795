from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from curation.domain.attributes.values import Attribute, DensePoint, FaceAttributes
from curation.domain.faces.face import Box, FiveLandmarks
from curation.engines.base import FoundFace, PhotoPixels, WeightsFile
from curation.errors import PhotoError, PhotoTooLargeError, PhotoTooSmallError, PhotoUnreadableError, SettingsError
from curation.pipelines.attributes.analyser import MIN_SIDE_PX, AttributeAnalyser, Wanted
from tests.attribute_fakes import FakePredictor, FakeShelf
from tests.attribute_values import a_sex
from tests.fakes import FakeEngine, fake_spec, painted_photo

BOXES = (Box(20, 30, 60, 80), Box(150, 25, 40, 50), Box(260, 90, 30, 30))
DLIB = {Attribute.AGE: "dlib", Attribute.SEX: "dlib"}


class Engine(FakeEngine):
    """The painted faces, with a rounding error in each number."""

    def __init__(self) -> None:
        super().__init__(replace(fake_spec(), weights=(WeightsFile("finder.onnx", Path("finder.onnx"), "f" * 64),)))
        self.found = 0

    def find(self, photo: PhotoPixels) -> Sequence[FoundFace]:
        self.found += 1
        return [
            FoundFace(face.box, FiveLandmarks.from_array(face.landmarks.as_array() + 1e-7), 0.98765432)
            for face in super().find(photo)
        ]


def png(array: NDArray[np.uint8]) -> bytes:
    stream = BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return stream.getvalue()


def jpeg(array: NDArray[np.uint8]) -> bytes:
    stream = BytesIO()
    Image.fromarray(array).save(stream, "JPEG", quality=90)
    return stream.getvalue()


PICTURE = png(painted_photo(320, 200, [(box, n) for n, box in enumerate(BOXES)]))


JPEG = jpeg(np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8))


class Parts:
    def __init__(self, *, max_bytes: int = 1_000_000, max_megapixels: float = 1.0) -> None:
        self.engine, self.predictor, self.shelf = Engine(), FakePredictor(), FakeShelf()
        self.analyser = AttributeAnalyser(
            self.engine,
            self.predictor,
            self.shelf,
            predictor_weights=WeightsFile("predictor.dat", Path("p"), "p" * 64),
            names=DLIB,
            max_bytes=max_bytes,
            max_megapixels=max_megapixels,
        )


def test_all_that_is_known_of_each_face_from_left_to_right() -> None:
    parts = Parts()
    image = parts.analyser.analyse(PICTURE, wanted=Wanted())
    assert image.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert (image.width, image.height, image.engine) == (320, 200, "fake")
    assert [face.box for face in image.faces] == list(BOXES)
    assert [face.face_index for face in image.faces] == [0, 1, 2]
    assert [face.attributes.age and face.attributes.age.years for face in image.faces] == [20.0, 150.0, 260.0]
    assert all(face.attributes.sex == a_sex() for face in image.faces)
    assert [len(face.points68) for face in image.faces] == [68, 0, 0], "points that do not fit are left out"
    first = image.faces[0]
    assert first.confidence == 0.9877
    assert first.landmarks.right_eye == (38.0, 62.0), "rounded to hundredths of a pixel"
    assert first.points68[0].x == round(first.points68[0].x, 2)
    assert abs(first.pose.yaw_deg) < 20
    assert parts.engine.found == 1


def test_the_model_files_that_took_part_are_named() -> None:
    weights = Parts().analyser.analyse(PICTURE, wanted=Wanted()).weights
    assert weights == (("dlib.onnx", "d" * 64), ("finder.onnx", "f" * 64), ("predictor.dat", "p" * 64))
    only_found = Parts().analyser.analyse(PICTURE, wanted=Wanted(points68=False, attributes=frozenset()))
    assert only_found.weights == (("finder.onnx", "f" * 64),)


def test_only_what_is_wanted_is_read() -> None:
    parts = Parts()
    image = parts.analyser.analyse(PICTURE, wanted=Wanted(points68=False, attributes=frozenset()))
    assert not parts.shelf.built and not parts.predictor.scales
    assert all(face.attributes == FaceAttributes() and not face.points68 for face in image.faces)


def test_readers_that_align_by_points_get_them_also_if_nobody_wants_to_see_them() -> None:
    parts = Parts()
    image = parts.analyser.analyse(PICTURE, wanted=Wanted(points68=False))
    assert not any(face.points68 for face in image.faces)
    (seen,) = parts.shelf.built["dlib", (Attribute.AGE, Attribute.SEX)].seen
    assert [face.points68 is not None for face in seen] == [True, False, False]


def test_readers_that_do_not_need_points_get_none() -> None:
    parts = Parts()
    parts.analyser.analyse(PICTURE, wanted=Wanted(), readers={Attribute.AGE: "openvino"})
    (seen,) = parts.shelf.built["openvino", (Attribute.AGE,)].seen
    assert all(face.points68 is None for face in seen)
    assert ("dlib", (Attribute.SEX,)) in parts.shelf.built, "the other attribute keeps its usual reader"


def test_a_call_may_name_readers_and_switch_them_off() -> None:
    image = Parts().analyser.analyse(
        PICTURE, wanted=Wanted(), readers={Attribute.LANDMARKS: "mediapipe", Attribute.SEX: "off"}
    )
    assert image.faces[0].attributes.dense == (DensePoint(1.0, 2.0, 3.0),)
    assert image.faces[0].attributes.sex is None
    assert image.faces[0].attributes.age is not None


def test_an_unknown_reader_is_told_before_the_picture_is_opened() -> None:
    parts = Parts()
    with pytest.raises(SettingsError, match="no reader 'nobody'"):
        parts.analyser.analyse(b"", wanted=Wanted(), readers={Attribute.AGE: "nobody"})


def test_pictures_without_faces_run_no_reader() -> None:
    parts = Parts()
    assert parts.analyser.analyse(png(painted_photo(64, 48)), wanted=Wanted()).faces == ()
    assert not any(reader.seen for reader in parts.shelf.built.values())


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(PhotoTooLargeError, match=r"at most 0\.001 MB are taken: send a smaller one"):
        Parts(max_bytes=1000).analyser.analyse(b"x" * 1001, wanted=Wanted())
    assert Parts(max_bytes=len(PICTURE)).analyser.analyse(PICTURE, wanted=Wanted()).faces


@pytest.mark.parametrize("size", [(1, 1), (MIN_SIDE_PX - 1, 500), (500, MIN_SIDE_PX - 1)])
def test_pictures_smaller_than_any_face_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(PhotoTooSmallError, match=f"{size[0]} x {size[1]} pixels, too few for a face"):
        Parts().analyser.analyse(png(painted_photo(*size)), wanted=Wanted())


BROKEN: dict[str, tuple[bytes, type[PhotoError], str]] = {
    "nothing": (b"", PhotoUnreadableError, "the file is empty"),
    "text": (b"Dear customer, here is your picture." * 9, PhotoUnreadableError, "."),
    "zeros": (bytes(5000), PhotoUnreadableError, "."),
    "PNG cut off": (PICTURE[: len(PICTURE) // 2], PhotoUnreadableError, "."),
    "JPEG cut off": (JPEG[: len(JPEG) // 2], PhotoUnreadableError, "."),
    "bomb": (png(np.zeros((1001, 1000, 3), dtype=np.uint8)), PhotoTooLargeError, "1.001 megapixels are more than"),
}


@pytest.mark.parametrize(("content", "error", "words"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_used_is_an_error_of_the_picture(content: bytes, error: type[PhotoError], words: str) -> None:
    parts = Parts()
    with pytest.raises(error, match=words):
        parts.analyser.analyse(content, wanted=Wanted())
    assert parts.analyser.analyse(PICTURE, wanted=Wanted()).faces, "the next picture is analysed as usual"


def test_of_a_crowd_only_the_largest_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.pipelines.measuring.MAX_MEASURED_FACES", 2)
    image = Parts().analyser.analyse(PICTURE, wanted=Wanted())
    assert [face.attributes.age is not None for face in image.faces] == [True, True, False]
    assert image.faces[2].box == BOXES[2]


def test_threads_share_the_parts_and_get_the_same() -> None:
    parts = Parts()
    start = threading.Barrier(8)

    def run(number: int) -> object:
        start.wait()
        return [parts.analyser.analyse(PICTURE, wanted=Wanted(points68=n % 2 == 0)) for n in range(10)]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(run, range(8)))
    assert all(result == results[0] for result in results)


def test_neither_grpc_nor_redis_is_imported() -> None:
    code = "import sys, curation.pipelines.attributes.analyser; print(sorted({'grpc', 'redis'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
