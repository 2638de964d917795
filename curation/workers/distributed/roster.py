"""Who works on what: asked of all workers at the broker, for `GET /workers`."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.workers.distributed.broker import BrokerOptions, answer_queue, broker_away, connect, tell_all
from curation.workers.distributed.messages import WorkerFacts, from_json

if TYPE_CHECKING:
    from kombu import Connection

__all__ = ["CurrentTask", "Roster", "WorkerState"]

log = logging.getLogger(__name__)

_WAIT_S = 1.0  # for workers that are not known yet
_POLL_S = 0.05
_ABSENT_AFTER_S = 30.0  # a worker that was seen and does not answer is still shown for that long


@dataclass(frozen=True, slots=True)
class CurrentTask:
    """A task that a worker is at.

    Attributes:
        label: What a person calls it, such as the photo's image_path.
        run: Id of the parent's run.
        function: Name of what is done.
        since: In Unix seconds.
    """

    label: str
    run: str
    function: str
    since: float


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker and what it does.

    Attributes:
        facts: Who it is.
        since: When it was started, in Unix seconds.
        seen: When it answered last, in Unix seconds.
        current: The tasks that it is at.
        done: How many tasks it has done since it was started.
        failed: How many had no result: failed photos, lost processes, storage that was away.
        refused: Why it takes no part in a run that is going on; empty if it does.
    """

    facts: WorkerFacts
    since: float
    seen: float
    current: tuple[CurrentTask, ...]
    done: int
    failed: int
    refused: str = ""


class Roster:
    """Asks the workers; may be used from any thread, one asks at a time."""

    def __init__(self, broker: BrokerOptions) -> None:
        """Take the broker; it is connected when somebody asks."""
        self._broker = broker
        self._id = f"roster-{secrets.token_hex(6)}"
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._known: dict[str, WorkerState] = {}

    def workers(self) -> Sequence[WorkerState]:
        """The workers that answered within a second, or shortly before; by name.

        Raises:
            BrokerUnavailableError: If the broker is away or refuses the password.
            ExtraMissingError: If the packages of the extra `workers` are not installed.
        """
        with self._lock:
            if self._connection is None:
                self._connection = connect(self._broker, quick=True)
            try:
                with broker_away(self._broker, self._connection):
                    self._ask(self._connection)
            except Exception:
                self._drop()
                raise
            oldest = time.time() - _ABSENT_AFTER_S
            self._known = {name: state for name, state in self._known.items() if state.seen >= oldest}
            return sorted(self._known.values(), key=lambda state: state.facts.name)

    def close(self) -> None:
        """Close the connection to the broker."""
        with self._lock:
            self._drop()

    def _ask(self, connection: Connection) -> None:
        asked = time.time()
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        missing = set(self._known)

        def received(body: Any, message: Any) -> None:
            state = _state_of(body)
            if state is not None:
                self._known[state.facts.name] = state
                missing.discard(state.facts.name)

        queue = answer_queue(self._id)
        with (
            connection.channel() as channel,
            connection.Consumer([queue], channel=channel, callbacks=[received], accept=["json"], no_ack=True),
            connection.Producer(channel) as producer,
        ):
            tell_all(producer, "report", {"to": self._id})
            # Once those that are known have answered, the others had as much time.
            while time.time() - asked < _WAIT_S and (missing or not self._known):
                try:
                    connection.drain_events(timeout=_POLL_S)
                except TimeoutError:
                    continue

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.collect(socket_timeout=1)
            except Exception as error:  # it is broken: whatever that means, nobody needs it any more
                log.debug("a broken connection could not be closed: %s", type(error).__name__)


def _state_of(body: Any) -> WorkerState | None:
    try:
        said = parse_json(body) if isinstance(body, bytes | str) else body
        if not isinstance(said, Mapping) or said.get("type") != "report":
            return None
        return WorkerState(
            facts=from_json(WorkerFacts, said["worker"]),
            since=float(said["since"]),
            seen=time.time(),
            current=tuple(
                CurrentTask(str(task["label"]), str(task["run"]), str(task["function"]), float(task["since"]))
                for task in said["current"]
            ),
            done=int(said["done"]),
            failed=int(said["failed"]),
            refused=str(said["refused"]),
        )
    except PARSER_ERRORS:
        log.debug("the report of a worker cannot be understood")
        return None
