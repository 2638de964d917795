from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from curation.api.http import log_output as module
from curation.api.http.log_output import JsonFormatter, log_output


def record(name: str, message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, None)
    vars(made).update(extra)
    return made


def test_a_record_is_one_line_of_json() -> None:
    line = JsonFormatter().format(record("curation.x", "%s:\n%d", "\udcff.jpg", 3, job_id="a1"))
    assert "\n" not in line
    entry = json.loads(line)
    assert entry.pop("time").endswith("+00:00")
    assert entry == {"level": "warning", "logger": "curation.x", "message": "\udcff.jpg:\n3", "job_id": "a1"}


def test_a_request_is_taken_apart() -> None:
    made = record("uvicorn.access", '%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", "/photos?limit=1", "1.1", 200)
    entry = json.loads(JsonFormatter().format(made))
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/photos?limit=1", 200)
    assert entry["client"] == "127.0.0.1:5"


def test_an_exception_is_logged() -> None:
    try:
        raise ZeroDivisionError("oops")
    except ZeroDivisionError:
        made = record("curation", "failed")
        made.exc_info = sys.exc_info()
    assert "ZeroDivisionError: oops" in json.loads(JsonFormatter().format(made))["exception"]


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """A logger without configuration, instead of the package's."""
    logger = logging.getLogger("curation_of_a_test")
    monkeypatch.setattr(logger, "parent", None)
    monkeypatch.setattr(module, "_PACKAGE", logger.name)
    yield logger
    assert not logger.handlers
    assert logger.level == logging.NOTSET


def test_messages_are_shown_in_either_way(package: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    with log_output("text"):
        package.info("hello")
    with log_output("json"):
        package.info("hello")
    text, line = capsys.readouterr().err.splitlines()
    assert text == "INFO:     hello"
    assert json.loads(line)["message"] == "hello"


def test_the_servers_messages_are_json_too_to_its_end(package: logging.Logger) -> None:
    server = logging.getLogger("uvicorn")
    handler = logging.NullHandler()
    before = logging.Formatter("%(message)s")
    handler.setFormatter(before)
    server.addHandler(handler)
    try:
        with log_output("text"):
            assert handler.formatter is before
        with log_output("json"):
            assert isinstance(handler.formatter, JsonFormatter)
        assert isinstance(handler.formatter, JsonFormatter)
    finally:
        server.removeHandler(handler)
