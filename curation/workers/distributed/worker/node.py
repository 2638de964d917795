"""A worker's main process: it answers greetings, takes the tasks of runs that it can serve, and tells of lost children.

A parent greets all workers every few seconds. A worker of the same version that has what the run needs answers `ready`
and takes tasks of the run's queue; another one says what it lacks. The answer also names the tasks that it holds, so
that the parent soon misses those that nobody holds. A run that nobody greets for is over.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import curation
from curation.errors import ObjectStorageUnavailableError
from curation.workers.distributed.broker import BrokerOptions, task_queue
from curation.workers.distributed.messages import IN_PLACE, PROTOCOL, Answer, to_json
from curation.workers.distributed.worker.facts import worker_facts
from curation.workers.distributed.worker.handing_in import Clerk, left_name
from curation.workers.distributed.worker.limits import ChildLimits

__all__ = ["LEFT", "Node", "sent_id", "split_id"]

log = logging.getLogger(__name__)

LEFT = "left:"
"""Begins what a child returns if its answer lies in a file."""

_UNGREETED_S = 10.0  # the parent greets every two seconds, so it is gone, or cannot reach this worker
_STARVED_ROUNDS = 5
_STOOD_S = 2.0  # the event loop stood still if it did not tend for that long
_TEND_S = 0.5
_CHECK_S = 0.1  # a check is quick unless weights are fetched; meanwhile nothing else is answered
_TRIES = 5  # of a check that fails by an error of its own, before the worker is refused
_CHECK_AGAIN_S = 10.0  # what a worker lacked may be there now: a disk was mounted, storage is back
_DOUBT = "it looks whether its folders and disks are there, because a task failed"
_REMEMBERED = 1000  # tasks whose end was told; a lost child is reported in several ways


def sent_id(run: str, task_id: str, send: int) -> str:
    """The id of a sent task at the broker; all that is needed to answer for a child that cannot."""
    return f"{run}/{task_id}/{send}"


def split_id(celery_id: str) -> tuple[str, str, int]:
    """Run, task and send of an id.

    Raises:
        ValueError: If the id is not one of ours.
    """
    run, task_id, send = celery_id.split("/")
    return run, task_id, int(send)


@dataclass(slots=True)
class _Run:
    """What this worker knows of a run.

    Attributes:
        setup_hash: Of what the run needs.
        greeted: When its parent greeted last, on the monotonic clock.
        lacks: What this machine lacks; empty if nothing, None as long as that is not known.
        waits_for: Why it is not known yet, if the check could not be made.
        checked: When the last check ended.
        tries: How many checks in a row failed.
        is_checking: Whether one is going on.
        setup: What the run needs.
        starved: In how many greetings in a row tasks waited and this worker had none.
    """

    setup_hash: str
    greeted: float
    lacks: str | None = None
    waits_for: str = ""
    checked: float = 0.0
    tries: int = 0
    is_checking: bool = False
    setup: Any = None
    starved: int = 0

    def doubt(self) -> None:
        """Take no more tasks until it was looked whether this machine still has what the run needs."""
        if not self.lacks and not self.is_checking:
            self.lacks, self.waits_for = None, _DOUBT


@dataclass(slots=True)
class _Counts:
    done: int = 0
    failed: int = 0
    told: OrderedDict[str, None] = field(default_factory=OrderedDict)


class Node:
    """The state of a worker's main process. Everything but the checks runs in Celery's event loop."""

    def __init__(self, broker: BrokerOptions, executor: str) -> None:
        """Begin.

        Args:
            broker: Where answers go.
            executor: Name of the module that does the work, see `celery_app`.
        """
        self.broker = broker
        self.clerk = Clerk(broker)
        self._executor = executor
        self._since = time.time()
        self._runs: dict[str, _Run] = {}
        self._counts = _Counts()
        self._name = ""
        self._processes = 0
        self._checking = threading.Lock()
        self._consumer: Any = None
        self._tended = 0.0
        self._stood_until = 0.0
        self._limits = ChildLimits()
        self._asked_about: set[str] = set()  # lost tasks for which it is being looked whose fault it was

    def introduce(self, name: str, processes: int) -> None:
        """Say who this worker is, once it is known."""
        self._name, self._processes = name, processes

    def greeted(self, consumer: Any, greeting: Mapping[str, Any]) -> None:
        """Answer a parent's greeting, and take or leave the tasks of its run."""
        run = str(greeting.get("run", ""))
        if not run:
            return
        if self._consumer is None:
            self._tended = time.time()
            consumer.timer.call_repeatedly(_TEND_S, self._tend)
        self._consumer = consumer
        state, text = self._state(run, greeting)
        held = self._held(run)
        if state == "ready" and not held and self._is_starved(run, greeting):
            log.warning("tasks of run %s wait, and none comes; its queue is taken anew", run)
            self._take(consumer, run, is_wanted=False)
        self._take(consumer, run, is_wanted=state == "ready")
        self.clerk.say(
            run,
            {
                "type": "hello",
                "round": greeting.get("round", 0),
                "state": state,
                "text": text,
                "since": self._since,
                "held": held,
                "worker": self.facts(),
            },
        )

    def _is_starved(self, run: str, greeting: Mapping[str, Any]) -> bool:
        """Whether tasks wait for a worker that has none for a while: its place at the queue may be lost."""
        known = self._runs[run]
        known.starved = known.starved + 1 if greeting.get("waiting") else 0
        if known.starved < _STARVED_ROUNDS:
            return False
        known.starved = 0
        return True

    def _state(self, run: str, greeting: Mapping[str, Any]) -> tuple[str, str]:
        if greeting.get("protocol") != PROTOCOL or greeting.get("program") != curation.__version__:
            return "refused", (
                f"it is version {curation.__version__} (messages {PROTOCOL}), and the run is by version "
                f"{greeting.get('program')} (messages {greeting.get('protocol')}); install the same version"
            )
        known = self._runs.get(run)
        setup_hash = str(greeting.get("setup_hash", ""))
        if known is None or known.setup_hash != setup_hash:
            known = self._runs[run] = _Run(setup_hash, 0.0)
        known.greeted = time.monotonic()
        known.setup = greeting.get("setup")
        excluded = greeting.get("excluded")
        if isinstance(excluded, dict) and self._name in excluded:
            return "refused", str(excluded[self._name])
        is_old = known.lacks != "" and time.monotonic() - known.checked > _CHECK_AGAIN_S
        if (known.lacks is None or is_old) and not known.is_checking:
            known.is_checking = True
            thread = threading.Thread(target=self._check, args=(known, known.setup), name="check-setup", daemon=True)
            thread.start()
            thread.join(_CHECK_S)
        if known.lacks is None:
            return "preparing", known.waits_for
        return ("refused", known.lacks) if known.lacks else ("ready", "")

    def _check(self, run: _Run, setup: Any) -> None:
        """Look in a thread whether this machine has what a run needs; weights may be fetched for that."""
        try:
            lacks = self._lacking(setup)
            run.lacks, run.waits_for, run.tries = lacks, "", 0
        except ObjectStorageUnavailableError as error:  # never this machine's fault, however long it lasts
            log.warning("the set-up of a run cannot be checked now: %s", error)
            run.waits_for = str(error)
        except Exception as error:  # whatever it is, this machine cannot do the work now
            log.exception("the set-up of a run cannot be checked")
            run.tries += 1
            run.waits_for = f"it cannot prepare itself ({type(error).__name__}: {error})"
            if run.tries >= _TRIES:
                run.lacks = run.waits_for
        run.checked = time.monotonic()
        run.is_checking = False
        if run.lacks:
            log.warning("this worker does not work for a run, because %s", run.lacks)

    def _lacking(self, setup: Any) -> str:
        with self._checking:
            lacking = getattr(importlib.import_module(self._executor), "lacking", None)
            return "" if lacking is None else str(lacking(setup))

    def _take(self, consumer: Any, run: str, *, is_wanted: bool) -> None:
        tasks = getattr(consumer, "task_consumer", None)
        if tasks is None:
            return
        target = task_queue(run)
        is_taking = tasks.consuming_from(target.name)
        if is_wanted and not is_taking:
            # Not by Celery's own list of queues: there it would be bound to an exchange, and taken again after the
            # broker was away, whether its run is still there or not. The next greeting does that better.
            tasks.add_queue(target)
            tasks.consume()
            log.info("takes tasks of run %s", run)
        elif is_taking and not is_wanted:
            tasks.cancel_by_queue(target.name)
            log.info("takes no more tasks of run %s", run)

    def part(self, consumer: Any, run: str) -> None:
        """Leave a run that is over; what is being worked on is finished, and its answer expires."""
        self._take(consumer, run, is_wanted=False)
        self._runs.pop(run, None)

    def forget_silent(self, consumer: Any) -> None:
        """Leave the runs whose parents have not greeted for a while."""
        now = time.monotonic()
        for run in [run for run, known in self._runs.items() if now - known.greeted > _UNGREETED_S]:
            log.warning("the parent of run %s is silent", run)
            self.part(consumer, run)

    def _tend(self) -> None:
        """Look after runs and children, a few times a second, in the event loop."""
        now = time.time()
        if now - self._tended > _STOOD_S:
            self._stood_until = now
        self._tended = now
        self.forget_silent(self._consumer)
        self._end_children_beyond_limits()
        # Celery often hears of a child's end a moment too early, and then looks again only after seconds.
        self._consumer.pool.maintain_pool()

    def _end_children_beyond_limits(self) -> None:
        from celery.worker import state

        for request, passed in self._limits.passed(tuple(state.active_requests)):
            kind = "photo" if passed.kind == "memory" else "timeout"
            text = (
                f"it took {passed.amount:,.0f} MB of memory, more than the {passed.limit:,.0f} MB that a worker may "
                "take; make the photo smaller"
                if passed.kind == "memory"
                else f"its process was ended: it {passed.kind} for {passed.amount:.0f} s"
            )
            # Told first: Celery will say that the child died.
            self.lost(request.id, kind, text, request.time_start or time.time())
            try:
                os.kill(request.worker_pid, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("child %d had already ended", request.worker_pid)

    def facts(self) -> dict[str, Any]:
        """Who this worker is, as JSON."""
        return to_json(worker_facts(self._name, self._processes))

    def _held(self, run: str) -> list[str]:
        from celery.worker import state

        held = {request.id for request in tuple(state.reserved_requests)} | self._asked_about
        return sorted(each for each in held if each.startswith(f"{run}/"))

    def report(self, to: str) -> None:
        """Tell who asks (the roster) what this worker is doing."""
        from celery.worker import state

        current = [
            {
                "run": request.id.partition("/")[0],
                "label": request.argsrepr,
                "function": request.kwargsrepr,
                "since": request.time_start,
            }
            for request in tuple(state.active_requests)
            if request.id.count("/") == 2 and request.time_start
        ]
        self.clerk.say(
            to,
            {
                "type": "report",
                "worker": self.facts(),
                "since": self._since,
                "current": current,
                "done": self._counts.done,
                "failed": self._counts.failed,
                "refused": next((why for each in self._runs.values() if (why := each.lacks or each.waits_for)), ""),
            },
        )

    def finished(self, celery_id: str, returned: str) -> None:
        """Count a task whose child has answered; publish the answer if the child could not."""
        returned = returned.strip("'\"")
        if returned.startswith(LEFT):
            kind, _, path = returned.removeprefix(LEFT).partition(":")
            self.clerk.hand_in(split_id(celery_id)[0], Path(path))
            returned = kind
        if returned == IN_PLACE:
            self._doubt(celery_id)
        if returned == "ok":
            self._counts.done += 1
        else:
            self._counts.failed += 1

    def _doubt(self, celery_id: str) -> None:
        """Take no more tasks of a run whose task failed because of this machine; the next greeting looks further."""
        run = celery_id.partition("/")[0]
        known = self._runs.get(run)
        if known is not None:
            known.doubt()
            if self._consumer is not None:
                self._take(self._consumer, run, is_wanted=False)

    def _lost_in_vain(self, known: _Run, answer: Answer, celery_id: str) -> None:
        """Answer for a child that waited too long: for its disk, or for the photo."""
        try:
            lacks = self._lacking(known.setup)
        except Exception:  # told by the next check
            log.debug("this machine cannot be looked at", exc_info=True)
            lacks = ""
        if lacks:
            log.warning("a task is given back, because %s", lacks)
            answer = replace(answer, kind="transport", value=IN_PLACE, text=lacks)
            known.doubt()
        self.clerk.hand_in(answer.run, {"type": "answer", **to_json(answer)})
        self._asked_about.discard(celery_id)

    def lost(self, celery_id: str, kind: str, text: str, since: float) -> None:
        """Answer for a child that cannot; once for each task that was sent.

        Args:
            celery_id: Of the task that was sent.
            kind: `killed`, `timeout`, `photo` (it took too much memory) or `bug`.
            text: What happened.
            since: When the child began, in Unix seconds.
        """
        if celery_id in self._counts.told:
            return
        self._counts.told[celery_id] = None
        while len(self._counts.told) > _REMEMBERED:
            self._counts.told.popitem(last=False)
        self._counts.failed += 1
        try:
            run, task_id, send = split_id(celery_id)
        except ValueError:
            return
        left = self.clerk.folder / left_name(run, task_id, send)
        if left.exists():  # the child had done it
            self.clerk.hand_in(run, left)
            return
        value = None
        if kind == "timeout" and self._stood_until >= since:
            # While Celery looks for a broker that is away, it hears of no child that is ready; afterwards the time of
            # all of them is over. The photo is not to blame.
            kind, value, text = "transport", {"redelivered": True}, "the worker looked for its broker meanwhile"
        answer = Answer(
            run=run,
            task_id=task_id,
            send=send,
            kind=kind,  # type: ignore[arg-type]  # one of those that the caller has
            value=value,
            text=text,
            worker=self.facts(),
            seconds=time.time() - since,
        )
        known = self._runs.get(run)
        if kind == "timeout" and known is not None:
            # It may have waited for a disk that does not answer, which is not the photo's fault.
            self._asked_about.add(celery_id)
            asks = threading.Thread(
                target=self._lost_in_vain, args=(known, answer, celery_id), name="asks-for-a-loss", daemon=True
            )
            asks.start()
            asks.join(_CHECK_S)
            return
        self.clerk.hand_in(run, {"type": "answer", **to_json(answer)})

    def close(self) -> None:
        """Publish what is waiting, at most for some seconds, and remove the folder of answers."""
        self.clerk.drain()
        shutil.rmtree(self.clerk.folder, ignore_errors=True)
