"""Which workers there are, as a parent sees it: who is ready, who was refused and why, who holds which task."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import curation
from curation.parsing.not_valid import PARSER_ERRORS
from curation.workers.distributed.messages import PROTOCOL, WorkerFacts, from_json

__all__ = ["SILENT_S", "Known", "Muster", "WorkerKey"]

log = logging.getLogger(__name__)

WorkerKey = tuple[str, float]
"""Name and start of a worker."""

SILENT_S = 10.0
"""A worker that did not answer greetings for that long is gone; it would have answered five."""

_RESTING_S = 30.0  # for a worker that cannot reach the photos while others can
_TRANSPORTS_IN_A_ROW = 3
_PLACE_RESTING_S = 60.0  # for one whose own folder or disk fails again and again, though it finds nothing wrong


@dataclass(slots=True)
class Known:
    """A worker and what it said last.

    Attributes:
        facts: Who it is.
        since: When it was started, in Unix seconds; tells it from an earlier one of the same name.
        state: `ready`, `preparing` or `refused`.
        text: Why it is refused.
        seen: When it answered last, on the monotonic clock.
        round: Number of the greeting that it answered.
        held: Ids of the sent tasks that it has.
        transports: How many tasks in a row it could not do because of storage or network.
    """

    facts: WorkerFacts
    since: float
    state: str
    text: str
    seen: float
    round: int
    held: Collection[str] = ()
    transports: int = 0

    @property
    def key(self) -> WorkerKey:
        """Its name and its start."""
        return self.facts.name, self.since


@dataclass(slots=True)
class Muster:
    """All workers that answered.

    Attributes:
        workers: By name and start: one that was started again under its name is another one.
        excluded: Workers that are not to take tasks: name, and why.
    """

    workers: dict[WorkerKey, Known] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    _resting: dict[str, float] = field(default_factory=dict)

    def heard(self, hello: Mapping[str, Any], now: float) -> None:
        """Take in the answer to a greeting."""
        try:
            facts = from_json(WorkerFacts, hello.get("worker"))
            state, text = str(hello["state"]), str(hello["text"])
            since, number = float(hello["since"]), int(hello["round"])
            held = frozenset(map(str, hello["held"]))
        except PARSER_ERRORS:  # also a number that is too large to be a time
            log.debug("an answer to a greeting cannot be understood")
            return
        if state == "ready" and (facts.program != curation.__version__ or facts.protocol != PROTOCOL):
            state, text = "refused", f"it is version {facts.program}, and this program is {curation.__version__}"
            self.excluded[facts.name] = text
        known = Known(facts, since, state, text, now, number, held)
        before = self.workers.get(known.key)
        if before is not None:
            known.transports = before.transports
        self.workers[known.key] = known
        if before is None or (before.state, before.text) != (state, text):
            self._tell(known)

    def _tell(self, known: Known) -> None:
        name, facts = known.facts.name, known.facts
        if known.state == "ready":
            log.info("worker %s takes part: %d processes on %s (%s)", name, facts.processes, facts.host, facts.cpu)
        elif known.text:
            log.warning("worker %s takes no part%s: %s", name, "" if known.state == "refused" else " yet", known.text)

    def silent(self, now: float) -> list[Known]:
        """Take out the workers that did not answer for a while."""
        gone = [known for known in self.workers.values() if now - known.seen > SILENT_S]
        for known in gone:
            if known.state == "ready":
                log.warning("worker %s does not answer any more", known.facts.name)
            del self.workers[known.key]
        return gone

    def exclude(self, name: str, why: str) -> None:
        """Let a worker take no more tasks of this run."""
        self.excluded[name] = why
        for known in self._named(name):
            known.state, known.text = "refused", why
            self._tell(known)

    def could_not_reach(self, name: str, why: str, now: float) -> None:
        """Count a task that a worker could not do because of storage or network.

        If other workers are there, one that fails again and again rests for a while: else it would take one task after
        the other from those that can do them.
        """
        failed = 0
        for known in self._named(name):
            known.transports += 1
            failed = max(failed, known.transports)
        others = any(each.state == "ready" and not each.transports for each in self.workers.values())
        if failed >= _TRANSPORTS_IN_A_ROW and others and name not in self.excluded:
            log.warning("worker %s rests for %g s: %s", name, _RESTING_S, why)
            self.excluded[name] = why
            self._resting[name] = now + _RESTING_S

    def gave_back(self, name: str, why: str, now: float) -> None:
        """Note that a worker gave a task back because of a folder or disk of its own: it takes none until it said more.

        One that does so again and again rests, whether others are there or not: it finds nothing wrong, but what it
        has are not the photos of this run.
        """
        for known in self._named(name):
            known.transports += 1
            if known.state == "ready":
                known.state, known.text = "preparing", why
                self._tell(known)
            if known.transports >= _TRANSPORTS_IN_A_ROW and name not in self.excluded:
                self.exclude(name, why)
                self._resting[name] = now + _PLACE_RESTING_S

    def worked(self, name: str) -> None:
        """Note that a worker has done a task."""
        for known in self._named(name):
            known.transports = 0

    def _named(self, name: str) -> list[Known]:
        return [known for known in self.workers.values() if known.facts.name == name]

    def greet_again(self, now: float) -> None:
        """Take the workers as they were when they were last listened to, as if they had just answered."""
        for known in self.workers.values():
            known.seen = now

    def wake(self, now: float) -> None:
        """Let workers that rested take tasks again."""
        for name in [name for name, until in self._resting.items() if until <= now]:
            del self._resting[name]
            self.excluded.pop(name, None)

    @property
    def ready(self) -> list[Known]:
        """The workers that take tasks."""
        return [known for known in self.workers.values() if known.state == "ready"]

    @property
    def processes(self) -> int:
        """How many tasks they work on at once."""
        return sum(max(1, known.facts.processes) for known in self.ready)

    @property
    def preparing(self) -> list[str]:
        """The names of workers that are preparing themselves: they may be fetching weights."""
        return [each.facts.name for each in self.workers.values() if each.state == "preparing" and not each.text]

    @property
    def idle(self) -> list[Known]:
        """The workers that take none, and say why."""
        return [known for known in self.workers.values() if known.state != "ready" and known.text]

    def is_hopeless(self) -> bool:
        """Whether there are workers, and none of them can take part for now."""
        return bool(self.workers) and all(known.state == "refused" for known in self.workers.values())

    def holders(self) -> dict[str, Known]:
        """Who holds which sent task."""
        return {sent: known for known in self.workers.values() for sent in known.held}

    def have_all_answered(self, number: int) -> bool:
        """Whether every worker that takes tasks has answered this greeting or a later one."""
        return all(known.round >= number for known in self.ready)
