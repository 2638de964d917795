"""Cut-outs beside rembg's server, with the same weights (u2netp) and pictures in the same run.

    python -m benchmarks.cutouts ../shared --rembg PYTHON [--pictures FILE ...] [--keep FOLDER] [--full]

PYTHON is the interpreter of an environment in which `rembg[cpu,cli]` is installed (of its own: its pins would fight
ours). Its server is started on the loopback address and gets the pictures as uploads; ours is a process that gets them
by their paths. Both use one thread and take turns. Ours cuts out once as rembg does, whatever stands out in the whole
picture, and once each person that it finds. Processor time is that of the whole process; memory is its peak, of
resident pages. With --keep, both cut-outs of each picture on magenta
lie side by side in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.harness.report import Row, print_rows
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_MODEL = "u2netp"
_START_S = 180.0
_SAMPLE_S = 0.02
_MAGENTA = (255, 0, 255)
_DEFAULT_PICTURES = ("clothes/photos/*.jpg", "cutouts/photos/*.jpg", "codebasics_sports/*/*.jpg")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


class _Peak:
    """A process's peak memory, sampled in the background, and its processor time."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.mb = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(_SAMPLE_S):
            try:
                self.mb = max(self.mb, self._process.memory_info().rss / 1e6)
            except psutil.Error:
                return


class _Side(ABC):
    """One of the two: cuts a picture out, and knows what that took."""

    def __init__(self, pid: int) -> None:
        self.peak = _Peak(pid)
        self.cpu_s: list[float] = []
        self.wall_s: list[float] = []

    def timed(self, path: Path) -> bytes:
        cpu_s, began = self.peak.cpu_s(), time.perf_counter()
        png = self.cut(path)
        self.wall_s.append(time.perf_counter() - began)
        self.cpu_s.append(self.peak.cpu_s() - cpu_s)
        return png

    @abstractmethod
    def cut(self, path: Path) -> bytes:
        """The picture of a file as a transparent PNG."""

    def forget(self) -> None:
        """Leave the first picture out, during which libraries are loaded."""
        self.cpu_s.clear()
        self.wall_s.clear()


class _Ours(_Side):
    def __init__(self, process: subprocess.Popen[str], folder: Path, *, finds_people: bool) -> None:
        super().__init__(process.pid)
        self._process = process
        self._out = folder / "ours.png"
        self._finds_people = finds_people

    def cut(self, path: Path) -> bytes:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(path), str(self._out), self._finds_people]) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != "done":
            raise RuntimeError("our process ended; its error stands above")
        return self._out.read_bytes()


class _Rembg(_Side):
    def __init__(self, process: subprocess.Popen[bytes], client: httpx.Client, options: dict[str, str]) -> None:
        super().__init__(process.pid)
        self._client = client
        self._options = options

    def cut(self, path: Path) -> bytes:
        answer = self._client.post(
            "/api/remove", files={"file": path.read_bytes()}, data={"model": _MODEL, **self._options}
        )
        answer.raise_for_status()
        return answer.content


