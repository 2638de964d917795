"""Messages are plain JSON, and what is no message is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from curation.workers.distributed.messages import Answer, Request, WorkerFacts, from_json, to_json
from tests.unit.workers.distributed.values import facts

REQUEST = Request("run", "1", 1, "double", {"a": [1]}, "ff", {"n": 2}, None, "photo.jpg")
ANSWER = Answer("run", "1", 1, "ok", {"n": 4}, "", {"name": "one"}, 0.5)


@pytest.mark.parametrize("message", [REQUEST, ANSWER, facts()])
def test_there_and_back(message: Request | Answer | WorkerFacts) -> None:
    assert from_json(type(message), json.loads(json.dumps(to_json(message)))) == message


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {**to_json(ANSWER), "more": 1},
        {**to_json(ANSWER), "kind": "fine"},
        {**to_json(ANSWER), "kind": []},
        {**to_json(ANSWER), "send": "1"},
        {**to_json(ANSWER), "send": True},
        {**to_json(ANSWER), "task_id": {}},
        {**to_json(ANSWER), "worker": "one"},
        {**to_json(ANSWER), "seconds": None},
    ],
)
def test_what_is_no_answer(value: Any) -> None:
    with pytest.raises(ValueError, match=r"Answer|answer"):
        from_json(Answer, value)
