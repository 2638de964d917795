"""Films: one looked at in segments, and films that a service receives and works through."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from curation.jobs.job import Stage
from curation.jobs.runner import JobRunner
from curation.jobs.store import JobStore
from curation.jobs.video.film_folders import FilmFolders
from curation.jobs.video.film_record import TaskState
from tests.crash_points.scenario import Scenario, Step, tree
from tests.fake_films import FakeFilms, film

__all__ = ["SCENARIOS"]

_WAIT_S = 30.0


class _Film(Scenario):
    """A film in segments of a second, with tracks in two of them."""

    name = "film"
    what = "a film is looked at in segments, and its people are found"

    def lacking(self) -> str:
        return "the extra video" if find_spec("av") is None else ""

    def prepare(self, folder: Path) -> None:
        from tests.fake_film_engine import Actor, acted_film

        acted = [(25, [Actor(number % 5, 2, 20, step=(1, 0)), Actor(7, 0, 24)]) for number in range(3)]
        acted_film(folder / "film.mp4", *acted)

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        from curation.pipelines.video import analysis
        from tests.fake_film_engine import fake_analyser

        analysis.SEGMENT_S = 1
        with fake_analyser(folder / "state") as analyser:
            yield (lambda: analyser.analyse(folder / "film.mp4"),)

    def leaves(self, folder: Path) -> Mapping[str, str]:
        from tests.fake_film_engine import fake_analyser
        from tests.film_run import film_hash

        with fake_analyser(folder / "state") as analyser:
            return {"found": film_hash(analyser.analyse(folder / "film.mp4")), **tree(folder)}


class _Received(Scenario):
    """Films that were handed in are looked at in the background, and go on by themselves after a kill."""

    name = "films of the service"
    what = "films are received, looked at, drawn upon and deleted by the service"
    is_atomic = True
    made_up = ("/faces/",)

    def prepare(self, folder: Path) -> None:
        (folder / "videos").mkdir()

    @contextmanager
    def steps(self, folder: Path) -> Iterator[Sequence[Step]]:
        folders = FilmFolders(folder / "videos")
        fake = FakeFilms()
        store = JobStore(folder / "state" / "jobs.sqlite3")
        jobs = fake.jobs(folders)
        runner = JobRunner(store, {Stage.VIDEO: jobs.run})
        jobs.start(runner)

        def take(number: int) -> Step:
            def receive() -> None:
                content = film("ok", number)
                with folders.incoming() as own:
                    path = own.path / "file"
                    path.write_bytes(content)
                    jobs.take(path, f"{number}.mp4", sha256=f"{number:064x}", size_bytes=len(content))

            return receive

        def delete_first() -> None:
            named = {record.name: record.id for record in folders.records()}
            if "1.mp4" in named:
                jobs.delete(named["1.mp4"])

        def all_over() -> None:
            end = time.monotonic() + _WAIT_S
            while any(not task.state.is_over for record in folders.records() for task in record.tasks) or runner.active:
                assert time.monotonic() < end, [record.tasks for record in folders.records()]
                time.sleep(0.005)
            states = {task.state for record in folders.records() for task in record.tasks}
            assert states <= {TaskState.DONE}, states

        try:
            yield take(1), take(2), delete_first, take(3), all_over
        finally:
            runner.stop()
            jobs.stop()
            store.close()

    def state(self, folder: Path) -> Mapping[str, Any]:
        return {"films": sorted(record.name for record in FilmFolders(folder / "videos").records())}

    def leaves(self, folder: Path) -> Mapping[str, str]:
        return tree(folder / "videos", keys=("attempts", "asked_at", "job_id"))


SCENARIOS: tuple[Scenario, ...] = (_Film(), _Received())
