"""Roles that are killed while they work: every picture ends once, and what was killed is used again when it is back."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from curation.services.answers import SUCCESS, ImageAnswer, ImageToProcess
from curation.services.client import AttributeClient
from curation.services.role import GRPC_ROLES, Role
from tests.processes import wait_until
from tests.redis_server import RedisProcess, RedisServer
from tests.service_roles import picture
from tests.services_processes import role_processes

KILLS = int(os.environ.get("CURATION_SERVICE_KILLS", "4"))
"""How often a role is killed; the roles take turns."""


class Load:
    """Sends pictures over a stream and one by one until it is stopped, and keeps every answer."""

    def __init__(self, client: AttributeClient) -> None:
        self._client = client
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(3)
        self.sent: list[str] = []
        self.answers: list[ImageAnswer] = []
        self._running = [self._pool.submit(self._stream), *(self._pool.submit(self._one_by_one) for _ in range(2))]

    def _pictures(self) -> Iterator[ImageToProcess]:
        # Refused pictures cost next to nothing: without a pause they would keep the roles from starting.
        while not self._stop.wait(0.02):
            number = next(self._numbers)
            self.sent.append(str(number))
            yield ImageToProcess(picture(number, faces=1), str(number))

    def _stream(self) -> None:
        for answer in self._client.process_many(self._pictures()):
            self.answers.append(answer)

    def _one_by_one(self) -> None:
        for each in self._pictures():
            self.answers.append(self._client.process(each.content, image_id=each.image_id))

    def wait_for_more(self, what: str) -> None:
        """Until some more pictures are answered completely."""
        before = self._completed()
        wait_until(lambda: self._completed() > before + 3, what)

    def _completed(self) -> int:
        return sum(answer.is_complete for answer in self.answers)

    def finish(self) -> None:
        self._stop.set()
        for running in self._running:
            running.result()


def ended_once(load: Load) -> None:
    """Every picture has one answer: a result, or an error that says that it can be sent again."""
    assert Counter(answer.image_id for answer in load.answers) == Counter(load.sent)
    for answer in load.answers:
        assert answer.is_complete or (answer.can_be_retried and answer.message), answer


def test_roles_that_are_killed_under_load(tmp_path: Path, redis_server: RedisServer) -> None:
    apart = [[role] for role in GRPC_ROLES]
    with (
        role_processes(tmp_path, redis_server, apart, analysis_s=0.02) as processes,
        AttributeClient(processes.settings.services) as client,
    ):
        load = Load(client)
        for role in itertools.islice(itertools.cycle(GRPC_ROLES), KILLS):
            load.wait_for_more(f"pictures go through before {role} is killed")
            processes.end(role)
            processes.start(role)
            processes.wait()
        load.wait_for_more("pictures go through again")
        load.finish()
        again = [answer for answer in load.answers if not answer.is_complete]
        results = client.process_many(ImageToProcess(picture(int(answer.image_id), faces=1)) for answer in again)

        ended_once(load)
        assert [answer.status for answer in results] == [SUCCESS] * len(again), processes.logs()
        written = {path.stem for path in processes.settings.services.store.results_dir.glob("*.json")}
        assert written == {answer.redis_key for answer in load.answers}


def test_redis_that_is_killed_and_comes_back(tmp_path: Path, redis_process: RedisProcess) -> None:
    with (
        role_processes(tmp_path, redis_process.address, [GRPC_ROLES]) as processes,
        AttributeClient(processes.settings.services) as client,
    ):
        load = Load(client)
        load.wait_for_more("pictures go through")
        redis_process.stop()
        count = len(load.answers)
        wait_until(lambda: len(load.answers) > count + 20, "pictures are answered without Redis")
        partial = [answer for answer in load.answers if not answer.is_complete]
        redis_process.start()
        load.wait_for_more("results are stored again")
        load.finish()
        ended_once(load)

    assert partial and all(answer.image is not None for answer in partial)
    assert {answer.code for answer in partial} == {"redis_unavailable"}


def test_a_role_that_is_told_to_end_answers_what_it_has_begun(tmp_path: Path, redis_server: RedisServer) -> None:
    with (
        role_processes(tmp_path, redis_server, [GRPC_ROLES], analysis_s=1, drain_s=30) as processes,
        AttributeClient(processes.settings.services) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        begun = [pool.submit(client.process, picture(number)) for number in range(2)]
        log = processes.folder / f"{','.join(GRPC_ROLES)}.log"
        wait_until(lambda: log.read_text().count("received") == 2, "both are worked on")
        code = processes.end(*GRPC_ROLES, number=signal.SIGTERM)

        assert code == 0, processes.logs()
        assert [each.result().status for each in begun] == [SUCCESS] * 2
        assert client.process(picture(7), deadline_s=0.3).code == "unavailable"
        assert client.health()[Role.STORAGE] == "UNREACHABLE"
