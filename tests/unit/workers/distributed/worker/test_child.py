"""What a child of a worker answers, whatever the work does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.messages import Answer, Request, from_json, to_json
from curation.workers.distributed.worker import child
from curation.workers.distributed.worker.node import LEFT

REQUEST = Request("run", "1", 1, "double", None, "ff", 2, None, "photo.jpg")


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("executor_of_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def answer(executor: ModuleType, does: Any, *, redelivered: bool = False) -> Answer:
    executor.execute = does  # type: ignore[attr-defined]
    return child.answer_to(REQUEST, executor=executor.__name__, redelivered=redelivered)


def raising(error: BaseException) -> Any:
    def execute(request: Request) -> Answer:
        raise error

    return execute


def test_the_answer_of_the_work_is_given_with_its_time(executor: ModuleType) -> None:
    plain = Answer("run", "1", 1, "ok", 4, "", {}, 0.0)
    given = answer(executor, lambda request: plain)
    assert (given.kind, given.value) == ("ok", 4) and given.seconds > 0


def test_an_exception_costs_this_photo_only(executor: ModuleType) -> None:
    bug = answer(executor, raising(ZeroDivisionError("oops")))
    assert (bug.kind, bug.text) == ("bug", "ZeroDivisionError: oops") and "Traceback" in bug.value
    assert answer(executor, raising(MemoryError())).kind == "photo"
    assert answer(executor, lambda request: "4").kind == "bug"


def test_what_the_broker_hands_out_once_more_is_not_worked_on(executor: ModuleType) -> None:
    again = answer(executor, raising(AssertionError("worked on")), redelivered=True)
    assert (again.kind, again.value) == ("transport", {"redelivered": True})


def test_an_answer_that_the_broker_does_not_take_is_left_in_a_file(
    executor: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor.execute = lambda request: Answer("run", "1", 1, "ok", 4, "", {}, 0.0)  # type: ignore[attr-defined]
    monkeypatch.setattr(child, "_messengers", {})
    returned = child.work(
        to_json(REQUEST),
        executor=executor.__name__,
        broker=BrokerOptions("redis://127.0.0.1:1/0"),
        facts={"name": "one"},
        folder=tmp_path,
        redelivered=False,
    )
    (left,) = tmp_path.iterdir()
    assert returned == f"{LEFT}ok:{left}"
    said = json.loads(left.read_bytes())
    assert said.pop("type") == "answer" and from_json(Answer, said).worker == {"name": "one"}


def test_what_is_no_task_is_dropped(executor: ModuleType, tmp_path: Path) -> None:
    assert (
        child.work(
            {"run": "x"}, executor="os", broker=BrokerOptions("redis://h"), facts={}, folder=tmp_path, redelivered=False
        )
        == "bug"
    )
