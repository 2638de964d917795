"""Answers that wait for the broker in files of the worker's machine."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import pytest

from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.worker import handing_in
from curation.workers.distributed.worker.handing_in import Clerk, Messenger, leave, left_name
from tests.processes import wait_until


def test_what_the_broker_does_not_take_is_published_later_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_back = threading.Event()
    published: list[tuple[str, bytes]] = []

    def publish(self: Messenger, run: str, content: bytes) -> None:
        if not is_back.is_set():
            raise ConnectionRefusedError
        published.append((run, content))

    monkeypatch.setattr(Messenger, "publish", publish)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    clerk = Clerk(BrokerOptions("redis://h/0"))
    path = leave(clerk.folder, left_name("r", "1", 1), b"from a file")
    clerk.hand_in("r", path)
    clerk.hand_in("r", path)  # told twice, as of a child that died afterwards
    clerk.hand_in("r", {"answer": 2})
    time.sleep(0.1)
    assert not published
    is_back.set()
    wait_until(lambda: len(published) == 2, "the answers")
    assert published == [("r", b"from a file"), ("r", b'{"answer": 2}')]
    clerk.drain()
    assert not path.exists()


def test_folders_of_killed_workers_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new, other = (tmp_path / name for name in ("curation-answers-1", "curation-answers-2", "else"))
    for folder in (old, new, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    handing_in._sweep()
    assert [folder.exists() for folder in (old, new, other)] == [False, True, True]
    assert leave(old, "answer.json", b"x").read_bytes() == b"x", "a worker that still runs makes its folder again"
