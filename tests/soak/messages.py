"""Hostile messages to every method of every role, hostile results in Redis, and hostile entries of the queue.

Roles answer with the statuses of docs/services.md, never INTERNAL or UNKNOWN, streams go on after what cannot be read,
and all roles are well afterwards. Each entry of the queue ends, and the consumer works on what comes behind it.
"""

from __future__ import annotations

import hashlib
import logging
import random
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import redis

from curation.services.addresses import peer_address
from curation.services.client import AttributeClient
from curation.services.queue import scripts
from curation.services.queue.pictures import PictureQueue
from curation.services.results import AGE_GENDER_FIELD, LANDMARK_FIELD
from curation.services.role import Role
from curation.settings.services import ServicesSettings
from tests import queue_world, service_roles
from tests.hostile.messages import hostile_entry, hostile_message, hostile_metadata
from tests.hostile_files import WHOLE_FILES
from tests.redis_server import RedisServer, started
from tests.soak.part import Soak, SoakPart

__all__ = ["METHODS", "PART", "POSSIBLE", "poison", "queue_trouble", "trouble_of_call", "trouble_of_stream"]

METHODS = {
    "/image_processing.ImageInput/ProcessImage": Role.IMAGE_INPUT,
    "/image_processing.FaceLandmarkDetection/DetectLandmarks": Role.LANDMARKS,
    "/image_processing.AgeGenderEstimation/EstimateAgeGender": Role.AGE_GENDER,
    "/image_processing.DataStorage/StoreData": Role.STORAGE,
}
_STREAM = "/image_processing.ImageInput/ProcessImages"
_OTHERS = ("/image_processing.ImageInput/Nothing", "/", "/grpc.health.v1.Health/Check", "//", "/a/b/c")
POSSIBLE = frozenset(
    {
        *("OK", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "DEADLINE_EXCEEDED"),
        *("FAILED_PRECONDITION", "CANCELLED"),
    }
)
_WAIT_S = 30.0
_END_S = 90.0
_CALLS = 150
_ENTRIES = 40


def trouble_of_call(channel: grpc.Channel, method: str, content: bytes, metadata: Any, timeout_s: float) -> str:
    """Send bytes to a method; returns what is wrong with its answer, empty if nothing."""
    call = channel.unary_unary(method)
    try:
        call(content, timeout=timeout_s, metadata=metadata)
    except grpc.RpcError as error:
        status = error.code().name
        possible = POSSIBLE | ({"UNIMPLEMENTED", "INTERNAL", "UNKNOWN"} if method in _OTHERS else set())
        if status not in possible:
            return f"{method} answers {status}: {error.details()}"
    return ""


def trouble_of_stream(channel: grpc.Channel, messages: list[bytes], chance: random.Random) -> str:
    """Send a stream of pictures, sometimes cut; each gets its answer unless it was cut."""
    is_cut = chance.random() < 0.3

    def sent() -> Iterator[bytes]:
        yield from messages
        if is_cut:
            raise RuntimeError("the client fails in the middle")

    answers = channel.stream_stream(_STREAM)(sent(), timeout=_WAIT_S)
    got = 0
    try:
        for _ in answers:
            got += 1
            if is_cut and chance.random() < 0.2:
                answers.cancel()
    except grpc.RpcError as error:
        if not is_cut:
            return f"the stream ends with {error.code().name}: {error.details()}"
    return "" if is_cut or got == len(messages) else f"{got} answers for {len(messages)} messages"


def poison(client: redis.Redis, chance: random.Random) -> None:
    """Lay something that no role wrote where the result of the picture `faces 1` is looked for."""
    key = hashlib.sha256(b"faces 1").hexdigest()
    client.delete(key)
    value = chance.choice(
        (*(whole[:5000] for whole in WHOLE_FILES), b'{"curation": {"faces": [1]}}', b'{"curation": 5}')
    )
    match chance.randrange(4):
        case 0:
            client.rpush(key, value)
        case 1:
            client.set(key, value)
        case _:
            for name in (LANDMARK_FIELD, AGE_GENDER_FIELD, f"{LANDMARK_FIELD}_weights", "engine", "other"):
                if chance.random() < 0.6:
                    client.hset(key, name, value if chance.random() < 0.7 else b"\xff")


