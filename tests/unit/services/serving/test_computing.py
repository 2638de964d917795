"""Who computes: so many at a time, and those that wait long for a decoder keep nobody from it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from curation.decoders import GivenUp, giving_up
from curation.errors import DecodersBusyError
from curation.services.serving.computing import Computing

LONG_S = 60.0


def test_no_more_than_the_turns_compute_at_a_time() -> None:
    computing = Computing(2)
    guard = threading.Lock()
    now = most = 0

    def compute() -> None:
        nonlocal now, most
        with computing.turn():
            with guard:
                now += 1
                most = max(most, now)
            with computing.waiting():  # a short wait: the turn is kept
                time.sleep(0.01)
            with guard:
                now -= 1

    with ThreadPoolExecutor(8) as threads:
        for each in [threads.submit(compute) for _ in range(20)]:
            each.result(LONG_S)
    assert most == 2


def test_who_waits_long_for_a_decoder_keeps_nobody_from_computing() -> None:
    computing = Computing(1, slow_s=0.05)
    decoded, computes, may_end = threading.Event(), threading.Event(), threading.Event()

    def slow() -> str:
        with computing.turn():
            with computing.waiting():
                assert decoded.wait(LONG_S)
            return "slow"

    def quick() -> str:
        with computing.turn():
            computes.set()
            assert may_end.wait(LONG_S)
            return "quick"

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(slow)
        second = threads.submit(quick)
        assert computes.wait(LONG_S)
        decoded.set()
        time.sleep(0.3)
        assert not first.done()  # it is decoded, but it is not its turn
        may_end.set()
        assert (first.result(LONG_S), second.result(LONG_S)) == ("slow", "quick")


def test_a_picture_that_cannot_be_decoded_leaves_its_turn() -> None:
    computing = Computing(1, slow_s=0.0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), computing.turn(), computing.waiting():
            time.sleep(0.01)
            raise ZeroDivisionError
    with computing.turn():
        pass


def test_who_is_not_wanted_any_more_does_not_wait_for_a_turn() -> None:
    computing = Computing(1)
    gone = GivenUp()

    def unwanted() -> None:
        with giving_up(gone), computing.turn():
            raise AssertionError("nobody wants it")

    with ThreadPoolExecutor(1) as threads:
        with computing.turn():
            waiting = threads.submit(unwanted)
            time.sleep(0.05)
            gone.set()
            with pytest.raises(DecodersBusyError):
                waiting.result(LONG_S)
        with computing.turn():
            pass
