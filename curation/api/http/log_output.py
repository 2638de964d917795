"""How the service logs: lines of text, or one JSON object per line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

__all__ = ["JsonFormatter", "log_output"]

_PACKAGE = "curation"
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access")
_ACCESS_LOGGER = "uvicorn.access"
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
"""The attributes of every record; all others are what the caller passed as `extra`."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON: time (UTC), level, logger, message, and what was passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; ASCII, so that it can contain any file name."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.threadName and record.threadName.startswith(f"{_PACKAGE}-"):
            entry["thread"] = record.threadName
        entry |= _of_request(record)
        entry |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def _of_request(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of an access log record of the server."""
    if record.name != _ACCESS_LOGGER or not isinstance(record.args, tuple) or len(record.args) != 5:
        return {}
    client, method, path, version, status = record.args
    return {"client": client, "method": method, "path": path, "http_version": version, "status": status}


@contextmanager
def log_output(style: Literal["text", "json"]) -> Iterator[None]:
    """Show the log messages of the program, unless the caller has configured logging.

    Args:
        style: `json` also applies to the server's own messages, including those after the shutdown.
    """
    if style == "text":
        formatter: logging.Formatter = logging.Formatter("%(levelname)s:     %(message)s")
    else:
        formatter = JsonFormatter()
        # Not undone: the server still logs after our shutdown.
        for handler in (handler for name in _SERVER_LOGGERS for handler in logging.getLogger(name).handlers):
            handler.setFormatter(formatter)
    with _shown(formatter):
        yield


@contextmanager
def _shown(formatter: logging.Formatter) -> Iterator[None]:
    ours = logging.getLogger(_PACKAGE)
    if ours.hasHandlers():
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        ours.setLevel(level)
