"""Every file that is read, with hostile contents: a value or an error of the user's, never a fault of the program."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.hostile_files import WHOLE_FILES, fault_of, hostile_bytes, hostile_json, hostile_lines
from tests.outside import READERS, FileReader

_EACH = 8  # random contents of each kind; `make soak` tries far more


def contents(reader: FileReader) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(reader.name)
    yield "as it should be", reader.valid
    # A large file in which nothing is right takes a while to be refused; one of its kind is enough here.
    yield from ((ascii(whole[:20]), whole) for whole in WHOLE_FILES if len(whole) < 250_000)
    if reader.is_json:
        yield from chance.sample(list(hostile_json(reader.valid)), 3 * _EACH)
    for number in range(_EACH):
        yield f"bytes {number}", hostile_bytes(reader.valid, chance)
    if reader.file.endswith(".csv"):
        for number in range(_EACH):
            yield f"lines {number}", hostile_lines(reader.valid, chance)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.file)
def test_hostile_contents_are_a_value_or_an_error_of_the_user(tmp_path: Path, reader: FileReader) -> None:
    for number, (what, content) in enumerate(contents(reader)):
        path = tmp_path / str(number) / reader.file
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        fault = fault_of(lambda path=path: reader.read(path))  # type: ignore[misc]
        assert not fault, f"{reader.name}, {what}: {fault}"


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.file)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, reader: FileReader) -> None:
    for what in ("folder", "pipe"):
        path = tmp_path / what / reader.file
        path.parent.mkdir(parents=True)
        if what == "folder":
            path.mkdir()
        elif reader.file == "config.yaml":
            continue  # `--config <(...)` is a pipe
        else:
            os.mkfifo(path)
        assert not fault_of(lambda path=path: reader.read(path)), f"{reader.name}, {what}"  # type: ignore[misc]


def test_valid_contents_are_read() -> None:
    """Else the tests above would try mistakes that are refused long before the place that they are put in."""
    assert len({reader.name for reader in READERS}) == len(READERS)
    assert next(islice((reader.name for reader in READERS if not reader.valid), 1), None) is None
