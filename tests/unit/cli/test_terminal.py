from __future__ import annotations

import pytest

from curation.cli.terminal import INTERNAL_EXIT_CODE, ProgressBars, run_stage
from curation.errors import StorageError
from curation.settings import Settings


def _code_of(error: BaseException) -> int:
    def stage(settings: Settings, bars: ProgressBars) -> int:
        raise error

    return run_stage([], program="run_test.py", description="", engine_help="", stage=stage)


def _caused_by(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def test_an_error_that_an_interruption_caused_is_an_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    loading = _caused_by(ImportError("initialization failed"), KeyboardInterrupt())
    for error in (KeyboardInterrupt(), loading, _caused_by(StorageError("no store"), loading)):
        assert _code_of(error) == 130
        printed = capsys.readouterr().err
        assert "run the same command to continue" in printed and "Traceback" not in printed


def test_other_errors_keep_their_own_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert _code_of(StorageError("the disk is full")) == StorageError.exit_code
    assert "error: the disk is full" in capsys.readouterr().err
    assert _code_of(_caused_by(ImportError("no such module"), OSError("gone"))) == INTERNAL_EXIT_CODE
