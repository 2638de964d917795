from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import threading

import pytest

from curation.cli.terminal import INTERNAL_EXIT_CODE, ProgressBars, run_stage
from curation.errors import StorageError
from curation.settings import Settings
from curation.workers.worker_process import WorkerProcess
from tests.conftest import PROJECT_ROOT


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


def test_a_library_that_hides_the_interruption_is_seen_through(capsys: pytest.CaptureFixture[str]) -> None:
    def stage(settings: Settings, bars: ProgressBars) -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("building a validator: KeyboardInterrupt") from None
        return 0

    assert run_stage([], program="run_test.py", description="", engine_help="", stage=stage) == 130
    printed = capsys.readouterr().err
    assert "run the same command to continue" in printed and "Traceback" not in printed


def test_a_run_within_a_program_leaves_its_signals_as_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert _code_of(KeyboardInterrupt()) == 130
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StorageError("the disk is full")])
def test_workers_that_were_started_early_end_with_the_run(error: BaseException) -> None:
    def stage(settings: Settings, bars: ProgressBars) -> int:
        WorkerProcess().start_early(["tests.integration.slow_workers"])
        raise error

    run_stage([], program="run_test.py", description="", engine_help="", stage=stage)
    assert not multiprocessing.active_children()
    assert not [thread for thread in threading.enumerate() if "Executor" in type(thread).__name__]


# Ctrl-C while the interpreter ends, after a run that was done or was interrupted.
AT_EXIT = """
import atexit, os, signal, sys, threading
from curation.cli.terminal import run_stage

def stage(settings, bars):
    if code == "130":
        os.kill(os.getpid(), signal.SIGINT)
    return 1

def again():
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)
    threading.Event().wait(0.1)

atexit.register(again)
code = sys.argv.pop()
sys.exit(run_stage(None, program="run_test.py", description="", engine_help="", stage=stage))
"""


@pytest.mark.parametrize("code", [1, 130])
def test_ctrl_c_at_the_end_of_the_process_changes_nothing(code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT, str(code)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
