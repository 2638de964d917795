"""Films with boxes and names, drawn in a process of their own: the same pictures, stopped at once, nothing left."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest

from curation.domain.report import Progress
from curation.errors import ClipUnreadableError, RunInterruptedError
from curation.jobs.video.building import draw_film
from curation.settings import Settings
from curation.video.annotated import annotate
from tests.film_files import shot, write_film
from tests.processes import is_running, wait_until
from tests.unit.video.test_annotated import a_result

pytest.importorskip("av")


def test_the_film_is_that_of_a_process_that_draws_itself(tmp_path: Path) -> None:
    source = write_film(tmp_path / "a.mp4", list(shot(1, 25)), sound=True)
    annotate(source, a_result("Anna", "Ben"), tmp_path / "here.mp4")
    told: list[Progress] = []
    draw_film(Settings(), source, a_result("Anna", "Ben"), tmp_path / "there.mp4", told.append, threading.Event())
    assert (tmp_path / "there.mp4").read_bytes() == (tmp_path / "here.mp4").read_bytes()
    assert [told[0].done, told[-1].done] == [0, told[-1].total]


def test_its_errors_are_those_of_the_film(tmp_path: Path) -> None:
    broken = tmp_path / "a.mp4"
    broken.write_bytes(b"no film")
    with pytest.raises(ClipUnreadableError):
        draw_film(Settings(), broken, a_result("Anna"), tmp_path / "out.mp4", lambda told: None, threading.Event())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4"]


def test_a_film_that_is_stopped_in_its_middle_leaves_neither_file_nor_process(tmp_path: Path) -> None:
    source = write_film(tmp_path / "a.mp4", list(shot(1, 200)))
    cancel = threading.Event()
    drawing: list[psutil.Process] = []

    def tell(progress: Progress) -> None:
        if progress.done > 0 and not drawing:
            drawing.extend(psutil.Process().children())
            cancel.set()

    began = time.monotonic()
    with pytest.raises(RunInterruptedError):
        draw_film(Settings(), source, a_result("Anna"), tmp_path / "out.mp4", tell, cancel)
    assert time.monotonic() - began < 60 and drawing
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4"]
    wait_until(
        lambda: not any(is_running(each.pid) for each in drawing if "spawn_main" in _words(each)), "none is left"
    )


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
