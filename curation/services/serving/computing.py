"""Who of a process's threads computes: as many as there are cores, without those that wait long for a decoder.

A picture that is slow to decode costs the processor of its decoder process, and nothing here: while it waits, the next
picture is worked on. Most pictures are decoded in a moment; their threads keep their turn, so that pictures which are
decoded already never pile up in memory.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from curation.decoders import Decoders, GivenUp, given_up
from curation.errors import DecodersBusyError

__all__ = ["Computing", "WithoutTurn"]

_SLOW_S = 1.0
_LOOK_S = 0.1
_UNWANTED = "nobody waits for the picture any more"


class _Turn:
    """Of one thread: since when it waits for a decoder, by `time.monotonic`; None while it computes."""

    def __init__(self) -> None:
        self.waits_since: float | None = None


class Computing:
    """Turns to compute, in the order of coming. Thread-safe."""

    def __init__(self, count: int, *, slow_s: float = _SLOW_S) -> None:
        """Set the limits.

        Args:
            count: How many threads compute at the same time.
            slow_s: Who has waited so long for a decoder has no turn until the decoder has answered.
        """
        self._count = count
        self._slow_s = slow_s
        self._changed = threading.Condition()
        self._turns: list[_Turn] = []
        self._waiting: deque[object] = deque()
        self._own = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A block that this thread computes in, as soon as it is its turn.

        Raises:
            DecodersBusyError: If nobody wants the result any more before it is its turn.
        """
        turn = _Turn()
        self._enter(turn)
        self._own.turn = turn
        try:
            yield
        finally:
            self._own.turn = None
            self._leave(turn)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A block in which this thread waits for a decoder; if it takes long, others have its turn meanwhile.

        Raises:
            DecodersBusyError: As `turn`, at the end of the block.
        """
        turn: _Turn | None = getattr(self._own, "turn", None)
        if turn is None:
            yield
            return
        with self._changed:
            turn.waits_since = time.monotonic()
        has_failed = True
        try:
            yield
            has_failed = False
        finally:
            with self._changed:
                is_slow = self._is_slow(turn)
                if is_slow:
                    self._turns.remove(turn)
                turn.waits_since = None
            if is_slow and not has_failed:  # what has failed is not gone on with
                self._enter(turn)

    def _enter(self, turn: _Turn) -> None:
        ticket = object()
        gone = given_up()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while self._waiting[0] is not ticket or self._busy() >= self._count:
                    if gone is not None and gone.is_set:
                        raise DecodersBusyError(_UNWANTED)
                    # Nobody tells when a thread that waits for a decoder becomes slow.
                    self._changed.wait(_LOOK_S)
                if gone is not None and gone.is_set:
                    raise DecodersBusyError(_UNWANTED)
                self._turns.append(turn)
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _leave(self, turn: _Turn) -> None:
        with self._changed:
            if turn in self._turns:
                self._turns.remove(turn)
            self._changed.notify_all()

    def _busy(self) -> int:
        return sum(not self._is_slow(turn) for turn in self._turns)

    def _is_slow(self, turn: _Turn) -> bool:
        return turn.waits_since is not None and time.monotonic() - turn.waits_since > self._slow_s


class WithoutTurn:
    """Decoders whose callers have no turn to compute while they wait long; see `curation.decoders.decoders_set`."""

    def __init__(self, decoders: Decoders, computing: Computing) -> None:
        """Set the parts."""
        self._decoders = decoders
        self._computing = computing

    def run(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        *,
        about: str,
        home: str,
        gone: GivenUp | None,
        seconds: float | None,
        patient: bool,
    ) -> Any:
        """See `curation.decoders.Decoders`."""
        with self._computing.waiting():
            return self._decoders.run(
                function, args, about=about, home=home, gone=gone, seconds=seconds, patient=patient
            )
