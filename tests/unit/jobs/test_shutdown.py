"""The end of a service that does not end by itself; each runs in a process of its own, as that is what ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from curation.jobs.shutdown import Ending

PROJECT = Path(__file__).resolve().parents[3]
PROGRAM = """
import asyncio, signal, sys, threading, time
from curation.jobs.shutdown import on_shutdown_signal

signal.signal(signal.SIGTERM, lambda *_: None)  # a server that waits for its connections

def close():
    print("closed", flush=True)
    {close}

async def main():
    with on_shutdown_signal(lambda: print("stop", flush=True), close, end_s=1.5, server_s=0.2):
        print("ready", flush=True)
        {body}

asyncio.run(main())
"""
ASLEEP = "time.sleep(3600)"
WAITS = "await asyncio.sleep(3600)"


@pytest.mark.parametrize(
    ("close", "body", "said"),
    [
        ("pass", WAITS, "ready stop closed"),  # a client that never goes
        (ASLEEP, WAITS, "ready stop closed"),  # something that cannot be closed, as on a dead disk
        ("raise OSError", WAITS, "ready stop closed"),
    ],
)
def test_a_process_ends_in_time_whatever_holds_it(close: str, body: str, said: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(close=close, body=body)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    rest, complained = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert f"ready {' '.join(rest.split())}" == said
    assert ("cut" in complained) == (close != ASLEEP)


def test_what_ends_once_is_waited_for_by_all() -> None:
    goes_on, calls, ended = threading.Event(), list[int](), list[int]()

    def close() -> None:
        calls.append(1)
        goes_on.wait(60)

    ending = Ending(close)

    def end() -> None:
        ending.end()
        ended.append(1)

    threads = [threading.Thread(target=end) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert ended == []
    goes_on.set()
    for thread in threads:
        thread.join(60)
    assert (calls, len(ended)) == ([1], 3)
