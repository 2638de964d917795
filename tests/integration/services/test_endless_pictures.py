"""Pictures that never end, sent to real roles: they cost their own request, neither those of others nor the end."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from curation.services.client import AttributeClient
from curation.services.queue.pictures import PictureQueue
from curation.services.role import GRPC_ROLES, Role
from tests.processes import is_running, wait_until
from tests.redis_server import RedisServer
from tests.service_roles import picture
from tests.services_processes import RoleProcesses, role_processes
from tests.slow_roles import ASLEEP, STUCK

END_S = 30.0  # what is promised is 8 s; a busy machine takes its time, and what hangs takes longer
ALL = (*GRPC_ROLES, Role.QUEUE)


def endless(folder: Path, redis: RedisServer, roles: tuple[Role, ...]) -> Iterator[RoleProcesses]:
    with role_processes(
        folder, redis, [roles], program="tests.slow_roles", picture_seconds=1, deadline_s=60, drain_s=1
    ) as processes:
        yield processes


@pytest.fixture
def processes(tmp_path: Path, redis_server: RedisServer) -> Iterator[RoleProcesses]:
    yield from endless(tmp_path, redis_server, ALL)


def decoders(processes: RoleProcesses) -> list[psutil.Process]:
    return [each for each in processes.family(*ALL)[1:] if "spawn_main" in " ".join(each.cmdline())]


def all_gone(family: list[psutil.Process]) -> None:
    wait_until(lambda: not any(is_running(each.pid) for each in family), "no process is left")


def test_pictures_that_never_end_cost_their_own_request_and_nobody_else(processes: RoleProcesses) -> None:
    assert decoders(processes), "one is there before the first picture"
    with AttributeClient(processes.settings.services) as client, ThreadPoolExecutor(20) as threads:
        bombs = [threads.submit(client.process, picture(number) + STUCK) for number in range(2)]
        asleep = threads.submit(client.process, picture(2) + ASLEEP, deadline_s=4)
        good = [threads.submit(client.process, picture(number)) for number in range(10, 16)]
        assert set(client.health().values()) == {"SERVING"}
        assert all(each.result().is_complete for each in good)
        for bomb in bombs:
            answer = bomb.result()
            assert (answer.grpc_status, answer.code) == ("INVALID_ARGUMENT", "photo_unreadable")
            assert "1 s of processor time" in answer.message
        # It is known by now, and costs nothing any more.
        began = time.monotonic()
        assert client.process(picture(0) + STUCK).code == "photo_unreadable"
        assert time.monotonic() - began < 1
        # Nobody waits for that one any more: what decodes it is ended, and has room for others.
        assert asleep.result().grpc_status == "DEADLINE_EXCEEDED"
        with PictureQueue(processes.settings.services) as queue:
            poison = queue.push(picture(30) + STUCK, name="poison").sha256
            for number in range(31, 36):
                queue.push(picture(number))
            wait_until(lambda: queue.counts().done + queue.counts().dead == 6, "the queue is empty")
            assert queue.counts().done == 5
            (letter,) = queue.dead_letters()
        assert (letter.sha256, letter.code, letter.tries) == (poison, "photo_unreadable", 1)
    family = processes.family(*ALL)
    assert processes.end(*ALL, number=signal.SIGINT) == 0
    all_gone(family)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_role_ends_whatever_it_decodes(processes: RoleProcesses, number: signal.Signals) -> None:
    with AttributeClient(processes.settings.services) as client, ThreadPoolExecutor(8) as threads:
        held = [
            threads.submit(client.process, picture(n) + kind, deadline_s=2 if number == signal.SIGKILL else 60)
            for n, kind in enumerate((ASLEEP, ASLEEP, STUCK))
        ]
        wait_until(lambda: len(decoders(processes)) >= 2, "decoders are at work")
        family = processes.family(*ALL)
        began = time.monotonic()
        processes.end(*ALL, number=number)
        assert time.monotonic() - began < END_S
        all_gone(family)
        assert not any(each.result().is_complete for each in held)
