"""An event with an adult, a child and somebody who may be either, clustered with all attributes by a fake reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from tests.fake_workflow import FakeEvent, fake_event
from tests.service import FakeOrchestrator, ServiceClient, service

__all__ = ["ADULT", "ALL_READERS", "CHILD", "UNSURE", "family_event", "family_service"]

ADULT, CHILD, UNSURE = 0, 1, 2
"""As `tests.fake_readers.years_of` says; also the ids of their clusters."""
ALL_READERS = {"age": "dlib", "sex": "dlib", "ethnicity": "gear", "emotion": "deepface", "landmarks": "mediapipe"}


@contextmanager
def family_event(folder: Path, attributes: Mapping[str, str] = ALL_READERS) -> Iterator[FakeEvent]:
    """The adult is on four photos, the child on three, the third on two."""
    with fake_event(folder) as event:
        event.add("a.png", ADULT, CHILD, UNSURE)
        event.add("b.png", ADULT, CHILD)
        event.add("c.png", ADULT, seed=1)
        event.add("d.png", CHILD, seed=2)
        event.add("e.png", UNSURE, ADULT, seed=3)
        event.cluster(attributes=attributes)
        yield event


@contextmanager
def family_service(event: FakeEvent, **sections: Mapping[str, Any]) -> Iterator[ServiceClient]:
    """The service on an event, with these settings."""
    workflow = event.workflow(sections)
    with service(workflow.settings, cast(FakeOrchestrator, workflow)) as client:
        yield client
