"""Hostile pictures: hand-made bombs, then pictures that were changed by chance, through all that reads their files.

They are looked at in a child process that is measured and killed from outside. Promised is: only errors of this program
are raised, no file takes more than `MOST_S` of processor time or `MOST_MB` of memory, no file stays open, and no
temporary file stays. A decoder that crashes ends its process; that is counted, and the file is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from curation.workers.use import Meter
from tests.film_mutations import mutated_film
from tests.photo_bombs.all import BOMBS
from tests.picture_mutations import mutated
from tests.soak.part import Soak, SoakPart

__all__ = ["MOST_MB", "MOST_S", "PART", "Looker", "Seen", "look_at_changed_films"]

MOST_S = 60.0
"""Of processor time for everything that is done with one file: it is opened and decoded several times."""
MOST_MB = 4000.0
_FILES_OF_A_PROCESS = 400
_POLL_S = 0.05
_KNOWN_ENDS = (-4, -6, -7, -8, -11)  # SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a file.

    Attributes:
        broken: Promises that were broken, in words.
        crash: The signal that ended the process, or 0.
        raised: Whether this program refused the file, or a part of it.
        seconds: Of processor time.
    """

    broken: tuple[str, ...]
    crash: int = 0
    raised: bool = False
    seconds: float = 0.0


class Looker:
    """A process that looks at files; a new one after each that ended, and after some hundred files."""

    def __init__(self, folder: Path, looks: str = "tests.picture_looks") -> None:
        """Take an empty folder, for its temporary files, and the module that looks (see `tests.looking`)."""
        self._folder = folder
        self._looks = looks
        self._process: subprocess.Popen[bytes] | None = None
        self._looked = 0

    def look_at(self, path: Path) -> Seen:
        """Look at one file."""
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(os.fsencode(path) + b"\n")
        process.stdin.flush()
        meter = Meter(process.pid)
        while not select.select([process.stdout], [], [], _POLL_S)[0]:
            passed = meter.look(MOST_S, MOST_MB)
            if passed is not None:
                self._end()
                return Seen((f"it {passed.kind} {passed.amount:,.0f}, more than {passed.limit:,.0f}",))
        line = process.stdout.readline()
        if not line:
            code = process.wait()
            self._end()
            if code in _KNOWN_ENDS:
                return Seen((), crash=-code)
            return Seen((f"the process ended with {code}",))
        return self._judged(json.loads(line))

    def _judged(self, seen: dict[str, Any]) -> Seen:
        broken = [f"raised what is no error of this program: {text}" for text in seen["bugs"]]
        if seen["fds"] > 0 and self._looked > 1:  # libraries keep some of the first file
            broken.append(f"{seen['fds']} files stayed open")
        if seen["left"]:
            broken.append(f"temporary files stayed: {seen['left']}")
        return Seen(tuple(broken), raised=bool(seen["raised"]), seconds=seen["seconds"])

    def _started(self) -> subprocess.Popen[bytes]:
        if self._looked >= _FILES_OF_A_PROCESS:
            self._end()
        if self._process is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._looks],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "TMPDIR": str(self._folder), "OMP_NUM_THREADS": "1"},
            )
            self._looked = 0
        self._looked += 1
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()
        self._looked = 0
        for left in self._folder.iterdir():
            left.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()


def _run(soak: Soak) -> None:
    chance = random.Random(soak.seed)
    kept, work = _folders(soak)
    findings: list[str] = []
    data = os.environ.get("CURATION_TEST_DATA", "")
    with Looker(soak.folder / "temporary") as looker:
        for name in chance.sample(sorted(BOMBS), len(BOMBS)):
            file_name, make = BOMBS[name]
            soak.counts["bombs"] += 1
            _look(soak, looker, work / file_name, make(), kept, findings, name)
            if time.monotonic() > soak.ends_at:
                break
        for own in soak.rounds():
            file_name, content = mutated(own, data)
            soak.counts["changed files"] += 1
            _look(soak, looker, work / file_name, content, kept, findings, "")
    _told(soak, findings, kept)


def look_at_changed_films(soak: Soak) -> None:
    """The same with films."""
    kept, work = _folders(soak)
    findings: list[str] = []
    data = os.environ.get("CURATION_TEST_DATA", "")
    with Looker(soak.folder / "temporary", "tests.film_looks") as looker:
        for own in soak.rounds():
            file_name, content = mutated_film(own, data)
            soak.counts["changed films"] += 1
            _look(soak, looker, work / file_name, content, kept, findings, "")
    _told(soak, findings, kept)


def _folders(soak: Soak) -> tuple[Path, Path]:
    kept, work = soak.folder / "kept", soak.folder / "work"
    for folder in (kept, work):
        folder.mkdir()
    return kept, work


def _told(soak: Soak, findings: list[str], kept: Path) -> None:
    soak.expect(not findings, f"{len(findings)} files broke a promise, kept in {kept}: " + "; ".join(findings[:5]))


def _look(soak: Soak, looker: Looker, path: Path, content: bytes, kept: Path, findings: list[str], bomb: str) -> None:
    path.write_bytes(content)
    seen = looker.look_at(path)
    soak.counts["refused"] += seen.raised
    name = f"{bomb or hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    if seen.crash or seen.broken:
        path.rename(kept / name)
    else:
        path.unlink()
    if seen.crash:
        soak.counts["crashes of decoders"] += 1
        sys.stdout.write(f"a decoder ended with signal {seen.crash}: {kept / name}\n")
    if seen.broken:
        findings.append(f"{name}: {seen.broken[0].strip().splitlines()[-1]}")
        (kept / f"{name}.txt").write_text("\n".join(seen.broken), encoding="utf-8")
        sys.stdout.write(f"{name}: " + "\n".join(seen.broken) + "\n")
    sys.stdout.flush()


PART = SoakPart("pictures", "hostile pictures: bombs, and files changed by chance, in processes with limits", _run)
