"""A gRPC server for the roles of one process: ports, TLS, token, health, reflection, and its end without loss."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from curation.errors import SettingsError
from curation.services.addresses import listen_address, refuse_open_listening
from curation.services.protocol.names import SERVICE_OF_ROLE
from curation.services.role import Role
from curation.services.serving.calls import CallRunner
from curation.services.serving.watched_health import WatchedHealth
from curation.settings.services import ServicesSettings

__all__ = ["RoleServer"]

log = logging.getLogger(__name__)

_HEALTH = "/grpc.health.v1.Health/"
_WATCHERS_S = 0.2  # that whoever watches the health has to hear of the end
# Of gRPC itself. Above services.max_image_mb, so that larger pictures get an answer with a sentence; far larger ones
# are not even received.
_MESSAGE_PER_IMAGE = 2
_MESSAGE_BYTES = 1_000_000
_UNREAD_BYTES = 2**20
_CALLS = 10_000  # of all kinds; far beyond what is worked on or waits, each of them takes some 13 kB
_CALLS_PER_CONNECTION = 100
_METADATA_BYTES = 8 * 2**10
_MINUTE_MS = 60_000
_IDLE_MS = 5 * _MINUTE_MS
_AGE_MS = 60 * _MINUTE_MS
_AGE_GRACE_MS = 5 * _MINUTE_MS
_PING_MS = _MINUTE_MS
_PONG_MS = 20_000
_PING_STRIKES = 2

Handlers = Mapping[Role, Mapping[str, grpc.RpcMethodHandler]]


class RoleServer:
    """Serves roles; to be used in one event loop."""

    def __init__(self, settings: ServicesSettings, handlers: Handlers, runner: CallRunner) -> None:
        """Bind the ports; nothing is answered before `start`.

        Args:
            settings: Addresses, limits, token and TLS.
            handlers: For each role its methods by name.
            runner: That made the handlers.

        Raises:
            SettingsError: If an address cannot be used, other machines could reach it without a token, or a file of
                TLS cannot be read.
        """
        refuse_open_listening(settings)
        self._settings = settings
        self._runner = runner
        limit = int(settings.max_image_mb * 1e6) * _MESSAGE_PER_IMAGE + _MESSAGE_BYTES
        self._server = grpc.aio.server(
            maximum_concurrent_rpcs=_CALLS,
            interceptors=[_TokenGuard(settings.token.get_secret_value())] if settings.token is not None else [],
            options=[
                ("grpc.max_receive_message_length", min(limit, 2**31 - 1)),
                ("grpc.max_send_message_length", -1),
                # Otherwise a second server on the same port would silently get half of the calls.
                ("grpc.so_reuseport", 0),
                # What gRPC itself takes in of a request that is not read yet; by its own estimate, whole pictures.
                ("grpc.http2.bdp_probe", 0),
                ("grpc.http2.lookahead_bytes", _UNREAD_BYTES),
                *_connection_limits(settings),
            ],
        )
        names = [SERVICE_OF_ROLE[role] for role in handlers]
        for role, methods in handlers.items():
            generic = grpc.method_handlers_generic_handler(SERVICE_OF_ROLE[role], dict(methods))
            self._server.add_generic_rpc_handlers((generic,))
        self._health = WatchedHealth(slow_client_s=settings.slow_client_s)
        self._health_names = ["", *names]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection([*names, _HEALTH.strip("/"), reflection.SERVICE_NAME], self._server)
        self._addresses = {role: self._bound(role) for role in handlers}

    @property
    def addresses(self) -> Mapping[Role, str]:
        """Where each role listens, HOST:PORT, with the real port where the settings say 0."""
        return self._addresses

    async def start(self) -> None:
        """Answer from now on."""
        await self._server.start()
        for name in self._health_names:
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def set_serving(self, role: Role, *, is_serving: bool) -> None:
        """Say whether a role can do its work, to whoever asks for its health."""
        states = health_pb2.HealthCheckResponse
        self._health.set(SERVICE_OF_ROLE[role], states.SERVING if is_serving else states.NOT_SERVING)

    async def stop(self, *, drain_s: float) -> None:
        """End: take nothing new, answer what was begun, but not longer than `drain_s`."""
        self._health.end()
        stopping = asyncio.ensure_future(self._server.stop(drain_s))
        await self._runner.drain(drain_s)
        await self._server.stop(_WATCHERS_S)
        await stopping

    def _bound(self, role: Role) -> str:
        address = listen_address(self._settings, role)
        try:
            if self._settings.tls_cert is not None and self._settings.tls_key is not None:
                pair = (_read(self._settings.tls_key, "tls_key"), _read(self._settings.tls_cert, "tls_cert"))
                port = self._server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
            else:
                port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise _not_bound(role, address) from error
        if not port:
            raise _not_bound(role, address)
        host = address.rpartition(":")[0]
        return f"{host}:{port}"


def _connection_limits(settings: ServicesSettings) -> list[tuple[str, int]]:
    """What gRPC itself lets a client do with its connections."""
    begin_ms = int(settings.slow_client_s * 1000)
    return [
        ("grpc.max_allowed_incoming_connections", settings.max_connections),
        ("grpc.server_handshake_timeout_ms", begin_ms),
        ("grpc.http2.settings_timeout", begin_ms),
        ("grpc.max_concurrent_streams", _CALLS_PER_CONNECTION),
        # A connection without a call is closed, and one that is old is replaced: whoever does not take an answer has it
        # until then, since it still answers pings.
        ("grpc.max_connection_idle_ms", _IDLE_MS),
        ("grpc.max_connection_age_ms", _AGE_MS),
        ("grpc.max_connection_age_grace_ms", _AGE_GRACE_MS),
        # Whoever is not there any more is noticed, and who sends pings all the time is cut.
        ("grpc.keepalive_time_ms", _PING_MS),
        ("grpc.keepalive_timeout_ms", _PONG_MS),
        ("grpc.http2.min_ping_interval_without_data_ms", _PING_MS),
        ("grpc.http2.max_ping_strikes", _PING_STRIKES),
        ("grpc.max_metadata_size", _METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", 2 * _METADATA_BYTES),
    ]


class _TokenGuard(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Lets calls pass that carry the token. Whether a role is well may be asked without: supervisors do."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """Refuse the call or pass it on; a refused one is not read."""
        if handler_call_details.method.startswith(_HEALTH) or self._has_token(handler_call_details):
            return await continuation(handler_call_details)
        return grpc.stream_unary_rpc_method_handler(_refuse)

    def _has_token(self, details: grpc.HandlerCallDetails) -> bool:
        given = [value for key, value in details.invocation_metadata or () if key == "authorization"]
        return any(hmac.compare_digest(_bytes(value), self._expected) for value in given)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


async def _refuse(_: object, context: grpc.aio.ServicerContext) -> None:
    await context.abort(
        grpc.StatusCode.UNAUTHENTICATED,
        "these services require their token (services.token): send it as metadata `authorization: Bearer ...`",
    )


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"services.{key}: {path} cannot be read: {error.strerror or error}") from error


def _not_bound(role: Role, address: str) -> SettingsError:
    return SettingsError(
        f"the role {role} cannot listen on {address}: another program listens there, or the address is not of this "
        f"machine; `python -m curation services status` tells what runs, services.listen.{role} sets another port"
    )
