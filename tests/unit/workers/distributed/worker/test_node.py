"""A worker's main process: which runs it takes part in, and what it tells."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import curation
from curation.errors import ObjectStorageUnavailableError
from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.messages import IN_PLACE, PROTOCOL
from curation.workers.distributed.worker import node as node_module
from curation.workers.distributed.worker.node import LEFT, Node
from tests.processes import wait_until


class Consumer:
    """Celery's consumer, as far as the node uses it."""

    def __init__(self) -> None:
        self.queues: list[str] = []
        self.task_consumer = self
        self.timer = SimpleNamespace(call_repeatedly=lambda seconds, function: None)
        self.pool = SimpleNamespace(maintain_pool=lambda: None)

    def consuming_from(self, name: str) -> bool:
        return name in self.queues

    def add_queue(self, queue: Any) -> None:
        self.queues.append(queue.name)

    def consume(self) -> None:
        pass

    def cancel_by_queue(self, name: str) -> None:
        self.queues.remove(name)


class Clerk:
    def __init__(self, broker: BrokerOptions) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.handed: list[Any] = []
        self.folder = Path("/nowhere")

    def say(self, run: str, message: dict[str, Any]) -> None:
        self.said.append((run, message))

    def hand_in(self, run: str, answer: Any) -> None:
        self.handed.append(answer)


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("executor_of_a_test")
    module.lacking = lambda setup: setup  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


@pytest.fixture
def node(executor: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setattr(node_module, "Clerk", Clerk)
    monkeypatch.setattr(node_module, "_CHECK_S", 10.0)  # each greeting waits for its check
    made = Node(BrokerOptions("redis://h/0"), executor.__name__)
    made.introduce("one@host", 2)
    yield made


def greet(node: Node, consumer: Consumer, *, run: str = "r", lacks: str = "", **more: Any) -> dict[str, Any]:
    greeting = {"run": run, "protocol": PROTOCOL, "program": curation.__version__, "setup": lacks, "setup_hash": lacks}
    node.greeted(consumer, {**greeting, "round": 1, **more})
    said: dict[str, Any] = node.clerk.said[-1][1]  # type: ignore[attr-defined]
    return said


def test_a_worker_that_has_what_is_needed_takes_the_runs_tasks(node: Node) -> None:
    consumer = Consumer()
    said = greet(node, consumer)
    assert (said["state"], said["held"], said["worker"]["processes"]) == ("ready", [], 2)
    assert consumer.queues == ["curation.tasks.r"]
    greet(node, consumer)
    greet(node, consumer, run="other")
    assert consumer.queues == ["curation.tasks.r", "curation.tasks.other"]
    node.part(consumer, "r")
    assert consumer.queues == ["curation.tasks.other"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"lacks": "no file arcface_weights.onnx"}, "no file arcface_weights.onnx"),
        ({"program": "9.9.9"}, "the run is by version 9.9.9"),
        ({"protocol": 99}, "messages 99"),
        ({"excluded": {"one@host": "too far away"}}, "too far away"),
    ],
)
def test_a_worker_says_why_it_takes_no_part(node: Node, more: dict[str, Any], why: str) -> None:
    consumer = Consumer()
    said = greet(node, consumer, **more)
    assert said["state"] == "refused" and why in said["text"]
    assert not consumer.queues


def test_what_a_parent_excludes_is_left_and_taken_again(node: Node) -> None:
    consumer = Consumer()
    greet(node, consumer)
    greet(node, consumer, excluded={"one@host": "rest"})
    assert not consumer.queues
    greet(node, consumer, excluded={})
    assert consumer.queues


def test_storage_that_is_away_is_no_lack(node: Node, executor: ModuleType) -> None:
    def away(setup: Any) -> str:
        raise ObjectStorageUnavailableError("no answer")

    executor.lacking = away  # type: ignore[attr-defined]
    consumer = Consumer()
    for _ in range(10):
        said = greet(node, consumer)
    assert (said["state"], said["text"]) == ("preparing", "no answer")
    executor.lacking = lambda setup: ""  # type: ignore[attr-defined]
    assert greet(node, consumer)["state"] == "ready"


def test_a_check_that_always_fails_is_a_lack_after_some_tries(node: Node, executor: ModuleType) -> None:
    def broken(setup: Any) -> str:
        raise ZeroDivisionError("oops")

    executor.lacking = broken  # type: ignore[attr-defined]
    states = [greet(node, Consumer())["state"] for _ in range(6)]
    assert states == ["preparing"] * 4 + ["refused"] * 2


