from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_workflow import FakeEvent, fake_event


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as made:
        yield made


@pytest.fixture
def wedding(event: FakeEvent) -> FakeEvent:
    """Person 0 on four photos, person 1 on three, person 2 on two, person 3 on one."""
    event.add("a.png", 0, 1, 2)
    event.add("b.png", 0, 1)
    event.add("c.png", 0, 1, 2, seed=1)
    event.add("sub/d.png", 3, 0)
    event.add("e.png")
    return event
