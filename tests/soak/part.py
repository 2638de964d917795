"""What a long run is: a name, how long it usually runs, and a function that breaks things until its time is over."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Soak", "SoakFailed", "SoakPart"]


class SoakFailed(AssertionError):
    """A promise was broken; the message says which one, and with which seed it is seen again."""


@dataclass(slots=True)
class Soak:
    """One run of a part.

    Attributes:
        folder: Empty, of this run alone; it is kept if the run fails.
        seed: All chance comes of it.
        ends_at: `time.monotonic()` at which the part should be over.
        counts: What was done so far, such as kills and requests; printed at the end.
    """

    folder: Path
    seed: int
    ends_at: float
    counts: Counter[str] = field(default_factory=Counter)

    def rounds(self) -> Iterator[random.Random]:
        """A source of chance for each round, until the time is over; at least one round."""
        number = 0
        while number == 0 or time.monotonic() < self.ends_at:
            yield random.Random(f"{self.seed}/{number}")
            number += 1
            self.counts["rounds"] += 1

    def say(self, line: str) -> None:
        """Print a figure."""
        sys.stdout.write(f"  {line}\n")
        sys.stdout.flush()

    def expect(self, condition: object, promise: str) -> None:
        """Fail unless the condition holds.

        Raises:
            SoakFailed: Otherwise, with the seed.
        """
        if not condition:
            raise SoakFailed(f"{promise} (seed {self.seed}, round {self.counts['rounds']})")


@dataclass(frozen=True, slots=True)
class SoakPart:
    """A kind of trouble.

    Attributes:
        name: As the command names it.
        what: One line for the list of parts.
        run: Breaks things until `Soak.ends_at`.
        lacking: What this machine lacks for it, or "" if nothing.
    """

    name: str
    what: str
    run: Callable[[Soak], None]
    lacking: Callable[[], str] = lambda: ""
