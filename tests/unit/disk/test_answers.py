"""Nobody waits for ever for a disk that does not answer, and such a disk is not asked again and again."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.disk.answers import Steps, each_in_time, in_time
from tests.processes import wait_until


@pytest.fixture
def answers() -> Iterator[threading.Event]:
    """Lets a disk that hangs answer; it does so at the end."""
    event = threading.Event()
    yield event
    event.set()


def test_what_is_answered_or_raised_comes_back() -> None:
    assert in_time("a", lambda: 7, limit_s=10) == 7
    with pytest.raises(ZeroDivisionError):
        in_time("a", lambda: 1 / 0, limit_s=10)
    assert each_in_time([], str, limit_s=10) == []
    with pytest.raises(ZeroDivisionError):
        each_in_time([Path("a")], lambda _: 1 / 0, limit_s=10)


def test_a_place_that_owes_an_answer_is_not_asked_again(answers: threading.Event) -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        answers.wait(30)
        return len(asked)

    for _ in range(3):
        with pytest.raises(TimeoutError, match=r"has not answered for 0\.05 s") as error:
            in_time("hangs", ask, limit_s=0.05)
        assert error.value.errno == errno.ETIMEDOUT
    assert asked == [1]
    assert in_time("other", lambda: 1, limit_s=10) == 1
    answers.set()

    def is_answered() -> bool:
        try:
            return in_time("hangs", ask, limit_s=10) > 1
        except TimeoutError:
            return False

    wait_until(is_answered, "the disk is asked again")


def test_one_of_many_that_hangs_keeps_no_other(answers: threading.Event) -> None:
    hang = {Path("c"), Path("e")}
    threads: list[str] = []

    def ask(place: Path) -> str:
        threads.append(str(threading.get_ident()))
        if place in hang:
            answers.wait(30)
        return place.name

    places = [Path(name) for name in "abcdefg"]
    expected = [None if place in hang else place.name for place in places]
    assert each_in_time(places, ask, limit_s=0.2) == expected
    assert len(set(threads)) == 3
    began = time.monotonic()
    assert each_in_time(places, ask, limit_s=5) == expected
    assert time.monotonic() - began < 4, "what owes an answer is passed over at once"


def test_work_may_take_long_as_long_as_it_gets_on(answers: threading.Event) -> None:
    steps = Steps()

    def work() -> str:
        for number in range(6):
            steps.step(f"step {number}")
            time.sleep(0.1)
        return "done"

    assert steps.of(work, limit_s=0.4) == "done"

    def hang() -> None:
        steps.step("the dead one")
        answers.wait(30)

    with pytest.raises(TimeoutError):
        steps.of(hang, limit_s=0.1)
    assert steps.at == "the dead one"
    with pytest.raises(ZeroDivisionError):
        steps.of(lambda: 1 / 0, limit_s=10)
