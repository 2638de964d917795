"""HTTP/2 frames by hand, for clients that no library would be: flooding, slow, or silent."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

__all__ = [
    "CONTINUATION",
    "DATA",
    "GOAWAY",
    "HEADERS",
    "PING",
    "RST_STREAM",
    "SETTINGS",
    "WINDOW_UPDATE",
    "BareClient",
    "Frame",
    "frame",
    "header_block",
    "message",
]

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it came."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame as it is sent."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def header_block(method: str, **more: str) -> bytes:
    """The headers of a gRPC call, each as a literal that nobody has to remember."""
    pairs = {
        ":method": "POST",
        ":scheme": "http",
        ":path": method,
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in pairs.items())


def message(content: bytes) -> bytes:
    """A message of gRPC, as it stands in frames of data."""
    return b"\0" + struct.pack(">I", len(content)) + content


def _text(text: str) -> bytes:
    content = text.encode()
    length = len(content)
    if length < 127:
        return bytes([length]) + content
    length -= 127
    out = bytearray([127])
    while length >= 128:
        out.append(length % 128 + 128)
        length //= 128
    out.append(length)
    return bytes(out) + content


class BareClient:
    """A connection that says nothing but what the test says."""

    def __init__(self, port: int, *, window: int | None = None, timeout_s: float = 30.0) -> None:
        """Connect, and exchange settings.

        Args:
            port: Of the role, on this machine.
            window: How many bytes of each stream this client takes before it says more; None for 65,535.
            timeout_s: After which reading gives up.
        """
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        settings = b"" if window is None else struct.pack(">HI", 4, window)
        self._received = b""
        self.send(_PREFACE + frame(SETTINGS, 0, 0, settings))
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:  # until the server's settings are answered
            frames, is_closed = self.frames(0.05)
            if is_closed or any(each.kind == SETTINGS and not each.flags & ACK for each in frames):
                break

    def send(self, content: bytes) -> None:
        """Send bytes; a connection that was closed is no error here."""
        with suppress(OSError):
            self.socket.sendall(content)

    def call(self, method: str, stream: int = 1, **headers: str) -> None:
        """Begin a call."""
        self.send(frame(HEADERS, END_HEADERS, stream, header_block(method, **headers)))

    def frames(self, within_s: float) -> tuple[list[Frame], bool]:
        """What comes within a time, and whether the connection was closed; pings and settings are answered."""
        end = time.monotonic() + within_s
        found: list[Frame] = []
        while (left_s := end - time.monotonic()) > 0:
            self.socket.settimeout(left_s)
            try:
                content = self.socket.recv(65536)
            except TimeoutError:
                break
            except OSError:
                return found, True
            if not content:
                return found, True
            self._received += content
            while len(self._received) >= 9:
                size = int.from_bytes(self._received[:3], "big")
                if len(self._received) < 9 + size:
                    break
                kind, flags, stream = self._received[3], self._received[4], self._received[5:9]
                each = Frame(kind, flags, int.from_bytes(stream, "big"), self._received[9 : 9 + size])
                self._received = self._received[9 + size :]
                found.append(each)
                if each.kind in (SETTINGS, PING) and not each.flags & ACK:
                    self.send(frame(each.kind, ACK, 0, each.payload if each.kind == PING else b""))
        return found, False

    def frames_until(self, condition: Callable[[list[Frame]], object], within_s: float = 20) -> list[Frame]:
        """What comes until a condition holds for it, the connection is closed, or the time is over."""
        end = time.monotonic() + within_s
        found: list[Frame] = []
        is_closed = False
        while not condition(found) and not is_closed and time.monotonic() < end:
            more, is_closed = self.frames(0.05)
            found += more
        return found

    def is_closed(self, within_s: float) -> bool:
        """Whether the server closes the connection in time."""
        return self.frames(within_s)[1]

    def close(self) -> None:
        """Go."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
