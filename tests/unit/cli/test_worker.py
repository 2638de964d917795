"""`python -m curation worker`: what is there and what is missing is said first, and its processes work until TERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from curation.cli.main import main
from tests.processes import wait_until
from tests.redis_server import RedisServer, free_port

pytestmark = pytest.mark.usefixtures("no_config")


@pytest.fixture
def no_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CURATION_CONFIG", raising=False)
    monkeypatch.setenv("CURATION_CONFIG", "")  # restored, whatever the command sets


def _config(folder: Path, port: int, more: str = "") -> str:
    path = folder / "config.yaml"
    path.write_text(
        f"io: {{input_dir: photos, models_dir: nets, state_dir: state}}\n"
        f"workers:\n  broker_url: redis://:secret-word@127.0.0.1:{port}/0\n{more}"
    )
    return str(path)


def test_all_that_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = _config(tmp_path, free_port(), "  weights_url: https://anna:secret-word@weights.example/files\n")
    assert main(["--config", config, "worker", "--check"]) == 5
    broker, photos, weights = capsys.readouterr().err.splitlines()
    assert broker.startswith("broker: MISSING: the broker at redis://127.0.0.1:") and "workers.broker_url" in broker
    assert photos.startswith("photos: MISSING: there is no folder") and "io.input_dir" in photos
    assert "fetched from https://weights.example/files" in weights
    assert "secret-word" not in broker + photos + weights


def test_all_that_is_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], redis_server: RedisServer
) -> None:
    (tmp_path / "photos").mkdir()
    config = _config(tmp_path, redis_server.port).replace(":secret-word@", "")
    Path(config).write_text(Path(config).read_text().replace(":secret-word@", ""))
    assert main(["--config", config, "worker", "--check"]) == 0
    broker, photos, weights = capsys.readouterr().err.splitlines()
    assert broker == f"broker: redis://127.0.0.1:{redis_server.port}/0"
    assert photos == f"photos: {tmp_path / 'photos'}"
    assert "model files here" in weights and "not fetched" in weights


@pytest.mark.parametrize("count", ["0", "-1", "many", "257"])
def test_an_odd_number_of_processes_is_wrong_usage(count: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["worker", "--concurrency", count])


def test_what_is_in_work_may_take_longer_than_the_end_of_other_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watches = []

    def works(*_: object, **__: object) -> int:
        watches.append(signal.set_wakeup_fd(-1))
        return 0

    monkeypatch.setattr("curation.workers.celery_app.run_worker", works)
    before = signal.set_wakeup_fd(-1)
    assert main(["--config", _config(tmp_path, free_port()), "worker"]) == 0
    assert watches == [-1]
    assert signal.set_wakeup_fd(before) == -1


def test_it_works_until_it_is_told_to_end(tmp_path: Path, redis_server: RedisServer) -> None:
    (tmp_path / "photos").mkdir()
    config = _config(tmp_path, redis_server.port)
    Path(config).write_text(Path(config).read_text().replace(":secret-word@", ""))
    log = tmp_path / "log"
    command = [sys.executable, "-m", "curation", "--log-level", "info", "--config", config, "worker"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--concurrency", "1", "--name", "anna"],
            stdout=output,
            stderr=output,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
            cwd=tmp_path,
        )
    try:
        wait_until(lambda: "ready" in log.read_text(), "a worker")
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    told = log.read_text()
    assert "works with 1 process, Curation" in told and "anna@" in told
    assert "Traceback" not in told
