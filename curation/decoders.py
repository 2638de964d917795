"""Decoding pictures of other people outside of the process that asks for them.

A picture may be made to cost minutes and gigabytes, or to crash a decoder. A program that many rely on, the service,
has processes for that, which can be killed, and says so here; everything that decodes goes through `decoded`. Programs
that work for one user alone have none, and decode where they are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, Protocol, TypeVar

__all__ = [
    "Decoders",
    "GivenUp",
    "decoded",
    "decoders_here",
    "decoders_set",
    "given_up",
    "giving_up",
    "giving_up_when",
]

_LOOK_S = 0.25

P = ParamSpec("P")
R = TypeVar("R")


class GivenUp:
    """Whether whoever asked for a picture still wants it. Thread-safe."""

    def __init__(self) -> None:
        """It is wanted."""
        self._guard = threading.Lock()
        self._is_set = False
        self._told: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether nobody wants it any more."""
        return self._is_set

    def set(self) -> None:
        """Nobody wants it any more; whoever works on it is told."""
        with self._guard:
            self._is_set = True
            told, self._told = self._told, []
        for tell in told:
            tell()

    def tell(self, callback: Callable[[], None]) -> None:
        """Call `callback` when nobody wants it any more; at once if that is so already."""
        with self._guard:
            if not self._is_set:
                self._told.append(callback)
                return
        callback()


class Decoders(Protocol):
    """Carries out what decodes pictures; from any thread."""

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
        """See `decoded`, which passes everything on."""


_decoders: list[Decoders] = []
_gone: ContextVar[GivenUp | None] = ContextVar("gone", default=None)


def decoded(
    function: Callable[..., R],
    *args: Any,
    about: str = "",
    home: str = "",
    seconds: float | None = None,
    patient: bool = False,
) -> R:
    """What a function that decodes a picture returns, called in a decoder process if this process has any.

    Args:
        function: A module-level function, or a `partial` of one.
        args: Its arguments; picklable, as its result is.
        about: Names the picture by its content (a digest, or path, size and time of its file), so that one that
            went beyond the limits is not tried again and again.
        home: Calls of the same home are made in the same process where that is possible, because it keeps something.
        seconds: Processor time that the call may take; None for what a picture may take.
        patient: Wait for its turn however long that takes, as jobs do, instead of being refused.

    Raises:
        PhotoError: If the picture cannot be decoded within the limits; and whatever else the function raises.
        DecodersBusyError: If too many others wait already, nobody wants the picture any more, or the program is ending.
        RunInterruptedError: If it is patient, and the program is ending.
    """
    if not _decoders:
        return function(*args)
    result: R = _decoders[-1].run(
        function, args, about=about, home=home, gone=_gone.get(), seconds=seconds, patient=patient
    )
    return result


def decoders_here() -> Decoders | None:
    """The decoder processes of this process; None if it decodes in itself."""
    return _decoders[-1] if _decoders else None


@contextmanager
def decoders_set(decoders: Decoders) -> Iterator[None]:
    """A block in which this process decodes in other processes, from all of its threads."""
    _decoders.append(decoders)
    try:
        yield
    finally:
        _decoders.remove(decoders)


def given_up() -> GivenUp | None:
    """Whether what this thread works for is still wanted; None if that cannot be known."""
    return _gone.get()


@contextmanager
def giving_up(gone: GivenUp) -> Iterator[None]:
    """A block whose pictures are wanted until `gone` is set; threads that it starts with its context know of it."""
    token = _gone.set(gone)
    try:
        yield
    finally:
        _gone.reset(token)


@contextmanager
def giving_up_when(cancel: threading.Event) -> Iterator[None]:
    """A block whose pictures are wanted until `cancel` is set, as jobs have it; nobody need tell anybody else."""
    gone, is_over = GivenUp(), threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            if cancel.wait(_LOOK_S):
                gone.set()
                return

    threading.Thread(target=watch, name="giving-up", daemon=True).start()
    try:
        with giving_up(gone):
            yield
    finally:
        is_over.set()
