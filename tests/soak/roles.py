"""Roles of the attribute services under attack: endless pictures, floods, slow clients, kills, and their end."""

from __future__ import annotations

import random
import shutil
import signal
import struct
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import psutil

from curation.services.answers import ImageAnswer, ImageToProcess
from curation.services.client import AttributeClient
from curation.services.queue.pictures import PictureQueue
from curation.services.role import GRPC_ROLES, Role
from tests import bare_http2 as bare
from tests.bombs import deflated_png, many_scans, many_small_pieces
from tests.processes import is_running
from tests.redis_server import RedisProcess
from tests.service_roles import picture
from tests.services_processes import RoleProcesses
from tests.slow_roles import ASLEEP, STUCK
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_ALL = (*GRPC_ROLES, Role.QUEUE)
_AT_ONCE = 10
_REQUESTS = 24
_ROUNDS_OF_A_LIFE = 4
_GROWTH_MB = 120
_HEALTH_S = 5.0
_END_S = 25.0  # what is promised is 7.5 s of a machine that has time
_LEFT_S = 30.0
_QUEUE_S = 240.0
_ALLOWED = {"", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}
_ONE, _MANY = "/image_processing.ImageInput/ProcessImage", "/image_processing.ImageInput/ProcessImages"


def run(soak: Soak) -> None:
    """Start roles, attack them, and end them in all ways until the time is over."""
    redis = RedisProcess(soak.folder)
    redis.start()
    processes = RoleProcesses(
        soak.folder,
        redis.address,
        program="tests.slow_roles",
        picture_seconds=2,
        deadline_s=60,
        slow_client_s=3,
        drain_s=5,
        max_connections=300,
        picture_queue={"claim_s": 2, "in_flight": 4},
    )
    try:
        while True:
            processes.start(*_ALL)
            processes.wait()
            _life(soak, processes)
            soak.counts["lives"] += 1
            if time.monotonic() >= soak.ends_at:
                return
    finally:
        processes.close()
        redis.stop()


def _life(soak: Soak, processes: RoleProcesses) -> None:
    chance = random.Random(f"{soak.seed}/{soak.counts['lives']}")
    settings = processes.settings.services
    role = processes.family(*_ALL)[0]
    first_mb = 0.0
    with AttributeClient(settings) as client, PictureQueue(settings) as queue, ThreadPoolExecutor(_AT_ONCE) as threads:
        for number in range(_ROUNDS_OF_A_LIFE):
            soak.counts["rounds"] += 1
            answers = [threads.submit(_sent, soak, client, random.Random(chance.random())) for _ in range(_REQUESTS)]
            _pushed(soak, queue, chance)
            with suppress(psutil.Error):
                if chance.random() < 0.4:
                    chance.choice(_decoders(processes) or [None]).kill()  # type: ignore[union-attr]
                    soak.counts["decoders killed"] += 1
            _flood(soak, settings.listen.image_input, chance)
            _health(soak, client)
            for answer in answers:
                answer.result()
            used_mb = role.memory_info().rss / 1e6
            first_mb = first_mb or used_mb
            soak.counts["role at most in MB"] = max(soak.counts["role at most in MB"], round(used_mb))
            growth = round(used_mb - first_mb)
            soak.counts["growth at most in MB"] = max(soak.counts["growth at most in MB"], growth)
            soak.expect(growth < _GROWTH_MB, f"memory is flat, but grew by {growth} MB in {number} rounds")
        _wait_for_the_queue(soak, queue)
        held = [
            threads.submit(client.process, picture(n) + chance.choice([STUCK, ASLEEP]), deadline_s=30) for n in range(4)
        ]
        time.sleep(2 * chance.random())
        _end(soak, processes, chance.choice([signal.SIGTERM, signal.SIGINT, signal.SIGKILL]), held)


def _sent(soak: Soak, client: AttributeClient, chance: random.Random) -> None:
    """Send a picture of any kind, and look at its answer."""
    kind = chance.choice(["good"] * 8 + ["stream"] * 3 + ["stuck", "asleep", "scans", "png", "ppm", "text"])
    number = chance.randrange(10**7)
    content = {
        "good": lambda: picture(number, faces=1 + number % 3),
        "stream": lambda: picture(number),
        "stuck": lambda: picture(number) + STUCK,
        "asleep": lambda: picture(number) + ASLEEP,
        "scans": lambda: many_scans(2000, 60) + str(number).encode(),
        "png": lambda: deflated_png(6000) + str(number).encode(),
        "ppm": lambda: many_small_pieces(20_000) + str(number).encode(),
        "text": lambda: b"no picture " + str(number).encode(),
    }[kind]()
    began = time.monotonic()
    if kind == "stream":
        answers = list(client.process_many(ImageToProcess(content, str(n), skip_storage=True) for n in range(3)))
        soak.expect(len(answers) == 3, "each picture of a stream has one answer")
    else:
        deadline_s = 5 if kind == "asleep" else 90
        answers = [client.process(content, deadline_s=deadline_s, skip_storage=chance.random() < 0.5)]
    took_s = round(time.monotonic() - began)
    soak.counts["slowest answer in s"] = max(soak.counts["slowest answer in s"], took_s)
    for answer in answers:
        soak.counts[f"{kind}: {answer.grpc_status or 'answered'}"] += 1
        soak.expect(answer.grpc_status in _ALLOWED, f"no answer is {answer.grpc_status}: {kind}, {answer.message}")
        if kind in ("good", "stream"):
            is_well = answer.grpc_status != "INVALID_ARGUMENT"
            soak.expect(is_well, f"a good picture is not refused: {answer.code} {answer.message}")
        if kind in ("stuck", "asleep", "text"):
            soak.expect(answer.image is None, f"a picture of the kind {kind} has no result")


