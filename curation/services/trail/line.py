"""A line of the log: a step with its time and its place, as JSON."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.services.trail.step import Step

__all__ = ["TrailLine", "line_of", "line_of_text", "trace_of"]

_LONGEST_DETAIL = 2000  # characters; a sentence, never a document


@dataclass(frozen=True, slots=True)
class TrailLine:
    """A step as it stands in the log.

    Attributes:
        time: When the step ended, UTC, as ISO 8601 with microseconds and `Z`.
        role: Name of the role that did it.
        pid: Number of its process.
        host: Name of its machine.
        step: What was done.
        status: `ok` or `error`.
        sha256: Of the picture, in hex; empty for a line that is about no picture.
        request_id: Of the request.
        trace: 32 hex digits, the same for all lines of one picture's request, on all machines; empty without a picture.
        runtime_s: How long the step took, in seconds; None if it took none.
        faces: How many faces were found; None if the line tells nothing about it.
        code: Stable name of the error.
        detail: A sentence.
        source: Who numbers the lines: another one for each start of a process.
        number: Of the line at its source, from 1 without gaps; with `source`, it tells whether two lines are the same
            one, and whether any are missing.
    """

    time: str
    role: str
    pid: int
    host: str
    step: str
    status: str
    sha256: str
    request_id: str
    trace: str
    runtime_s: float | None
    faces: int | None
    code: str
    detail: str
    source: str
    number: int

    def as_json(self) -> str:
        """The line as one line of JSON, without the line break."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def moment(self) -> datetime:
        """The time as a value, in UTC."""
        return datetime.fromisoformat(self.time)

    @property
    def is_error(self) -> bool:
        """Whether the step failed."""
        return self.status == "error"


def trace_of(sha256: str, request_id: str) -> str:
    """The trace of a picture's request, as 32 hex digits (the form of a W3C trace id); empty without a picture."""
    if not sha256:
        return ""
    return hashlib.sha256(f"{sha256}:{request_id}".encode("utf-8", "replace")).hexdigest()[:32]


def line_of(step: Step, *, moment: datetime, pid: int, host: str, source: str, number: int) -> TrailLine:
    """The line of a step; values that JSON cannot hold are made harmless.

    Args:
        step: What was done.
        moment: When it ended.
        pid: Number of the process.
        host: Name of the machine.
        source: See `TrailLine`.
        number: See `TrailLine`.
    """
    runtime_s = step.runtime_s
    if runtime_s is not None:
        runtime_s = round(float(runtime_s), 6) if math.isfinite(runtime_s) else None
    return TrailLine(
        time=_as_text(moment),
        role=_clean(step.role),
        pid=pid,
        host=_clean(host),
        step=_clean(step.step),
        status="ok" if step.status == "ok" else "error",
        sha256=_clean(step.sha256),
        request_id=_clean(step.request_id),
        trace=trace_of(step.sha256, step.request_id),
        runtime_s=runtime_s,
        faces=None if step.faces is None else int(step.faces),
        code=_clean(step.code),
        detail=_clean(step.detail),
        source=source,
        number=number,
    )


def line_of_text(text: str) -> TrailLine | None:
    """The line that a line of JSON tells; None for one that is cut off or damaged. Keys that are new are skipped."""
    try:
        values = parse_json(text)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    try:
        line = TrailLine(**{name: _valid(values[name], name) for name in TrailLine.__slots__})
        _ = line.moment
    except PARSER_ERRORS:
        return None
    return line


def _valid(value: Any, name: str) -> Any:
    wanted: tuple[type, ...] = (str,)
    if name in ("pid", "number"):
        wanted = (int,)
    elif name == "runtime_s":
        wanted = (float, int, type(None))
    elif name == "faces":
        wanted = (int, type(None))
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise TypeError(name)
    return value


def _as_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _clean(text: object) -> str:
    # A name of a file may hold bytes that are no UTF-8.
    return str(text)[:_LONGEST_DETAIL].encode("utf-8", "backslashreplace").decode("utf-8")
