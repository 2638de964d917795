"""Many readers at once while both stages run, in a service process with a fake engine."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from curation.domain.faces.ids import photo_id
from tests.crowd import Crowd, crowded_service, fill
from tests.fake_workflow import fake_event
from tests.processes import wait_until

READERS = 200
GROWTH_MB = 200.0


def test_two_hundred_readers_while_the_stages_run(tmp_path: Path) -> None:
    with fake_event(tmp_path) as event:
        fill(event, 12)
        names = [photo_id(path.name) for path in sorted(event.photos.iterdir())]
        event.cluster()
        event.score()
        with crowded_service(event, tmp_path / "log.txt") as service:
            quiet, crowd = Crowd(), Crowd()
            asyncio.run(quiet.read(service, names, readers=1, rounds=5, seed=0))
            states: list[str] = []

            def stages() -> None:
                for stage in ("cluster", "score"):
                    job = service.http.post(f"/{stage}").headers["location"]
                    wait_until(lambda: service.get(job).json()["state"] not in ("queued", "running"), stage)  # noqa: B023
                    states.append(service.get(job).json()["state"])

            running = threading.Thread(target=stages)
            running.start()
            asyncio.run(crowd.read(service, names, readers=READERS, rounds=1, seed=1))
            running.join()
            assert not crowd.wrong
            assert crowd.statuses == {200: READERS}
            assert states == ["succeeded"] * 2
            assert crowd.peak_mb < quiet.peak_mb + GROWTH_MB
            assert "Traceback" not in service.said()
