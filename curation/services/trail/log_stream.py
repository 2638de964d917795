"""The stream `log` in Redis, through which the lines of all roles on all machines come together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from curation.services.redis_connection import connect, redis_errors_explained
from curation.services.streams import entries_of, entries_read, text_of
from curation.services.trail.line import TrailLine, line_of_text
from curation.settings.services import RedisSettings, ServicesSettings

__all__ = ["CLOCKS_S", "FIELD", "STREAM", "LogStream", "lines_of_stream", "new_lines"]

STREAM = "log"
"""Key of the stream; an entry is a line as JSON in the field `line`."""

FIELD = b"line"
CLOCKS_S = 60.0
"""So much the clocks of machines may differ."""

_ANSWER_S = 2.0
_PAGE = 1000


class LogStream:
    """Adds the lines of this process to the stream; the sink `Sink` of Redis."""

    name = "Redis"

    def __init__(self, settings: ServicesSettings) -> None:
        self._settings = settings.redis
        self._most = settings.log_lines
        self._redis = connect(settings.redis, answer_s=_ANSWER_S)

    def write(self, lines: Sequence[TrailLine]) -> None:
        """Add lines in one round trip; the stream keeps about the newest `services.log_lines`.

        If the answer gets lost, lines can stand there twice: `source` and `number` tell.

        Raises:
            RedisUnavailableError: If the server does not answer.
        """
        with redis_errors_explained(self._settings), self._redis.pipeline(transaction=True) as commands:
            for line in lines:
                commands.xadd(STREAM, {FIELD: line.as_json().encode()}, maxlen=self._most, approximate=True)
            commands.execute()

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()


def lines_of_stream(
    settings: RedisSettings, *, containing: str = "", since: datetime | None = None
) -> Iterator[TrailLine]:
    """All lines that are in Redis now, oldest first.

    Args:
        settings: Where Redis is.
        containing: Only lines whose JSON contains this text.
        since: Only lines that came at this moment or later, and some before.

    Raises:
        RedisUnavailableError: If the server does not answer.
    """
    wanted = containing.encode()
    client: Any = connect(settings, answer_s=_ANSWER_S)
    try:
        # Ids of entries begin with milliseconds of the server's clock.
        start = "-" if since is None else str(max(0, int((since.timestamp() - CLOCKS_S) * 1000)))
        while True:
            with redis_errors_explained(settings):
                entries = entries_of(client.xrange(STREAM, start, "+", count=_PAGE))
            if not entries:
                return
            for _, fields in entries:
                text = fields.get(FIELD, b"")
                if wanted in text and (line := line_of_text(text_of(text))) is not None:
                    yield line
            start = f"({entries[-1][0]}"
    finally:
        client.close()


def new_lines(settings: RedisSettings, *, wait_s: float = 0.5) -> Iterator[TrailLine | None]:
    """The lines that are added from now on, without end; None whenever none came for a while.

    Args:
        settings: Where Redis is.
        wait_s: How long to wait for a line; seconds.

    Raises:
        RedisUnavailableError: If the server does not answer.
    """
    client: Any = connect(settings, answer_s=_ANSWER_S)
    try:
        with redis_errors_explained(settings):
            newest = entries_of(client.xrevrange(STREAM, count=1))
        last = newest[0][0] if newest else "0-0"
        while True:
            with redis_errors_explained(settings):
                entries = entries_read(client.xread({STREAM: last}, count=_PAGE, block=int(wait_s * 1000)))
            if not entries:
                yield None
                continue
            last = entries[-1][0]
            for _, fields in entries:
                if (line := line_of_text(text_of(fields.get(FIELD)))) is not None:
                    yield line
    finally:
        client.close()
