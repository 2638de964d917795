"""A worker's child: does one task after the other, and publishes its answers."""

from __future__ import annotations

import importlib
import json
import logging
import os
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.messages import IN_PLACE, Answer, Request, from_json, to_json
from curation.workers.distributed.worker.handing_in import Messenger, leave, left_name
from curation.workers.distributed.worker.node import LEFT

__all__ = ["answer_to", "work"]

log = logging.getLogger(__name__)

# A process has one messenger; a child must not use the connection that its parent process had when it forked.
_messengers: dict[int, Messenger] = {}


def work(
    body: Any, *, executor: str, broker: BrokerOptions, facts: dict[str, Any], folder: Path, redelivered: bool
) -> str:
    """Do one task and answer its parent.

    Args:
        body: The request, as JSON.
        executor: Name of the module that does the work.
        broker: Where the answer goes.
        facts: Of this worker.
        folder: For an answer that the broker does not take now.
        redelivered: Whether the broker hands this message out once more.

    Returns:
        The kind of the answer for the main process, `IN_PLACE` if a folder or disk of this machine is to blame; after
        `LEFT` with the file, if the answer lies in one.
    """
    try:
        request = from_json(Request, body)
    except ValueError:
        log.error("a message of this queue is no task of this program")
        return "bug"
    answer = answer_to(request, executor=executor, redelivered=redelivered)
    answer = replace(answer, worker=facts)
    kind = IN_PLACE if (answer.kind, answer.value) == ("transport", IN_PLACE) else answer.kind
    content = json.dumps({"type": "answer", **to_json(answer)}, allow_nan=True).encode()
    messenger = _messengers.get(os.getpid())
    if messenger is None:
        _messengers.clear()
        messenger = _messengers[os.getpid()] = Messenger(broker)
    try:
        messenger.publish(request.run, content)
    except OSError as error:
        log.warning("%s; the answer is kept until it does", error)
        path = leave(folder, left_name(request.run, request.task_id, request.send), content)
        return f"{LEFT}{kind}:{path}"
    return kind


def answer_to(request: Request, *, executor: str, redelivered: bool) -> Answer:
    """The answer to a request; never raises.

    A message that the broker hands out once more is not worked on: its first reader may have died of the photo, and
    only the parent counts that. It sends it again.
    """
    begun = time.monotonic()
    if redelivered:
        return _plain(request, "transport", {"redelivered": True}, "the broker handed it out once more", begun)
    try:
        answer = importlib.import_module(executor).execute(request)
        if not isinstance(answer, Answer):
            raise TypeError("the executor gave no answer")
    except MemoryError:
        text = "not enough memory for this photo; use fewer processes (workers.concurrency)"
        return _plain(request, "photo", None, text, begun)
    except Exception as error:  # any exception must cost this one photo only
        return _plain(request, "bug", traceback.format_exc(), f"{type(error).__name__}: {error}", begun)
    return replace(answer, seconds=time.monotonic() - begun)


def _plain(request: Request, kind: Literal["transport", "photo", "bug"], value: Any, text: str, begun: float) -> Answer:
    return Answer(
        run=request.run,
        task_id=request.task_id,
        send=request.send,
        kind=kind,
        value=value,
        text=text,
        worker={},
        seconds=time.monotonic() - begun,
    )
