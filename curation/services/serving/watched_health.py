"""`grpc.health.v1`: the state of each service; whoever watches it and does not take it holds up nobody.

The one that comes with gRPC sends to a watcher while it holds a lock which all others need, and the end of the server.
"""

from __future__ import annotations

import asyncio

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from curation.errors import TooBusyError
from curation.services.serving.clients import Shares, client_of

__all__ = ["WatchedHealth"]

_STATES = health_pb2.HealthCheckResponse
_WATCHED = 500


class WatchedHealth(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # grpc has no types
    """Tells the states of services; to be used in one event loop."""

    def __init__(self, *, slow_client_s: float, watched: int = _WATCHED) -> None:
        """Know no service.

        Args:
            slow_client_s: A watcher that does not take a state for so long is let go.
            watched: How many may watch at a time, half of them for one client; nobody needs a token for it.
        """
        self._states: dict[str, int] = {}
        self._is_ending = False
        self._slow_client_s = slow_client_s
        self._watched = Shares("calls that watch the health", watched, max(1, watched // 2))
        self._changed = asyncio.Event()

    def set(self, service: str, state: int) -> None:
        """Set the state of a service; without effect when the end has begun."""
        if not self._is_ending:
            self._states[service] = state
            self._tell()

    def end(self) -> None:
        """Say from now on that nothing is served."""
        self._is_ending = True
        self._states = dict.fromkeys(self._states, _STATES.NOT_SERVING)
        self._tell()

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        """The state of a service."""
        if request.service not in self._states:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return _STATES(status=self._states[request.service])

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext) -> None:
        """The state of a service, and its changes."""
        try:
            with self._watched.one(client_of(context.peer())):
                await self._watch(request.service, context)
        except TooBusyError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))

    async def _watch(self, service: str, context: grpc.aio.ServicerContext) -> None:
        told: int | None = None
        while True:
            changed = self._changed
            state = self._states.get(service, _STATES.SERVICE_UNKNOWN)
            if state != told:
                try:
                    async with asyncio.timeout(self._slow_client_s):
                        await context.write(_STATES(status=state))
                except TimeoutError as error:
                    raise asyncio.CancelledError from error  # there is no way to tell it
                told = state
            await changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
