"""Work on assets without networks: what a picture does to its worker stands in its first line.

`picture("ok", 7)` is taken apart, `picture("kill", 7)` kills its worker at each try, `picture("kill-once", 7)` at the
first one, and so on; see `process_picture`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.domain.assets.asset import Asset
from curation.domain.assets.states import RejectCode
from curation.errors import AssetRejectedError, FaceAnalysisError
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.jobs.assets.work import AssetWork, WorkLimits
from curation.storage.assets.files import AssetFiles
from curation.storage.assets.sqlite_store import SqliteAssetStore
from curation.storage.assets.store import AssetStore
from tests.asset_documents import person, picture_document

__all__ = ["FakeDone", "FakeTask", "document", "fake_gate", "fake_jobs", "fake_work", "picture", "process_picture"]

SETTINGS_HASH = "5" * 64
QUICK = WorkLimits(workers=2, lease_s=5, photo_timeout_s=20, sweep_s=0.1, poll_s=0.02)


@dataclass(frozen=True, slots=True)
class FakeTask:
    """As the real task, without faces."""

    path: Path
    folder: Path
    attempt: int
    log: Path | None


@dataclass(frozen=True, slots=True)
class FakeDone:
    document: Mapping[str, Any]


def picture(kind: str, number: int = 0) -> bytes:
    """A picture whose worker does what `kind` says."""
    return f"{kind}\n{number}".encode()


def document(number: int = 0) -> dict[str, Any]:
    """What the work finds in `picture("ok", number)`."""
    return picture_document(person(cut_at="feet"), sha256=f"{number:064x}")


def prepare() -> None:
    """Workers have nothing to load."""


def fake_gate(content: bytes, name: str) -> None:
    if content.startswith(b"broken"):
        raise AssetRejectedError(f"{name} is broken", RejectCode.UNREADABLE.value)


def process_picture(task: FakeTask) -> FakeDone:
    kind, number = task.path.read_text().split("\n")
    if task.log is not None:
        with task.log.open("a") as log:
            log.write(f"{number} {task.attempt}\n")
    (task.folder / "cutout.png").write_bytes(b"cut out of " + number.encode())
    if kind == "kill" or (kind == "kill-once" and task.attempt == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "slow":
        time.sleep(0.3)
    if kind == "hang":
        time.sleep(600)
    if kind == "nobody":
        raise AssetRejectedError("nobody is there", RejectCode.NO_PERSON.value)
    if kind == "model":
        raise FaceAnalysisError("the network failed")
    if kind == "disk" or (kind == "disk-once" and task.attempt == 1):
        raise OSError(28, "No space left on device")
    if kind == "memory":
        raise MemoryError
    if kind == "bug":
        raise KeyError("a bug")
    return FakeDone(document(int(number)))


def fake_work(log: Path | None = None) -> AssetWork:
    def make_task(asset: Asset, attempt: int, path: Path, folder: Path) -> FakeTask:
        return FakeTask(path, folder, attempt, log)

    return AssetWork(SETTINGS_HASH, fake_gate, process_picture, make_task, prepare)


def fake_jobs(
    folder: Path, *, store: AssetStore | None = None, limits: WorkLimits = QUICK, log: Path | None = None
) -> AssetJobs:
    store = store or SqliteAssetStore(folder / "assets.sqlite")
    return AssetJobs(store, AssetFiles(folder / "assets"), lambda: fake_work(log), limits)
