"""Hostile bodies on all ways between a parent and workers of other machines, over a real broker.

Messages that no program of ours writes come to the queue of tasks, to that of answers and among the greetings, as JSON
and as whatever else the broker carries. The run ends with the results of all its tasks all the same, or names what
happened; the worker lives, and nothing in a message is ever run.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import kombu
import redis

from curation.errors import CurationError
from curation.remote.codec import Codec
from curation.remote.execution import execute, lacking
from curation.workers.distributed.broker import TASK_NAME, BrokerOptions, answer_queue, task_queue, tell_all
from curation.workers.distributed.messages import Request
from curation.workers.distributed.pool import CeleryPool
from curation.workers.serial import SerialPool
from tests.celery_workers import CeleryWorker, PoolWork
from tests.hostile_files import FRAGMENTS, hostile_json, in_time
from tests.integration import pool_tasks
from tests.redis_server import RedisProcess, started
from tests.soak.part import Soak, SoakPart

__all__ = ["PART", "codec_trouble", "request_trouble", "run_trouble"]

_ANSWER = {
    "type": "answer",
    "run": "RUN",
    "task_id": "1",
    "send": 1,
    "kind": "ok",
    "value": 2,
    "text": "",
    "seconds": 0.1,
    "worker": {"name": "x"},
}
_HELLO = {
    "type": "hello",
    "round": 1,
    "state": "ready",
    "text": "",
    "since": 1.5,
    "held": ["a/1/1"],
    "worker": {
        "name": "evil",
        "host": "h",
        "pid": 1,
        "program": "0",
        "protocol": 2,
        "runtime": "r",
        "cpu": "c",
        "processes": 2,
    },
}
_TASK = {
    "run": "RUN",
    "task_id": "1",
    "send": 1,
    "function": "double",
    "setup": None,
    "setup_hash": "",
    "task": 1,
    "timeout_s": 1.5,
    "label": "x",
}
_GREETING = {"run": "RUN", "round": 1, "waiting": 0, "protocol": 2, "program": "0", "setup": {}, "setup_hash": "x"}
_VALUES = (
    {"tuple": [{"dict": [[{"tuple": [[1]]}, 1]]}]},
    {"object": ["Box", [1, 2, 3, 4]]},
    {"array": ["<f4", [2, 2], "AAAAAAAAAAAAAAAAAAAAAA=="]},
    {"number": ["<f8", "AAAAAAAAAAA="]},
    {"fraction": [1, 3]},
    {"time": "2026-01-01T00:00:00+00:00"},
    {"path": ["input", "a.jpg"]},
    {"weights": ["a.onnx", "ab"]},
    {"member": ["Pick", "picked"]},
    {"photo_error": ["PhotoDamagedError", "x", "", ""]},
    {"bytes": "AAAA"},
    {"float": "nan"},
    {"text": "7Q=="},
)
_TASKS = 12
_MESSAGES = 60
_END_S = 120.0


def codec_trouble(chance: random.Random, count: int) -> str:
    """Read hostile values; what is no value of the program's is a ValueError, or an error of the user's."""
    for _ in range(count):
        valid = json.dumps(chance.choice(_VALUES)).encode()
        what, content = chance.choice(list(hostile_json(valid, fragments=tuple(chance.sample(FRAGMENTS, 4)))))
        with suppress(ValueError, RecursionError):
            data = json.loads(content)
            try:
                with in_time(20):
                    Codec().decoded(data)
            except (ValueError, CurationError):
                pass
            except Exception as error:
                return f"a value, {what}: {error!r}: {content[:200]!r}"
    return ""


def request_trouble(chance: random.Random, count: int) -> str:
    """Have the program's own executor do hostile tasks: each has an answer, and none is done."""
    names = ("double", "os.system", "analyse_photo", "__import__", "", *dir(__builtins__)[:3])
    for _ in range(count):
        possible: tuple[Any, ...] = (*_VALUES, {"task": {}, "known": [], "sizes": []}, None, 5)
        task, setup = chance.choice(possible), chance.choice(possible)
        request = Request("run", "1", 1, chance.choice(names), setup, "hash", task, None, "x")
        try:
            answer = execute(request)
            lacking(setup)
        except Exception as error:
            return f"{request}: {error!r}"
        if answer.kind not in ("bug", "refused", "stage", "photo", "transport"):
            return f"{request} was done: {answer}"
    return ""


def _hostile(valid: dict[str, Any], run: str, chance: random.Random) -> bytes:
    fragments = tuple(chance.sample(FRAGMENTS, 5))
    text = chance.choice([content for _, content in hostile_json(json.dumps(valid).encode(), fragments=fragments)])
    return text.replace(b"RUN", run.encode())


