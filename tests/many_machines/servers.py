"""Real brokers in folders of their own, which may be killed and started again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests import rabbitmq_server, redis_server

__all__ = ["RabbitBroker", "RedisBroker"]


class RedisBroker:
    """Redis without persistence: killed, it forgets everything."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="curation-redis-"))
        self._server = redis_server.started(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        host, port = self._server.address
        return f"redis://{host}:{port}/0"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


class RabbitBroker:
    """RabbitMQ, which keeps what it confirmed on disk."""

    def __enter__(self) -> Self:
        # A short path: Erlang's own paths below it get long.
        self._folder = Path(tempfile.mkdtemp(prefix="curation-rabbit-"))
        self._server = rabbitmq_server.started(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
