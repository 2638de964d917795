"""How answers reach the parent: a child publishes its own; what the broker does not take now, the main process keeps.

A child must not wait for a broker that is away: its time limit would run on, and the photo would be blamed. So it tries
once, leaves the answer in a file of this machine, and is ready for more work; the main process publishes the file as
soon as the broker is back.
"""

from __future__ import annotations

import json
import logging
import queue
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.disk.temporaries import OwnFile, own_name
from curation.workers.distributed.broker import (
    BrokerOptions,
    answer_queue,
    broker_errors,
    connect,
)

if TYPE_CHECKING:
    from kombu import Connection

__all__ = ["Clerk", "Messenger", "leave", "left_name"]

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_KEEP_S = 3600.0  # nobody waits for an answer that old
_FOLDER_PREFIX = "curation-answers-"
_DRAIN_S = 5.0  # at the end of the process
_HELLO_KEEP_S = 5.0  # the next one says more


class Messenger:
    """Publishes to the answer queues of runs, by a connection of its own, in one thread of one process."""

    def __init__(self, broker: BrokerOptions) -> None:
        """Take the broker; the connection is made when it is first used."""
        self._broker = broker
        self._connection: Connection | None = None

    def publish(self, run: str, content: bytes) -> None:
        """Publish JSON bytes, without waiting for a broker that is away.

        Raises:
            OSError: If the broker does not take them.
        """
        if self._connection is not None:
            try:
                self._publish(self._connection, run, content)
                return
            except OSError:  # the broker may have closed a connection that was idle
                self.close()
        self._connection = connect(self._broker)
        self._publish(self._connection, run, content)

    def _publish(self, connection: Connection, run: str, content: bytes) -> None:
        target = answer_queue(run)
        try:
            # Declared, because a broker that was away may have come back empty; once a connection.
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            with connection.Producer() as producer:
                producer.publish(
                    content,
                    exchange="",
                    routing_key=target.name,
                    declare=[target],
                    # JSON, but kombu need not look into it: the parent reads it itself.
                    content_type="application/data",
                    content_encoding="binary",
                    delivery_mode="transient",
                    retry=False,
                )
        except broker_errors(connection) as error:
            raise OSError(f"the broker at {self._broker.address} takes no message") from error

    def close(self) -> None:
        """Close the connection; the next message makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.collect(socket_timeout=1)
            except Exception as error:  # it is broken: whatever that means, nobody needs it any more
                log.debug("a broken connection could not be closed: %s", type(error).__name__)


class Clerk:
    """Publishes for the main process, in a thread, until the broker takes it; in the order in which it was given."""

    def __init__(self, broker: BrokerOptions) -> None:
        """Start the thread; it ends with the process."""
        self._messenger = Messenger(broker)
        self._waiting: queue.SimpleQueue[tuple[str, bytes | Path, float]] = queue.SimpleQueue()
        self._is_busy = False
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX))
        threading.Thread(target=self._work, name="answers", daemon=True).start()

    def say(self, run: str, message: dict[str, Any]) -> None:
        """Publish a message that is only of use if it comes at once."""
        self._waiting.put((run, json.dumps(message).encode(), time.monotonic() + _HELLO_KEEP_S))

    def hand_in(self, run: str, answer: dict[str, Any] | Path) -> None:
        """Publish an answer, or the file that a child left."""
        content = answer if isinstance(answer, Path) else json.dumps(answer).encode()
        self._waiting.put((run, content, time.monotonic() + _KEEP_S))

    def drain(self) -> None:
        """Wait for some seconds until everything is published."""
        end = time.monotonic() + _DRAIN_S
        while (not self._waiting.empty() or self._is_busy) and time.monotonic() < end:
            time.sleep(0.02)

    def _work(self) -> None:
        while True:
            self._is_busy = False
            run, content, until = self._waiting.get()
            self._is_busy = True
            pause_s = _FIRST_PAUSE_S
            while time.monotonic() < until:
                try:
                    self._messenger.publish(run, content.read_bytes() if isinstance(content, Path) else content)
                    break
                except FileNotFoundError:  # it was handed in before
                    break
                except OSError as error:
                    log.debug("%s; trying again", error)
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            if isinstance(content, Path):
                content.unlink(missing_ok=True)


def _sweep() -> None:
    """Remove the folders of workers that were killed, once nobody waits for their answers any more.

    One that still runs makes its folder again when it needs it.
    """
    oldest = time.time() - 2 * _KEEP_S
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        try:
            is_old = folder.stat().st_mtime < oldest
        except OSError:
            continue
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)


def left_name(run: str, task_id: str, send: int) -> str:
    """Name of the file of an answer that waits for the broker."""
    return f"{run}-{task_id}-{send}.json"


def leave(folder: Path, name: str, content: bytes) -> Path:
    """Write an answer into a file for the main process, whole or not at all."""
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / name
    with OwnFile(lambda: folder / own_name(name)) as own:
        own.file.write(content)
        own.file.flush()
        own.path.replace(target)
    return target
