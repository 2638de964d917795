"""The parent's post: two threads that send tasks and greetings, and receive what workers say, whatever the broker does.

All that touches the network happens in these threads, each with a connection of its own. The thread that runs the pool
only puts into and takes from two queues, so an interruption there leaves nothing half done.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.errors import BrokerUnavailableError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.workers.distributed.broker import (
    TASK_NAME,
    BrokerOptions,
    answer_queue,
    broker_errors,
    connect,
    forget_left_queues,
    is_denied,
    task_queue,
    tell_all,
    unavailable,
)
from curation.workers.distributed.messages import Request, to_json
from curation.workers.distributed.worker.limits import LIMIT_HEADER, clock_limit_s

if TYPE_CHECKING:
    from kombu import Connection

__all__ = ["Post", "Round"]

log = logging.getLogger(__name__)

_GREET_S = 2.0
_GREET_SOON_S = 0.5  # in the first seconds of a connection, when workers are still coming
_SOON_S = 10.0
_POLL_S = 0.25
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0
_LEAVING_S = 1.0
_END_S = 3.0  # for saying goodbye; the threads are daemons, so nothing waits longer
_TIME_LIMIT_MARGIN_S = 2.0  # a child has to hand in its answer, too


@dataclass(frozen=True, slots=True)
class Round:
    """A greeting that went out.

    Attributes:
        number: From 1.
        at: When, on the monotonic clock.
        waiting: How many tasks the broker's queue had then.
    """

    number: int
    at: float
    waiting: int


class Post:
    """Sends and receives for one run.

    Attributes:
        inbox: What workers said, as JSON objects, and `Round`s as they go out.
        epoch: Counts the connections; what was sent in an earlier one may be lost with the broker.
    """

    def __init__(self, broker: BrokerOptions, run: str, greeting: Callable[[], dict[str, Any]]) -> None:
        """Take the run; `start` begins.

        Args:
            broker: Where it is.
            run: Id of the run.
            greeting: What workers are told, besides the number of the round; called in a thread.
        """
        self.inbox: queue.SimpleQueue[dict[str, Any] | Round] = queue.SimpleQueue()
        self.epoch = 0
        self._broker = broker
        self._run = run
        self._greeting = greeting
        self._outbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._purging = threading.Event()
        self._greet_now = threading.Event()
        self._listening = threading.Event()
        self._away_since: float | None = time.monotonic()
        self._is_told = False
        self._refusal: BaseException | None = None
        self._rounds = 0
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to greet and to receive."""
        connect(self._broker)  # a missing package is told here, not in a thread
        for work in (self._send_all, self._receive_all):
            thread = threading.Thread(target=work, name=f"broker{work.__name__}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def send(self, request: Request) -> None:
        """Send a task, as soon as the broker takes it."""
        self._outbox.put(request)

    def listen(self) -> None:
        """Put what workers say into the inbox from now on, and greet at once."""
        while not self.inbox.empty():
            self.inbox.get_nowait()
        self._listening.set()
        self.greet_soon()

    def stop_listening(self) -> None:
        """Forget what workers say; between the stages of a run nobody would take it out."""
        self._listening.clear()

    def greet_soon(self) -> None:
        """Greet before the next turn."""
        self._greet_now.set()

    def clear(self) -> None:
        """Take back the tasks that no worker has yet, and those that were not sent."""
        while True:
            try:
                self._outbox.get_nowait()
            except queue.Empty:
                break
        self._purging.set()
        self._outbox.put(None)  # wakes the thread

    def check(self) -> None:
        """Tell of a broker that is away too long, or that refuses us.

        Raises:
            BrokerUnavailableError: With what to do.
        """
        if self._refusal is not None:
            raise unavailable(self._broker, self._refusal)
        since = self._away_since
        if since is not None and time.monotonic() - since > self._broker.patience_s:
            raise BrokerUnavailableError(
                f"the broker at {self._broker.address} did not answer for {self._broker.patience_s:g} s "
                "(workers.patience_s); start it, or check address and network, and run again: what was analysed so far "
                "is kept"
            )

    @property
    def is_away(self) -> bool:
        """Whether there is no connection to the broker."""
        return self._away_since is not None

    def close(self) -> None:
        """Say goodbye to the workers and remove the run's queues, if the broker is there; in some seconds at most."""
        self._ending.set()
        self._outbox.put(None)
        end = time.monotonic() + _END_S
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._threads.clear()

    def _send_all(self) -> None:
        pending: Request | None = None
        connection: Connection | None = None
        pause_s = _FIRST_PAUSE_S
        while not self._ending.is_set():
            connection = connect(self._broker, watched=True)
            try:
                connection.connect()
                self._arrived(connection)
                pause_s = _FIRST_PAUSE_S
                waiting, pending = pending, None
                self._send_on(connection, waiting)
            except _Unsent as unsent:
                pending = unsent.request
                self._left(unsent.cause)
            except broker_errors(connection) as error:
                self._left(error)
            finally:
                _drop(connection)
            self._ending.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _arrived(self, connection: Connection) -> None:
        answer_queue(self._run)(connection.default_channel).declare()
        task_queue(self._run)(connection.default_channel).declare()
        forget_left_queues(connection)
        if self._is_told:
            self._is_told = False
            log.warning("the broker at %s is there again", self._broker.address)
        self.epoch += 1
        self._away_since = None

    def _left(self, error: BaseException) -> None:
        if self._ending.is_set():
            return
        if is_denied(error):
            self._refusal = error
        log.debug("the broker's error: %s", type(error).__name__)
        if self._away_since is None:
            self._away_since = time.monotonic()
            self._is_told = False
        if not self._is_told:
            self._is_told = True
            log.warning(
                "the broker at %s does not answer; waiting for it for up to %g s (workers.patience_s)",
                self._broker.address,
                self._broker.patience_s,
            )

    def _send_on(self, connection: Connection, pending: Request | None) -> None:
        """Send and greet until the end, or until the connection breaks."""
        begun = time.monotonic()
        next_greeting = begun
        tasks = task_queue(self._run)(connection.default_channel)
        with connection.Producer() as producer:
            while True:
                now = time.monotonic()
                if self._purging.is_set():
                    self._purging.clear()
                    tasks.purge()
                if now >= next_greeting or self._greet_now.is_set():
                    self._greet_now.clear()
                    self._greet(producer, tasks)
                    next_greeting = now + (_GREET_SOON_S if now - begun < _SOON_S else _GREET_S)
                if self._ending.is_set():
                    self._say_goodbye(producer, connection)
                    return
                connection.heartbeat_check()
                if pending is None:
                    try:
                        pending = self._outbox.get(timeout=min(_POLL_S, max(0.0, next_greeting - now)))
                    except queue.Empty:
                        continue
                if pending is None:
                    continue
                request, pending = pending, None
                try:
                    self._publish(producer, request)
                except broker_errors(connection) as error:
                    raise _Unsent(request, error) from error

    def _publish(self, producer: Any, request: Request) -> None:
        """Publish a task in Celery's message protocol, version 2."""
        celery_id = f"{request.run}/{request.task_id}/{request.send}"
        # The worker limits processor time; this is Celery's limit, by the clock.
        limit = None if request.timeout_s is None else clock_limit_s(request.timeout_s) + _TIME_LIMIT_MARGIN_S
        producer.publish(
            [[to_json(request)], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}],
            exchange="",
            routing_key=task_queue(self._run).name,
            serializer="json",
            delivery_mode="transient",
            correlation_id=celery_id,
            retry=False,
            headers={
                "lang": "py",
                "task": TASK_NAME,
                "id": celery_id,
                "root_id": celery_id,
                "parent_id": None,
                "group": None,
                "retries": 0,
                "eta": None,
                "expires": None,
                "ignore_result": True,
                "timelimit": [limit, None],
                LIMIT_HEADER: request.timeout_s,
                # Shown by the worker instead of the arguments.
                "argsrepr": request.label,
                "kwargsrepr": request.function,
            },
        )

    def _greet(self, producer: Any, tasks: Any) -> None:
        self._rounds += 1
        waiting = int(tasks.queue_declare().message_count)
        if self._listening.is_set():
            self.inbox.put(Round(self._rounds, time.monotonic(), waiting))
        greeting = {**self._greeting(), "run": self._run, "round": self._rounds, "waiting": waiting}
        tell_all(producer, "greet", greeting)

    def _say_goodbye(self, producer: Any, connection: Connection) -> None:
        tasks = task_queue(self._run)(connection.default_channel)
        tasks.purge()
        tell_all(producer, "part", {"run": self._run})
        end = time.monotonic() + _LEAVING_S
        # RabbitMQ takes a queue that is deleted away from its readers, and Celery takes that for a lost connection.
        # A queue that is still read expires when its readers have left.
        while tasks.queue_declare().consumer_count and time.monotonic() < end:
            time.sleep(0.05)
        if not tasks.queue_declare().consumer_count:
            tasks.delete()
        answer_queue(self._run)(connection.default_channel).delete()

    def _receive_all(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._ending.is_set():
            connection = connect(self._broker, watched=True)
            try:
                connection.connect()
                with connection.Consumer(
                    [answer_queue(self._run)], callbacks=[self._received], accept=["json"], no_ack=True
                ):
                    pause_s = _FIRST_PAUSE_S
                    while not self._ending.is_set():
                        try:
                            connection.drain_events(timeout=_POLL_S)
                        except TimeoutError:
                            connection.heartbeat_check()
            except broker_errors(connection) as error:
                log.debug("answers cannot be received: %s", type(error).__name__)
            except PARSER_ERRORS as error:  # of what somebody put there who is no worker; it is taken, and gone
                log.warning("what came among the answers is no message (%s)", type(error).__name__)
            finally:
                _drop(connection)
            self._ending.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _received(self, body: Any, message: Any) -> None:
        if isinstance(body, bytes | str):
            try:
                body = parse_json(body)
            except ValueError:
                body = None
        if isinstance(body, dict) and self._listening.is_set():
            self.inbox.put(body)


class _Unsent(Exception):
    """A task that the broker did not take, with the reason."""

    def __init__(self, request: Request, cause: BaseException) -> None:
        super().__init__("unsent")
        self.request = request
        self.cause = cause


def _drop(connection: Connection) -> None:
    try:
        connection.collect(socket_timeout=1)
    except Exception as error:  # it is broken: whatever that means, nobody needs it any more
        log.debug("a broken connection could not be closed: %s", type(error).__name__)
