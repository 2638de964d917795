"""Use of object storage in a process of its own: `python -m curation.remote.own_process`, with a wish as JSON.

The client of object storage does not survive that its process forks, and a worker forks the processes that do its work.
So the worker's main process asks another one. The wish comes on standard input: `{"setup": ...}` fetches the model
files of a setup, `{"photos": true}` looks whether the photos can be listed. What is wrong comes on standard output.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

from curation.errors import CurationError, ObjectStorageUnavailableError
from curation.parsing.json_text import parse_json
from curation.remote.errors import error_json, stage_error_of

__all__ = ["fetch_elsewhere", "list_elsewhere"]

_FETCH_S, _LIST_S = 1800.0, 120.0
_TRIES = 3
_COMMAND = (sys.executable, "-m", "curation.remote.own_process")


def fetch_elsewhere(setup: Any) -> None:
    """Fetch what this machine lacks of a setup.

    Raises:
        CurationError: If it cannot be fetched.
    """
    _wish({"setup": setup}, _FETCH_S)


def list_elsewhere() -> None:
    """Look whether the photos of this machine's settings can be listed.

    Raises:
        CurationError: If not.
    """
    _wish({"photos": True}, _LIST_S)


def _wish(wish: dict[str, Any], timeout_s: float) -> None:
    problem = ""
    for _ in range(_TRIES):
        try:
            done = subprocess.run(_COMMAND, input=json.dumps(wish), capture_output=True, text=True, timeout=timeout_s)
            told = parse_json(done.stdout)
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = str(error)
        except ValueError:  # it died before it said anything
            last = done.stderr.strip().splitlines()[-1:]
            problem = ": ".join([f"the process that asks it ended with {_ending(done.returncode)}", *last])
        else:
            if told is not None:
                raise stage_error_of(told)
            return
    raise ObjectStorageUnavailableError(f"object storage cannot be asked: {problem}")


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _fulfil(wish: dict[str, Any]) -> None:
    from curation.remote.machine import this_machine
    from curation.remote.preparing import setup_of

    machine = this_machine()
    if "setup" in wish:
        setup_of(wish["setup"], machine)
        return
    from curation.storage.objects.opening import open_store

    settings = machine.settings
    store = open_store(settings.input_address, timeout_s=settings.io.object_timeout_s)
    next(iter(store.list()), None)


def _main() -> None:
    told = None
    try:
        _fulfil(json.load(sys.stdin))
    except CurationError as error:
        told = error_json(error)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    _main()
