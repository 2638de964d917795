"""Faces of one picture in a process of its own: found or pointed out, and what happens when that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import cv2
import pytest

from curation.domain.faces.face import Box
from curation.engines.base import EngineSpec
from curation.errors import BusyError, PhotoUnreadableError
from curation.pipelines.per_photo import WorkerParts, prepare_worker
from curation.pipelines.picture_faces import PictureFaceReader, PictureFaces, PictureTask
from curation.workers.pool import Outcome, TaskFailure, TaskPool
from curation.workers.serial import SerialPool
from tests.fakes import FakeEngine, fake_spec, painted_photo


def _no_predictor() -> Any:
    raise AssertionError("no landmarks are needed")


def _serial(state_dir: Path, engine: Callable[[], FakeEngine] = FakeEngine) -> TaskPool:
    parts = WorkerParts(engine, _no_predictor, state_dir, max_megapixels=1, chip_px=96)
    return SerialPool(prepare_worker, (parts,))


def _png(width: int = 300, height: int = 200) -> bytes:
    return cv2.imencode(".png", painted_photo(width, height, [(Box(60, 50, 40, 50), 3)])[..., ::-1])[1].tobytes()


class FailingPool:
    """Gives no result; counts how often it was closed."""

    def __init__(self, failure: TaskFailure) -> None:
        self.failure = failure
        self.closed = 0

    def run(
        self,
        function: Callable[[PictureTask], PictureFaces],
        tasks: Iterable[PictureTask],
        *,
        timeout_s: float | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Outcome[PictureTask, PictureFaces]]:
        for task in tasks:
            yield Outcome(task, None, self.failure)

    def close(self) -> None:
        self.closed += 1


def test_bytes_and_files_give_the_same_faces(tmp_path: Path) -> None:
    reader = PictureFaceReader(lambda _: _serial(tmp_path), fake_spec)
    path = tmp_path / "a.png"
    path.write_bytes(_png())
    of_bytes, of_file = reader.read(_png()), reader.read(path)
    reader.close()
    assert of_bytes.sha256 == of_file.sha256
    assert (of_bytes.analysis.width, of_bytes.analysis.height) == (300, 200)
    (face,) = of_bytes.analysis.faces
    assert face.detected.box == Box(60, 50, 40, 50)
    assert face.detected.embedding.tobytes() == of_file.analysis.faces[0].detected.embedding.tobytes()
    assert face.chip_jpeg == of_file.analysis.faces[0].chip_jpeg


def test_a_place_gives_one_face_whatever_else_is_there(tmp_path: Path) -> None:
    reader = PictureFaceReader(lambda _: _serial(tmp_path), fake_spec)
    (face,) = reader.read(_png(), box=Box(200, 100, 40, 40)).analysis.faces
    reader.close()
    assert face.detected.box == Box(200, 100, 40, 40)
    assert face.detected.confidence == 0


def test_a_photo_that_was_changed_is_refused(tmp_path: Path) -> None:
    reader = PictureFaceReader(lambda _: _serial(tmp_path), fake_spec)
    with pytest.raises(PhotoUnreadableError, match="changed meanwhile"):
        reader.read(_png(), sha256="0" * 64)
    with pytest.raises(PhotoUnreadableError, match="not a picture"):
        reader.read(b"nothing")
    with pytest.raises(PhotoUnreadableError, match="megapixels"):
        reader.read(_png(1200, 1000))
    reader.close()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (TaskFailure("timeout", "x"), "longer than 2 s"),
        (TaskFailure("killed", "x"), "more memory"),
        (TaskFailure("bug", "x"), "save it anew"),
        (TaskFailure("failed", "the {file} is cut off"), "the {file} is cut off"),
    ],
)
def test_whatever_happens_to_the_process_is_an_error_of_the_picture(failure: TaskFailure, message: str) -> None:
    reader = PictureFaceReader(lambda _: cast(TaskPool, FailingPool(failure)), fake_spec, timeout_s=2)
    with pytest.raises(PhotoUnreadableError) as raised:
        reader.read(_png())
    assert message in str(raised.value)
    reader.close()


def test_the_process_leaves_when_nothing_came_for_a_while_and_comes_back() -> None:
    pools = []

    def make(_: EngineSpec) -> TaskPool:
        pools.append(FailingPool(TaskFailure("failed", "no")))
        return cast(TaskPool, pools[-1])

    reader = PictureFaceReader(make, fake_spec, idle_s=0.01)
    for _ in range(2):
        with pytest.raises(PhotoUnreadableError):
            reader.read(_png())
        timer = reader._leaving
        assert timer is not None
        timer.join(5)
    assert [pool.closed for pool in pools] == [1, 1]


def test_others_wait_for_a_while_only() -> None:
    reader = PictureFaceReader(
        lambda _: cast(TaskPool, FailingPool(TaskFailure("failed", "no"))), fake_spec, wait_s=0.01
    )
    with reader._guard, pytest.raises(BusyError, match="in a moment"):
        reader.read(_png())
