"""Decoded photos are kept within a limit of memory, and given back."""

from __future__ import annotations

import threading

import numpy as np

from curation.photos.tiles.cutting import DecodedPhoto
from curation.photos.tiles.decoded import DecodedPhotos
from tests.processes import wait_until


def decoded(level: int = 0, side_px: int = 10) -> DecodedPhoto:
    return DecodedPhoto(np.zeros((side_px, side_px, 3), dtype=np.uint8), level, None)


def test_those_that_nobody_asked_for_longest_go_first() -> None:
    kept = DecodedPhotos(900)
    for key in "abc":
        assert kept.keep(key, decoded())
    assert kept.find("a", 0) is not None
    assert kept.keep("d", decoded())
    assert [key for key in "abcd" if kept.find(key, 0)] == ["a", "c", "d"]
    assert kept.size_bytes == 900


def test_a_photo_above_the_limit_is_not_kept() -> None:
    kept = DecodedPhotos(299)
    assert not kept.keep("a", decoded())
    assert kept.size_bytes == 0


def test_a_finer_photo_serves_coarser_levels_but_not_the_other_way_round() -> None:
    kept = DecodedPhotos(9000)
    fine, coarse = decoded(1), decoded(3)
    kept.keep("a", fine)
    kept.keep("a", coarse)
    assert kept.find("a", 0) is None
    assert kept.find("a", 2) is fine
    assert kept.find("a", 4) is coarse


def test_memory_is_given_back_when_nobody_looks() -> None:
    kept = DecodedPhotos(9000, idle_s=0.05)
    kept.keep("a", decoded())
    wait_until(lambda: kept.size_bytes == 0, "the memory is given back", 10)


def test_one_thread_at_a_time_decodes_a_photo() -> None:
    kept = DecodedPhotos(9000)
    inside: list[int] = []
    most: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        with kept.turns.of("a"):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == [1, 1, 1, 1]
