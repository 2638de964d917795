"""Jobs of the service as a user runs it: followed, cancelled, and interrupted while a client follows."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.acceptance.test_service import JOB_TIMEOUT_S, Service, is_at_work, running, source_photo, write_config

PHOTOS = 60
STOP_S = 20.0
"""Far more than a job takes to stop, so that a busy machine fails no test."""


def many_photos(folder: Path) -> None:
    """Photos that take a while: every one is another, so that none is known from an earlier one."""
    photo = source_photo("skimage", "data", "astronaut.png")
    folder.mkdir()
    for number in range(PHOTOS):
        photo.putpixel((0, 0), (number, 0, 0))
        photo.save(folder / f"{number:02d}.png")


def events_of(service: Service, url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with httpx.stream("GET", str(service.http.base_url.join(url)), timeout=JOB_TIMEOUT_S) as answer:
        name = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


def test_a_job_is_followed_stopped_and_at_last_cut_off(project_root: Path, tmp_path: Path) -> None:
    many_photos(tmp_path / "photos")
    with running(project_root, write_config(tmp_path)) as service:
        started = service.http.post("/cluster")
        url = started.headers["location"]
        for name, data in events_of(service, f"{url}/events"):
            assert name == "progress"
            if (data["progress"] or {}).get("done", 0) >= 2:
                break
        assert service.http.delete(url).status_code == 202
        deadline_s = time.monotonic() + STOP_S
        while service.http.get(url).json()["state"] == "running":
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        job = service.http.get(url).json()
        assert (job["state"], job["error"]["code"]) == ("cancelled", "cancelled")
        assert "clustering was stopped" in service.http.get(f"{url}/log").text

        again = service.http.post("/cluster").headers["location"]
        seen: list[tuple[str, dict[str, Any]]] = []
        began = threading.Event()

        def watch() -> None:
            for event in events_of(service, "/jobs/events"):
                seen.append(event)
                if (event[1].get("progress") or {}).get("done", 0) >= 3:
                    began.set()

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert began.wait(JOB_TIMEOUT_S)
        # What the first run analysed is kept.
        assert service.http.get(again).json()["progress"]["done"] >= 2
        service.terminate()
        watcher.join(STOP_S)
        assert not watcher.is_alive()
        ends = [data for name, data in seen if name == "end"]
        assert [end["state"] for end in ends] == ["interrupted"]


def test_a_service_that_is_killed_leaves_nothing_in_the_way(project_root: Path, tmp_path: Path) -> None:
    many_photos(tmp_path / "photos")
    config = write_config(tmp_path)
    with running(project_root, config) as service:
        url = service.http.post("/cluster").headers["location"]
        for _, data in events_of(service, f"{url}/events"):
            if (data.get("progress") or {}).get("done", 0) >= 1:
                break
        children = psutil.Process(service.process.pid).children(recursive=True)
        assert children
        service.process.kill()
        service.process.wait(STOP_S)
        _, left = psutil.wait_procs(children, timeout=STOP_S)
        assert not [child for child in left if is_at_work(child)]
    with running(project_root, config) as service:
        job = service.http.get(url).json()
        assert (job["state"], job["error"]["code"]) == ("interrupted", "interrupted")
        assert "clustering started" in service.http.get(f"{url}/log").text
        again = service.http.post("/cluster")
        assert again.status_code == 202
        assert service.http.delete(again.headers["location"]).status_code == 202
        assert service.finished(again)["state"] == "cancelled"
        service.terminate()
