"""The service as a user runs it: `uvicorn main_api:app`, real photos, real engine, over HTTP."""

from __future__ import annotations

import csv
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from PIL import Image, ImageOps

START_TIMEOUT_S = 60.0
JOB_TIMEOUT_S = 200.0
STOP_TIMEOUT_S = 30.0
FACE_LONG_SIDE_PX = 512


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs in a process of its own."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    log: Path

    def finished(self, started: httpx.Response) -> dict[str, Any]:
        """The job, when it has ended; the service must answer all the time."""
        assert started.status_code == 202, started.text
        deadline_s = time.monotonic() + JOB_TIMEOUT_S
        while time.monotonic() < deadline_s:
            assert self.http.get("/health").json()["status"] == "ok"
            job: dict[str, Any] = self.http.get(started.headers["location"]).json()
            if job["state"] not in ("queued", "running"):
                return job
            time.sleep(0.1)
        raise AssertionError(f"the job did not end: {job}\n{self.log.read_text()}")

    def terminate(self) -> list[psutil.Process]:
        """End it as a process manager does; gives the child processes that it had."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        # uvicorn ends itself with the signal that it was sent, after a clean shutdown.
        assert self.process.wait(STOP_TIMEOUT_S) in (0, -signal.SIGTERM), self.log.read_text()
        assert "Application shutdown complete" in self.log.read_text()
        _, left = psutil.wait_procs(children, timeout=STOP_TIMEOUT_S)
        # A dead one may stay in the table where the first process, as in some containers, collects none.
        assert not [child for child in left if is_at_work(child)]
        return children


def is_at_work(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def source_photo(package: str, *parts: str) -> Image.Image:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    with Image.open(Path(spec.origin).parent.joinpath(*parts)) as photo:
        return photo.convert("RGB")


def make_event(folder: Path) -> None:
    """Three photos of two people: one of each, and one of both."""
    astronaut = source_photo("skimage", "data", "astronaut.png")
    admiral = source_photo("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg")
    admiral.thumbnail((FACE_LONG_SIDE_PX, FACE_LONG_SIDE_PX))
    (folder / "day 2").mkdir(parents=True)
    astronaut.save(folder / "astronaut.jpg", quality=92)
    admiral.save(folder / "day 2" / "admiral.jpg", quality=92)
    both = Image.new("RGB", (astronaut.width + admiral.width, FACE_LONG_SIDE_PX), "grey")
    both.paste(ImageOps.mirror(astronaut), (0, 0))
    both.paste(admiral, (astronaut.width, 0))
    both.save(folder / "day 2" / "both.jpg", quality=92)


def write_config(folder: Path) -> Path:
    config = folder / "config.yaml"
    io = {"input_dir": "photos", "output_dir": "out", "state_dir": "state", "models_dir": "models"}
    settings = {
        "io": io,
        "engine": {"name": "dlib"},
        "clustering": {"min_cluster_photos": 1},
        "performance": {"workers": 2},
    }
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return config


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(project_root: Path, config: Path, *options: str) -> Iterator[Service]:
    """`uvicorn main_api:app` with these settings; killed if the block leaves it running."""
    port = free_port()
    log = config.parent / f"service-{port}.log"
    command = [sys.executable, "-m", "uvicorn", "main_api:app", "--port", str(port), *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CURATION_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=project_root,
            env={**environment, "CURATION_CONFIG": str(config)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=START_TIMEOUT_S) as http:
            service = Service(process, http, log)
            wait_until_up(service)
            yield service
    finally:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
            process.wait()


def wait_until_up(service: Service) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        assert service.process.poll() is None, service.log.read_text()
        try:
            service.http.get("/health")
        except httpx.ConnectError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the service did not start:\n{service.log.read_text()}")


def code_of(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    code: str = response.json()["code"]
    return code


def test_an_event_from_the_first_request_to_the_ranking(project_root: Path, tmp_path: Path) -> None:
    make_event(tmp_path / "photos")
    with running(project_root, write_config(tmp_path)) as service:
        http = service.http
        assert "/cluster" in http.get("/openapi.json").json()["paths"]
        assert code_of(http.get("/health", headers={"x-endless": "a" * 2_000_000}), 431) == "header_too_large"
        assert code_of(http.post("/score"), 409) == "not_clustered"

        started = http.post("/cluster")
        assert code_of(http.post("/cluster"), 409) == "already_running"
        assert code_of(http.post("/score"), 409) == "already_running"
        job = service.finished(started)
        assert job["state"] == "succeeded", job
        assert (job["counts"]["total"], job["counts"]["analysed"], job["counts"]["failed"]) == (3, 3, 0)
        assert job["counts"]["faces"] == 4
        assert "Clustering completed successfully" in service.log.read_text()

        page = http.get("/clusters").json()
        assert [(c["faces"], c["photos"]) for c in page["clusters"]] == [(2, 2), (2, 2)]
        picture = http.get(page["clusters"][0]["thumbnail_url"])
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.content.startswith(b"\xff\xd8")
        samples = http.get(f"/clusters/{page['clusters'][0]['id']}").json()["sample_urls"]
        assert http.get(samples[0]).content.startswith(b"\xff\xd8")

        labels = {str(page["clusters"][0]["id"]): {"name": "Anna", "category": "main"}}
        assert code_of(http.put("/labels", json={"77": "main"}), 422) == "labels_invalid"
        assert http.put("/labels", json=labels).json() == labels
        assert http.get("/clusters").json()["clusters"][0]["name"] == "Anna"

        assert code_of(http.get("/photos"), 409) == "not_scored"
        job = service.finished(http.post("/score"))
        assert job["state"] == "succeeded", job
        assert (job["counts"]["total"], job["counts"]["scored"], job["counts"]["failed"]) == (3, 3, 0)
        assert "Workflow complete" in service.log.read_text()

        photos = http.get("/photos").json()
        assert [photo["rank"] for photo in photos["photos"]] == [1, 2, 3]
        assert all(0 <= photo["final_score"] <= 1 and photo["results_string"] for photo in photos["photos"])
        with_anna = http.get("/photos", params={"person": "Anna"}).json()["photos"]
        assert [photo["main_count"] for photo in with_anna] == [1, 1]
        assert {photo["image_path"] for photo in with_anna} > {"day 2/both.jpg"}
        best_score = photos["photos"][0]["final_score"]
        assert http.get("/photos", params={"min_score": best_score, "limit": 1}).json()["photos"] == [
            photos["photos"][0]
        ]

        for name, rows in (("face_data.csv", 4), ("photo_scores.csv", 3)):
            answer = http.get(f"/downloads/{name}")
            assert answer.headers["content-type"].startswith("text/csv")
            assert len(list(csv.DictReader(answer.text.removeprefix("\ufeff").splitlines()))) == rows
            assert (tmp_path / "out" / name).read_bytes() == answer.content
        assert http.get("/jobs").json()["total"] == 2
        service.terminate()


def test_the_end_of_the_service_ends_its_run_and_the_next_one_goes_on(project_root: Path, tmp_path: Path) -> None:
    photo = source_photo("skimage", "data", "astronaut.png")
    (tmp_path / "photos").mkdir()
    for number in range(40):
        # Every copy is another photo, so that none is known from an earlier one.
        photo.putpixel((0, 0), (number, 0, 0))
        photo.save(tmp_path / "photos" / f"{number:02d}.png")
    config = write_config(tmp_path)
    with running(project_root, config) as service:
        started = service.http.post("/cluster")
        deadline_s = time.monotonic() + JOB_TIMEOUT_S
        while (service.http.get(started.headers["location"]).json()["progress"] or {}).get("done", 0) < 1:
            assert time.monotonic() < deadline_s, service.log.read_text()
            time.sleep(0.05)
        children = service.terminate()
        assert children
    assert not list((tmp_path / "out").glob("*.curation-tmp"))
    with running(project_root, config) as service:
        job = service.http.get(started.headers["location"]).json()
        assert (job["state"], job["error"]["code"]) == ("interrupted", "interrupted")
        job = service.finished(service.http.post("/cluster"))
        assert job["state"] == "succeeded", job
        assert job["counts"]["analysed"] == 40
        service.terminate()


def test_settings_that_are_wrong_stop_the_start_with_a_sentence(project_root: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("io: {inptu_dir: photos}")
    finished = subprocess.run(
        [sys.executable, "-m", "uvicorn", "main_api:app", "--port", str(free_port())],
        cwd=project_root,
        env={**os.environ, "CURATION_CONFIG": str(config)},
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )
    assert finished.returncode != 0
    assert "io.inptu_dir: unknown key" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_importing_it_does_nothing(project_root: Path, tmp_path: Path) -> None:
    code = (
        "import logging, os, threading; before = dict(os.environ); import main_api\n"
        "before['LD_LIBRARY_PATH'] = os.environ.get('LD_LIBRARY_PATH')  # cv2 sets it\n"
        "assert {**os.environ} == {name: value for name, value in before.items() if value is not None}\n"
        "assert not logging.getLogger().handlers and not logging.getLogger('curation').handlers\n"
        "assert threading.active_count() == 1"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project_root), "CURATION_CONFIG": str(tmp_path / "missing.yaml")},
        check=True,
        timeout=START_TIMEOUT_S,
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="uvicorn's reloader ends its child in another way there")
def test_reload_does_not_loop_on_what_the_service_writes(project_root: Path, tmp_path: Path) -> None:
    make_event(tmp_path / "photos")
    # The state lies where the reloader looks, as it does with the default settings.
    watched = ("--reload", "--reload-dir", str(tmp_path))
    with running(project_root, write_config(tmp_path), *watched) as service:
        job = service.finished(service.http.post("/cluster"))
        assert job["state"] == "succeeded", job
        assert service.http.get("/jobs").json()["total"] == 1
        assert service.log.read_text().count("Started server process") == 1
