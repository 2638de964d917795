"""Workers of other machines lose their own folders of photos, again and again: the tables are those without them."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.many_machines.fake_parts import PREDICTOR_NAME
from tests.many_machines.killing import paint_event
from tests.many_machines.machines import Machine, Worker
from tests.many_machines.servers import RedisBroker
from tests.mounts import cannot_mount_fuse, hanging_disk
from tests.processes import wait_until
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_PHOTOS = 60
_WORKERS = 3
_NAP_S = 0.15
_RECORDS = ("clustering_run.json", "said.json", "remembered.npz")


@contextmanager
def _renamed(photos: Path, chance: random.Random) -> Iterator[None]:
    away = photos.with_name("away")
    photos.rename(away)
    yield
    away.rename(photos)


@contextmanager
def _replaced(photos: Path, chance: random.Random) -> Iterator[None]:
    """Its disk was unplugged: the folder that it was mounted on is empty."""
    with _renamed(photos, chance):
        photos.mkdir()
        yield
        photos.rmdir()


@contextmanager
def _hanging(photos: Path, chance: random.Random) -> Iterator[None]:
    with hanging_disk(photos):
        yield


@contextmanager
def _files_lost(photos: Path, chance: random.Random) -> Iterator[None]:
    lost = chance.sample(sorted(photos.rglob("*.png")), 10)
    for path in lost:
        path.rename(path.with_suffix(".lost"))
    yield
    for path in lost:
        path.with_suffix(".lost").rename(path)


_TROUBLES: Mapping[str, Callable[[Path, random.Random], Any]] = {
    "renamed": _renamed,
    "replaced": _replaced,
    "hanging": _hanging,
    "files lost": _files_lost,
}


class _Places:
    """A parent, workers with copies of its photos, and what the local pool makes of them."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._hours = folder / "quiet-hours"
        self._hours.with_suffix(".s").write_text(f"{_NAP_S}")
        paint_event(folder / "photos", _PHOTOS)
        self._sections: dict[str, dict[str, Any]] = {
            "clustering": {"thumbnail_px": 64},
            "scoring": {"dlib_model_path": f"models/{PREDICTOR_NAME}"},
            "workers": {"broker_url": url, "concurrency": 1, "patience_s": 120},
        }
        self.parent = self._machine(Machine, "parent", "celery")
        local = self._machine(Machine, "local", "local")
        local.start("clustering")
        wait_until(lambda: not local.is_running, "the local run", 120)
        self.expected = self.outputs("local")
        assert self.expected, local.told()
        self.workers = [self._machine(Worker, f"worker-{number}", "local") for number in range(_WORKERS)]
        for worker in self.workers:
            shutil.copytree(folder / "photos", worker.folder / "pictures")
            worker.begin()

    def _machine(self, kind: type[Any], name: str, pool: str) -> Any:
        folder = self._folder / name
        photos = folder / "pictures" if kind is Worker else self._folder / "photos"
        io = {part: str(folder / place) for part, place in (("output_dir", "out"), ("state_dir", "state"))}
        sections = {
            **self._sections,
            "io": {**io, "input_dir": str(photos), "models_dir": str(folder / "models")},
            "performance": {"pool": pool, "workers": 1, "photo_timeout_s": 3},
        }
        hours = None if name == "local" else self._hours
        return kind(folder, sections, variables={}, has_models=True, hours=hours)

    def outputs(self, name: str) -> dict[str, bytes]:
        out = self._folder / name / "out"
        return {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file() and path.name not in _RECORDS and not path.name.startswith(".")
        }

    def run(self, soak: Soak, chance: random.Random) -> None:
        """One clustering, while one worker after the other is in trouble."""
        for place in ("out", "state"):
            shutil.rmtree(self._folder / "parent" / place, ignore_errors=True)
        self.parent.start("clustering")
        while self.parent.is_running:
            time.sleep(chance.uniform(0.2, 2.0))
            worker = chance.choice(self.workers)
            name = chance.choice(sorted(_TROUBLES))
            with _TROUBLES[name](worker.folder / "pictures", chance):
                until_s = time.monotonic() + chance.uniform(0.5, 12.0)
                while self.parent.is_running and time.monotonic() < until_s:
                    time.sleep(0.1)
            soak.counts[f"folders {name}"] += 1
        told = "\n".join([self.parent.told(), *(worker.told(15) for worker in self.workers)])
        soak.expect(self.parent.code == 1, f"the run ends as without trouble, not with {self.parent.code}\n{told}")
        got = self.outputs("parent")
        differing = sorted(one for one in {*got, *self.expected} if got.get(one) != self.expected.get(one))
        soak.expect(not differing, f"the tables are those without trouble: {differing}\n{told}")

    def end(self) -> None:
        """End all that runs."""
        for machine in (self.parent, *self.workers):
            machine.crash()


def run(soak: Soak) -> None:
    """Take folders away and bring them back."""
    with RedisBroker() as broker:
        places = _Places(soak.folder, broker.url)
        try:
            for chance in soak.rounds():
                places.run(soak, chance)
        finally:
            places.end()


PART = SoakPart("places", "workers of other machines whose folders vanish and come back", run, cannot_mount_fuse)
