"""The unit of work: photos of one batch have nothing to do with each other, and no photo is decoded too often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from curation.domain.faces.face import Box, DetectedFace
from curation.engines.alignment import detail_scale
from curation.engines.base import PhotoPixels
from curation.engines.landmarks import LandmarkPredictor
from curation.errors import PhotoError, PhotoUnreadableError
from curation.photos.files import decoding
from curation.photos.files.decoding import open_photo
from curation.photos.files.jpeg import JpegHeader, decode_jpeg
from curation.pipelines.measuring import face_quality
from curation.pipelines.per_photo import (
    AnalyseBatch,
    AnalysedPhoto,
    AnalyseTask,
    WorkerParts,
    analyse_photo_worker,
    analyse_photos_worker,
    prepare_worker,
)
from curation.storage.analysis_store import AnalysisStore
from tests.face_photos import astronaut
from tests.fakes import FakeEngine, painted_photo


class ReducingEngine(FakeEngine):
    """Looks at a reduced picture first, as the real engines do."""

    def analyse(self, photo: PhotoPixels) -> Sequence[DetectedFace]:
        photo.reduced(400)
        faces = super().analyse(_Reduced(photo))
        photo.detailed(detail_scale(face.landmarks for face in faces))
        return faces


class _Reduced:
    """Only what `FakeEngine` asks for, at the reduced size."""

    def __init__(self, photo: PhotoPixels) -> None:
        self.width, self.height = photo.width, photo.height
        self.reduced, self.detailed = photo.reduced, photo.detailed
        self.full = lambda: photo.reduced(400)


def _no_predictor() -> LandmarkPredictor:
    raise AssertionError("clustering needs no predictor")


@pytest.fixture
def decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A worker at work on JPEGs; the divisors that they are decoded at."""
    divisors: list[int] = []

    def counted(data: bytes, header: JpegHeader, divisor: int) -> NDArray[np.uint8]:
        divisors.append(divisor)
        return decode_jpeg(data, header, divisor)

    monkeypatch.setattr(decoding, "decode_jpeg", counted)
    AnalysisStore(tmp_path / "state").close()
    prepare_worker(
        WorkerParts(
            make_engine=ReducingEngine,
            make_predictor=_no_predictor,
            state_dir=tmp_path / "state",
            max_megapixels=120,
            chip_px=256,
        )
    )
    return divisors


def _task(path: Path, *faces: tuple[Box, int]) -> AnalyseTask:
    path.write_bytes(simplejpeg.encode_jpeg(painted_photo(1600, 1200, faces), quality=95))
    return AnalyseTask(path.name, path, "key")


def _faces(result: AnalysedPhoto | PhotoError) -> list[Box]:
    assert isinstance(result, AnalysedPhoto) and result.analysis is not None
    return [face.detected.box for face in result.analysis.faces]


@pytest.mark.parametrize(
    ("face_px", "expected"),
    [
        (None, [4]),  # no face, nothing more to see
        (800, [4]),  # large enough in the reduced picture
        (400, [4, 2]),
        (120, [4, 1]),
    ],
)
def test_a_photo_is_decoded_in_as_few_pixels_as_its_faces_need(
    tmp_path: Path, decoded: list[int], face_px: int | None, expected: list[int]
) -> None:
    faces = [] if face_px is None else [(Box(200, 100, face_px, face_px), 2)]
    result = analyse_photo_worker(_task(tmp_path / "a.jpg", *faces))
    assert decoded == expected
    assert len(_faces(result)) == len(faces)


def test_the_smallest_face_decides(tmp_path: Path, decoded: list[int]) -> None:
    task = _task(tmp_path / "a.jpg", (Box(100, 100, 800, 800), 1), (Box(1100, 300, 120, 120), 3))
    assert len(_faces(analyse_photo_worker(task))) == 2
    assert decoded == [4, 1]


