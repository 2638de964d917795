"""Long films made of a short one, the memory that they take, and runs that are killed."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from ground_truth.errors import Unavailable

__all__ = ["FilmMemory", "looped", "memory_of", "survives_kills"]

_ROOT = Path(__file__).resolve().parents[2]
_SAMPLE_S = 0.25
_SEED = 1
_WORKERS = 2


class FilmMemory(NamedTuple):
    """Peaks of resident memory in MB, and the time of the run."""

    parent_mb: float
    worker_mb: float
    worker_early_mb: float
    worker_late_mb: float
    both_mb: float
    seconds: float


def looped(source: Path, target: Path, *, length_s: float) -> None:
    """Join copies of a film, without recoding its picture, until it is so long.

    Raises:
        Unavailable: If the film has no pictures.
    """
    import av

    with av.open(str(source)) as first, av.open(str(target), "w") as out:
        stream = first.streams.video[0]
        copy = out.add_stream_from_template(stream)
        base = stream.time_base or Fraction(1, 1000)
        done = 0
        while done * base < length_s:
            first.seek(0)
            begin, end = None, 0
            for packet in first.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                begin = packet.dts if begin is None else begin
                end = max(end, packet.pts + (packet.duration or 0))
                packet.pts, packet.dts = packet.pts - begin + done, packet.dts - begin + done
                packet.stream = copy
                out.mux(packet)
            if begin is None or end <= begin:
                raise Unavailable(f"{source} has no pictures")
            done += end - begin


def _arguments(film: Path, output: Path, state: Path, data: Path, models: Path, workers: int) -> Sequence[str]:
    places = [str(place.resolve()) for place in (film, output, state, data)]
    options = ["--models", str(models.resolve()), "--workers", str(workers)]
    return [sys.executable, "-m", "benchmarks.harness.film_run", *places, *options]


def memory_of(film: Path, data: Path, models: Path, scratch: Path) -> FilmMemory:
    """Look at a film with one worker, and sample the memory of both processes.

    Raises:
        RuntimeError: If the run fails.
    """
    began = time.perf_counter()
    arguments = _arguments(film, scratch / "long result", scratch / "long state", data, models, 1)
    process = subprocess.Popen(arguments, cwd=_ROOT)
    samples: list[tuple[float, float]] = []
    while process.poll() is None:
        samples.append(_resident_mb(process.pid))
        time.sleep(_SAMPLE_S)
    if process.returncode:
        raise RuntimeError(f"the run over the long film ended with {process.returncode}")
    taken = np.array(samples)
    workers = taken[taken[:, 1] > 0, 1]
    quarter = max(len(workers) // 4, 1)
    return FilmMemory(
        float(taken[:, 0].max()),
        float(taken[:, 1].max()),
        float(workers[:quarter].max()),
        float(workers[-quarter:].max()),
        float(taken.sum(axis=1).max()),
        time.perf_counter() - began,
    )


def _resident_mb(pid: int) -> tuple[float, float]:
    """Of a process, and of the largest of its children."""
    try:
        parent = psutil.Process(pid)
        children = [child.memory_info().rss / 1e6 for child in parent.children(recursive=True)]
        return parent.memory_info().rss / 1e6, max(children, default=0.0)
    except psutil.NoSuchProcess:
        return 0.0, 0.0


def survives_kills(film: Path, data: Path, models: Path, scratch: Path, *, kills: int) -> tuple[int, int]:
    """Kill runs at random moments (SIGKILL to the parent and its workers), go on, and compare the results.

    Returns:
        How many results are the same as that of a run that was left alone, byte by byte; and how many runs were still
        at work when the kill came.
    """
    began = time.perf_counter()
    expected = _finished(film, data, models, scratch, "undisturbed")
    length_s = time.perf_counter() - began
    moments = random.Random(_SEED)
    same = struck = 0
    for number in range(kills):
        name = f"killed {number}"
        arguments = _arguments(film, scratch / f"{name} result", scratch / f"{name} state", data, models, _WORKERS)
        process = subprocess.Popen(arguments, cwd=_ROOT, start_new_session=True, stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0.05, length_s))
        except subprocess.TimeoutExpired:
            struck += 1
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        same += _finished(film, data, models, scratch, name) == expected
        for what in ("result", "state"):
            shutil.rmtree(scratch / f"{name} {what}", ignore_errors=True)
    return same, struck


def _finished(film: Path, data: Path, models: Path, scratch: Path, name: str) -> str:
    """The hash of all files of a run that ends."""
    output = scratch / f"{name} result"
    subprocess.run(_arguments(film, output, scratch / f"{name} state", data, models, _WORKERS), cwd=_ROOT, check=True)
    digest = hashlib.sha256()
    for path in sorted(output.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(output).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