def queue_trouble(server: RedisServer, settings: ServicesSettings, chance: random.Random, entries: int) -> str:
    """Put hostile entries and good pictures into the queue, and wait until all have ended; empty if they have."""
    client = redis.Redis(server.host, server.port)
    client.flushdb()
    with PictureQueue(settings) as queue:
        good = []
        for number in range(entries):
            fields, content = hostile_entry(chance)
            key = scripts.image_key(fields.get(b"sha256", b"").decode("utf-8", "replace"))
            client.delete(key)
            if content is not None and chance.random() < 0.2:
                client.rpush(key, content)
            elif content is not None:
                client.set(key, content)
            entry: Any = dict(fields)
            added: Any = client.xadd(scripts.IN, entry)
            if chance.random() < 0.2:
                client.hset(scripts.TRIES, added, chance.choice((b"x", b"-1", b"9" * 400, b"\xff", b"2")))
            if number % 8 == 0:
                good.append(queue.push(f"faces {number}".encode()).sha256)
        told, fake = queue_world.Told(), queue_world.FakeClient()
        with queue_world.consuming(fake, settings, told):
            until_s = time.monotonic() + _END_S
            while client.xlen(scripts.IN) and time.monotonic() < until_s:
                time.sleep(0.05)
        left = client.xlen(scripts.IN)
        queue.counts()
        queue.dead_letters()
        queue.retry()
    client.close()
    if left:
        return f"{left} entries never end; the last steps: {[(step.step, step.detail) for step in told.steps[-5:]]}"
    lacking = [sha256 for sha256 in good if "done" not in told.names(sha256)]
    return f"{len(lacking)} good pictures are not done" if lacking else ""


@contextmanager
def _channels(known: ServicesSettings) -> Iterator[dict[Role, grpc.Channel]]:
    channels = {role: grpc.insecure_channel(peer_address(known, role)) for role in METHODS.values()}
    try:
        yield channels
    finally:
        for channel in channels.values():
            channel.close()


def _garbage(address: str, chance: random.Random) -> None:
    """Bytes that are no HTTP/2, or the beginning of it, on a connection that is then cut."""
    host, _, port = address.rpartition(":")
    start = chance.choice((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b""))
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=_WAIT_S) as client:
        client.sendall(start + chance.randbytes(chance.choice((9, 400))))


def _run(soak: Soak) -> None:
    redis_folder = soak.folder / "redis"
    redis_folder.mkdir()
    server = started(redis_folder)
    found: dict[str, str] = {}
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # each refusal is told of
    try:
        for chance in soak.rounds():
            _round(soak, server.address, chance, found)
            if found:
                break
    finally:
        logging.disable(before)
        server.stop()
    soak.expect(not found, "messages of all kinds get documented answers:\n" + "\n".join(found.values()))


def _round(soak: Soak, server: RedisServer, chance: random.Random, found: dict[str, str]) -> None:
    client = redis.Redis(server.host, server.port)
    settings = service_roles.services_settings(server)
    # Both ways in which roles may lie: all in one process, or one that asks the others.
    with service_roles.roles(settings) as known, _channels(known) as channels:
        for _ in range(_CALLS):
            if chance.random() < 0.3:
                poison(client, chance)
            method = chance.choice((*METHODS, *METHODS, chance.choice(_OTHERS)))
            channel = channels[METHODS.get(method, Role.STORAGE)]
            timeout_s = chance.choice((_WAIT_S, _WAIT_S, 0.01))
            content = hostile_message(chance)
            trouble = trouble_of_call(channel, method, content, hostile_metadata(chance), timeout_s)
            soak.counts["messages"] += 1
            if trouble:
                found.setdefault(trouble[:90], f"{trouble}: {content[:300]!r}")
        for _ in range(9):
            messages = [hostile_message(chance) for _ in range(chance.choice((0, 1, 5, 30)))]
            trouble = trouble_of_stream(channels[Role.IMAGE_INPUT], messages, chance)
            soak.counts["streams"] += 1
            if trouble:
                found.setdefault(trouble[:90], trouble)
            _garbage(peer_address(known, chance.choice(list(METHODS.values()))), chance)
        with AttributeClient(known) as attributes:
            soak.expect(set(attributes.health().values()) == {"SERVING"}, "all roles are well")
            client.flushdb()
            answer = attributes.process(b"faces 2")
            soak.expect(answer.is_complete, f"a good picture is answered, not {answer.status} {answer.message}")
    queue_settings = queue_world.services_settings(server, soak.folder / "log")
    trouble = queue_trouble(server, queue_settings, chance, _ENTRIES)
    soak.counts["entries of the queue"] += _ENTRIES
    if trouble:
        found.setdefault("queue", trouble)
    client.close()


def _lacking() -> str:
    return "" if shutil.which("redis-server") else "no redis-server (Debian: apt install redis-server)"


PART = SoakPart("messages", "hostile gRPC messages, results in Redis and entries of the queue", _run, _lacking)
