"""Clients that flood, are slow or say nothing, by frames of their own: they cost themselves, and nobody else."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from curation.services.addresses import peer_address
from curation.services.answers import ImageToProcess
from curation.services.channels import blocking_channel
from curation.services.client import AttributeClient
from curation.services.role import Role
from curation.services.serving import server
from curation.services.serving.watched_health import WatchedHealth
from curation.settings.services import ServicesSettings
from tests import bare_http2 as bare
from tests.processes import wait_until
from tests.service_roles import FakeAnalyser, roles, services_settings

ONE = "/image_processing.ImageInput/ProcessImage"
MANY = "/image_processing.ImageInput/ProcessImages"
TWO = b"faces 2"


@contextmanager
def served(**values: object) -> Iterator[tuple[int, ServicesSettings]]:
    """A role with a port."""
    settings = services_settings(None, **{"slow_client_s": 1, "max_connections": 8, **values})
    with roles(settings, analyser=FakeAnalyser()) as known:
        yield int(peer_address(known, Role.IMAGE_INPUT).rpartition(":")[2]), known


def is_answered(known: ServicesSettings, within_s: float = 15) -> bool:
    with AttributeClient(known) as client:
        return client.process(TWO, deadline_s=within_s, skip_storage=True).is_complete


def goaways(frames: list[bare.Frame]) -> list[bytes]:
    return [each.payload[8:] for each in frames if each.kind == bare.GOAWAY]


def test_there_are_only_so_many_connections_and_silent_ones_are_closed() -> None:
    with served() as (port, known), ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)) for _ in range(16)]
        began = time.monotonic()
        for each in silent:
            each.settimeout(20)
            try:
                while each.recv(4096):
                    pass
            except ConnectionError:
                pass  # another way of being closed
        assert time.monotonic() - began < 20
        assert is_answered(known)


def test_a_connection_beyond_the_limit_is_closed_at_once() -> None:
    with served(slow_client_s=600) as (port, known), ExitStack() as stack:
        clients = [stack.enter_context(bare.BareClient(port)) for _ in range(9)]
        wait_until(lambda: any(each.is_closed(0.02) for each in clients), "one is closed")
        assert sum(each.is_closed(0.2) for each in clients) == 1
        clients[0].close()
        wait_until(lambda: is_answered(known, 2), "there is room again")


def test_pings_without_end_are_cut() -> None:
    with served() as (port, known), bare.BareClient(port) as client:
        for _ in range(20):
            client.send(bare.frame(bare.PING, 0, 0, bytes(8)))
        frames, is_closed = client.frames(20)
        assert goaways(frames) == [b"too_many_pings"] and is_closed
        assert is_answered(known)


@pytest.mark.parametrize("size", [20_000, 2_000_000])
def test_metadata_beyond_the_limit_are_refused(size: int) -> None:
    with served() as (port, known), bare.BareClient(port) as client:
        block = bare.header_block(ONE, x_large="a" * size)
        client.send(bare.frame(bare.HEADERS, 0, 1, block[:16_000]))
        for at in range(16_000, len(block), 16_000):
            flags = bare.END_HEADERS if at + 16_000 >= len(block) else 0
            client.send(bare.frame(bare.CONTINUATION, flags, 1, block[at : at + 16_000]))

        def refused(frames: list[bare.Frame]) -> bool:
            ended = any(each.stream == 1 and each.kind in (bare.HEADERS, bare.RST_STREAM) for each in frames)
            return ended or bool(goaways(frames))

        assert refused(client.frames_until(refused))
        assert is_answered(known)


def test_a_connection_has_only_so_many_calls() -> None:
    with served() as (port, known), bare.BareClient(port) as client:
        for number in range(150):
            client.call(MANY, 2 * number + 1)

        def refused(frames: list[bare.Frame]) -> int:
            return sum(each.kind == bare.RST_STREAM for each in frames)

        assert refused(client.frames_until(lambda frames: refused(frames) >= 50)) >= 50
        assert is_answered(known)


def test_who_sends_a_picture_too_slowly_is_let_go_whatever_its_deadline() -> None:
    # As many as there are places for one client, and more.
    with served(max_connections=100) as (port, known), ExitStack() as stack:
        slow = [stack.enter_context(bare.BareClient(port)) for _ in range(9)]
        for each in slow:
            each.call(ONE, grpc_timeout="99999999S")
            each.send(bare.frame(bare.DATA, 0, 1, bare.message(bytes(1_000_000))[:100]))
        assert is_answered(known, 30)

        def told(frames: list[bare.Frame]) -> bool:
            return any(b"slow_client_s" in each.payload for each in frames if each.kind == bare.HEADERS)

        assert told(slow[0].frames_until(told))


def test_who_does_not_take_the_answers_of_a_stream_holds_it_only_so_long() -> None:
    with served(streams=2) as (port, known), bare.BareClient(port, window=0) as client:
        client.call(MANY)
        picture = b"\x0a" + bytes([len(TWO)]) + TWO  # image_data
        client.send(bare.frame(bare.DATA, 0, 1, bare.message(picture + b"\x60\x01")))
        time.sleep(0.3)
        # One client has half of the streams; ours waits for its turn.
        with AttributeClient(known) as other:
            answers = list(other.process_many([ImageToProcess(TWO)] * 3))
        assert [each.status for each in answers if each.image is None] == []


def test_a_stream_goes_on_when_its_connection_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_AGE_MS", 300)
    monkeypatch.setattr(server, "_AGE_GRACE_MS", 100)
    with served() as (_, known), AttributeClient(known) as client:

        def pictures() -> Iterator[ImageToProcess]:
            for number in range(12):
                time.sleep(0.1)
                yield ImageToProcess(TWO, str(number), skip_storage=True)

        answers = list(client.process_many(pictures()))
    assert sorted(each.image_id for each in answers) == sorted(map(str, range(12)))
    assert all(each.is_complete for each in answers)


def test_only_so_many_watch_the_health_and_all_may_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "WatchedHealth", partial(WatchedHealth, watched=4))
    with served() as (_, known):
        with blocking_channel(known, peer_address(known, Role.IMAGE_INPUT)) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            watching = [health.Watch(health_pb2.HealthCheckRequest(), timeout=20) for _ in range(2)]
            for each in watching:
                assert next(each).status == health_pb2.HealthCheckResponse.SERVING
            with pytest.raises(grpc.RpcError) as refused:
                next(health.Watch(health_pb2.HealthCheckRequest(), timeout=20))
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            watching[0].cancel()
            assert health.Check(health_pb2.HealthCheckRequest(), timeout=20).status
        assert is_answered(known)


def test_a_connection_that_is_reset_again_and_again_costs_nobody() -> None:
    with served() as (port, known), bare.BareClient(port) as client:
        for number in range(2000):
            stream = 2 * number + 1
            client.call(ONE, stream)
            client.send(bare.frame(bare.RST_STREAM, 0, stream, struct.pack(">I", 8)))
        assert is_answered(known)


def test_who_watches_the_health_and_does_not_take_it_holds_up_neither_others_nor_the_end() -> None:
    with ExitStack() as stack:
        with served(slow_client_s=600) as (port, known):
            silent = stack.enter_context(bare.BareClient(port, window=0))
            silent.call("/grpc.health.v1.Health/Watch")
            silent.send(bare.frame(bare.DATA, bare.END_STREAM, 1, bare.message(b"")))
            silent.frames(0.3)
            with blocking_channel(known, peer_address(known, Role.IMAGE_INPUT)) as channel:
                watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20)
                assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
            began = time.monotonic()
        assert time.monotonic() - began < 20
