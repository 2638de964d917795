"""Where roles listen, and where the others reach them: two different things in containers and behind gateways."""

from __future__ import annotations

import ipaddress

from curation.errors import SettingsError
from curation.services.role import GRPC_ROLES, Role
from curation.settings.services import ServicesSettings

__all__ = ["is_loopback", "listen_address", "peer_address", "refuse_open_listening", "split_address"]

_WILDCARDS = frozenset({"0.0.0.0", "::"})


def listen_address(settings: ServicesSettings, role: Role) -> str:
    """Where a role listens, as HOST:PORT; IPv6 addresses stand in brackets."""
    return _joined(settings.listen.host, _port(settings, role))


def peer_address(settings: ServicesSettings, role: Role) -> str:
    """Where others reach a role, as HOST:PORT: its own setting, else where it listens on this machine."""
    named: str | None = getattr(settings.peers, role.value)
    if named is not None:
        return named
    host = settings.listen.host.strip("[]")
    return _joined("127.0.0.1" if host in _WILDCARDS else host, _port(settings, role))


def split_address(address: str) -> tuple[str, int]:
    """Host (without brackets) and port of HOST:PORT.

    Raises:
        ValueError: If it has another form.
    """
    host, colon, port = address.strip().rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise ValueError(f"{address!r} is not HOST:PORT, such as 127.0.0.1:50051")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine itself can reach what listens on `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_open_listening(settings: ServicesSettings) -> None:
    """Make sure that other machines cannot reach the roles without a token.

    Raises:
        SettingsError: If `services.listen.host` is not a loopback address and there is no token.
    """
    host = settings.listen.host
    if settings.token is None and not is_loopback(host):
        raise SettingsError(
            f"services.listen.host is {host}, so that other machines can reach the services: set services.token "
            "(16 characters or more; preferably in the environment, CURATION_SERVICES__TOKEN), or set the host to "
            "127.0.0.1"
        )


def _joined(host: str, port: int) -> str:
    bare = host.strip("[]")
    return f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"


def _port(settings: ServicesSettings, role: Role) -> int:
    if role not in GRPC_ROLES:
        raise ValueError(f"the role {role} listens on no port")
    port: int = getattr(settings.listen, role.value)
    return port
