"""Requests of all kinds, valid and not, one after the other and in sequences, with all checks of schemathesis.

The service is a real one in a process of its own, over a small event that has something of everything. Rounds of
`schemathesis run` (every operation: examples, all limits of its schema, chance, sequences by what answers give) and
`schemathesis fuzz` (sequences without end) take turns.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.described_service import AUTHORISED, KNOWN_IDS, post_known_film
from tests.redis_server import free_port
from tests.soak.part import Soak, SoakPart
from tests.soak.request_checks import EXCUSED, UNPROCESSABLE

__all__ = ["PART", "configuration"]

_PROJECT = Path(__file__).resolve().parents[2]
_START_S = 60.0
_ROUND_S = 420
_SHORTEST_S = 20
_MORE_S = 300.0
_USUAL = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
_REFUSED = ("400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx")
_TOO_LARGE = ("413", "431")  # also where a part of it is what makes it wrong
_CHANGED = "412"  # what If-Match names is not what there is, of any request that may carry it (RFC 9110, 13.1.1)
_COUNTED = re.compile(r"(\d+) generated(?:, (\d+) found (\d+) unique failures?)?")
_MOST_MB = 1500.0


def configuration(known: Mapping[str, object]) -> str:
    """The settings of schemathesis: a token, ids that there are, and what is known of operations.

    Args:
        known: Values of parameters of paths, by name; half of the requests use them.
    """
    lines = [
        f"headers = {{ Authorization = {json.dumps(AUTHORISED['authorization'])} }}",
        "[checks.positive_data_acceptance]",
        f"expected-statuses = {json.dumps([*_USUAL, _CHANGED])}",
        "[checks.negative_data_rejection]",
        f"expected-statuses = {json.dumps([*_REFUSED, *_TOO_LARGE])}",
    ]
    for name, value in known.items():
        lines += [f"[dictionaries.{name}]", f"values = [{json.dumps(value)}]"]
        lines += [f'[parameters."path.{name}"]', f"dictionary = {json.dumps(name)}", "probability = 0.5"]
    statuses = json.dumps([*_USUAL, _CHANGED, *map(str, UNPROCESSABLE)])
    for label in EXCUSED:
        lines += ["[[operations]]", f"include-name = {json.dumps(label)}"]
        lines += [f"checks.positive_data_acceptance.expected-statuses = {statuses}"]
    return "\n".join(lines) + "\n"


def run(soak: Soak) -> None:
    """Ask until the time is over, a service anew for each round."""
    (soak.folder / "schemathesis.toml").write_text(configuration(KNOWN_IDS), encoding="utf-8")
    broken: list[str] = []
    for chance in soak.rounds():
        left_s = int(soak.ends_at - time.monotonic())
        seconds = max(_SHORTEST_S, min(_ROUND_S, left_s))
        command = "run" if soak.counts["rounds"] % 2 == 0 else "fuzz"
        said = soak.folder / f"{soak.counts['rounds']} {command}.txt"
        before = soak.counts["unique failures"]
        with _served(soak, soak.folder / f"event {soak.counts['rounds']}") as address:
            code = _asked(soak, address, command, seconds, chance.randrange(2**31), said)
        found = soak.counts["unique failures"]
        if found > before:
            broken.append(f"see {said}")
            soak.say(f"schemathesis {command} found {found - before}: {said}")
        elif code:
            # It ended by an error of its own, which asked no less before.
            soak.counts["rounds that schemathesis ended itself"] += 1
            soak.say(f"schemathesis {command} ended itself: {said}")
    soak.expect(not broken, "every request gets a documented answer: " + "; ".join(broken))


def _asked(soak: Soak, address: str, command: str, seconds: int, seed: int, said: Path) -> int:
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "--no-color", command]
    words += [f"{address}/openapi.json", "--checks", "all", "--continue-on-failure"]
    if command == "fuzz":
        # Probes of the first change the scenario that `fuzz` of 4.32 is looking through, which ends it; the second
        # takes a null of an answer for valid anywhere (tests/soak/request_checks.py knows better). `run` has both.
        words += ["--exclude-checks", "ignored_auth,positive_data_acceptance"]
    words += ["--max-time", str(seconds), "--seed", str(seed), "--request-timeout", "120", "--max-response-time", "100"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.soak.request_checks", "PYTHONPATH": str(_PROJECT)}
    with said.open("wb") as file:
        done = subprocess.run(
            words,
            cwd=soak.folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=seconds + _MORE_S,
            check=False,
        )
    counted = _COUNTED.findall(said.read_text(errors="replace"))
    soak.counts["requests"] += sum(int(count[0]) for count in counted)
    soak.counts["unique failures"] += sum(int(count[2] or 0) for count in counted)
    soak.expect(counted, f"schemathesis counts its requests: {said}")
    return done.returncode


@contextmanager
def _served(soak: Soak, folder: Path) -> Iterator[str]:
    """A service; afterwards it is well, has logged no fault of the program, and ends."""
    folder.mkdir()
    port = free_port()
    log = soak.folder / f"{folder.name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.described_service", str(folder), str(port)],
            cwd=_PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=address, headers=AUTHORISED, timeout=120) as http:
            _started(http, process, log)
            post_known_film(http.post)
            yield address
            soak.expect(http.get("/health").status_code == 200, f"the service is well: {log}")
        used_mb = round(psutil.Process(process.pid).memory_info().rss / 1e6)
        soak.counts["service at most in MB"] = max(soak.counts["service at most in MB"], used_mb)
        soak.expect(used_mb < _MOST_MB, f"memory stays: {used_mb} MB")
        process.send_signal(signal.SIGTERM)
        soak.expect(process.wait(60) in (0, -signal.SIGTERM), f"it ends well: {log}")
        logged = log.read_text(errors="replace")
        soak.expect("Traceback" not in logged, f"no fault of the program is logged: {log}")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _started(http: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_S
    while True:
        with suppress(httpx.TransportError):
            if http.get("/health").status_code == 200:
                return
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"the service did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)


PART = SoakPart("requests", "requests of all kinds for every operation, alone and in sequences, with all checks", run)
