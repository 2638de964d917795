"""What the tests of the parent's bookkeeping speak of."""

from __future__ import annotations

from typing import Any

import curation
from curation.workers.distributed.messages import PROTOCOL, WorkerFacts, to_json

__all__ = ["facts", "hello"]


def facts(name: str = "one", **changes: Any) -> WorkerFacts:
    values: dict[str, Any] = {
        "name": name,
        "host": "photo-7",
        "pid": 11,
        "program": curation.__version__,
        "protocol": PROTOCOL,
        "runtime": "onnxruntime 1",
        "cpu": "x86_64",
        "processes": 2,
    }
    return WorkerFacts(**{**values, **changes})


def hello(
    name: str = "one", *, state: str = "ready", held: tuple[str, ...] = (), number: int = 1, **changes: Any
) -> Any:
    """The answer of a worker to a greeting."""
    since = changes.pop("since", 1.0)
    text = changes.pop("text", "")
    return {
        "type": "hello",
        "round": number,
        "state": state,
        "text": text,
        "since": since,
        "held": list(held),
        "worker": to_json(facts(name, **changes)),
    }
