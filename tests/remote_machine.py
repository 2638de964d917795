"""A worker of another machine in this process: a folder with settings, photos and model files of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.remote import execution
from curation.remote.machine import this_machine
from curation.remote.preparing import Preparations
from curation.remote.work import PhotoRemoteWork
from curation.settings import CONFIG_VARIABLE, Settings
from curation.workers.pool import TaskPool
from curation.workflow import WorkflowOrchestrator
from tests.remote_pool import RemotePool

__all__ = ["RemoteMachine", "on_machine"]


class RemoteMachine:
    """The folder of a worker.

    Attributes:
        photos: Its `io.input_dir`.
        models: Its `io.models_dir`.
        state: Its `io.state_dir`.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.photos, self.models, self.state = folder / "pictures", folder / "nets", folder / "own state"
        for path in (self.photos, self.models):
            path.mkdir(parents=True)
        self._monkeypatch = monkeypatch
        self.configure("")

    def configure(self, more: str, photos: str = "pictures") -> None:
        """Write its config.yaml, and begin with it."""
        (self.folder / "config.yaml").write_text(
            f"io:\n  input_dir: {photos}\n  output_dir: nothing\n  state_dir: own state\n  models_dir: nets\n{more}"
        )
        self._monkeypatch.setenv(CONFIG_VARIABLE, str(self.folder / "config.yaml"))
        self.restart()

    def restart(self) -> None:
        """Begin anew, as a new process would."""
        this_machine.cache_clear()
        self._monkeypatch.setattr(execution, "_preparations", Preparations())

    def mirror(self, photos: Path) -> None:
        """Have the same photos as another folder."""
        shutil.rmtree(self.photos)
        shutil.copytree(photos, self.photos)


def on_machine(
    flow: WorkflowOrchestrator, settings: Settings, pools: list[RemotePool] | None = None
) -> WorkflowOrchestrator:
    """The workflow with its photos worked on by the `RemoteMachine` of this process; the pools are added to a list."""
    here: Callable[..., TaskPool] = flow._parts.make_pool

    def make_pool(spec: EngineSpec | None, predictor: WeightsFile | None, readers: Sequence[ReaderSpec]) -> TaskPool:
        work = PhotoRemoteWork(settings, spec, predictor, readers)
        pool = RemotePool(work, execution.execute, lambda: here(spec, predictor, readers))
        if pools is not None:
            pools.append(pool)
        return pool

    return WorkflowOrchestrator(settings, replace(flow._parts, make_pool=make_pool))
