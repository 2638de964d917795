"""A transport that is closed politely: what was answered arrives, and nobody is waited for without end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

__all__ = ["PoliteTransport"]


class PoliteTransport(asyncio.Transport):
    """Stands between the protocol and the real transport.

    A socket that is closed while its client still sends is reset, and the client may lose the answer that came before.
    So the sending side is closed first, and what comes is forgotten for a while (`Connections` ends it). What is
    written or asked of a connection that has gone is ignored: uvloop would raise an error for each.
    """

    def __init__(self, inner: asyncio.Transport, has_more_to_come: Callable[[], bool]) -> None:
        """Wrap a transport.

        Args:
            inner: The real one.
            has_more_to_come: Whether the client may still be sending, when the connection is closed.
        """
        super().__init__()
        self._inner = inner
        self._has_more_to_come = has_more_to_come
        self.closed_at_s: float | None = None
        self._written_bytes = 0

    @property
    def taken_bytes(self) -> int:
        """How much of all that was written has left this process."""
        return self._written_bytes - self.get_write_buffer_size()

    def close(self) -> None:
        """Send what is written, and end; at once if the client sends no more."""
        if self.closed_at_s is not None:
            return
        self.closed_at_s = time.monotonic()
        if self._inner.is_closing():
            return
        if not self._has_more_to_come() or not self._inner.can_write_eof():
            self._inner.close()
            return
        self._inner.write_eof()
        self._inner.resume_reading()

    def abort(self) -> None:
        """End at once, whatever is lost."""
        self.closed_at_s = self.closed_at_s or time.monotonic()
        self._inner.abort()

    def is_closing(self) -> bool:
        """Whether it was closed, by either side."""
        return self.closed_at_s is not None or self._inner.is_closing()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send, unless nobody is there any more."""
        if not self.is_closing():
            self._written_bytes += len(data)
            self._inner.write(data)

    def pause_reading(self) -> None:
        """Let the client wait."""
        if not self.is_closing():
            self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Go on."""
        if not self.is_closing():
            self._inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        """How many bytes the client has not taken."""
        return 0 if self._inner.is_closing() else self._inner.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Of the real transport."""
        return self._inner.get_extra_info(name, default)
