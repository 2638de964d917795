"""Both stages on a machine that shares neither files nor the analysis store: the same bytes, and whose fault it is."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.engines import building
from curation.engines.attributes import building as reader_building
from curation.engines.base import WeightsFile
from curation.errors import (
    CurationError,
    FaceAnalysisError,
    LabelsError,
    ObjectStorageUnavailableError,
    PhotoUnreadableError,
    StorageError,
    WeightsBrokenError,
)
from curation.pipelines.per_photo import (
    AnalyseBatch,
    AnalyseTask,
    MeasureTask,
    analyse_photo_worker,
    analyse_photos_worker,
    score_photo_worker,
)
from curation.remote import machine
from curation.remote.execution import execute, lacking
from curation.remote.machine import this_machine
from curation.remote.work import PhotoRemoteWork
from curation.workers.distributed.messages import IN_PLACE, Answer, Request
from tests.conftest import PROJECT_ROOT
from tests.fake_readers import FakeReader
from tests.fake_workflow import FakeEvent
from tests.remote_machine import RemoteMachine, on_machine
from tests.remote_pool import RemotePool

_HOST = socket.gethostname()


class World:
    """An event of a parent, and a worker that has copies of its photos."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.event = FakeEvent(folder / "parent")
        self.machine = RemoteMachine(folder / "worker", monkeypatch)
        self.pools: list[RemotePool] = []
        content = b"the network of the fake engine"
        sha256 = hashlib.sha256(content).hexdigest()
        (self.machine.models / "fake.onnx").write_bytes(content)
        self.weights = WeightsFile("fake.onnx", folder / "fake.onnx", sha256)
        self.event.spec = replace(self.event.spec, weights=(self.weights,))
        self.made = 0
        self.readers: list[FakeReader] = []

        def build(spec: Any) -> Any:
            assert [one.path for one in spec.weights] == [self.machine.models / "fake.onnx"]
            self.made += 1
            return self.event.engine

        def build_reader(spec: Any) -> Any:
            self.readers.append(FakeReader(spec))
            return self.readers[-1]

        monkeypatch.setattr(building, "build_engine", build)
        monkeypatch.setattr(reader_building, "build_reader", build_reader)
        monkeypatch.setattr("curation.engines.landmarks.LandmarkPredictor", lambda path: self.event.predictor)
        monkeypatch.setattr("curation.remote.weights.find_by_sha256", self._any_file)

    def _any_file(self, sha256: str, models_dir: Path) -> WeightsFile | None:
        # The fake event's landmark model and readers have hashes that no file has.
        return WeightsFile("fake", models_dir / "fake", sha256)

    def run(self, stage: str, **sections: Mapping[str, Any]) -> Any:
        self.machine.mirror(self.event.photos)
        flow = on_machine(self.event.workflow(sections), self.event.settings(sections), self.pools)
        return flow.run_clustering() if stage == "cluster" else flow.run_scoring()

    def outputs(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.event.output).as_posix(): path.read_bytes()
            for path in sorted(self.event.output.rglob("*"))
            if path.is_file() and not path.name.endswith("_run.json") and not path.name.startswith(".")
        }

    def forget(self) -> None:
        shutil.rmtree(self.event.output)
        shutil.rmtree(self.event.folder / "state")

    def work(self) -> PhotoRemoteWork:
        return PhotoRemoteWork(self.event.settings(), self.event.spec, None)

    def request(self, task: Any, function: Any = analyse_photo_worker, work: PhotoRemoteWork | None = None) -> Request:
        work = work or self.work()
        name = work.name_of(function)
        assert name is not None
        return Request("run", "1", 1, name, work.setup, work.setup_hash, work.encode(task), 60.0, work.label_of(task))

    def task(self, name: str) -> AnalyseTask:
        path = self.event.photos / name
        return AnalyseTask(name, path, "key", size_bytes=path.stat().st_size if path.exists() else 1)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def _photos(event: FakeEvent) -> None:
    event.add("a.png", 1, 2)
    event.add("sub dir/bü \udcff.png", 1, seed=1)
    event.add("c.png", 2, 3, seed=2)
    event.add("empty.png")
    shutil.copy(event.photos / "a.png", event.photos / "copy of a.png")
    (event.photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")


def test_both_stages_write_the_same_bytes_as_here(world: World) -> None:
    _photos(world.event)
    world.event.cluster()
    world.event.score()
    expected = world.outputs()
    assert len(expected) > 4
    world.forget()
    clustered = world.run("cluster")
    scored = world.run("score")
    assert world.outputs() == expected
    assert (clustered.analysed, clustered.failed, scored.scored) == (5, 1, 5)
    assert {kind for pool in world.pools for kind in pool.kinds} == {"ok", "photo"}
    assert not list(world.machine.folder.rglob("*.sqlite*")), "a worker needs no store"


def test_photos_that_were_moved_or_touched_are_not_analysed_or_measured_again(world: World) -> None:
    _photos(world.event)
    world.run("cluster")
    world.run("score")
    first = world.outputs()["photo_scores.csv"]
    (world.event.photos / "c.png").rename(world.event.photos / "moved.png")
    os.utime(world.event.photos / "a.png", (1, 1))
    analysed, measured = world.event.engine.analysed, world.event.predictor.asked
    report = world.run("cluster")
    world.run("score")
    assert (report.reused, report.analysed) == (5, 5)
    assert (world.event.engine.analysed, world.event.predictor.asked) == (analysed, measured)
    assert world.outputs()["photo_scores.csv"] == first.replace(b"c.png", b"moved.png")


def test_a_photo_that_was_changed_after_the_clustering_is_told_as_here(world: World) -> None:
    _photos(world.event)
    world.run("cluster")
    world.event.add("c.png", 2, 3, seed=77)
    here = world.event.score()
    there = world.run("score")
    assert there.failures == here.failures
    assert any("changed after the clustering" in failure.reason for failure in there.failures)


def test_attributes_are_read_of_photos_that_were_analysed_before(world: World) -> None:
    _photos(world.event)
    on = {"attributes": {"age": "openvino"}}
    world.event.cluster(**on)
    expected = world.outputs()
    world.forget()
    world.run("cluster")
    analysed = world.event.engine.analysed
    world.run("cluster", **on)
    assert world.outputs() == expected
    assert world.event.engine.analysed == analysed
    assert sum(reader.asked for reader in world.readers) > 0
    asked = sum(reader.asked for reader in world.readers)
    (world.event.photos / "c.png").rename(world.event.photos / "moved.png")
    world.run("cluster", **on)
    assert sum(reader.asked for reader in world.readers) == asked


def test_a_photo_that_is_gone_everywhere_is_the_photos_fault(world: World) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    for folder in (world.event.photos, world.machine.photos):
        (folder / "a.png").unlink()
    answer = execute(world.request(world.task("a.png")))
    assert answer.kind == "photo" and "the photo is gone" in answer.text


def test_a_photo_that_only_this_machine_lacks_is_this_machines_fault(world: World) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    (world.machine.photos / "a.png").unlink()
    answer = execute(world.request(world.task("a.png")))
    assert (answer.kind, answer.value) == ("transport", IN_PLACE)
    assert _HOST in answer.text and "a.png" in answer.text and "io.input_dir" in answer.text
    (world.machine.photos / "a.png").write_bytes(b"another event's photo")
    answer = execute(world.request(world.task("a.png")))
    assert answer.value == IN_PLACE and "another file a.png" in answer.text


def _when_opened(world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Path], None]) -> None:
    """Let something happen to this machine's photo after it was found to be the parent's, and before it is read."""

    class Originals:
        def __init__(self) -> None:
            self.asked = 0

        @contextmanager
        def at_hand(self, path: Path) -> Iterator[Path]:
            self.asked += 1
            if self.asked == 2:
                happens(path)
            yield path

    monkeypatch.setattr(this_machine(), "_originals", Originals())