@contextmanager
def _rembg(python: Path, weights: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    home = folder / "rembg"
    place = home / "models" / _MODEL
    place.mkdir(parents=True)
    shutil.copy(weights, place / f"{_MODEL}.onnx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python), "-c", "from rembg.cli import main; main()", "s", "--no-ui", "-h", "127.0.0.1"]
    environment = {**os.environ, **_ONE_THREAD, "REMBG_HOME": str(home), "U2NET_HOME": ""}
    log = folder / "rembg.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "-p", str(port), "-l", "warning"], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_START_S) as client:
                _wait(process, client, log)
                yield process, client
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], client: httpx.Client, log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            client.get("/api")
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise Unavailable(f"rembg's server did not start: {log.read_text(errors='replace')[-600:]}")


@contextmanager
def _ours(models: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.cutouts", str(models), "--worker"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **_ONE_THREAD},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _work(models: Path) -> None:
    """Our process: for each line with two paths, cut the first picture out into the second."""
    import cv2

    from curation.domain.bodies.person import Person
    from curation.domain.faces.face import Box
    from curation.engines.bodies.people import build_people_finder
    from curation.engines.bodies.segmenters.building import build_segmenter
    from curation.engines.bodies.selection import select_bodies
    from curation.photos.files.decoding import open_photo_bytes
    from curation.photos.files.own_colours import in_own_colours
    from curation.photos.looks.cutouts import cutout_png

    cv2.setNumThreads(1)
    chosen = select_bodies(
        pose="full",
        cutouts="auto",
        fine_segmenter="isnet",
        models_dir=models,
        cache_dirs=[models],
        providers=["CPUExecutionProvider"],
        allow_download=False,
    )
    finder, segmenter = build_people_finder(chosen.people), build_segmenter(chosen.mask)
    for line in sys.stdin:
        source, target, finds_people = json.loads(line)
        content = Path(source).read_bytes()
        photo = open_photo_bytes(content, max_megapixels=200)
        whole = Person(0, Box(0, 0, photo.width, photo.height), 1.0, None, None)
        masks = segmenter.segment(photo, finder.find(photo, ()) if finds_people else [whole])
        own = in_own_colours(photo, content, max_megapixels=200)
        Path(target).write_bytes(cutout_png(own.photo, masks, icc_profile=own.icc_profile, dpi=own.dpi))
        print("done", flush=True)


def rows(
    data: Path, models: Path, *, rembg: Path, pictures: Sequence[Path], keep: Path | None, rounds: int
) -> Iterator[Row]:
    """Measure both, and yield the rows.

    Args:
        data: The folder of test data.
        models: The folder with u2netp.onnx and the other networks for bodies.
        rembg: The interpreter of rembg's environment.
        pictures: What is cut out.
        keep: Folder for both cut-outs on magenta; None keeps none.
        rounds: How often each picture is cut out.

    Raises:
        Unavailable: If rembg's server cannot be started.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with (
            _rembg(rembg, models / f"{_MODEL}.onnx", folder) as (process, client),
            _ours(models) as ours,
        ):
            sides: dict[str, _Side] = {
                "the whole picture": _Ours(ours, folder, finds_people=False),
                "each person found": _Ours(ours, folder, finds_people=True),
                "rembg": _Rembg(process, client, {}),
                "rembg, decontaminated": _Rembg(process, client, {"dc": "true"}),
            }
            for side in sides.values():
                side.timed(pictures[0])
                side.forget()
            for number, path in enumerate(pictures):
                for _ in range(rounds):
                    cut = [side.timed(path) for side in sides.values()]
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    _keep(cut, keep / f"{number:03d}_{path.stem}.jpg")
            for side in sides.values():
                side.peak.stop()
            yield from _compared(sides, len(pictures))


def _compared(sides: dict[str, _Side], count: int) -> Iterator[Row]:
    figures: tuple[tuple[str, str, Callable[[_Side], float]], ...] = (
        ("processor time a picture, mean", "s", lambda side: statistics.mean(side.cpu_s)),
        ("wall time a picture, median", "s", lambda side: statistics.median(side.wall_s)),
        ("peak memory of the process", "MB", lambda side: side.peak.mb),
    )
    for figure, unit, of in figures:
        for own, ours in sides.items():
            for name, other in sides.items():
                if isinstance(ours, _Ours) and isinstance(other, _Rembg):
                    value, against = of(ours), of(other)
                    yield Row(
                        "cutouts", f"{own}: {figure} ({count})", value, unit, f"{name} {against:.4g}", against / value
                    )


def _keep(cut: Sequence[bytes], path: Path) -> None:
    from PIL import Image

    shown = []
    for png in cut:
        with Image.open(BytesIO(png)) as opened:
            picture = opened.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (*_MAGENTA, 255))
        shown.append(np.asarray(Image.alpha_composite(ground, picture).convert("RGB")))
    Image.fromarray(np.hstack(shown)).save(path, quality=92)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/ (CURATION_TEST_DATA)")
    parser.add_argument("--models", type=Path, help="folder with the networks for bodies (default: of DATA/weights)")
    parser.add_argument("--rembg", type=Path, help="python of the environment with rembg[cpu,cli]")
    parser.add_argument("--pictures", type=Path, nargs="+", help="default: some of the test data")
    parser.add_argument("--keep", type=Path, help="folder for both cut-outs on magenta, side by side")
    parser.add_argument("--full", action="store_true", help="more pictures and rounds")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        _work(options.data)
        return 0
    if options.rembg is None:
        parser.error("--rembg is missing: the python of an environment with rembg[cpu,cli]")
    found: dict[str, Any] = {pattern: sorted((options.data / "photos").glob(pattern)) for pattern in _DEFAULT_PICTURES}
    each = 12 if options.full else 4
    pictures = options.pictures or [path for paths in found.values() for path in paths[:: max(1, len(paths) // each)]]
    measured = rows(
        options.data,
        options.models or options.data / "weights/onnx",
        rembg=options.rembg,
        pictures=pictures,
        keep=options.keep,
        rounds=3 if options.full else 1,
    )
    try:
        print_rows(measured)
    except Unavailable as reason:
        raise SystemExit(f"cannot be measured here: {reason}") from reason
    return 0


if __name__ == "__main__":
    sys.exit(main())
