"""Fetching a film or a poster over HTTP within limits of size and time; what is not whole is not kept.

The connection goes to the network address that was checked, while the server is asked, and its certificate checked, by
the host's name. Proxies of the environment are not used: they would look the name up again.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urljoin

from curation import __version__
from curation.domain.report import Progress
from curation.errors import AddressRefusedError
from curation.pipelines.stage import ProgressListener
from curation.pipelines.video.web.addresses import CheckedAddress, Resolver, UrlRule, address_name, checked_address
from curation.storage.atomic import explained
from curation.workers.pool import stop_if

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

__all__ = ["FetchLimits", "fetch"]

_CHUNK_BYTES = 1 << 16
_CONNECT_TIMEOUT_S = 15.0
_READ_TIMEOUT_S = 30.0  # between two pieces of the body
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What may be fetched.

    Attributes:
        rule: `video.urls`.
        max_bytes: Larger files are refused, whatever the server says of their size.
        timeout_s: For everything together: looking up, redirects, the whole body.
        setting: Which setting `max_bytes` comes from, for messages.
        resolve: Looks names up; None asks the operating system.
    """

    rule: UrlRule
    max_bytes: int
    timeout_s: float
    setting: str
    resolve: Resolver | None = None


def fetch(
    address: str,
    target: Path,
    limits: FetchLimits,
    *,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Fetch a file; if it cannot be fetched whole, `target` is not there afterwards.

    Args:
        address: http(s) address.
        target: A new file; its folder exists.
        limits: Of size, time, and where addresses may lead.
        progress: Told of the bytes that have come; the total is 0 where it is not known.
        cancel: When set, fetching stops soon.

    Raises:
        AddressRefusedError: If it must not be fetched, is too large or too slow, or cannot be fetched.
        RunInterruptedError: If `cancel` was set.
        StorageError: If it cannot be written.
    """
    deadline = _Deadline(limits.timeout_s, address_name(address))
    whole = False
    try:
        with target.open("wb") as file:
            _fetch(address, file, limits, deadline, progress, cancel)
        whole = True
    except OSError as error:
        raise explained(error, target, "written") from error
    finally:
        if not whole:
            target.unlink(missing_ok=True)


class _Deadline:
    """The time at which fetching has to be done."""

    def __init__(self, timeout_s: float, name: str) -> None:
        self._end_s = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self.name = name

    def left_s(self) -> float:
        """Seconds until then.

        Raises:
            AddressRefusedError: If there are none.
        """
        left = self._end_s - time.monotonic()
        if left <= 0:
            raise self.error()
        return left

    def is_over(self) -> bool:
        return time.monotonic() >= self._end_s

    def error(self) -> AddressRefusedError:
        return AddressRefusedError(f"{self.name} was not fetched within {self._timeout_s:g} s (video.url_timeout_s)")


def _fetch(
    address: str,
    file: BinaryIO,
    limits: FetchLimits,
    deadline: _Deadline,
    progress: ProgressListener | None,
    cancel: threading.Event | None,
) -> None:
    for _ in range(_MAX_REDIRECTS + 1):
        stop_if(cancel)
        checked = checked_address(address, limits.rule, timeout_s=deadline.left_s(), resolve=limits.resolve)
        with _response(checked, deadline) as response:
            if response.status not in _REDIRECTS:
                _receive(response, file, limits, deadline, progress, cancel)
                return
            place = response.headers.get("Location")
        if not place:
            raise AddressRefusedError(f"{deadline.name} cannot be fetched: the server redirects to nowhere")
        address = urljoin(checked.text, place)
    raise AddressRefusedError(f"{deadline.name} cannot be fetched: it redirects more than {_MAX_REDIRECTS} times")


@contextmanager
def _response(checked: CheckedAddress, deadline: _Deadline) -> Iterator[BaseHTTPResponse]:
    """Ask for an address. Errors of the network in the block are told as those of the address."""
    import urllib3

    line = _Line(checked, deadline)
    pool = line.pool()
    # A server that sends a byte now and then never runs into a timeout of reading; so the line is cut at the end.
    cutter = threading.Timer(deadline.left_s(), line.cut)
    cutter.daemon = True
    cutter.start()
    headers = {
        "User-Agent": f"Curation/{__version__}",
        "Accept": "*/*",
        # Uncompressed: a small body must not become a huge file.
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    try:
        response = pool.urlopen(
            "GET",
            checked.target,
            headers=headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=_READ_TIMEOUT_S),
        )
        try:
            yield response
        finally:
            response.close()
    except (urllib3.exceptions.HTTPError, UnicodeError) as error:
        if deadline.is_over():
            raise deadline.error() from error
        raise AddressRefusedError(f"{deadline.name} cannot be fetched: {_reason(error)}") from error
    finally:
        cutter.cancel()
        pool.close()


class _Line:
    """The way to the network address that was checked, which can be cut at any time."""

    def __init__(self, checked: CheckedAddress, deadline: _Deadline) -> None:
        self._checked = checked
        self._deadline = deadline
        self._socket: socket.socket | None = None
        self._is_cut = False

    def pool(self) -> HTTPConnectionPool:
        """A pool of one connection, which does not look the host up again."""
        import urllib3
        from urllib3.connection import HTTPConnection, HTTPSConnection

        connect = self._connected

        class PinnedConnection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return connect()

        class PinnedSecureConnection(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return connect()

        pool: HTTPConnectionPool
        if self._checked.scheme == "https":
            from certifi import where  # the certificates of all other downloads too

            bundle = os.environ.get("REQUESTS_CA_BUNDLE") or where()
            pool = urllib3.HTTPSConnectionPool(
                self._checked.host, self._checked.port, cert_reqs="CERT_REQUIRED", ca_certs=bundle
            )
            pool.ConnectionCls = PinnedSecureConnection
        else:
            pool = urllib3.HTTPConnectionPool(self._checked.host, self._checked.port)
            pool.ConnectionCls = PinnedConnection
        return pool

    def cut(self) -> None:
        """End the connection, now or as soon as there is one."""
        self._is_cut = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> socket.socket:
        timeout_s = min(_CONNECT_TIMEOUT_S, self._deadline.left_s())
        connected = socket.create_connection((self._checked.ip, self._checked.port), timeout_s)
        # For securing the connection and for the headers; pools set their own for the body.
        connected.settimeout(_READ_TIMEOUT_S)
        self._socket = connected
        if self._is_cut:
            self.cut()
        return connected


def _receive(
    response: BaseHTTPResponse,
    file: BinaryIO,
    limits: FetchLimits,
    deadline: _Deadline,
    progress: ProgressListener | None,
    cancel: threading.Event | None,
) -> None:
    if response.status != 200:
        raise AddressRefusedError(f"{deadline.name} cannot be fetched: the server says {response.status}")
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise AddressRefusedError(f"{deadline.name} is not fetched: the server sends it compressed, unasked")
    if response.headers.get("Content-Type", "").strip().lower().startswith("text/html"):
        raise AddressRefusedError(f"{deadline.name} is a web page; give the address of the file itself")
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0
    _refuse_size(total, limits, deadline)
    done = 0
    while True:
        stop_if(cancel)
        deadline.left_s()
        chunk = response.read1(_CHUNK_BYTES, decode_content=False)
        if not chunk:
            break
        done += len(chunk)
        _refuse_size(done, limits, deadline)
        file.write(chunk)
        if progress is not None:
            progress(Progress(f"downloading {deadline.name}", done, total))
    deadline.left_s()
    if done < total:
        raise AddressRefusedError(f"{deadline.name} cannot be fetched: only {done} of {total} bytes came")
    if not done:
        raise AddressRefusedError(f"{deadline.name} cannot be fetched: nothing came")


def _refuse_size(size: int, limits: FetchLimits, deadline: _Deadline) -> None:
    if size > limits.max_bytes:
        raise AddressRefusedError(
            f"{deadline.name} is not fetched: it has more than {limits.max_bytes / 1e6:g} MB ({limits.setting})"
        )


def _reason(error: Exception) -> str:
    inner: Any = error
    while isinstance(inner, Exception) and inner.args and isinstance(inner.args[-1], Exception):
        inner = inner.args[-1]
    if isinstance(error, TimeoutError) or isinstance(inner, TimeoutError) or "Timeout" in type(error).__name__:
        return "the server does not answer in time"
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
