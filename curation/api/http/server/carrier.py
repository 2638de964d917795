"""Bounding the server that carries the application, whoever started it.

`make serve`, the image and `uvicorn main_api:app` with any options all start the application by the same protocol, and
the server listens only afterwards. So it gets its limits there, in one place, and cannot be started without them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.types import Receive
from uvicorn.config import Config

from curation.api.http.server.connections import Connections
from curation.api.http.server.limits import ServerLimits
from curation.api.http.server.protocol import BoundedProtocol

__all__ = ["bound_server"]


def bound_server(receive: Receive, limits: ServerLimits) -> Connections | None:
    """Bound the connections of the server that starts the application.

    Args:
        receive: That of the application's lifespan.
        limits: What is granted to them.

    Returns:
        Its connections; None if it is not uvicorn, or not one that this version knows.
    """
    # uvicorn gives the method of the object that holds its configuration, and makes a protocol for each connection of
    # what stands there then.
    config: Any = getattr(getattr(receive, "__self__", None), "config", None)
    if not isinstance(config, Config):
        return None
    connections = Connections(limits)
    config.http_protocol_class = partial(BoundedProtocol, connections=connections)  # type: ignore[assignment]
    return connections
