"""Pictures on another machine: the same record and files, and whose fault it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation import worker_setup
from curation.domain.assets.document import asset_document
from curation.domain.assets.states import FailCode, RejectCode
from curation.domain.bodies.person import FaceOfBody
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.engines.base import WeightsFile
from curation.engines.bodies.tflite import conversion
from curation.errors import (
    AssetRejectedError,
    CurationError,
    FaceAnalysisError,
    StorageError,
    WeightsBrokenError,
    WeightsMissingError,
)
from curation.pipelines.assets import sent_task
from curation.pipelines.assets.pipeline import AssetPipeline, AssetResult
from curation.pipelines.assets.sent_task import PictureDone, PictureTask, process_picture_worker
from curation.remote.execution import execute, lacking
from curation.remote.machine import this_machine
from curation.remote.preparing import Preparations
from curation.remote.work import PictureRemoteWork
from curation.settings import Settings, load_settings
from tests.fake_bodies import body_spec
from tests.remote_machine import RemoteMachine
from tests.remote_pool import RefusedError, RemotePool
from tests.unit.pipelines.assets.test_pipeline import a_setup, build, picture

_MADE = b"a network that was made from one of TensorFlow Lite"
_SHA256 = hashlib.sha256(_MADE).hexdigest()
_FACE = FaceOfBody(0, Box(150, 60, 40, 50), FiveLandmarks(*[Point(160.0 + n, 80.0) for n in range(5)]), 0.9)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RemoteMachine:
    monkeypatch.setattr(worker_setup, "build_asset_networks", build)
    machine = RemoteMachine(tmp_path / "worker", monkeypatch)
    machine.photos.rmdir()  # it needs no photos
    return machine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(None, default_root=tmp_path, overrides={"io": {"state_dir": str(tmp_path / "state")}})


@pytest.fixture
def pool(machine: RemoteMachine, settings: Settings) -> RemotePool:
    return RemotePool(PictureRemoteWork(settings, a_setup()), execute)


def _fails(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*args: object) -> AssetResult:
        raise error

    monkeypatch.setattr(sent_task, "process_content", fail)


def _done(pool: RemotePool, task: PictureTask) -> PictureDone:
    (outcome,) = pool.run(process_picture_worker, [task])
    assert outcome.failure is None and isinstance(outcome.result, PictureDone)
    return outcome.result


@pytest.mark.parametrize("faces", [None, (), (_FACE,)])
def test_record_and_files_are_those_of_this_machine(pool: RemotePool, faces: Any) -> None:
    expected = AssetPipeline(a_setup()).process(picture(), faces=faces, name="a.png") if faces != () else None
    done = _done(pool, PictureTask(picture(), "a.png", faces))
    if expected is None:
        assert (done.rejected, done.files) == (RejectCode.NO_PERSON, ())
        return
    assert done.document is not None
    assert json.loads(done.document) == json.loads(json.dumps(asset_document(expected.record)))
    assert dict(done.files) == expected.files and expected.files
    assert list(pool.kinds) == ["ok"]


def test_a_machine_without_photos_lacks_nothing(machine: RemoteMachine, settings: Settings) -> None:
    assert lacking(PictureRemoteWork(settings, a_setup()).setup) == ""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AssetRejectedError("small", "too_small"), PictureDone(rejected=RejectCode.TOO_SMALL, message="small")),
        (FaceAnalysisError("shapes"), PictureDone(failed=FailCode.MODEL, message="shapes")),
        (
            MemoryError(),
            PictureDone(
                failed=FailCode.MEMORY,
                message="not enough memory for this picture; use fewer workers (workers.concurrency)",
            ),
        ),
        (KeyError("x"), PictureDone(failed=FailCode.BUG, message="unexpected error (KeyError: 'x')")),
    ],
)
def test_what_may_be_the_pictures_fault_ends_the_try(
    pool: RemotePool, error: Exception, expected: PictureDone, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fails(monkeypatch, error)
    assert _done(pool, PictureTask(b"picture", "a.jpg", None)) == expected


@pytest.mark.parametrize(
    ("error", "answer"), [(WeightsBrokenError("broken"), "refused"), (StorageError("the disk is full"), "transport")]
)
def test_what_is_the_machines_fault_is_refused_or_given_back(
    pool: RemotePool, error: CurationError, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fails(monkeypatch, error)
    with pytest.raises(RefusedError, match=f"{answer}: .*{error}"):
        _done(pool, PictureTask(b"picture", "a.jpg", None))


def test_files_that_are_too_large_together_are_not_sent(pool: RemotePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_task, "MAX_FILES_BYTES", 100)
    assert _done(pool, PictureTask(picture(), "a.png", None)) == PictureDone()


def test_networks_that_are_made_from_others_are_those_of_the_run(
    machine: RemoteMachine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.models / "net.tflite").write_bytes(b"source")
    source = WeightsFile("net.tflite", tmp_path / "net.tflite", hashlib.sha256(b"source").hexdigest())
    made = WeightsFile("net.tflite", tmp_path / "net-4711-v1.onnx", _SHA256)
    coarse = replace(body_spec("coarse"), weights=(source,), converted=(made,))
    setup = replace(a_setup(cutout=None), mask=replace(body_spec("mask"), beside=(coarse,)))
    work = PictureRemoteWork(settings, setup)

    def makes(content: bytes) -> None:
        def make(source: WeightsFile, cache_dirs: object) -> WeightsFile:
            path = machine.models / "own.onnx"
            path.write_bytes(content)
            return WeightsFile(source.name, path, hashlib.sha256(content).hexdigest())

        monkeypatch.setattr(conversion, "converted_network", make)

    makes(_MADE)
    prepared = Preparations().ready(work.setup, work.setup_hash, this_machine()).worker
    assert isinstance(prepared, AssetPipeline)
    (beside,) = prepared._setup.mask.beside
    assert [(one.name, one.sha256, one.path.name) for one in beside.converted] == [("net.tflite", _SHA256, "own.onnx")]
    # What a record and the id of a picture depend on is the same on both machines.
    assert prepared._setup.settings_hash == setup.settings_hash and prepared._setup.weights == setup.weights
    (machine.models / "own.onnx").unlink()
    makes(b"made by another version")
    with pytest.raises(WeightsMissingError, match="another network is made here"):
        Preparations().ready(work.setup, work.setup_hash, this_machine())
