"""Command lines, variables and streams of all kinds, as processes: a sample of `make soak ARGS=commands`."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.soak.commands import trouble_of_command, trouble_of_end

_SEED, _EACH = 5, 3


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full and environments of any bytes")
def test_odd_command_lines_end_with_a_documented_code_and_no_traceback(tmp_path: Path) -> None:
    chance = random.Random(_SEED)
    for number in range(_EACH):
        trouble = trouble_of_command(tmp_path / str(number), chance, may_serve=False)
        assert not trouble, trouble


@pytest.mark.parametrize(
    ("code", "said", "part"),
    [
        (0, "done", ""),
        (70, "error: a fault of the program", "ends with 70"),
        (-11, "", "ends with -11"),
        (1, "Traceback (most recent call last):", "says"),
        (0, "Exception ignored in: <_io.TextIOWrapper", "says"),
    ],
)
def test_what_is_wrong_with_an_end_is_seen(code: int, said: str, part: str) -> None:
    trouble = trouble_of_end("x", code, said)
    assert (part in trouble) if part else not trouble
