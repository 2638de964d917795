"""Finding runs of zeros."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.photos.whole.zero_runs import first_zeros, zero_runs, zeros_end


@given(lengths=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=12), at_least=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_all_runs_that_are_long_enough_are_found(lengths: list[tuple[int, int]], at_least: int) -> None:
    data = b"".join(b"\x01" * lit + bytes(dark) for lit, dark in lengths)
    expected, at = [], 0
    for lit, dark in lengths:
        if dark >= at_least:
            expected.append((at + lit, at + lit + dark))
        at += lit + dark
    assert zero_runs(data, at_least, 0, len(data), most=99) == expected
    assert first_zeros(data, at_least) == (expected[0] if expected else None)


@pytest.mark.parametrize("length", [4095, 4096, 4097, 30_000])
def test_the_end_of_a_long_run_is_exact(length: int) -> None:
    assert zeros_end(b"\x01" + bytes(length) + b"\x01" + bytes(9), 1, length + 11) == length + 1


def test_a_run_ends_where_the_part_does() -> None:
    assert first_zeros(bytes(100), 8, 10, 50) == (10, 50)
    assert zero_runs(b"\0" * 20 + b"\x01" + b"\0" * 20, 8, 0, 41, most=1) == [(0, 20)]


def test_a_run_that_is_longer_than_the_file_takes_no_memory() -> None:
    assert first_zeros(bytes(100), 2**62) is None
