"""The role logger: one central log of all roles on all machines, from the stream in Redis.

Each process numbers its lines without gaps. So the logger writes a line once even if it was delivered twice, and it
sees when lines are missing: because it was away while more than `services.log_lines` came, because Redis was restarted
empty, or because a process could not send them. It says how many; the files of the processes usually still have them.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout

from curation.errors import BusyError, CurationError, RedisUnavailableError
from curation.services.redis_connection import connect, redis_errors_explained
from curation.services.role import Role
from curation.services.streams import Entry, entries_of, entries_read, text_of
from curation.services.trail.line import TrailLine, line_of, line_of_text
from curation.services.trail.log_files import CENTRAL_NAME, central_file, lines_of_file, log_files
from curation.services.trail.log_stream import FIELD, STREAM
from curation.services.trail.step import Step, Trail
from curation.settings.services import ServicesSettings
from curation.storage.atomic import explained

__all__ = ["GROUP", "run"]

_logger = logging.getLogger(__name__)

GROUP = "logger"
"""The group of consumers of the stream `log`, so that the logger goes on where it stopped."""

_BLOCK_MS = 500
_PAGE = 500
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0


def run(settings: ServicesSettings, trail: Trail, stop: threading.Event) -> None:
    """Keep the central log `services.jsonl` in `services.log_dir` until `stop` is set.

    Args:
        settings: The section `services`.
        trail: Is told start, end and trouble of this role; those lines come back through the stream like all others.
        stop: Ends the role.

    Raises:
        BusyError: If another logger keeps the log in this folder.
        StorageError: If the folder cannot be written into.
    """
    path = settings.log_dir / f".{CENTRAL_NAME}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, is_singleton=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(
            f"another logger keeps the log in {settings.log_dir}: one is enough, or name another folder in "
            "services.log_dir"
        ) from error
    except OSError as error:
        raise explained(error, path.parent, "written into") from error
    try:
        _Logger(settings, trail, stop).run()
    finally:
        lock.release()


class _Logger:
    def __init__(self, settings: ServicesSettings, trail: Trail, stop: threading.Event) -> None:
        self._address = settings.redis
        self._trail = trail
        self._stop = stop
        self._redis: Any = connect(settings.redis)
        self._file = central_file(settings)
        self._newest = _newest_numbers(settings)
        # Lines of the logger about other lines stand in the central log only, with numbers of their own.
        self._source = secrets.token_hex(6)
        self._number = 0

    def run(self) -> None:
        self._tell("started", detail=f"keeps {self._file.path.name}")
        pause_s = _FIRST_PAUSE_S
        is_away = False
        try:
            while not self._stop.is_set():
                try:
                    self._follow()
                    is_away, pause_s = False, _FIRST_PAUSE_S
                except CurationError as error:
                    if not is_away:
                        _logger.error("%s; the logger waits, lines stay in Redis", error)
                        self._tell("waits", status="error", code=error.code, detail=str(error))
                    is_away = True
                    self._stop.wait(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        finally:
            self._tell("stopped")
            with suppress(RedisUnavailableError):
                self._write_rest()
            self._file.close()
            self._redis.close()

    def _follow(self) -> None:
        """Write what an earlier logger had and did not confirm, then what is new, until `stop`."""
        self._open()
        with redis_errors_explained(self._address):
            answer = self._redis.xautoclaim(STREAM, GROUP, _consumer(), min_idle_time=0, start_id="0-0", count=_PAGE)
        while entries := entries_of(answer[1]):
            self._write(entries)
            with redis_errors_explained(self._address):
                answer = self._redis.xautoclaim(
                    STREAM, GROUP, _consumer(), min_idle_time=0, start_id=text_of(answer[0]), count=_PAGE
                )
        while not self._stop.is_set():
            self._write(self._read(_BLOCK_MS))

    def _write_rest(self) -> None:
        while entries := self._read(1):
            self._write(entries)

    def _read(self, block_ms: int) -> list[Entry]:
        import redis

        with redis_errors_explained(self._address):
            try:
                return entries_read(
                    self._redis.xreadgroup(GROUP, _consumer(), {STREAM: ">"}, count=_PAGE, block=block_ms)
                )
            except redis.ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
        self._open()
        return []

    def _open(self) -> None:
        import redis

        with redis_errors_explained(self._address):
            try:
                self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            except redis.ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def _write(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        lines: list[TrailLine] = []
        newest = dict(self._newest)
        for _, fields in entries:
            line = line_of_text(text_of(fields.get(FIELD)))
            if line is None:
                lines.append(self._own("damaged line", code="damaged_line", detail="an entry of the stream is no line"))
                continue
            last = newest.get(line.source, 0)
            if line.number <= last:
                continue  # it was written before, and only the confirmation got lost
            if line.number > last + 1:
                lines.append(self._missing(line, line.number - last - 1))
            newest[line.source] = line.number
            lines.append(line)
        self._file.write(lines)
        self._newest = newest
        with redis_errors_explained(self._address):
            self._redis.xack(STREAM, GROUP, *(entry_id for entry_id, _ in entries))

    def _missing(self, line: TrailLine, count: int) -> TrailLine:
        detail = (
            f"{count} lines of {line.role} (process {line.pid} on {line.host}) did not arrive: there were more than "
            "Redis keeps (services.log_lines), or it was away; the process's own file may have them"
        )
        _logger.warning(detail)
        return self._own("lines missing", code="lines_missing", detail=detail)

    def _own(self, step: str, *, code: str, detail: str) -> TrailLine:
        self._number += 1
        return line_of(
            Step(role=Role.LOGGER, step=step, status="error", code=code, detail=detail),
            moment=datetime.now(UTC),
            pid=os.getpid(),
            host=socket.gethostname(),
            source=self._source,
            number=self._number,
        )

    def _tell(self, step: str, *, status: str = "ok", code: str = "", detail: str = "") -> None:
        self._trail.tell(Step(role=Role.LOGGER, step=step, status=status, code=code, detail=detail))


def _consumer() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def _newest_numbers(settings: ServicesSettings) -> dict[str, int]:
    """The number of the last line of each process that stands in the central log."""
    newest: dict[str, int] = {}
    for path in log_files(settings.log_dir, central_only=True):
        for line in lines_of_file(path):
            newest[line.source] = max(line.number, newest.get(line.source, 0))
    return newest
