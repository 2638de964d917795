"""How clients of the roles connect: options, TLS, token. The same for threads and for asyncio."""

from __future__ import annotations

from pathlib import Path

import grpc

from curation.errors import SettingsError
from curation.settings.services import ServicesSettings

__all__ = ["asyncio_channel", "blocking_channel", "token_metadata"]

_MAX_ANSWER_BYTES = 256 * 2**20
# gRPC waits a second before it connects again, and longer each time; a role is back within a few seconds.
_OPTIONS = (
    ("grpc.max_receive_message_length", _MAX_ANSWER_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.enable_retries", 0),  # we do it, where it can be told in the log
    ("grpc.enable_http_proxy", 0),  # pictures do not leave the machine by a proxy that somebody set for the web
)


def blocking_channel(settings: ServicesSettings, address: str) -> grpc.Channel:
    """A channel for threads; it connects when it is used.

    Raises:
        SettingsError: If the file of certificates cannot be read.
    """
    if _uses_tls(settings):
        return grpc.secure_channel(address, _credentials(settings), options=_OPTIONS)
    return grpc.insecure_channel(address, options=_OPTIONS)


def asyncio_channel(settings: ServicesSettings, address: str) -> grpc.aio.Channel:
    """A channel for asyncio; it connects when it is used.

    Raises:
        SettingsError: If the file of certificates cannot be read.
    """
    if _uses_tls(settings):
        return grpc.aio.secure_channel(address, _credentials(settings), options=_OPTIONS)
    return grpc.aio.insecure_channel(address, options=_OPTIONS)


def token_metadata(settings: ServicesSettings) -> tuple[tuple[str, str], ...]:
    """The metadata of every call: the token, if there is one."""
    if settings.token is None:
        return ()
    return (("authorization", f"Bearer {settings.token.get_secret_value()}"),)


def _uses_tls(settings: ServicesSettings) -> bool:
    return settings.tls_ca is not None or settings.tls_cert is not None


def _credentials(settings: ServicesSettings) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(_bytes_of(settings.tls_ca) if settings.tls_ca is not None else None)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"services.tls_ca: {path} cannot be read: {error.strerror or error}") from error
