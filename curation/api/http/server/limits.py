"""How much, and how long, a connection may take."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass

from curation.settings import ServiceSettings

__all__ = ["ServerLimits", "limits_of"]

logger = logging.getLogger(__name__)

_OTHER_FILES = 512
"""Files that the process needs besides its connections: databases, photos, pipes of workers."""
_FEWEST_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What is granted to each connection, and to all together.

    Attributes:
        connections: So many at once; then those that only wait make room.
        spare: So many more are told that there is no room, then none is even told.
        patience_s: A header is whole within so many seconds.
        pace_bytes: What must come of a body, or be taken of an answer, in three times that: phones in bad networks do.
        idle_s: A connection on which nothing is asked is kept for so long at least. The shorter, the more often a
            client asks just when it is closed.
        header_bytes: Of the request line and all headers together, and likewise of the trailers of a body and of the
            line of a chunk.
        headers: How many.
        linger_s: A client that is refused while it sends may go on sending for so long: if the connection were closed
            at once, the answer would not arrive.
        silent_s: Of that time, without a byte.
        drained_bytes: The rest of a body that may be read and forgotten, so that the connection can be kept.
    """

    connections: int = 1000
    spare: int = 64
    patience_s: float = 20.0
    pace_bytes: int = 10_000
    idle_s: float = 30.0
    header_bytes: int = 32_768
    headers: int = 128
    linger_s: float = 20.0
    silent_s: float = 2.0
    drained_bytes: int = 65_536


def limits_of(service: ServiceSettings) -> ServerLimits:
    """The limits that the settings ask for, as far as this process may open so many files."""
    return ServerLimits(connections=_possible(service.max_connections), patience_s=service.slow_client_s)


def _possible(wanted: int) -> int:
    """How many connections there can be; the limit of open files is raised for them where that is allowed."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):  # macOS has a limit of its own below the hard one
        raised = soft
    if raised >= needed:
        return wanted
    possible = max(_FEWEST_CONNECTIONS, raised // 2)
    logger.warning("only %d connections at once: this process may open %d files (`ulimit -n`)", possible, raised)
    return possible
