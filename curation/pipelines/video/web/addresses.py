"""Which web addresses may be fetched: what an address leads to is checked, and then only that is connected to.

A catalogue comes from outside, so its addresses must not reach what only this machine can reach: services on this
machine, a router, the metadata of a cloud. A name is looked up once, everything it stands for is checked, and the
connection goes to a network address that was checked; a name that stands for another machine a moment later gains
nothing. Redirects are addresses like any other.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from curation.errors import AddressRefusedError

__all__ = ["CheckedAddress", "UrlRule", "address_name", "checked_address", "is_address"]

UrlRule = Literal["off", "public", "any"]
"""Addresses are not fetched; none of a private network is; all are: `video.urls`."""

Resolver = Callable[[str, int], list[str]]
"""The network addresses that a host name stands for, given the port too."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PORTS = {"http": 80, "https": 443}
_MAX_LENGTH = 8000
_MAX_NAME = 80
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Private by their purpose, though some versions of Python's tables call parts of them global.
_NEVER = tuple(
    ipaddress.ip_network(text) for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "64:ff9b:1::/48", "2002::/16")
)


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    """An address that may be fetched.

    Attributes:
        scheme: `http` or `https`.
        host: As the address names it, in ASCII; for the Host header and the certificate.
        port: To connect to.
        ip: The network address to connect to, which was checked.
        target: Path and query, for the request line.
        text: The whole address, without its fragment.
    """

    scheme: str
    host: str
    port: int
    ip: str
    target: str
    text: str


def is_address(text: str) -> bool:
    """Whether a text is an address rather than a path: it begins with a scheme, such as `https://`."""
    return _SCHEME.match(text.strip()) is not None


def address_name(text: str) -> str:
    """What messages call an address: host and last part of the path, without anything that may be a secret."""
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
    except ValueError:
        return "an address that cannot be read"
    last = parts.path.rstrip("/").rpartition("/")[2][-_MAX_NAME:]
    shown = "".join(char if char.isprintable() else "?" for char in f"{host[:_MAX_NAME]}/{last}")
    return f"{parts.scheme.lower()}://{shown}" if last else f"{parts.scheme.lower()}://{shown.rstrip('/')}"


def checked_address(
    text: str, rule: UrlRule, *, timeout_s: float = 30.0, resolve: Resolver | None = None
) -> CheckedAddress:
    """Check an address, and look up where it leads.

    Args:
        text: The address.
        rule: `video.urls`.
        timeout_s: How long looking up the name may take.
        resolve: Looks a name up; None asks the operating system.

    Raises:
        AddressRefusedError: If it must not be fetched, or the name is not known.
    """
    name = address_name(text)
    if rule == "off":
        raise AddressRefusedError(
            f"{name} is not fetched: addresses are off; set video.urls to public, or give the path of a file"
        )
    parts, host, port = _parts(text, name)
    ips = _looked_up(host, port, name, timeout_s, resolve or _system_resolver)
    if rule == "public":
        for ip in ips:
            _refuse_private(ip, name)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return CheckedAddress(parts.scheme, host, port, ips[0], _quoted(target), parts._replace(fragment="").geturl())


def _parts(text: str, name: str) -> tuple[SplitResult, str, int]:
    text = text.strip()
    if len(text) > _MAX_LENGTH or any(char.isspace() or not char.isprintable() for char in text):
        raise AddressRefusedError(f"{name} is not fetched: the address is too long, or has spaces in it")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefusedError(f"{name} is not fetched: it is no valid address ({error})") from error
    if parts.scheme not in _PORTS:
        raise AddressRefusedError(
            f"{name} is not fetched: only http and https are; download it, and give the path of the file"
        )
    if not host:
        raise AddressRefusedError(f"{name} is not fetched: it names no host")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError(f"{name} is not fetched: addresses with a user name or password are not taken")
    try:
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressRefusedError(f"{name} is not fetched: its host is no valid name") from error
    return parts, ascii_host, port if port is not None else _PORTS[parts.scheme]


def _quoted(target: str) -> str:
    """A request target in ASCII; what is quoted already stays."""
    return "".join(char if 0x21 <= ord(char) < 0x7F else _percent(char) for char in target)


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def _looked_up(host: str, port: int, name: str, timeout_s: float, resolve: Resolver) -> list[str]:
    """The network addresses of a host; in a thread that is abandoned, as looking up a name has no time limit."""
    found: list[str] = []
    problems: list[str] = []

    def look_up() -> None:
        try:
            found.extend(resolve(host, port))
        except (OSError, UnicodeError) as error:
            problems.append(getattr(error, "strerror", None) or str(error))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(timeout_s, 0.0))
    if thread.is_alive():
        raise AddressRefusedError(f"{name} cannot be fetched: looking up its host took over {timeout_s:.0f} s")
    if not found:
        raise AddressRefusedError(
            f"{name} cannot be fetched: its host is not known ({problems[0] if problems else 'no network address'})"
        )
    return list(dict.fromkeys(found))


def _system_resolver(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _refuse_private(ip: str, name: str) -> None:
    try:
        # A scope (fe80::1%eth0) exists for link-local addresses only.
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError as error:
        raise AddressRefusedError(f"{name} is not fetched: {ip} is no network address") from error
    if not _is_public(address):
        raise AddressRefusedError(
            f"{name} is not fetched: it leads into a private network ({ip}); set video.urls to any if you trust "
            "all addresses that you give"
        )


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address.is_site_local or address.teredo is not None:
            return False
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_reserved
        or address.is_unspecified
    )