def _folder_vanishes(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def _folder_is_replaced(path: Path) -> None:
    _folder_vanishes(path)
    path.parent.mkdir()


def _photo_is_half_there(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def _disk_fails(path: Path) -> None:
    path.unlink()
    path.symlink_to("/proc/self/mem")  # opens, and reading it gives EIO


@pytest.mark.parametrize("happens", [_folder_vanishes, _folder_is_replaced, _photo_is_half_there, Path.unlink])
@pytest.mark.parametrize("in_batch", [False, True])
def test_a_photo_that_this_machine_loses_while_it_works_is_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Path], None], in_batch: bool
) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    _when_opened(world, monkeypatch, happens)
    task = world.task("a.png")
    if in_batch:
        answer = execute(world.request(AnalyseBatch((task,)), analyse_photos_worker))
    else:
        answer = execute(world.request(task))
    assert (answer.kind, answer.value) == ("transport", IN_PLACE)
    assert _HOST in answer.text
    assert world.work().gone(task) == "", "the parent can read it"


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_a_disk_of_this_machine_that_fails_is_not_the_photos_fault(world: World, number: int) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    unreadable = PhotoUnreadableError("the file cannot be read")
    unreadable.__cause__ = OSError(number, os.strerror(number))
    for error in (unreadable, OSError(number, os.strerror(number))):
        answer = _with_engine(world, error)
        assert (answer.kind, answer.value) == ("transport", IN_PLACE)
        assert _HOST in answer.text and os.strerror(number) in answer.text


