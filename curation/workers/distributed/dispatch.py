"""One run of the pool over its tasks: sends, listens, sends again, and gives up."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from curation.errors import ObjectStorageUnavailableError, WorkersMissingError
from curation.workers.distributed.broker import BrokerOptions
from curation.workers.distributed.flights import Flight, Flights, Sent
from curation.workers.distributed.messages import IN_PLACE, Answer, Request, fault_told, from_json
from curation.workers.distributed.muster import Known, Muster
from curation.workers.distributed.post import Post, Round
from curation.workers.distributed.remote_work import RemoteWork
from curation.workers.distributed.worker.limits import clock_limit_s
from curation.workers.pool import Outcome, Reply, TaskFailure, outcome_of, stop_if

__all__ = ["Dispatch", "RunFacts"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_POLL_S = 0.2  # the longest time until a cancellation is noticed
_TURN_S = 0.5  # between two looks at what may be late
_MUTE_S = 6.0  # since the last greeting: the broker takes no messages, even if the connection stands
_HOPELESS_S = 30.0  # how long all workers may be refused: they look again meanwhile, and others may come
_REMIND_S = 30.0  # between two lines about workers that are missing
_TRANSPORT_PAUSE_S = 0.5
_TRANSPORT_LONGEST_S = 15.0
_MIN_TRANSPORTS = 3


@dataclass(slots=True)
class RunFacts:
    """What all runs of a pool share.

    Attributes:
        run: Id of the pool at the broker.
        post: Sends and receives.
        muster: The workers.
        broker: How patient to be.
        work: What the workers know.
        sendings: Counts what was sent.
        tasks: Counts the tasks.
    """

    run: str
    post: Post
    muster: Muster
    broker: BrokerOptions
    work: RemoteWork
    sendings: int = 0
    tasks: int = 0


class Dispatch(Generic[T]):
    """Brings the tasks of one call of the pool to their ends."""

    def __init__(self, facts: RunFacts, name: str, timeout_s: float | None) -> None:
        """Begin with no task.

        Args:
            facts: Of the pool.
            name: Of the function, as workers know it.
            timeout_s: Time limit of a task.
        """
        self._facts = facts
        self._name = name
        self._timeout_s = timeout_s
        margin = facts.broker.lease_margin_s
        self._flights: Flights[T] = Flights(
            max_losses=facts.broker.max_sends,
            lease_s=None if timeout_s is None else clock_limit_s(timeout_s) + margin,
        )
        self._outcomes: deque[Outcome[T, Any]] = deque()
        self._round: Round | None = None
        self._evaluated = 0
        self._is_drained = False
        self._has_doubles = False  # copies of tasks that are done may still wait in the queue
        self._lonely_since: float | None = time.monotonic()
        self._reminded = time.monotonic() - _REMIND_S + 5.0  # the first line after five seconds

    def outcomes(self, source: Iterator[T], cancel: threading.Event | None) -> Iterator[Outcome[T, Any]]:
        """See `TaskPool.run`."""
        self._facts.post.listen()
        self._facts.muster.greet_again(time.monotonic())
        next_turn = 0.0
        while True:
            stop_if(cancel)
            # First what was said while the caller was busy: nobody is silent who was not listened to.
            self._listen(0.0)
            now = time.monotonic()
            if now >= next_turn:
                self._look_around(now)
                next_turn = now + _TURN_S
            self._hand_out(source, now)
            if self._is_drained and not len(self._flights) and not self._outcomes:
                return
            if not self._outcomes:
                self._listen(_POLL_S)
            while self._outcomes:
                yield self._outcomes.popleft()
                stop_if(cancel)

    def let_go(self) -> None:
        """Take back what no worker has yet, at the end of the run, whatever ended it."""
        self._facts.post.stop_listening()
        if len(self._flights) or self._has_doubles:
            self._facts.post.clear()

    # What is sent

    def _hand_out(self, source: Iterator[T], now: float) -> None:
        post, flights = self._facts.post, self._flights
        if post.is_away:
            return
        room = self._facts.muster.processes * self._facts.broker.ahead - flights.in_the_air
        while room > 0:
            flight = flights.next_again(now, with_suspects=self._is_drained)
            if flight is None:
                flight = self._next_new(source)
            if flight is None:
                break
            self._send(flight)
            room -= 1
        if self._is_drained and not flights.has_waiting and flights.in_the_air < self._facts.muster.processes:
            free = self._facts.muster.processes - flights.in_the_air
            for slow in flights.stragglers(now)[:free]:
                log.info("%s takes long; it is given to a second worker", slow.label)
                slow.is_doubled = True
                self._send(slow)

    def _next_new(self, source: Iterator[T]) -> Flight[T] | None:
        if self._is_drained:
            return None
        try:
            task = next(source)
        except StopIteration:
            self._is_drained = True
            return self._flights.next_again(time.monotonic(), with_suspects=True)
        self._facts.tasks += 1
        work = self._facts.work
        flight = Flight(task, f"{self._facts.tasks:x}", work.encode(task), work.label_of(task))
        self._flights.add(flight)
        return flight

    def _send(self, flight: Flight[T]) -> None:
        facts = self._facts
        facts.sendings += 1
        number = flight.sends + 1
        self._has_doubles |= number > 1
        request = Request(
            run=facts.run,
            task_id=flight.task_id,
            send=number,
            function=self._name,
            setup=facts.work.setup,
            setup_hash=facts.work.setup_hash,
            task=flight.value,
            timeout_s=self._timeout_s,
            label=flight.label,
        )
        sent = Sent(_sent_id(facts.run, flight.task_id, number), facts.sendings, time.monotonic(), facts.post.epoch)
        self._flights.sent(flight, sent)
        facts.post.send(request)

    # What is heard

    def _listen(self, timeout_s: float) -> None:
        """Wait a little for what workers say, and take in everything that is there."""
        inbox = self._facts.post.inbox
        try:
            said = inbox.get(timeout=timeout_s) if timeout_s else inbox.get_nowait()
            while True:
                self._take_in(said)
                said = inbox.get_nowait()
        except queue.Empty:
            return

    def _take_in(self, said: dict[str, Any] | Round) -> None:
        now = time.monotonic()
        if isinstance(said, Round):
            self._evaluate()
            self._round = said
        elif said.get("type") == "hello":
            self._facts.muster.heard(said, now)
            self._flights.seen(self._facts.muster.holders(), now)
        elif said.get("type") == "answer":
            try:
                answer = from_json(Answer, {key: value for key, value in said.items() if key != "type"})
            except ValueError:
                log.debug("an answer cannot be understood")
                return
            self._take_answer(answer, now)

    def _take_answer(self, answer: Answer, now: float) -> None:
        flight = self._flights.of(answer.task_id) if answer.run == self._facts.run else None
        if flight is None:
            return  # it was answered before, or belongs to a run that was stopped
        sent_id = _sent_id(answer.run, answer.task_id, answer.send)
        worker = str(answer.worker.get("name", "")) if isinstance(answer.worker, dict) else ""
        if answer.kind == "transport":
            self._take_transport(flight, sent_id, answer, worker, now)
        elif answer.kind == "refused":
            self._facts.muster.exclude(worker, answer.text)
            self._facts.post.greet_soon()
            self._flights.lose(flight, sent_id, counts=False)
        elif answer.kind == "killed":
            self._lose(flight, sent_id, counts=True)
        else:
            self._facts.muster.worked(worker)
            self._flights.end(flight, sent_id=sent_id, seconds=answer.seconds)
            self._outcomes.append(self._outcome(flight.task, answer))

    def _outcome(self, task: T, answer: Answer) -> Outcome[T, Any]:
        if answer.kind == "ok":
            try:
                return Outcome(task, self._facts.work.decode(self._name, answer.value), None)
            except ValueError as error:
                log.error("the result of a worker for %r cannot be read: %s", task, error)
                return Outcome(task, None, TaskFailure("bug", f"the result of a worker cannot be read ({error})"))
        if answer.kind == "timeout":
            return Outcome(
                task,
                None,
                TaskFailure(
                    "timeout",
                    f"given up after {self._timeout_s or 0:g} s of processor time, or twice as long in which it only "
                    "waited (performance.photo_timeout_s); raise it if the photo is very large, else re-save the photo",
                ),
            )
        if answer.kind == "stage":
            raise self._facts.work.error_of(answer.value)
        if answer.kind == "bug":
            return outcome_of(task, Reply("bug", value=answer.value, text=answer.text))
        fault, good = fault_told(answer.value)
        return outcome_of(task, Reply("photo", text=answer.text, fault=fault, good=good))

    def _take_transport(self, flight: Flight[T], sent_id: str, answer: Answer, worker: str, now: float) -> None:
        if isinstance(answer.value, dict) and answer.value.get("redelivered"):
            # The broker missed its acknowledgement: its reader died, or lost the connection.
            self._lose(flight, sent_id, counts=self._counts(flight, sent_id))
            return
        if answer.value == IN_PLACE:
            self._facts.muster.gave_back(worker, answer.text, now)
            self._facts.post.greet_soon()
            gone = self._facts.work.gone(flight.task)
            if gone:  # for everybody, so it is not the worker's place
                self._flights.end(flight)
                self._outcomes.append(Outcome(flight.task, None, TaskFailure("failed", gone)))
                return
            flight.value = self._facts.work.encode(flight.task)  # the file may have been replaced since
        else:
            self._facts.muster.could_not_reach(worker, answer.text, now)
        flight.transports += 1
        if flight.transport_since is None:
            flight.transport_since = now
        away_s = now - flight.transport_since
        if flight.transports >= _MIN_TRANSPORTS and away_s > self._facts.broker.patience_s:
            raise ObjectStorageUnavailableError(
                f"worker {worker} could not reach the photos or the place of the results for {away_s:.0f} s "
                f"({answer.text}); see that storage and network are there, and run again: what was analysed so far is "
                "kept"
            )
        pause_s = min(_TRANSPORT_PAUSE_S * 2 ** (flight.transports - 1), _TRANSPORT_LONGEST_S)
        log.warning(
            "%s: worker %s does not reach its files (%s); again in %g s",
            flight.label,
            worker,
            answer.text,
            pause_s,
        )
        self._flights.lose(flight, sent_id, counts=False, not_before=now + pause_s)

    # What is lost

    def _look_around(self, now: float) -> None:
        facts = self._facts
        facts.post.check()
        facts.muster.wake(now)
        is_mute = self._round is not None and now - self._round.at > _MUTE_S
        if facts.post.is_away or is_mute:
            # No greeting goes out, so nobody is silent.
            for known in facts.muster.workers.values():
                known.seen = now
            return
        for gone in facts.muster.silent(now):
            self._lose_all_of(gone)
        for flight, sent in self._flights.overdue(now):
            self._lose(flight, sent.id, counts=self._counts(flight, sent.id))
        self._look_for_workers(now)

    def _evaluate(self) -> None:
        """Look for tasks that nobody holds, when a greeting has been answered by all."""
        last, muster = self._round, self._facts.muster
        if last is None or not muster.ready or not muster.have_all_answered(last.number):
            return
        for flight, sent in self._flights.missing(muster.holders(), last):
            log.debug("%s is nowhere; it is sent again", flight.label)
            self._lose(flight, sent.id, counts=self._counts(flight, sent.id))

    def _lose_all_of(self, worker: Known) -> None:
        for flight, sent in self._flights.lost_with(worker):
            self._lose(flight, sent.id, counts=self._counts(flight, sent.id))

    def _counts(self, flight: Flight[T], sent_id: str) -> bool:
        """Whether a loss counts against the task: not if the broker was away since it was sent."""
        epoch = next((sent.epoch for sent in flight.live if sent.id == sent_id), -1)
        return epoch == self._facts.post.epoch

    def _lose(self, flight: Flight[T], sent_id: str, *, counts: bool) -> None:
        if self._flights.lose(flight, sent_id, counts=counts):
            self._outcomes.append(
                Outcome(
                    flight.task,
                    None,
                    TaskFailure(
                        "killed",
                        f"{flight.losses} worker processes died while they had this photo (killed, out of memory, or a "
                        "crash in a decoder); if it happens again, try fewer processes for each worker or re-save the "
                        "photo",
                    ),
                )
            )

    def _look_for_workers(self, now: float) -> None:
        """Wait for workers, and say so; give up after a while.

        Raises:
            WorkersMissingError: If there are none, or none that can do the work.
        """
        facts = self._facts
        if facts.muster.ready:
            self._lonely_since = None
            return
        if self._lonely_since is None:
            self._lonely_since, self._reminded = now, now - _REMIND_S + 5.0
        preparing = facts.muster.preparing
        if preparing:
            self._lonely_since = now  # it is fetching weights, which may take long
        alone_s = now - self._lonely_since
        refused = "; ".join(f"{known.facts.name}: {known.text}" for known in facts.muster.idle)
        if facts.muster.is_hopeless() and alone_s > min(_HOPELESS_S, facts.broker.patience_s):
            raise WorkersMissingError(
                f"no worker at {facts.broker.address} can do this work: {refused}. Mend that, or set "
                "performance.pool to local"
            )
        if alone_s > facts.broker.patience_s:
            raise WorkersMissingError(
                f"no worker was ready at {facts.broker.address} in {facts.broker.patience_s:g} s (workers.patience_s): "
                "start some with:  python -m curation worker  or set performance.pool to local"
                + (f". Not ready: {refused}" if refused else "")
            )
        if now - self._reminded > _REMIND_S:
            self._reminded = now
            if preparing:
                log.warning("%s is preparing itself, and may have to fetch weights", ", ".join(preparing))
                return
            log.warning(
                "no worker answers at %s yet; start some with: python -m curation worker (waiting for up to %g s)",
                facts.broker.address,
                facts.broker.patience_s,
            )


def _sent_id(run: str, task_id: str, send: int) -> str:
    return f"{run}/{task_id}/{send}"
