"""Keeping messages of native libraries off the user's terminal."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

__all__ = ["NativeMessages", "native_messages_caught"]

_STDERR_FD = 2
_MAX_CHARS = 10_000
_lock = threading.RLock()


@dataclass(slots=True)
class NativeMessages:
    """What was printed within the block; empty until the block ends."""

    text: str = ""


def _sink() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("native-messages"), "w+b")
    return cast(BinaryIO, tempfile.TemporaryFile())


@contextmanager
def native_messages_caught() -> Iterator[NativeMessages]:
    """Catch what libtiff and LibRaw print to the process's standard error, bypassing Python.

    Other threads' messages within the block are caught as well, so keep it short. Only one thread at a
    time can be in such a block.
    """
    messages = NativeMessages()
    with _lock:
        try:
            kept = os.dup(_STDERR_FD)
        except OSError:  # a service without standard error: nothing to catch
            yield messages
            return
        try:
            with _sink() as sink:
                os.dup2(sink.fileno(), _STDERR_FD)
                try:
                    yield messages
                finally:
                    os.dup2(kept, _STDERR_FD)
                    sink.seek(0)
                    messages.text = sink.read(_MAX_CHARS).decode("utf-8", "replace")
        finally:
            os.close(kept)
