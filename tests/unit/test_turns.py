"""One at a time for each key."""

from __future__ import annotations

import threading

from curation.turns import Turns


def test_one_key_is_held_by_one_thread_and_other_keys_are_free() -> None:
    turns = Turns()
    entered = threading.Event()

    def wait_for_it() -> None:
        with turns.of("a"):
            entered.set()

    with turns.of("a"):
        other = threading.Thread(target=wait_for_it)
        other.start()
        with turns.of("b"):
            assert not entered.wait(0.05)
    assert entered.wait(10)
    other.join(10)
    assert turns._locks == {}
