"""Values and tasks that no program of ours writes: a sample of `make soak ARGS=task_bodies`."""

from __future__ import annotations

import random

from curation.workers.distributed.muster import Muster
from tests.soak.task_bodies import codec_trouble, request_trouble


def test_hostile_values_are_values_or_errors_of_their_writer() -> None:
    assert not codec_trouble(random.Random(1), 400)


def test_hostile_tasks_are_answered_and_none_is_done() -> None:
    assert not request_trouble(random.Random(2), 60)


def test_a_greeting_with_numbers_beyond_all_times_is_not_understood() -> None:
    worker = {
        "name": "w",
        "host": "h",
        "pid": 1,
        "program": "0",
        "protocol": 2,
        "runtime": "",
        "cpu": "",
        "processes": 1,
    }
    hello = {"state": "ready", "text": "", "held": [], "worker": worker}
    muster = Muster()
    for since, number in ((10**400, 1), (1.0, float("inf")), (1.0, float("nan")), ([], 1)):
        muster.heard({**hello, "since": since, "round": number}, 0.0)
    assert not muster.workers