def test_a_photo_that_nobody_can_read_is_to_blame_itself(world: World) -> None:
    _photos(world.event)
    task = world.task("a.png")
    work = world.work()
    assert work.gone(task) == ""
    (world.event.photos / "a.png").unlink()
    assert "the photo is gone" in work.gone(task)
    (world.event.photos / "a.png").symlink_to("/proc/self/mem")
    assert "cannot be read" in work.gone(task)


class Broken:
    """Fails whatever is asked of it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def analyse_many(self, photos: Any) -> Any:
        raise self.error

    @contextmanager
    def at_hand(self, path: Path) -> Iterator[Path]:
        raise self.error
        yield path


def _with_engine(world: World, error: BaseException) -> Answer:
    world.event.engine = Broken(error)  # type: ignore[assignment]
    world.machine.restart()
    return execute(world.request(world.task("a.png")))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (FaceAnalysisError("odd face"), "photo", "odd face"),
        (MemoryError(), "photo", "not enough memory"),
        (LabelsError("labels"), "stage", "labels"),
        (WeightsBrokenError("broken file"), "refused", f"{_HOST}: broken file"),
        (StorageError("disk full"), "transport", f"{_HOST}: disk full"),
        (ObjectStorageUnavailableError("503"), "transport", "503"),
        (ZeroDivisionError("bug"), "bug", "ZeroDivisionError: bug"),
    ],
)
def test_whose_fault_an_error_is(world: World, error: BaseException, kind: str, words: str) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    answer = _with_engine(world, error)
    assert (answer.kind, answer.run, answer.task_id) == (kind, "run", "1")
    assert words in answer.text
    if kind == "stage":
        raised = world.work().error_of(answer.value)
        assert type(raised) is type(error) and str(raised) == str(error)
    if kind == "bug":
        assert "Traceback" in answer.value


def test_a_file_system_of_another_machine_that_fails_is_not_the_photos_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    stale = PhotoUnreadableError("the file cannot be read")
    stale.__cause__ = OSError(errno.ESTALE, "Stale file handle")
    assert _with_engine(world, stale).kind == "transport"
    away = Broken(ObjectStorageUnavailableError("no answer"))
    monkeypatch.setattr(this_machine(), "_originals", away)
    assert execute(world.request(world.task("a.png"))).kind == "transport"


def test_errors_of_a_stage_are_of_our_tree_whatever_comes(world: World) -> None:
    work = world.work()
    odd: list[Any] = [None, 5, [], {}]
    for value in (*odd, {"error": "SystemExit", "message": "x"}, {"error": ["x"], "message": "m"}):
        assert isinstance(work.error_of(value), CurationError)
    assert not isinstance(work.error_of({"error": "PhotoUnreadableError", "message": "x"}), PhotoUnreadableError)


def test_weights_that_are_missing_name_machine_and_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _photos(world.event)
    (world.machine.models / "fake.onnx").unlink()
    monkeypatch.setattr("curation.remote.weights.find_by_sha256", lambda sha256, models_dir: None)
    world.machine.restart()
    answer = execute(world.request(world.task("a.png")))
    assert answer.kind == "refused"
    for text in (answer.text, lacking(world.work().setup)):
        assert _HOST in text and "fake.onnx" in text and world.weights.sha256 in text


def test_what_a_machine_lacks_is_known_before_the_first_photo(world: World) -> None:
    world.event.add("a.png", 1)
    world.machine.mirror(world.event.photos)
    setup = world.work().setup
    assert lacking(setup) == ""
    shutil.rmtree(world.machine.photos)
    assert "there is no folder" in lacking(setup) and _HOST in lacking(setup)
    world.machine.photos.mkdir()
    assert "is its disk connected?" in lacking(setup), "a mount point without its disk"
    world.machine.mirror(world.event.photos)
    assert lacking(setup) == "", "it is back"
    assert "does not understand" in lacking({"object": ["Box", [1, 2, 3, 4]]})
    assert "does not understand" in lacking("nonsense")
    world.machine.configure("", photos="s3://there/event")
    assert "s3://there/event" in lacking(PhotoRemoteWork(_at(world, "s3://here/event"), world.event.spec, None).setup)


def test_a_disk_that_does_not_answer_is_told_and_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.event.add("a.png", 1)
    world.machine.mirror(world.event.photos)
    answers = threading.Event()
    asked: list[Path] = []

    def hangs(folder: Path, *, needs_files: bool) -> str:
        asked.append(folder)
        answers.wait(30)
        return ""

    monkeypatch.setattr(machine, "_ANSWER_LIMIT_S", 0.1)
    monkeypatch.setattr(machine, "_fault_of_folder", hangs)
    setup = world.work().setup
    for _ in range(3):
        assert "the disk has not answered for 0.1 s" in lacking(setup)
    assert asked == [world.machine.photos], "each question holds a thread"
    answers.set()
    monkeypatch.setattr(machine, "_ANSWER_LIMIT_S", 10.0)
    assert lacking(setup) == ""


def test_a_full_disk_for_fetched_photos_is_known_before_the_first_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.machine.configure("", photos="s3://here/event")
    setup = PhotoRemoteWork(_at(world, "s3://here/event"), world.event.spec, None).setup
    assert lacking(setup) == ""
    assert not [path for path in world.machine.state.rglob("*") if path.is_file()], "the trial leaves nothing"

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in lacking(setup) and "io.state_dir" in lacking(setup)


def test_other_libraries_are_refused_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.event.add("a.png", 1)
    world.machine.mirror(world.event.photos)
    setup = world.work().setup
    assert lacking(setup) == ""
    monkeypatch.setattr("curation.remote.machine.library_versions", lambda *, films: (("numpy", "1.0"),))
    told = lacking(setup)
    assert "numpy is 1.0 here" in told and "install the same versions" in told and _HOST in told


def test_another_kind_of_processor_is_refused(world: World) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    spec = replace(world.event.spec, providers=("NoSuchExecutionProvider", "CPUExecutionProvider"))
    work = PhotoRemoteWork(world.event.settings(), spec, None)
    answer = execute(world.request(world.task("a.png"), work=work))
    assert answer.kind == "refused" and "does not offer NoSuchExecutionProvider" in answer.text


def test_batches_give_what_single_photos_give(world: World) -> None:
    _photos(world.event)
    world.event.cluster()
    expected = world.outputs()
    world.forget()
    report = world.run("cluster", performance={"photos_per_batch": 3})
    assert world.outputs() == expected
    assert (report.analysed, report.failed) == (5, 1)
    assert set(world.pools[-1].kinds) == {"ok"}


def _at(world: World, address: str) -> Any:
    return world.event.settings({"io": {"input_dir": address}})


def test_two_runs_share_a_process_without_mixing_their_setups(world: World) -> None:
    _photos(world.event)
    world.machine.mirror(world.event.photos)
    one = world.work()
    small = world.event.settings({"clustering": {"thumbnail_px": 64}})
    other = PhotoRemoteWork(small, world.event.spec, None)
    assert one.setup_hash != other.setup_hash
    chips = []
    for work in (one, other, one, other):
        answer = execute(world.request(world.task("a.png"), work=work))
        chips.append(len(work.decode("analyse_photo", answer.value).analysis.faces[0].chip_jpeg))
    assert chips[0] == chips[2] > chips[1] == chips[3]
    assert world.made == 2, "each engine is loaded once"


def test_what_is_known_is_not_left_for_the_next_task(world: World) -> None:
    _photos(world.event)
    world.run("cluster")
    rows = [row for row in world.event.rows() if row.image_path == "a.png"]
    path = world.event.photos / "a.png"
    faces = tuple((row.facial_area, row.landmarks) for row in rows)
    key = _analysis_key(world)
    work = PhotoRemoteWork(world.event.settings(), None, WeightsFile("landmarks.dat", path, "b" * 64))
    known = MeasureTask("a.png", path, faces, key, "none", path.stat().st_size)
    assert execute(world.request(known, score_photo_worker, work)).kind == "ok"
    unknown = replace(known, size_bytes=None)
    answer = execute(world.request(unknown, score_photo_worker, work))
    assert answer.kind == "photo" and "changed after the clustering" in answer.text


def _analysis_key(world: World) -> str:
    from curation.pipelines.clustering.pipeline import analysis_key

    return analysis_key(world.event.spec, world.event.settings().clustering.thumbnail_px)


@pytest.mark.parametrize(
    "change",
    [
        {"function": "os.system"},
        {"function": "analyse_segment"},
        {"setup": {"object": ["Box", [1, 2, 3, 4]]}, "setup_hash": "x"},
        {"setup": None, "setup_hash": "y"},
        {"task": None},
        {"task": {"task": 5, "known": [], "sizes": [0]}},
        {"task": {"task": {"object": ["Box", [1, 2, 3, 4]]}, "known": [], "sizes": [0]}},
        {"task": {"task": None, "known": [{"object": ["Point", [1, 2]]}], "sizes": [0]}},
        {"task": {"task": {"path": ["input", "../x"]}, "known": [], "sizes": [0]}},
    ],
)
def test_wrong_requests_get_an_answer_and_run_nothing(world: World, change: dict[str, Any]) -> None:
    _photos(world.event)
    answer = execute(replace(world.request(world.task("a.png")), **change))
    assert answer.kind in ("bug", "refused") and answer.text
    assert world.event.engine.analysed == 0


def test_a_result_of_another_kind_is_refused_by_the_parent(world: World) -> None:
    work = world.work()
    for name, value in (("analyse_photo", 5), ("analyse_photo", {"tuple": []}), ("analyse_segment", None), ("x", None)):
        with pytest.raises(ValueError, match=r"result|function"):
            work.decode(name, value)


def test_the_check_of_a_setup_loads_no_library_with_threads(world: World, tmp_path: Path) -> None:
    # Celery forks its children from the process that checks; threads of a library would be missing there.
    world.event.add("a.png", 1)
    world.machine.mirror(world.event.photos)
    setup = tmp_path / "setup.json"
    setup.write_text(json.dumps(world.work().setup))
    script = (
        "import json, sys, pathlib\n"
        "from curation.remote.celery_tasks import lacking\n"
        f"told = lacking(json.loads(pathlib.Path({str(setup)!r}).read_text()))\n"
        "print(told, {'cv2', 'onnxruntime', 'dlib', 'scipy', 'obstore', 'PIL'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT)
    assert done.stdout.strip() == "set()", done.stdout
