"""The queue of pictures under load and under fire: whatever dies, every picture ends once.

CURATION_SERVICE_KILLS=100 and CURATION_QUEUE_PICTURES=10000 make the long runs (with --timeout=3600), and
`--log-cli-level=info` shows the figures.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.services.queue.pictures import WhatHappened
from curation.services.trail.log_files import log_files
from curation.services.trail.reading import errors_of, steps_of
from tests.integration.queue_processes import QueueWorld
from tests.processes import wait_until
from tests.redis_server import RedisProcess, RedisServer, redis_process, redis_server, started
from tests.service_roles import picture

__all__ = ["redis_process", "redis_server"]

log = logging.getLogger(__name__)

_KILLS = int(os.environ.get("CURATION_SERVICE_KILLS", "4"))
_PICTURES = int(os.environ.get("CURATION_QUEUE_PICTURES", "300"))
_BROKEN_EVERY = 100


@pytest.fixture
def lasting_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A server that keeps its data when it is killed."""
    process = started(tmp_path_factory.mktemp("redis"), keeps=True)
    yield process
    process.stop()


def content_of(number: int) -> bytes:
    if number % _BROKEN_EVERY == _BROKEN_EVERY // 2:
        return b"no picture %d" % number
    return picture(number, faces=1 + number % 3)


def push_all(world: QueueWorld, count: int, stop: threading.Event) -> list[str]:
    """Push so many pictures, a hundredth broken, and wait while the queue is full."""
    pushed = []
    for number in range(count):
        content = content_of(number)
        world.queue.wait_for_room(len(content), stop)
        one = world.queue.push(content, name=f"{number}.png")
        assert one.happened is WhatHappened.NEW
        pushed.append(one.sha256)
    return pushed


def test_counts_add_up_over_many_pictures_of_which_a_hundredth_is_broken(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    world = QueueWorld(redis_server, tmp_path)
    try:
        world.start("all")
        world.start("queue,logger,plotter")
        world.start("queue")
        began = time.monotonic()
        pushed = push_all(world, _PICTURES, threading.Event())
        world.wait_for_the_end(3600)
        took_s = time.monotonic() - began
        ends = world.ends(pushed)
        broken = len([number for number in range(_PICTURES) if content_of(number).startswith(b"no")])
        log.info("%d pictures in %.1f s, %.0f a second: %s", _PICTURES, took_s, _PICTURES / took_s, ends.counts)
        counts = ends.counts
        assert (counts.pushed, counts.done, counts.dead) == (_PICTURES, _PICTURES - broken, broken)
        assert ends.results.isdisjoint(ends.dead)
        assert ends.results | ends.dead == set(pushed)
        assert {(letter.code, letter.tries) for letter in ends.letters} == {("photo_unreadable", 1)}

        # One trail for each picture through all roles, in the central log.
        def lines_of_done() -> int:
            paths = log_files(world.settings.log_dir, central_only=True)
            return sum(path.read_text().count('"step":"done"') for path in paths)

        wait_until(lambda: lines_of_done() == counts.done, "the central log has all")
        steps = steps_of(world.settings, pushed[0])
        assert {"landmarks", "age_gender", "image_input", "storage", "queue"} <= {line.role for line in steps}
        assert len({line.trace for line in steps}) == 1
        assert [line.step for line in steps][-1] == "done"
        assert len([line for line in errors_of(world.settings) if line.step == "dead letter"]) == broken
    finally:
        world.close()


def test_every_picture_ends_once_when_consumers_and_roles_are_killed(redis_server: RedisServer, tmp_path: Path) -> None:
    world = QueueWorld(redis_server, tmp_path, delay_s=0.02, picture_queue={"claim_s": 1.0, "waiting": 50})
    pushed: list[str] = []
    stop = threading.Event()
    chance = random.Random(7)

    def feed() -> None:
        number = 0
        while not stop.is_set():
            content = content_of(number)
            number += 1
            if world.queue.wait_for_room(len(content), stop):
                pushed.append(world.queue.push(content, name=f"{number}.png").sha256)

    feeder = threading.Thread(target=feed)
    try:
        roles = world.start("all")
        consumers = [world.start("queue"), world.start("queue")]
        feeder.start()
        for kill in range(_KILLS):
            wait_until(lambda: world.queue.counts().in_flight >= 2, "pictures are in flight")
            time.sleep(chance.uniform(0, 0.3))
            if kill % 4 == 3:
                world.kill(roles)
                roles = world.start("all")
            else:
                place = chance.randrange(len(consumers))
                world.kill(consumers[place])
                consumers[place] = world.start("queue")
        stop.set()
        feeder.join()
        world.wait_for_the_end(300)
        ends = world.ends(pushed)
        reasons = sorted(letter.code for letter in ends.letters if letter.code != "photo_unreadable")
        log.info("%d kills, %d pictures: %s; given up by kills: %s", _KILLS, len(pushed), ends.counts, reasons)
        assert ends.counts.pushed == len(pushed) == len(set(pushed))
        assert ends.counts.done + ends.counts.dead == len(pushed)
        assert ends.dead | ends.results == set(pushed)
        broken = {pushed[number] for number in range(len(pushed)) if content_of(number).startswith(b"no")}
        assert broken <= ends.dead
        # The result of a picture is stored before the queue hears of it: only then can it be in both places.
        assert len(ends.results) >= ends.counts.done
        assert len(ends.dead - broken) <= max(1, _KILLS // 10)
    finally:
        stop.set()
        if feeder.ident is not None:
            feeder.join()
        world.close()


def test_nothing_is_lost_when_redis_is_killed_and_comes_back_with_its_data(
    lasting_redis: RedisProcess, tmp_path: Path
) -> None:
    world = QueueWorld(lasting_redis.address, tmp_path, delay_s=0.01)
    try:
        world.start("all")
        world.start("queue,logger")
        world.start("queue")
        pushed = push_all(world, 160, threading.Event())
        for _ in range(2):
            wait_until(lambda: world.queue.counts().in_flight > 0, "pictures are in flight")
            lasting_redis.stop()
            time.sleep(1)
            lasting_redis.start()
        world.wait_for_the_end()
        ends = world.ends(pushed)
        log.info("%s", ends.counts)
        assert ends.counts.done + ends.counts.dead == len(pushed)
        assert ends.results | ends.dead == set(pushed)
        assert {letter.code for letter in ends.letters} == {"photo_unreadable"}
        assert len(ends.dead) == 2
    finally:
        world.close()
