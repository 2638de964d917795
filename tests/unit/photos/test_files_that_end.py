"""Files that end where none should: whoever reads what is told in them comes to an end, too."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

import pytest

from curation.errors import CurationError
from curation.photos.embedding.copies import told_inside
from curation.photos.files.stored_picture import format_of
from curation.photos.taken.camera_facts import read_clock
from curation.photos.taken.times import read_taken
from tests.picture_mutations import seeds

_MOST_S = 5.0


@contextmanager
def _ends() -> Iterator[None]:
    """Fail if the block computes for long, instead of waiting for it."""

    def late(number: int, frame: object) -> None:
        raise AssertionError("it does not end")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.skipif(not hasattr(signal, "SIGVTALRM"), reason="this system has no timer of processor time")
@pytest.mark.parametrize("tail", [b"", b"\xff\xff", b"\0\0\0"], ids=["nothing", "fill bytes", "zeros"])
def test_wherever_a_file_ends_reading_it_ends(tail: bytes, tmp_path: Path) -> None:
    chance = random.Random(3)
    for name, content in seeds():
        places = {*range(8), *(chance.randrange(min(len(content), 400)) for _ in range(12)), *_samples(content, chance)}
        for place in sorted(places):
            data = content[:place] + tail
            path = tmp_path / name
            path.write_bytes(data)
            with _ends():
                for read in (read_taken, read_clock):
                    with suppress(CurationError):
                        read(BytesIO(data))
                with suppress(CurationError):
                    told_inside(BytesIO(data), format_of(path))


def _samples(content: bytes, chance: random.Random) -> list[int]:
    return [chance.randrange(len(content)) for _ in range(6)]
