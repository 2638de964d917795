"""Object storage is asked by another process: its errors come back, and its death is no fault of the machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from curation.errors import ObjectStorageUnavailableError, WeightsMissingError
from curation.remote import execution, own_process
from curation.remote.execution import lacking
from curation.remote.own_process import fetch_elsewhere, list_elsewhere
from curation.remote.work import PhotoRemoteWork
from tests.fake_workflow import FakeEvent
from tests.remote_machine import RemoteMachine

_SHA256 = "fe" * 32


def _told(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(own_process, "_COMMAND", (sys.executable, "-c", script))


def test_errors_come_back_by_their_class(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.dumps({"error": "WeightsMissingError", "message": "no such file"})
    _told(monkeypatch, f"print({told!r})")
    with pytest.raises(WeightsMissingError, match="no such file"):
        fetch_elsewhere({})
    _told(monkeypatch, "print('null')")
    list_elsewhere()


def test_a_process_that_is_killed_is_tried_again_and_its_signal_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    _told(monkeypatch, killed)
    with pytest.raises(ObjectStorageUnavailableError, match="SIGKILL"):
        list_elsewhere()
    mark = tmp_path / "mark"
    _told(
        monkeypatch,
        f"import pathlib; p = pathlib.Path({str(mark)!r})\nif not p.exists(): p.touch(); {killed}\nprint('null')",
    )
    list_elsewhere()


def test_storage_that_is_away_for_a_moment_is_no_lack_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = FakeEvent(tmp_path / "parent")
    machine = RemoteMachine(tmp_path / "worker", monkeypatch)
    machine.configure(f"workers:\n  weights_url: {(tmp_path / 'bucket').as_uri()}\n")
    (machine.photos / "a.jpg").touch()  # an empty folder may be that below a disk which is not there
    work = PhotoRemoteWork(event.settings(), event.spec, None)
    monkeypatch.setattr(execution, "_PAUSE_S", 0.01)
    answers = [ObjectStorageUnavailableError("503"), ObjectStorageUnavailableError("time-out"), None]

    def fetched(setup: object) -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        monkeypatch.setattr("curation.remote.weights.find_by_sha256", lambda sha256, folder: event.spec.weights[0])

    monkeypatch.setattr(execution, "fetch_elsewhere", fetched)
    assert lacking(work.setup) == "" and not answers


def test_what_stays_away_is_told_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = FakeEvent(tmp_path / "parent")
    machine = RemoteMachine(tmp_path / "worker", monkeypatch)
    machine.configure(f"workers:\n  weights_url: {(tmp_path / 'bucket').as_uri()}\n")
    monkeypatch.setattr(execution, "_PATIENCE_S", 0.0)
    _told(monkeypatch, "raise SystemExit(3)")
    assert "exit code 3" in lacking(PhotoRemoteWork(event.settings(), event.spec, None).setup)
