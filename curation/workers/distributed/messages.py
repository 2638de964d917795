"""What parent and workers say to each other: plain JSON values, never pickles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from curation.domain.files.health import FaultKind

__all__ = ["IN_PLACE", "PROTOCOL", "Answer", "Request", "WorkerFacts", "fault_told", "from_json", "to_json"]

_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "Mapping[str, Any]": (dict,),
}
_FAULTS = frozenset(kind.value for kind in FaultKind)
_MAX_GOOD_CHARS = 1_000
_KINDS = ("ok", "photo", "stage", "bug", "killed", "timeout", "refused", "transport")

M = TypeVar("M", bound="Request | WorkerFacts | Answer")

IN_PLACE = "place"
"""Value of a `transport` answer if a folder or disk of the worker is to blame: it takes no more until it is mended."""

PROTOCOL = 3
"""Of these messages; raised with every change that an older worker would misunderstand."""


@dataclass(frozen=True, slots=True)
class Request:
    """A task that is sent to the workers.

    Attributes:
        run: Of the parent; random, hex.
        task_id: Of the task within the run; the same at every send, so that the first answer counts.
        send: How often the task was sent, from 1.
        function: Name of a function that workers know, see `curation.remote`.
        setup: What the worker has to prepare, as JSON; the same for all tasks of a run.
        setup_hash: Of `setup`; a worker prepares itself again only when it changes.
        task: As JSON.
        timeout_s: Time limit of the task; None is no limit.
        label: What a person calls the task, such as the photo's image_path.
    """

    run: str
    task_id: str
    send: int
    function: str
    setup: Any
    setup_hash: str
    task: Any
    timeout_s: float | None
    label: str


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """Who a worker is; told in every greeting and answer.

    Attributes:
        name: Unique among the workers, such as `worker@photo-7`.
        host: Of the machine.
        pid: Of the process that answers.
        program: Version of this program.
        protocol: `PROTOCOL` of the worker.
        runtime: Versions of ONNX Runtime and numpy.
        cpu: Kind of the processor and its vector instructions: floats are the same bytes only on one kind.
        processes: How many tasks it works on at once.
    """

    name: str
    host: str
    pid: int
    program: str
    protocol: int
    runtime: str
    cpu: str
    processes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """How a request ended.

    Attributes:
        run: As in the request.
        task_id: As in the request.
        send: As in the request.
        kind: `ok`, `photo`, `stage` and `bug` as `workers.pool.Reply`; `killed` and `timeout` of a process that the
            worker lost; `refused` if the worker cannot do such work (no weights, another version, no such folder);
            `transport` if storage, network or a disk of the worker failed, which is never the fault of the photo.
        value: The result, or the facts of a `stage` error, as JSON; of `photo` a list of two texts, what is wrong with
            its file and what of it is still good.
        text: Message for the user; for `refused` what the worker lacks.
        worker: Who answers.
        seconds: How long it worked.
    """

    run: str
    task_id: str
    send: int
    kind: Literal["ok", "photo", "stage", "bug", "killed", "timeout", "refused", "transport"]
    value: Any
    text: str
    worker: Mapping[str, Any]
    seconds: float


def to_json(message: Request | WorkerFacts | Answer) -> dict[str, Any]:
    """A message as a JSON object."""
    return {each.name: getattr(message, each.name) for each in fields(message)}


def from_json(kind: type[M], value: Any) -> M:
    """A message from a JSON object.

    Raises:
        ValueError: If the fields are not those of the message.
    """
    if not isinstance(value, dict) or value.keys() != {each.name for each in fields(kind)}:
        raise ValueError(f"this is no {kind.__name__}")
    for each in fields(kind):
        allowed = _PLAIN.get(str(each.type))
        if allowed is not None and (type(value[each.name]) not in allowed):
            raise ValueError(f"{each.name} of a {kind.__name__} cannot be {value[each.name]!r:.60}")
    if "kind" in value and value["kind"] not in _KINDS:
        raise ValueError(f"there is no answer {value['kind']!r:.60}")
    return kind(**value)


def fault_told(value: Any) -> tuple[str, str]:
    """What a `photo` answer says of the photo's file and of what is still good; empty texts if it says nothing.

    Args:
        value: Of the answer.
    """
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value):
        fault, good = value
        if fault in _FAULTS:
            return fault, good[:_MAX_GOOD_CHARS]
    return "", ""
