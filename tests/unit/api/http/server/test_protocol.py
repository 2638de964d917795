"""Connections that take more than their share, by bare sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from curation.api.http.server import connections
from curation.api.http.server.limits import ServerLimits
from tests.bounded_server import HOST, LARGE_BYTES, Answer, BoundedServer, running

BIG = 40_000_000
LIMITS = ServerLimits(patience_s=0.6, linger_s=10.0, silent_s=1.5)


@pytest.fixture(autouse=True)
def quick_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_LOOK_EVERY_S", 0.1)


@pytest.fixture
def server() -> Iterator[BoundedServer]:
    with running(LIMITS) as found:
        yield found
        assert not found.app.errors


def body(length: int, path: bytes = b"/body", more: bytes = b"") -> bytes:
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + more + b"Content-Length: %d\r\n\r\n" % length


def chunked(after: bytes) -> bytes:
    return b"POST /body HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + after


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: ", b"a" * 65_536),
        (b"GET / HTTP/1.1\r\n" + HOST, b"a: b\r\n" * 10_000),
        (b"GET /", b"a" * 65_536),
        (chunked(b"5;x="), b"a" * 65_536),
        (chunked(b"2\r\nab\r\n0\r\n"), b"a: b\r\n" * 10_000),
    ],
    ids=["header", "headers", "request line", "chunk extension", "trailers"],
)
def test_what_has_no_end_is_refused_with_an_answer_that_arrives(
    server: BoundedServer, begin: bytes, more: bytes
) -> None:
    answer = server.ask(begin, *[more] * (BIG // len(more)))
    assert (answer.status, answer.json["code"]) == (431, "header_too_large")
    assert answer.has_ended
    assert server.ask(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n").status == 200


@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n"], ids=["at once", "after asking"])
def test_the_answer_to_an_upload_that_is_refused_arrives(server: BoundedServer, more: bytes) -> None:
    pieces = [] if more else [b"x" * 100_000] * (BIG // 100_000)
    answer = server.ask(body(BIG, b"/refuse", more), *pieces)
    assert (answer.status, answer.has_ended) == (413, True)
    assert b"100 Continue" not in answer.raw
    assert answer.raw.lower().count(b"connection: close") == 1


def test_a_small_body_that_nobody_reads_leaves_the_connection_open(server: BoundedServer) -> None:
    with server.connect() as client:
        client.sendall(body(10, b"/refuse") + b"0123456789" + body(3) + b"abc")
        answer = server.rest(client, 0.3)
        assert answer.raw.count(b"HTTP/1.1 ") == 2
        assert answer.raw.endswith(b"3")


def test_an_upload_is_read_whole(server: BoundedServer) -> None:
    assert server.ask(body(BIG, more=b"Connection: close\r\n"), b"x" * BIG).raw.endswith(b"%d" % BIG)


def test_an_upload_that_stands_still_for_a_while_goes_on() -> None:
    with running(ServerLimits(patience_s=1.2)) as server, server.connect() as client:
        client.sendall(body(6, more=b"Connection: close\r\n") + b"abc")
        time.sleep(3.2)  # nearly three times as long
        client.sendall(b"def")
        assert server.rest(client).raw.endswith(b"\r\n\r\n6")


def test_many_requests_at_once_on_one_connection_are_answered_in_turn(server: BoundedServer) -> None:
    last = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    answer = server.ask((b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 400 + last)
    assert answer.raw.count(b"HTTP/1.1 200") == 401


def trickled(server: BoundedServer, begin: bytes, each: bytes) -> tuple[Answer, float]:
    """A client that sends a byte now and then."""
    with server.connect() as client:
        began_s = time.monotonic()
        client.sendall(begin)
        client.settimeout(0.1)
        raw = b""
        while time.monotonic() - began_s < 15:
            try:
                if piece := client.recv(10_000):
                    raw += piece
                    continue
                return Answer(raw, has_ended=True), time.monotonic() - began_s
            except TimeoutError:
                client.sendall(each)
            except ConnectionError:
                return Answer(raw, has_ended=True), time.monotonic() - began_s
        return Answer(raw, has_ended=False), time.monotonic() - began_s


def test_slow_clients_are_let_go_all_at_the_same_time(server: BoundedServer) -> None:
    hello = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    slow = [
        (b"GET / HTTP/1.1\r\nX: ", b"a"),
        (b"", b""),
        (body(1000), b"x"),
        (hello + b"GE", b"T"),
        (chunked(b""), b""),
    ]
    with ThreadPoolExecutor(len(slow)) as pool:
        header, silent, sent, second, empty = pool.map(lambda each: trickled(server, *each)[0], slow)
    assert all(answer.has_ended for answer in (header, silent, sent, second, empty))
    assert [header.status, sent.status, empty.status] == [408, 408, 408]
    assert header.json["code"] == sent.json["code"] == "too_slow"
    assert silent.raw == b""
    assert second.raw.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 408 " in second.raw


def test_who_does_not_take_the_answer_is_let_go(server: BoundedServer) -> None:
    with server.connect(receives_bytes=4096) as client:
        client.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        deadline_s = time.monotonic() + 15
        assert server.app.connections is not None
        while not server.app.paths or len(server.app.connections):
            assert time.monotonic() < deadline_s, "it is held"
            time.sleep(0.02)


def test_who_takes_it_slowly_but_takes_it_gets_it_whole(server: BoundedServer) -> None:
    with server.connect(receives_bytes=65_536) as client:
        client.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        came = 0
        pause_until_s = time.monotonic() + 3 * LIMITS.patience_s
        while piece := client.recv(65_536):
            came += len(piece)
            if time.monotonic() < pause_until_s:
                time.sleep(0.02)
    assert came > LARGE_BYTES


def test_who_only_waits_makes_room(server: BoundedServer) -> None:
    with running(ServerLimits(connections=20, spare=2, silent_s=0.2)) as small, ExitStack() as clients:
        idle = [clients.enter_context(small.connect()) for _ in range(60)]
        for client in idle[:30]:
            client.sendall(b"GET /h")
        hello = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        assert [small.ask(hello).status for _ in range(10)] == [200] * 10
        assert small.app.connections is not None
        assert len(small.app.connections) <= 22


def test_when_all_are_at_work_a_new_one_is_told(server: BoundedServer) -> None:
    with running(ServerLimits(connections=5, spare=1)) as small, ExitStack() as clients:
        for _ in range(5):
            clients.enter_context(small.connect()).sendall(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
        deadline_s = time.monotonic() + 15
        while len(small.app.paths) < 5:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        answer = small.ask(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (answer.status, answer.json["code"]) == (503, "too_busy")
        assert b"retry-after: 5" in answer.raw.lower()


def test_the_end_does_not_wait_for_slow_clients(server: BoundedServer) -> None:
    with running(ServerLimits()) as small, ExitStack() as clients:
        for begin in (b"", b"GET /", body(100), b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n"):
            clients.enter_context(small.connect(receives_bytes=4096)).sendall(begin)
        deadline_s = time.monotonic() + 15
        while len(small.app.paths) < 2:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
    # `running` fails if the server is still there.


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500,
        b"GET /health\r\n\r\n",
        b"POST /body HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"POST /body HTTP/1.1\r\n" + HOST + b"Content-Length: -2\r\n\r\nab",
        b"POST /body HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nab",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        chunked(b"-2\r\nab\r\n0\r\n\r\n"),
        chunked(b"2\r\nabc\r\n0\r\n\r\n"),
        b"\x00" * 1000,
    ],
)
def test_what_is_no_request_is_refused_in_the_form_of_all_problems(server: BoundedServer, request_bytes: bytes) -> None:
    answer = server.ask(request_bytes)
    assert (answer.status, answer.json["code"], answer.has_ended) == (400, "bad_request", True)


def test_a_web_socket_is_answered_as_any_other_request(server: BoundedServer) -> None:
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    answer = server.ask(b"GET / HTTP/1.1\r\n" + HOST + upgrade + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    assert answer.status == 200


def test_an_old_client_is_answered(server: BoundedServer) -> None:
    answer = server.ask(b"GET / HTTP/1.0\r\n\r\n")
    assert (answer.status, answer.has_ended) == (200, True)


def test_a_client_that_resets_its_connection_disturbs_nobody(server: BoundedServer) -> None:
    for begin in (b"GET /", body(1000), b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n"):
        client = server.connect()
        client.sendall(begin)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        client.close()
    assert server.ask(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n").status == 200
