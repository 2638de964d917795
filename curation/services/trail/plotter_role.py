"""The role plotter: charts of what the services found, how long they took and what failed, as the batch goes on."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from curation.errors import CurationError, StorageError
from curation.services.redis_connection import connect, redis_errors_explained
from curation.services.role import Role
from curation.services.streams import entries_of, entries_read, text_of
from curation.services.trail.batch_figures import LogFacts
from curation.services.trail.charts import CHARTS_DIR, draw_charts
from curation.services.trail.line import TrailLine, line_of_text
from curation.services.trail.log_stream import FIELD, STREAM
from curation.services.trail.people import KnownPeople
from curation.services.trail.reading import lines_since
from curation.services.trail.step import Step, Trail
from curation.settings.services import ServicesSettings

__all__ = ["WINDOW", "run"]

_logger = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
"""What the charts show; `services plot --since` shows other times."""

_BLOCK_MS = 500
_PAGE = 1000
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0


def run(settings: ServicesSettings, trail: Trail, stop: threading.Event) -> None:
    """Draw the charts of the last day into `services.log_dir` until `stop` is set, when there is something new.

    Args:
        settings: The section `services`; charts are drawn at most once in `charts_s` seconds.
        trail: Is told start, end and trouble of this role.
        stop: Ends the role; the last charts are drawn before.
    """
    plotter = _Plotter(settings, trail, stop)
    try:
        plotter.run()
    finally:
        plotter.close()


class _Plotter:
    def __init__(self, settings: ServicesSettings, trail: Trail, stop: threading.Event) -> None:
        self._settings = settings
        self._trail = trail
        self._stop = stop
        self._redis: Any = connect(settings.redis)
        self._people = KnownPeople(settings)
        self._facts = LogFacts()
        self._seen: dict[tuple[str, int], str] = {}  # lines that were counted, with their times
        self._last_id: str | None = None
        self._is_new = True

    def close(self) -> None:
        self._people.close()
        self._redis.close()

    def run(self) -> None:
        self._tell("started", detail=f"draws into {self._settings.log_dir / CHARTS_DIR}")
        for line in lines_since(self._settings, datetime.now(UTC) - WINDOW):
            self._add(line)
        pause_s = _FIRST_PAUSE_S
        is_away = False
        while not self._stop.is_set():
            end = datetime.now(UTC) + timedelta(seconds=self._settings.charts_s)
            try:
                self._draw()
                while datetime.now(UTC) < end and not self._stop.is_set():
                    self._read()
                is_away, pause_s = False, _FIRST_PAUSE_S
            except CurationError as error:
                if not is_away:
                    _logger.error("%s; the plotter waits", error)
                    self._tell("waits", status="error", code=error.code, detail=str(error))
                is_away = True
                self._stop.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        try:
            self._draw()
        except StorageError as error:
            self._tell("failed", status="error", code=error.code, detail=str(error))
        self._tell("stopped")

    def _read(self) -> None:
        """Take the lines that are new in the stream; the first time, all that it has."""
        with redis_errors_explained(self._settings.redis):
            last = self._last_id
            if last is not None and not entries_of(self._redis.xrange(STREAM, last, last)):
                self._last_id = None  # restarted empty, or behind: what was counted is not counted again
            entries = entries_read(self._redis.xread({STREAM: self._last_id or "0-0"}, count=_PAGE, block=_BLOCK_MS))
        for entry_id, fields in entries:
            self._last_id = entry_id
            if (line := line_of_text(text_of(fields.get(FIELD)))) is not None:
                self._add(line)

    def _add(self, line: TrailLine) -> None:
        key = (line.source, line.number)
        if key in self._seen or line.role == Role.PLOTTER:
            return
        self._seen[key] = line.time
        self._facts.add(line)
        self._is_new = True

    def _draw(self) -> None:
        if not self._is_new:
            return
        limit = datetime.now(UTC) - WINDOW
        self._facts.forget_before(limit)
        oldest = limit.isoformat()
        self._seen = {key: time for key, time in self._seen.items() if time >= oldest}
        people = self._people.of(self._facts.pictures)
        draw_charts(self._facts.figures(people), self._settings.log_dir / CHARTS_DIR)
        self._is_new = False

    def _tell(self, step: str, *, status: str = "ok", code: str = "", detail: str = "") -> None:
        self._trail.tell(Step(role=Role.PLOTTER, step=step, status=status, code=code, detail=detail))
