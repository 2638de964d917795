from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_workflow import FakeEvent, fake_event


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path) as event:
        yield event
