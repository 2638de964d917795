"""Which fault is which code."""

from __future__ import annotations

import errno
import hashlib
import sqlite3
from pathlib import Path

import pytest

from curation.domain.assets.states import FailCode, RejectCode
from curation.errors import (
    AssetRejectedError,
    DatabaseBusyError,
    ExtraMissingError,
    FaceAnalysisError,
    PhotoUnreadableError,
    RedisUnavailableError,
    StorageError,
    WeightsMissingError,
)
from curation.jobs.assets.attempts import AttemptEnd, run_attempt
from curation.pipelines.assets.faults import fail_code
from tests.asset_documents import picture_document
from tests.fake_assets import FakeDone


def foreign(module: str, name: str, base: type[Exception] = Exception) -> Exception:
    """An error of a package that need not be installed."""
    of_package: type[Exception] = type(name, (base,), {"__module__": module})
    derived: type[Exception] = type("Derived", (of_package,), {"__module__": "elsewhere"})
    return derived("away")


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "full"), FailCode.IO),
        (OSError(errno.EIO, "bad disk"), FailCode.IO),
        (StorageError("full"), FailCode.IO),
        (DatabaseBusyError("busy"), FailCode.DATABASE),
        (sqlite3.OperationalError("database is locked"), FailCode.DATABASE),
        (foreign("sqlalchemy.exc", "OperationalError"), FailCode.DATABASE),
        (foreign("psycopg.errors", "OperationalError"), FailCode.DATABASE),
        (foreign("kombu.exceptions", "OperationalError"), FailCode.BROKER),
        (foreign("redis.exceptions", "ConnectionError"), FailCode.BROKER),
        (foreign("amqp.exceptions", "AMQPError"), FailCode.BROKER),
        (RedisUnavailableError("away"), FailCode.BROKER),
        (ConnectionRefusedError(), FailCode.BROKER),
        (MemoryError(), FailCode.MEMORY),
        (caused(FaceAnalysisError("failed"), MemoryError()), FailCode.MEMORY),
        (FaceAnalysisError("failed"), FailCode.MODEL),
        (WeightsMissingError("missing"), FailCode.MODEL),
        (PhotoUnreadableError("broken"), FailCode.DECODE),
        (caused(RuntimeError("wrapped"), OSError(errno.EIO, "bad disk")), FailCode.IO),
        (ExtraMissingError("not installed"), FailCode.BUG),
        (KeyError("a bug"), FailCode.BUG),
        (ZeroDivisionError(), FailCode.BUG),
    ],
)
def test_the_code_of_a_fault(error: Exception, code: FailCode) -> None:
    assert fail_code(error) is code


def test_the_real_error_of_kombu_is_known() -> None:
    exceptions = pytest.importorskip("kombu.exceptions", reason="the extra workers is not installed")
    assert fail_code(exceptions.OperationalError("broker away")) is FailCode.BROKER


def test_errors_of_networks_are_known() -> None:
    from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

    assert fail_code(RuntimeException("shapes differ")) is FailCode.MODEL
    assert fail_code(RuntimeException("std::bad_alloc")) is FailCode.MEMORY


def test_errors_in_a_circle_end() -> None:
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert fail_code(first) is FailCode.BUG


def found(task: object) -> FakeDone:
    return FakeDone(picture_document())


def rejecting(task: object) -> FakeDone:
    raise AssetRejectedError("nobody", "no_person")


def failing(task: object) -> FakeDone:
    raise MemoryError


def test_a_try_ends_in_one_of_three_ways(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(b"photo")
    sha256 = hashlib.sha256(b"photo").hexdigest()
    assert run_attempt(found, None, path, sha256) == AttemptEnd(document=picture_document())
    assert run_attempt(rejecting, None, path, sha256) == AttemptEnd(rejected=RejectCode.NO_PERSON, message="nobody")
    failed = run_attempt(failing, None, path, sha256)
    assert failed.failed is FailCode.MEMORY and "assets.workers" in failed.message


def test_a_picture_whose_file_is_gone_or_damaged_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "original"
    assert run_attempt(found, None, path, "0" * 64).failed is FailCode.IO
    path.write_bytes(b"other")
    end = run_attempt(found, None, path, "0" * 64)
    assert end.failed is FailCode.IO and "damaged" in end.message