def test_a_batch_gives_what_its_photos_give_alone(tmp_path: Path, decoded: list[int]) -> None:
    good = _task(tmp_path / "a.jpg", (Box(100, 100, 400, 400), 1), (Box(900, 300, 300, 300), 3))
    cut = _task(tmp_path / "b.jpg", (Box(100, 100, 400, 400), 1))
    cut.path.write_bytes(cut.path.read_bytes()[:4000])
    gone = AnalyseTask("c.jpg", tmp_path / "c.jpg", "key")
    empty = _task(tmp_path / "d.jpg")
    results = analyse_photos_worker(AnalyseBatch((good, cut, gone, empty)))
    assert [isinstance(result, PhotoError) for result in results] == [False, True, True, False]
    assert _faces(results[0]) == _faces(analyse_photo_worker(good))
    assert _faces(results[3]) == []
    with pytest.raises(PhotoUnreadableError, match="gone"):
        analyse_photo_worker(gone)
    assert "gone" in str(results[2]) and "cut off" in str(results[1])


# As RetinaFace finds them.
ASTRONAUT_BOX = Box(177, 59, 96, 121)
ASTRONAUT_MARKS = np.array([[203.6, 101.1], [247.5, 104.5], [223.3, 129.3], [200.9, 138.4], [245.6, 141.2]])


@pytest.mark.parametrize("enlargement", [4, 6, 11])
@pytest.mark.parametrize("blur_px", [0, 2])
def test_quality_hardly_depends_on_the_decoded_size(tmp_path: Path, enlargement: int, blur_px: int) -> None:
    from curation.domain.faces.face import FiveLandmarks

    large = cv2.resize(astronaut(), None, fx=enlargement, fy=enlargement, interpolation=cv2.INTER_CUBIC)
    if blur_px:
        large = cv2.GaussianBlur(large, (0, 0), blur_px * enlargement)
    path = tmp_path / "a.jpg"
    path.write_bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(large), quality=92))
    marks = FiveLandmarks.from_array((ASTRONAUT_MARKS + 0.5) * enlargement - 0.5)
    box = Box(*(side * enlargement for side in ASTRONAUT_BOX))
    face = DetectedFace(box, marks, 0.99, np.zeros(1, dtype=np.float32))
    enough = detail_scale([marks])
    small = open_photo(path, max_megapixels=120).detailed(enough)
    full = open_photo(path, max_megapixels=120).full()
    assert small.scale < full.scale
    one, other = face_quality(small, face), face_quality(full, face)
    assert (one.size_px, one.yaw_deg) == (other.size_px, other.yaw_deg)
    assert one.sharpness == pytest.approx(other.sharpness, abs=0.05)
    assert (one.sharpness < 0.3) == bool(blur_px)


class Elsewhere:
    """Files that lie in another folder; those that are in use are counted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.held, self.most = folder, 0, 0

    @contextmanager
    def at_hand(self, path: Path) -> Iterator[Path]:
        self.held += 1
        self.most = max(self.most, self.held)
        try:
            yield self.folder / path.name
        finally:
            self.held -= 1


def test_photos_are_opened_where_the_originals_say(tmp_path: Path, decoded: list[int]) -> None:
    (tmp_path / "there").mkdir()
    first = _task(tmp_path / "there" / "a.jpg", (Box(100, 100, 400, 400), 1))
    second = _task(tmp_path / "there" / "b.jpg", (Box(100, 100, 300, 300), 2))
    expected = [_faces(analyse_photo_worker(task)) for task in (first, second)]
    originals = Elsewhere(tmp_path / "there")
    prepare_worker(
        WorkerParts(
            make_engine=ReducingEngine,
            make_predictor=_no_predictor,
            state_dir=tmp_path / "state",
            max_megapixels=120,
            chip_px=256,
            originals=originals,
        )
    )
    tasks = tuple(AnalyseTask(name, tmp_path / name, "key") for name in ("a.jpg", "b.jpg", "gone.jpg"))
    *found, gone = analyse_photos_worker(AnalyseBatch(tasks))
    assert [_faces(result) for result in found] == expected
    assert isinstance(gone, PhotoUnreadableError)
    assert (originals.held, originals.most) == (0, 3)  # kept while the batch is worked on, then let go