def test_silent_parents_are_left(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer()
    greet(node, consumer)
    node.forget_silent(consumer)
    assert consumer.queues
    monkeypatch.setattr(node_module, "_UNGREETED_S", -1.0)
    node.forget_silent(consumer)
    assert not consumer.queues


def test_a_place_at_the_queue_that_brings_nothing_is_taken_anew(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    consumer = Consumer()
    for _ in range(5):
        greet(node, consumer, waiting=3)
    assert "is taken anew" in caplog.text and consumer.queues == ["curation.tasks.r"]


def test_lost_children_are_told_once(node: Node) -> None:
    for _ in range(2):
        node.lost("r/1f/2", "killed", "its process died", 0.5)
    node.lost("not one of ours", "killed", "", 0.0)
    (answer,) = node.clerk.handed  # type: ignore[attr-defined]
    assert (answer["run"], answer["task_id"], answer["send"], answer["kind"]) == ("r", "1f", 2, "killed")


def test_a_worker_that_looked_for_its_broker_blames_no_photo(
    node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    consumer = Consumer()
    greet(node, consumer)
    began = time.time()
    monkeypatch.setattr(node_module, "_STOOD_S", -1.0)
    node._tend()
    node.lost("r/1/1", "timeout", "its process was ended", began)
    node.lost("r/2/1", "timeout", "its process was ended", time.time() + 5)
    first, second = node.clerk.handed  # type: ignore[attr-defined]
    assert (first["kind"], first["value"]) == ("transport", {"redelivered": True})
    assert second["kind"] == "timeout", "it began afterwards"
    node.clerk.folder = tmp_path
    left = tmp_path / "r-3-1.json"
    left.touch()
    node.lost("r/3/1", "killed", "its process died", began)
    assert node.clerk.handed[-1] == left, "it had done its work"  # type: ignore[attr-defined]


def test_an_answer_in_a_file_is_handed_in(node: Node) -> None:
    node.finished("r/1/1", "'ok'")
    node.finished("r/2/1", f"'{LEFT}photo:/tmp/x.json'")
    assert node.clerk.handed == [Path("/tmp/x.json")]  # type: ignore[attr-defined]
    node.report("roster")
    said: dict[str, Any] = node.clerk.said[-1][1]  # type: ignore[attr-defined]
    assert (said["done"], said["failed"]) == (1, 1)


def test_a_task_that_failed_because_of_this_machine_stops_it_until_it_was_looked(
    node: Node, executor: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "_CHECK_AGAIN_S", 0.0)
    consumer = Consumer()
    greet(node, consumer)
    assert consumer.queues
    executor.lacking = lambda setup: "its disk is away"  # type: ignore[attr-defined]
    node.finished("r/1/1", f"'{IN_PLACE}'")
    assert not consumer.queues, "at once"
    node.report("roster")
    assert "it looks whether" in node.clerk.said[-1][1]["refused"]  # type: ignore[attr-defined]
    for _ in range(2):
        said = greet(node, consumer)
        assert (said["state"], said["text"]) == ("refused", "its disk is away")
    executor.lacking = lambda setup: ""  # type: ignore[attr-defined]
    assert greet(node, consumer)["state"] == "ready" and consumer.queues


def test_a_child_that_waited_in_vain_for_its_disk_blames_no_photo(node: Node, executor: ModuleType) -> None:
    consumer = Consumer()
    greet(node, consumer)
    node.lost("r/1/1", "timeout", "its process was ended", 0.5)
    executor.lacking = lambda setup: "the disk has not answered"  # type: ignore[attr-defined]
    node.lost("r/2/1", "timeout", "its process was ended", 0.5)
    photo, place = node.clerk.handed  # type: ignore[attr-defined]
    assert (photo["kind"], place["kind"], place["value"]) == ("timeout", "transport", IN_PLACE)
    assert place["text"] == "the disk has not answered"
    assert greet(node, consumer)["state"] == "refused"


def test_a_lost_task_is_held_until_it_is_known_whose_fault_it_was(
    node: Node, executor: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    greet(node, Consumer())
    monkeypatch.setattr(node_module, "_CHECK_S", 0.0)
    answers = threading.Event()
    executor.lacking = lambda setup: str(answers.wait(30))  # type: ignore[attr-defined]
    node.lost("r/1/1", "timeout", "its process was ended", 0.5)
    assert node._held("r") == ["r/1/1"], "else its parent would miss it, and send it again"
    answers.set()
    wait_until(lambda: not node._held("r"), "the answer")
    assert node.clerk.handed  # type: ignore[attr-defined]