def _pushed(soak: Soak, queue: PictureQueue, chance: random.Random) -> None:
    for _ in range(4):
        queue.push(picture(chance.randrange(10**7)))
    queue.push(picture(chance.randrange(10**7)) + STUCK, name="poison")
    soak.counts["pushed"] += 5


def _flood(soak: Soak, port: int, chance: random.Random) -> None:
    """A client of one of the bad kinds."""
    kind = chance.choice(["pings", "resets", "slow", "headers", "streams", "window"])
    soak.counts[f"flood of {kind}"] += 1
    with suppress(OSError), bare.BareClient(port, window=0 if kind == "window" else None) as client:
        if kind == "pings":
            client.send(bare.frame(bare.PING, 0, 0, bytes(8)) * 1000)
        elif kind == "headers":
            block = bare.header_block(_ONE, x_large="a" * 15_000)
            for number in range(100):
                client.send(bare.frame(bare.HEADERS, bare.END_HEADERS, 2 * number + 1, block))
        else:
            for number in range(90):
                stream = 2 * number + 1
                client.call(_MANY if kind in ("streams", "window") else _ONE, stream, grpc_timeout="99999999S")
                if kind == "resets":
                    client.send(bare.frame(bare.RST_STREAM, 0, stream, struct.pack(">I", 8)))
                elif kind != "streams":
                    part = bare.message(bytes(1_000_000))[:100] if kind == "slow" else bare.message(b"\x0a\x07faces 2")
                    client.send(bare.frame(bare.DATA, 0, stream, part))
        client.frames(1.0)


def _health(soak: Soak, client: AttributeClient) -> None:
    began = time.monotonic()
    states = set(client.health().values())
    took_s = time.monotonic() - began
    soak.counts["slowest health in ms"] = max(soak.counts["slowest health in ms"], round(1000 * took_s))
    soak.expect(states == {"SERVING"} and took_s < _HEALTH_S, f"the roles are well: {states} after {took_s:.1f} s")


def _wait_for_the_queue(soak: Soak, queue: PictureQueue) -> None:
    end = time.monotonic() + _QUEUE_S
    counts = queue.counts()
    while counts.waiting or counts.in_flight:
        soak.expect(counts.adds_up, f"every picture is in one place: {counts}")
        soak.expect(time.monotonic() < end, f"poison holds up no others: {counts}")
        time.sleep(0.2)
        counts = queue.counts()
    for letter in queue.dead_letters():
        soak.expect(letter.name == "poison", f"only poison is a dead letter: {letter}")
    soak.counts["queue: done"], soak.counts["queue: dead"] = counts.done, counts.dead
    soak.expect(counts.dead * 5 == counts.pushed, f"all poison is a dead letter: {counts}")


def _decoders(processes: RoleProcesses) -> list[psutil.Process]:
    return [each for each in processes.family(*_ALL)[1:] if "spawn_main" in " ".join(each.cmdline())]


def _end(soak: Soak, processes: RoleProcesses, number: signal.Signals, held: list[Future[ImageAnswer]]) -> None:
    family = processes.family(*_ALL)
    began = time.monotonic()
    processes.end(*_ALL, number=number)
    took_s = time.monotonic() - began
    soak.counts[f"ends by {number.name}"] += 1
    soak.counts["slowest end in tenths of s"] = max(soak.counts["slowest end in tenths of s"], round(10 * took_s))
    soak.expect(took_s < _END_S, f"{number.name} ends the roles in time, not after {took_s:.1f} s")
    end = time.monotonic() + _LEFT_S
    while any(is_running(each.pid) for each in family):
        soak.expect(time.monotonic() < end, "no process is left")
        time.sleep(0.1)
    for answer in held:
        soak.expect(answer.result().image is None, "what never ends has no result")


PART = SoakPart(
    "roles",
    "attribute services with endless pictures, floods, slow clients and kills",
    run,
    lambda: "" if shutil.which("redis-server") else "no redis-server",
)
