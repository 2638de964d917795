"""Who a client is, as far as places are shared."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

__all__ = ["client_of"]

_HERE = "here"
_PREFIX_OF_ONE = 64  # a machine with IPv6 has as many addresses as it likes, all with the same beginning


def client_of(scope: Scope) -> str:
    """The name under which a client has its places.

    Args:
        scope: Of a request. Its address is the one that a proxy tells, if the server trusts the proxy (uvicorn's
            `--forwarded-allow-ips`: by default those of the same machine), else that of the connection.

    Returns:
        The address; of IPv6 the network of 64 bits. All of this machine, whoever comes by a Unix socket, and whatever
        is no address are one client.
    """
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return _HERE
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            if address.is_loopback:
                return _HERE
            return str(ipaddress.ip_network((address.packed, _PREFIX_OF_ONE), strict=False))
        address = address.ipv4_mapped
    return _HERE if address.is_loopback else str(address)
