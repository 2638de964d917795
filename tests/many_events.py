"""A machine with folders of photos of several events, and a service whose orchestrators are fakes."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from curation.settings import Settings
from tests.service import FakeOrchestrator, ServiceClient, make_settings

__all__ = ["Machine", "ended_jobs", "opened"]

WAIT_S = 20.0


class Machine:
    """Three folders with a photo each: that of the settings, and two more.

    Attributes:
        folder: All of it lies there.
        orchestrators: Of the events that were opened, by the name of the folder of photos.
        settings: Of the service.
    """

    def __init__(self, folder: Path, **service_settings: Any) -> None:
        for name in ("photos", "wedding", "party"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name / "a.jpg").write_bytes(b"not a photo")
        self.folder = folder
        self.orchestrators: dict[str, FakeOrchestrator] = {}
        self.settings = make_settings(folder, service={"folder_roots": [str(folder)], **service_settings})

    def built(self, settings: Settings) -> FakeOrchestrator:
        """What builds orchestrators, for the service."""
        return self.orchestrators.setdefault(Path(settings.io.input_dir).name, FakeOrchestrator(settings))


def opened(client: ServiceClient, folder: Path, **headers: str) -> dict[str, Any]:
    """An event that is opened now."""
    answer = client.post("/events", json={"folder": str(folder)}, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    event: dict[str, Any] = answer.json()
    return event


def ended_jobs(
    client: ServiceClient, root: str, count: int, states: Collection[str] = ("succeeded",)
) -> list[dict[str, Any]]:
    """The jobs of an event, the oldest first, when so many have ended so."""
    deadline_s = time.monotonic() + WAIT_S
    jobs: list[dict[str, Any]] = []
    while time.monotonic() < deadline_s:
        jobs = client.get(f"{root}/jobs").json()["jobs"]
        if len(jobs) == count and all(job["state"] in states for job in jobs):
            return jobs[::-1]
        time.sleep(0.02)
    raise AssertionError(jobs)
