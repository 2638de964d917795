"""Opening the log of a process: its own file, the stream in Redis, and a collector if one is named."""

from __future__ import annotations

import itertools
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from curation.services.trail.line import line_of
from curation.services.trail.outlets import Outlet, Sink
from curation.services.trail.step import Step, Trail
from curation.settings.services import ServicesSettings

__all__ = ["OpenTrail", "open_trail"]

_logger = logging.getLogger(__name__)

_CLOSE_S = 3.0


class OpenTrail:
    """Tells each step to several sinks; see `open_trail`."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._outlets = tuple(Outlet(sink) for sink in sinks)
        self._source = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._host = socket.gethostname()
        # Numbers, times and buffers in one order, so that a reader can tell what is missing.
        self._lock = threading.Lock()
        self._is_closed = False

    def tell(self, step: Step) -> None:
        """Note a step; neither waits nor raises."""
        try:
            with self._lock:
                if self._is_closed:
                    return
                line = line_of(
                    step,
                    moment=datetime.now(UTC),
                    pid=os.getpid(),
                    host=self._host,
                    source=self._source,
                    number=next(self._numbers),
                )
                for outlet in self._outlets:
                    outlet.put(line)
        except Exception:
            _logger.exception("a step cannot be noted: %r", step)

    def close(self) -> None:
        """Write what is still waiting, for a few seconds at most."""
        with self._lock:
            self._is_closed = True
        end = time.monotonic() + _CLOSE_S
        for outlet in self._outlets:
            outlet.close(max(0.1, end - time.monotonic()))


def open_trail(settings: ServicesSettings, role: str) -> Trail:
    """Open the log of this process.

    Each step goes to a file of this process in `services.log_dir` (`roles/ROLE-HOST-PID.jsonl`, rotating), to the
    stream `log` in Redis, from which the role logger makes one central log, and to `services.otlp_endpoint` if one is
    set. Whatever of them is away, telling neither blocks nor raises: lines wait in a bounded buffer.

    Args:
        settings: The section `services`.
        role: Name for the file; several roles in one process share a trail, as each step names its own.
    """
    from curation.services.trail.log_files import RoleFile
    from curation.services.trail.log_stream import LogStream

    sinks: list[Sink] = [RoleFile(settings, role), LogStream(settings)]
    if settings.otlp_endpoint is not None:
        from curation.services.trail.otlp import OtlpSink

        sinks.append(OtlpSink(settings.otlp_endpoint))
    return OpenTrail(sinks)
