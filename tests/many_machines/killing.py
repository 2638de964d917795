"""Runs of both stages over many machines, of which something is killed all the time, and the local run beside them."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil
from PIL import Image

from curation.domain.faces.face import Box
from curation.storage.objects.opening import open_store
from tests.fake_workflow import textured_photo
from tests.many_machines.fake_parts import DISLIKED_WIDTH_PX, PREDICTOR_NAME
from tests.many_machines.machines import Machine, Worker

__all__ = ["Broker", "Differences", "Event", "Kills", "Trial", "paint_event"]

_RECORDS = ("clustering_run.json", "scoring_run.json", "video_run.json")
_FACE_PX = 60
_PEOPLE = 5
_LABELS = {"0": {"name": "Anna", "category": "main"}, "1": "important", "2": {"name": "Äöü", "category": "other"}}
_STAGES = ("clustering", "scoring")
_BUSY = 6
_POLL_S = 0.02
_LATE_KILLS = 1


class Broker(Protocol):
    """A server that can be killed and started again."""

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def paint_event(folder: Path, photos: int) -> None:
    """Write photos of a few people, among them files that are no photos, and names that are odd."""
    folder.mkdir(parents=True)
    chance = random.Random(1)
    for number in range(photos):
        people = [chance.randrange(_PEOPLE) for _ in range(chance.choice((1, 1, 1, 2)))]
        boxes = [(Box(30 + 80 * place, 20, _FACE_PX, _FACE_PX), person) for place, person in enumerate(people)]
        array = textured_photo(60 + 80 * len(people), _FACE_PX + 40, boxes)
        array[0, 0] = number % 256
        array[0, 1] = number // 256
        name = f"day {number % 3}/100% ü {number}.png" if number % 7 == 0 else f"{number:04d}.png"
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(array).save(path, compress_level=1)
    (folder / "broken.png").write_bytes((folder / "0001.png").read_bytes()[:200])
    (folder / "empty.jpg").write_bytes(b"")
    Image.fromarray(textured_photo(DISLIKED_WIDTH_PX, 40)).save(folder / "disliked.png")


@dataclass
class Kills:
    """How many of each kind there were."""

    of_kind: Counter[str] = field(default_factory=Counter)

    @property
    def all(self) -> int:
        return self.of_kind.total()


class Differences(AssertionError):
    """What a run over many machines left is not what the local one left."""


class Event:
    """Photos in a folder and in object storage, and what the local pool makes of them.

    Attributes:
        folder: Of the whole test.
        storage: Address of a bucket for this test.
        outputs: By stage: each file that the local run left, but the run records.
        records: By stage: the run record.
    """

    def __init__(self, folder: Path, storage: str, photos: int, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.storage = storage
        self.variables = variables
        paint_event(folder / "photos", photos)
        store = open_store(f"{storage}/photos")
        for path in sorted((folder / "photos").rglob("*")):
            if path.is_file():
                store.upload(path.relative_to(folder / "photos").as_posix(), path)
        self.outputs: dict[str, dict[str, bytes]] = {}
        self.records: dict[str, Any] = {}
        self._run_locally()

    def _run_locally(self) -> None:
        place = self.folder / "local"
        output = place / "output"
        machine = Machine(
            place,
            self.sections("local")
            | {
                "io": {
                    "input_dir": str(self.folder / "photos"),
                    "output_dir": str(output),
                    "state_dir": str(place / "state"),
                    "models_dir": str(place / "models"),
                }
            },
            variables={},
            has_models=True,
        )
        for stage in _STAGES:
            machine.start(stage)
            while machine.is_running:
                time.sleep(_POLL_S)
            assert machine.code == 1, machine.told()  # some photos are bad
            self.outputs[stage] = {
                path.relative_to(output).as_posix(): path.read_bytes()
                for path in sorted(output.rglob("*"))
                if path.is_file() and _is_compared(path.relative_to(output).as_posix())
            }
            self.records[stage] = json.loads((output / f"{stage}_run.json").read_text())
            if stage == "clustering":
                (output / "cluster_labels.json").write_text(json.dumps(_LABELS))

    def sections(self, pool: str) -> dict[str, dict[str, Any]]:
        """Settings that count in the outputs, or for both kinds of run."""
        return {
            "performance": {"pool": pool, "workers": 1, "photo_timeout_s": 8},
            "scoring": {"dlib_model_path": f"models/{PREDICTOR_NAME}"},
            "clustering": {"thumbnail_px": 64},
        }


def _is_compared(name: str) -> bool:
    return name not in _RECORDS and not name.startswith(".curation")


def _without_earlier(value: Any) -> Any:
    """What counts of a run do not depend on how often it was begun."""
    return {key: one for key, one in value.items() if key != "kept_from_earlier"} if isinstance(value, dict) else value


class Trial:
    """Both stages once, by workers without a common folder, with so many kills of each kind in each stage.

    Kinds are `child` (a process that a worker started), `worker`, `broker` and `coordinator`.

    Attributes:
        kills: Of all kinds, while it runs.
        seconds: By stage.
        killing_s: By stage, until the last but the late kills.
    """

    def __init__(
        self,
        event: Event,
        broker: Broker,
        name: str,
        *,
        kills_per_stage: Mapping[str, int],
        pace_s: float,
        nap_s: float,
        seed: int,
    ) -> None:
        self._event = event
        self._broker = broker
        self._kills_per_stage = kills_per_stage
        self._pace_s = pace_s
        self._chance = random.Random(seed)
        self.kills = Kills()
        self.seconds: dict[str, float] = {}
        self.killing_s: dict[str, float] = {}
        self._deck: list[str] = []
        self._folder = event.folder / name
        self._folder.mkdir()
        self._hours = self._folder / "quiet-hours"
        self._hours.with_suffix(".s").write_text(f"{nap_s}")
        self._output = f"{event.storage}/{name}"
        self._coordinator = Machine(
            self._folder / "coordinator",
            self._sections(self._folder / "coordinator", self._output),
            variables=event.variables,
            has_models=True,
            hours=self._hours,
        )
        self._workers = [
            Worker(
                self._folder / f"worker-{number}",
                self._sections(self._folder / f"worker-{number}", str(self._folder / f"worker-{number}" / "output")),
                variables=event.variables,
                has_models=False,
                hours=self._hours,
            )
            for number in range(2)
        ]

    def _sections(self, place: Path, output: str) -> dict[str, dict[str, Any]]:
        return self._event.sections("celery") | {
            "io": {
                "input_dir": f"{self._event.storage}/photos",
                "output_dir": output,
                "state_dir": str(place / "state"),
                "models_dir": str(place / "models"),
            },
            "workers": {
                "broker_url": self._broker.url,
                "weights_url": f"{self._event.storage}/weights",
                "max_sends": 10,
                "lease_margin_s": 2,
                "patience_s": 120,
                "concurrency": 2,
            },
        }

    def run(self) -> None:
        """Run both stages, and compare what they leave after each of them.

        Raises:
            Differences: If any output has other bytes than that of the local run.
        """
        try:
            for worker in self._workers:
                worker.begin()
            for stage in _STAGES:
                began = time.monotonic()
                self._hours.unlink(missing_ok=True)
                for _ in self._runs_of(stage):
                    self._keep_workers()
                self.seconds[stage] = time.monotonic() - began
                self._compare(stage)
                if stage == "clustering":
                    open_store(self._output).write("cluster_labels.json", json.dumps(_LABELS).encode())
        finally:
            for machine in (self._coordinator, *self._workers):
                machine.crash()

    def _keep_workers(self) -> None:
        for worker in self._workers:
            if not worker.is_running:
                worker.crash()  # what is left of it
                worker.begin()

    def _runs_of(self, stage: str) -> Iterator[None]:
        """Run a stage to its end, with kills; started again whenever it was killed."""
        self._deck = [kind for kind, count in self._kills_per_stage.items() for _ in range(count)]
        self._chance.shuffle(self._deck)
        late = _LATE_KILLS
        began = time.monotonic()
        next_kill = time.monotonic() + self._pause()
        deadline = time.monotonic() + 300
        self._coordinator.start(stage)
        while True:
            assert time.monotonic() < deadline, self.told(f"{stage} does not end")
            if not self._coordinator.is_running:
                code = self._coordinator.code
                if code == 1:
                    assert not self._deck, f"{stage} ended before it was killed often enough"
                    return
                assert code in (-signal.SIGKILL, _BUSY), self.told(f"{stage} ended with {code}")
                if code == _BUSY:
                    time.sleep(0.5)
                self._coordinator.start(stage)
            if time.monotonic() >= next_kill:
                if self._deck:
                    if self._kill_something() and not self._deck:
                        self._hours.touch()
                        self.killing_s[stage] = time.monotonic() - began
                elif late and self._coordinator.kill():
                    # In the middle of whatever follows the photos: grouping, writing, bringing the results away.
                    late -= 1
                    self.kills.of_kind["coordinator, late"] += 1
                next_kill = time.monotonic() + (self._pause() if self._deck else self._chance.uniform(0.5, 4))
            time.sleep(_POLL_S)
            yield

    def _pause(self) -> float:
        return self._chance.expovariate(1 / self._pace_s)

    def _kill_something(self) -> bool:
        """Kill what is next in the shuffled deck, if there is such a thing just now."""
        kind = self._deck[-1]
        if kind == "child":
            children = [child for worker in self._workers for child in worker.children()]
            if not children:
                return False
            with suppress(psutil.NoSuchProcess):
                self._chance.choice(children).kill()
        elif kind == "worker":
            # Those that work already; one that is just starting has nothing to lose.
            working = [worker for worker in self._workers if worker.children()]
            if not working or not self._chance.choice(working).crash():
                return False
        elif kind == "broker":
            self._broker.stop()
            time.sleep(self._chance.uniform(0, 1))
            self._broker.start()
        elif not self._coordinator.kill():
            return False
        self.kills.of_kind[self._deck.pop()] += 1
        return True

    def _compare(self, stage: str) -> None:
        store = open_store(self._output)
        found = {info.key: store.read(info.key)[0] for info in store.list()}
        record = json.loads(found[f"{stage}_run.json"])
        expected = self._event.outputs[stage]
        compared = {name: content for name, content in found.items() if _is_compared(name)}
        problems = [f"missing: {name}" for name in sorted(expected.keys() - compared.keys())]
        problems += [f"more: {name}" for name in sorted(compared.keys() - expected.keys())]
        problems += [
            f"other bytes: {name}"
            for name in sorted(expected.keys() & compared.keys())
            if expected[name] != compared[name]
        ]
        local = self._event.records[stage]
        for key in ("counts", "failures"):
            here, there = _without_earlier(record[key]), _without_earlier(local[key])
            if here != there:
                problems.append(f"{key} of the record: {here} instead of {there}")
        if problems:
            raise Differences(self.told(f"{stage}: " + "; ".join(problems)))

    def told(self, what: str) -> str:
        """What is wrong, with the kills so far and the ends of all logs."""
        logs = "\n".join(machine.told() for machine in (self._coordinator, *self._workers))
        return f"{what}\nkills: {dict(self.kills.of_kind)}\n{logs}"
