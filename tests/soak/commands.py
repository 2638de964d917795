"""Command lines of all ways in, with odd arguments, environments and streams, as real processes.

Each ends by itself with a documented exit code, never 70, and says no traceback; commands that serve end when they are
told to.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from curation.settings import Settings
from tests.soak.part import Soak, SoakPart

__all__ = ["PART", "trouble_of_command", "trouble_of_end"]

_PROJECT = Path(__file__).resolve().parent.parent.parent
_COMMANDS = (
    [str(_PROJECT / "run_clustering.py")],
    [str(_PROJECT / "run_scoring.py")],
    *(["-m", "curation", *words.split()] for words in (
        "", "--help", "nothing", "gallery", "gallery list", "told", "files", "weights list", "weights verify", "export",
        "worker", "services status", "services up", "video", "attributes", "assets", "unfound", "quality", "browser",
    )),
)  # fmt: skip
_SERVING = ("worker", "up")
_ARGUMENTS = (
    "--input", "--output", "--config", "--engine", "--workers", "--help", "-x", "--limit=", "--", "", "a\udcff.jpg",
    "/dev/null", "/nonexistent", "-1", "9" * 4000, "--name", "--best", "NaN", "\n", "@/etc/passwd", "--yes",
)  # fmt: skip
_VALUES = (
    "", "0", "-1", "9" * 5000, "NaN", "1e999", "null", "[]", "{}", "[" * 2000, "a\udcffb", "../../x", "true",
    "x" * 100_000, "\udc80", '{"a": 1}', "127.0.0.1", "http://[::1", "redis://x:99999999", "redis://[", "\n", "ä",
)  # fmt: skip
_PLACES = ("HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "PATH", "PYTHONIOENCODING", "COLUMNS", "TERM", "XDG_CACHE_HOME")
_ODD_PLACES = (
    "",
    "/nonexistent",
    "C",
    "POSIX",
    "xx_XX.ascii",
    "\udcff",
    "/dev/null",
    "-1",
    "9" * 500,
    "Europe/Nowhere",
)
_STREAMS = ("all", "all", "all", "no stdin", "no stdout", "no stderr", "closed pipe", "full disk")
_CODES = (0, 1, 2, 3, 4, 5, 6, 130)
_END_S = 120.0


def _variables(model: type[BaseModel], prefix: str = "CURATION_") -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _variables(inner, f"{prefix}{name.upper()}__")
        else:
            found.append(f"{prefix}{name.upper()}")
    return found


def trouble_of_command(folder: Path, chance: random.Random, *, may_serve: bool = True) -> str:
    """Run a command of chance in an empty folder; what is wrong with its end, empty if nothing.

    Args:
        folder: It is made.
        chance: What is run, with what, and where it writes.
        may_serve: Whether it may be one that serves until it is told to end.
    """
    (folder / "photos").mkdir(parents=True)
    own = {
        f"CURATION_IO__{name}": str(folder / place) for name, place in (("INPUT_DIR", "photos"), ("OUTPUT_DIR", "out"))
    }
    own |= {"CURATION_IO__STATE_DIR": str(folder / "state"), "CURATION_ENGINE__DOWNLOAD": "false"}
    odd: dict[str, str] = {}
    kind = chance.random()
    if kind < 0.45:
        odd = {chance.choice(_variables(Settings)): chance.choice(_VALUES) for _ in range(chance.choice((1, 1, 2)))}
    elif kind < 0.7:
        odd = {name: chance.choice(_ODD_PLACES) for name in chance.sample(_PLACES, 2)}
    words = chance.choice([each for each in _COMMANDS if may_serve or not _serves(each)])
    command = [sys.executable, *words, *chance.sample(_ARGUMENTS, chance.choice((0, 0, 1, 2, 4)))]
    streams = chance.choice(_STREAMS)
    told = (
        f"{[word[-60:] for word in command[1:]]} with { ({key: value[:60] for key, value in odd.items()}) }, {streams}"
    )
    code, said = _ended(command, folder, {**os.environ, "PYTHONPATH": str(_PROJECT), **own, **odd}, streams)
    if code is None:
        return "" if _serves(words) and not said else f"{told} does not end: {said[-900:]}"
    return trouble_of_end(told, code, said)


def _serves(words: list[str]) -> bool:
    # Without a command the program opens the folder of the settings in its pages.
    return words == ["-m", "curation"] or any(word in _SERVING for word in words)


def trouble_of_end(told: str, code: int, said: str) -> str:
    """What is wrong with an exit code and with what was said; empty if nothing."""
    if code not in _CODES:
        return f"{told} ends with {code}: {said[-900:]}"
    return f"{told} says: {said[-900:]}" if "Traceback" in said or "Exception ignored" in said else ""


def _ended(command: list[str], folder: Path, environment: dict[str, str], streams: str) -> tuple[int | None, str]:
    """The exit code and what was said; None if it was told to end, and then what is wrong with how it did."""
    closed = {"no stdin": 0, "no stdout": 1, "no stderr": 2}.get(streams)
    output: Any = subprocess.PIPE
    if streams == "closed pipe":
        reading, output = os.pipe()
        os.close(reading)
    elif streams == "full disk":
        output = os.open("/dev/full", os.O_WRONLY)
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            preexec_fn=None if closed is None else lambda: os.close(closed),
        )
    finally:
        if output is not subprocess.PIPE:
            os.close(output)
    try:
        out, errors = process.communicate(timeout=_END_S)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None, "nor when it is told to"
        return None, ""
    return process.returncode, ((out or b"") + (errors or b"")).decode("utf-8", "replace")


def _run(soak: Soak) -> None:
    found = []
    for chance in soak.rounds():
        folder = soak.folder / str(soak.counts["rounds"])
        trouble = trouble_of_command(folder, chance)
        soak.counts["commands"] += 1
        if trouble:
            found.append(trouble)
            soak.say(trouble)
        shutil.rmtree(folder, ignore_errors=True)
    soak.expect(not found, f"{len(found)} commands did not end as they must: {found[0] if found else ''}")


def _lacking() -> str:
    return "" if sys.platform == "linux" else "needs /dev/full and environments of any bytes"


PART = SoakPart("commands", "command lines, environments and streams of all kinds, as processes", _run, _lacking)
