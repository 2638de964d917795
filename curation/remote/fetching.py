"""Fetching the model files of a run in a process of its own: `python -m curation.remote.fetching` with a setup.

The setup comes as JSON on standard input; what is missing is told on standard output, as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from curation.errors import CurationError, WeightsMissingError
from curation.remote.errors import error_json, stage_error_of

__all__ = ["fetch_elsewhere"]

_TIMEOUT_S = 1800.0


def fetch_elsewhere(setup: Any) -> None:
    """Fetch what this machine lacks of a setup, in another process.

    Raises:
        CurationError: If it cannot be fetched.
    """
    command = [sys.executable, "-m", "curation.remote.fetching"]
    try:
        done = subprocess.run(command, input=json.dumps(setup), capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WeightsMissingError(f"model files cannot be fetched: {error}") from error
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        last = done.stderr.strip().splitlines()[-1:]
        raise WeightsMissingError(f"model files cannot be fetched: {' '.join(last) or 'no answer'}") from error
    if told is not None:
        raise stage_error_of(told)


def _main() -> None:
    from curation.remote.machine import this_machine
    from curation.remote.preparing import setup_of

    told = None
    try:
        setup_of(json.load(sys.stdin), this_machine())
    except CurationError as error:
        told = error_json(error)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    _main()
