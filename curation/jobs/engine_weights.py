"""Fetching the model files of the better engine as a job: only ever at a user's word."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from curation.domain.report import Progress
from curation.errors import RunInterruptedError
from curation.jobs.job_run import StageRun
from curation.jobs.outcomes import JobOutcome
from curation.settings import Settings

__all__ = ["weights_run"]

_POLL_S = 0.25
_STOPPED = "the download was stopped"


def weights_run(settings: Settings) -> StageRun:
    """The function that runs the job: it fetches what `engine_standing` misses.

    Its progress counts bytes, with the name of the file as the phase. What has arrived stays when it is stopped or the
    connection breaks, and the next run continues there.
    """

    def run(request: Mapping[str, Any], progress: Callable[[Progress], None], cancel: threading.Event) -> JobOutcome:
        # Imported here, because its libraries take long to import.
        from curation.engines.standing import engine_standing

        names = [file.name for file in engine_standing(settings, None).missing]
        counts: dict[str, int | float] = {"files": len(names), "bytes": 0}
        for name in names:
            counts["bytes"] += _fetched(name, settings, progress, cancel)
        return JobOutcome(counts, result={"outputs": names})

    return run


def _fetched(name: str, settings: Settings, progress: Callable[[Progress], None], cancel: threading.Event) -> int:
    """Fetch a file in a thread of its own: a server that says nothing for half a minute keeps nobody from stopping."""
    told: queue.SimpleQueue[Progress | BaseException | int] = queue.SimpleQueue()

    def tell(file: str, done: int, total: int | None) -> None:
        if cancel.is_set():
            raise RunInterruptedError(_STOPPED)
        told.put(Progress(file, done, total or 0))

    def fetch() -> None:
        from curation.engines.selection import fetch_checked

        try:
            weights = fetch_checked(
                name, settings.io.models_dir, progress=tell, connect_timeout_s=settings.engine.connect_timeout_s
            )
            told.put(weights.path.stat().st_size)
        except BaseException as error:  # raised again in the job's own thread
            told.put(error)

    threading.Thread(target=fetch, name="curation-weights-fetch", daemon=True).start()
    while True:
        if cancel.is_set():
            raise RunInterruptedError(_STOPPED)
        try:
            news = told.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if isinstance(news, Progress):
            progress(news)
        elif isinstance(news, BaseException):
            raise news
        else:
            return news