class _Enemy:
    """Somebody who reaches the broker."""

    def __init__(self, server: RedisProcess, chance: random.Random) -> None:
        self._options = BrokerOptions(f"redis://127.0.0.1:{server.address.port}/0")
        self._redis = redis.Redis(*server.address)
        self._chance = chance

    def say_something(self, run: str) -> None:
        chance = self._chance
        kinds = ("application/json", "application/json", "application/x-python-serialize", "text/plain", "", "yaml")
        kind = chance.choice(kinds)
        with kombu.Connection(self._options.url) as connection, connection.Producer() as producer:
            match chance.randrange(6):
                case 0:
                    body = _hostile(chance.choice((_ANSWER, _HELLO)), run, chance)
                    self._publish(producer, answer_queue(run).name, body, kind)
                case 1:
                    self._task(producer, run, kind)
                case 2:
                    with suppress(ValueError, RecursionError):
                        greeting = json.loads(_hostile(_GREETING, run, chance))
                        tell_all(producer, chance.choice(("greet", "part", "report", "nothing")), greeting)
                case 3:
                    queue = chance.choice((answer_queue(run).name, task_queue(run).name))
                    self._publish(producer, queue, chance.randbytes(40), kind)
                case _:
                    # What the client library itself has wrapped around a message, or has not.
                    queue = chance.choice((answer_queue(run).name, task_queue(run).name))
                    wrapped = {"body": "e30=", "content-type": kind, "content-encoding": "utf-8", "headers": {}}
                    properties = {"body_encoding": "base64", "delivery_info": {}, "delivery_tag": "x"}
                    whole = json.dumps({**wrapped, "properties": properties}).encode()
                    raw = chance.choice((b"garbage", b"{}", b"[]", b"\xff", _hostile(json.loads(whole), run, chance)))
                    self._redis.lpush(queue, raw)

    def _publish(self, producer: Any, queue: str, body: bytes, kind: str, **more: Any) -> None:
        producer.publish(body, exchange="", routing_key=queue, content_type=kind, content_encoding="utf-8", **more)

    def _task(self, producer: Any, run: str, kind: str) -> None:
        chance = self._chance
        body = b"[[" + _hostile(_TASK, run, chance) + b"], {}, {}]"
        odd: tuple[Any, ...] = (None, 5, "x", [], {}, -1.0, 1e400, "../../x", f"{run}/1/1", f"{run}/1/x", "os.system")
        headers = {"lang": "py", "task": TASK_NAME, "id": f"{run}/1/9", "timelimit": [5, None], "curation_limit_s": 1.0}
        for name in list(headers):
            if chance.random() < 0.25:
                headers[name] = chance.choice(odd)
        if chance.random() < 0.2:
            headers["eta"] = chance.choice(odd)
        self._publish(producer, task_queue(run).name, body, kind, headers=headers)


def run_trouble(server: RedisProcess, worker: CeleryWorker, folder: Path, chance: random.Random) -> str:
    """Run tasks while somebody sends hostile messages; empty if all have their results, and the worker lives."""
    folder.mkdir(parents=True)
    options = BrokerOptions(f"redis://127.0.0.1:{server.address.port}/0", patience_s=60)
    enemy = _Enemy(server, chance)
    began_s = time.monotonic()
    here = SerialPool(pool_tasks.set_up, (str(folder),))
    with CeleryPool(options, PoolWork(folder), here=lambda: here) as pool:
        run = pool._run

        def tasks() -> Iterator[int]:
            for number in range(_TASKS):
                for _ in range(_MESSAGES // _TASKS):
                    enemy.say_something(run)
                yield number

        try:
            outcomes = list(pool.run(pool_tasks.double, tasks(), timeout_s=30))
        except CurationError as error:
            # An answer that says so may end the run; it is an error with a name.
            if error.exit_code == 70:
                return f"a fault of the program: {error}"
            outcomes = []
    took_s = time.monotonic() - began_s
    if took_s > _END_S:
        return f"the run took {took_s:.0f} s"
    if outcomes and len(outcomes) != _TASKS:
        return f"{len(outcomes)} outcomes of {_TASKS} tasks"
    # Nobody sends anything now: the worker is there, and does its work.
    folder = folder / "afterwards"
    folder.mkdir()
    here = SerialPool(pool_tasks.set_up, (str(folder),))
    with CeleryPool(replace(options, patience_s=15), PoolWork(folder), here=lambda: here) as pool:
        try:
            values = [outcome.result for outcome in pool.run(pool_tasks.double, iter(range(3)), timeout_s=30)]
        except CurationError as error:
            return f"the worker does no work any more ({error}):\n{worker.log[-3000:]}"
    return "" if set(values) == {0, 2, 4} else f"wrong results: {values}"


def _run(soak: Soak) -> None:
    server_folder = soak.folder / "redis"
    server_folder.mkdir()
    server = started(server_folder)
    worker = CeleryWorker(f"redis://127.0.0.1:{server.address.port}/0", soak.folder, processes=2)
    found: list[str] = []
    try:
        worker.wait_until_ready()
        for chance in soak.rounds():
            trouble = codec_trouble(chance, 300) or request_trouble(chance, 40)
            soak.counts["values"] += 300
            soak.counts["requests"] += 40
            trouble = trouble or run_trouble(server, worker, soak.folder / f"{soak.counts['rounds']}", chance)
            soak.counts["messages"] += _MESSAGES
            if trouble:
                found.append(trouble)
                break
    finally:
        worker.kill()
        server.stop()
    soak.expect(not found, "\n".join(found))


def _lacking() -> str:
    return "" if shutil.which("redis-server") else "no redis-server (Debian: apt install redis-server)"


PART = SoakPart("task_bodies", "hostile messages between a parent and workers of other machines", _run, _lacking)
