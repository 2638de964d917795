"""The Celery application of the workers: `celery -A curation.workers.celery_app worker`.

It has one task, `curation.work`. What the task does is the affair of a module that is loaded by its name when there is
work, the executor: `execute(request) -> Answer`, and `lacking(setup) -> str`, which says what this machine lacks.

`app` is made when it is first asked for; only then are the settings read, and Celery imported.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

from curation.extras import Extra, extra_for
from curation.parsing.not_valid import PARSER_ERRORS
from curation.workers.distributed.broker import CONTROL, TASK_NAME, BrokerOptions, tls_options, transport_options
from curation.workers.pool import usable_cores

if TYPE_CHECKING:
    from celery import Celery

    app: Celery

__all__ = ["EXECUTOR", "make_app", "run_worker"]

log = logging.getLogger(__name__)

EXECUTOR = "curation.remote.celery_tasks"
"""The module that does the program's own work."""

_RECONNECT_STEP_S = 1
_RECONNECT_MAX_S = 4  # a worker is back soon after its broker
_HEARTBEAT_S = 30  # after two of them without a sign of life RabbitMQ's connection counts as lost


def __getattr__(name: str) -> Any:
    """Make `app` when it is asked for."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from curation.settings.machine import machine_settings

    workers = machine_settings().workers
    made = make_app(BrokerOptions.of(workers), concurrency=workers.concurrency)
    globals()["app"] = made
    return made


def run_worker(made: Celery, *, name: str | None = None, log_level: str = "WARNING") -> int:
    """Run a worker on this machine until it is told to end.

    Args:
        made: From `make_app`.
        name: Node name, unique among the workers; by default of the host and the process.
        log_level: Of the worker's log, on standard error.

    Returns:
        The exit code.
    """
    # Not by Celery's command line, which forgets the exit code. Workers tell each other nothing.
    worker = made.Worker(
        hostname=name or _own_name(),
        pool_cls="prefork",
        loglevel=log_level,
        quiet=True,  # its banner would end a worker whose standard output is full or gone
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    code = worker.exitcode or 0
    if code:
        log.error("this worker has ended with an error; start it again (what it had is given to others)")
    return int(code)


def make_app(broker: BrokerOptions, *, concurrency: int = 0, executor: str = EXECUTOR) -> Celery:
    """The application of a worker.

    Args:
        broker: Where tasks come from.
        concurrency: How many tasks it works on at once; 0 is one for each core.
        executor: Name of the module that does the work.

    Raises:
        ExtraMissingError: If the packages of the extra `workers` are not installed.
    """
    with extra_for(Extra.WORKERS, "a worker of other machines' photos"):
        from celery import Celery
        from celery.app.amqp import AMQP
        from celery.worker.consumer import Consumer
        from kombu import Connection, Queue

        if broker.is_redis:
            import redis  # noqa: F401

    class PatientConnection(Connection):  # type: ignore[misc]
        """Looks for a broker that is away every few seconds, for as long as it takes."""

        def _ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
            kwargs.setdefault("interval_start", _RECONNECT_STEP_S)
            kwargs.setdefault("interval_step", _RECONNECT_STEP_S)
            kwargs.setdefault("interval_max", _RECONNECT_MAX_S)
            return super()._ensure_connection(*args, **kwargs)

        @property
        def connection_errors(self) -> tuple[type[BaseException], ...]:
            # A message that is none ends the connection, which is made anew, and not the worker: over Redis kombu reads
            # what lies in the list of a queue, whoever has put it there.
            return (*super().connection_errors, *PARSER_ERRORS)

    class PatientConsumer(Consumer):  # type: ignore[misc]
        """Drops messages of the queue of tasks that nobody could work on; else they would come again without end."""

        def create_task_handler(self, *args: Any, **kwargs: Any) -> Any:
            handle = super().create_task_handler(*args, **kwargs)

            def handled(message: Any) -> Any:
                try:
                    return handle(message)
                except PARSER_ERRORS as error:
                    log.warning(
                        "a message among the tasks is none, and is dropped (%s: %.200s)", type(error).__name__, error
                    )
                    return message.ack_log_error(log, self.connection_errors)

            return handled

    class PatientAMQP(AMQP):  # type: ignore[misc]
        Connection = PatientConnection

    made = Celery(CONTROL, broker=broker.url, set_as_current=False, amqp=PatientAMQP)
    made.conf.update(
        accept_content=["json"],
        result_accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        event_serializer="json",
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=True,
        # A child that dies of a photo must not get it again without end: the parent counts, and sends it anew.
        task_reject_on_worker_lost=False,
        task_acks_on_failure_or_timeout=True,
        task_track_started=False,
        task_default_queue=f"{CONTROL}.idle",
        task_queues=[Queue(f"{CONTROL}.idle", durable=True, expires=3600)],
        task_default_exchange=CONTROL,
        worker_prefetch_multiplier=1,
        # Children of a machine with much to do take long to start; Celery would end them after four seconds.
        worker_proc_alive_timeout=60.0,
        worker_concurrency=concurrency or usable_cores(),
        worker_consumer=PatientConsumer,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_prefetch_count_reduction=False,
        broker_heartbeat=_HEARTBEAT_S,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=transport_options(broker),
        **({"broker_use_ssl": tls} if (tls := tls_options(broker)) else {}),
        control_exchange=CONTROL,
        enable_utc=True,
    )
    _add_task(made, broker, executor)
    return made


def _own_name() -> str:
    return f"worker-{os.getpid()}@{socket.gethostname()}"


def _add_task(made: Celery, broker: BrokerOptions, executor: str) -> None:
    """Register the task, what is told of it in the main process, and the commands of parents."""
    from celery import signals
    from celery.exceptions import WorkerLostError
    from celery.worker import state as worker_state
    from celery.worker.control import Panel
    from celery.worker.request import Request

    from curation.workers.distributed.worker.child import work
    from curation.workers.distributed.worker.node import Node

    nodes: list[Node] = []

    class ToldRequest(Request):  # type: ignore[misc]
        """Tells the node how a task ended; in the main process."""

        def __init_subclass__(cls) -> None:
            # Celery derives a class for each task, whose own on_success does not call this one's.
            plain = cls.on_success

            def on_success(self: Any, failed__retval__runtime: tuple[bool, Any, float], **kwargs: Any) -> Any:
                failed, returned, _ = failed__retval__runtime
                if not failed:
                    nodes[0].finished(self.id, str(returned))
                return plain(self, failed__retval__runtime, **kwargs)

            cls.on_success = on_success

        def on_timeout(self, soft: bool, timeout: float) -> Any:
            if not soft and not worker_state.should_terminate:
                self._tell_lost("timeout", f"its process was ended after {timeout:g} s")
            return super().on_timeout(soft, timeout)

        def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
            error = exc_info.exception
            error = getattr(error, "exc", error)
            if isinstance(error, WorkerLostError | SystemExit):
                self._tell_lost("killed", "its process died")
            elif "TimeLimitExceeded" not in type(error).__name__ and "Terminated" not in type(error).__name__:
                self._tell_lost("bug", f"{type(error).__name__}: {error}")
            return super().on_failure(exc_info, *args, **kwargs)

        def _tell_lost(self, kind: str, text: str) -> None:
            nodes[0].lost(self.id, kind, text, self.time_start or time.time())

    @made.task(name=TASK_NAME, bind=True, acks_late=True, ignore_result=True, Request=ToldRequest)  # type: ignore[untyped-decorator]
    def run_request(self: Any, request: Any) -> str:
        node = nodes[0]
        return work(
            request,
            executor=executor,
            broker=broker,
            facts=node.facts() | {"pid": os.getpid()},
            folder=node.clerk.folder,
            redelivered=bool((self.request.delivery_info or {}).get("redelivered")),
        )

    def greet(state: Any, **greeting: Any) -> None:
        nodes[0].greeted(state.consumer, greeting)

    def part(state: Any, run: str = "", **_: Any) -> None:
        nodes[0].part(state.consumer, run)

    def report(state: Any, to: str = "", **_: Any) -> None:
        nodes[0].report(to)

    def begin(sender: Any = None, **_: Any) -> None:
        # Before the children are forked.
        if not nodes:
            nodes.append(Node(broker, executor))
        nodes[0].introduce(str(sender.hostname), int(sender.concurrency or made.conf.worker_concurrency))

    def name_it(sender: Any = None, instance: Any = None, **_: Any) -> None:
        # Two workers of one machine with Celery's own name would take each other's greetings.
        if instance is not None and str(instance.hostname).startswith("celery@"):
            instance.hostname = _own_name()

    def end(**_: Any) -> None:
        if nodes:
            nodes[0].close()

    for name, command in (("greet", greet), ("part", part), ("report", report)):
        Panel.register(name=f"{CONTROL}_{name}", type="control")(command)
    signals.celeryd_init.connect(name_it, weak=False)
    signals.worker_init.connect(begin, weak=False)
    signals.worker_shutdown.connect(end, weak=False)


if __name__ == "__main__":
    sys.exit(run_worker(__getattr__("app")))
