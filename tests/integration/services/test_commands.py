"""`python -m curation services up`, `status`, `send`, `down` as a user types them, with a stand-in for the analysis."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from curation.services.role import GRPC_ROLES
from tests.conftest import PROJECT_ROOT
from tests.redis_server import RedisProcess, RedisServer, free_port
from tests.service_roles import picture
from tests.services_processes import RoleProcesses


def run(program: RoleProcesses, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(program.command(*words), cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=240)


def test_from_up_to_down(tmp_path: Path, redis_server: RedisServer) -> None:
    program = RoleProcesses(tmp_path, redis_server)
    photos = tmp_path / "images"
    (photos / "more").mkdir(parents=True)
    for number in range(3):
        (photos / "more" / f"{number}.png").write_bytes(picture(number, faces=number))
    (photos / "broken.jpg").write_bytes(b"no picture")
    assert run(program, "status").returncode == 1
    try:
        up = run(program, "up", "--roles", "all", "--roles", "logger")
        assert up.returncode == 0, up.stderr
        port = program.settings.services.listen.image_input
        assert f"image_input: listens on 127.0.0.1:{port} (process " in up.stdout
        assert "logger: runs (process " in up.stdout
        again = run(program, "up", "--roles", "all")
        assert (again.returncode, again.stdout.count("runs already")) == (0, 4)
        status = run(program, "status")
        assert (status.returncode, status.stdout.count("SERVING")) == (0, 4), status.stdout
        taken = run(program, "run", "--roles", "storage")
        assert taken.returncode == 2 and "cannot listen on" in taken.stderr

        sent = run(program, "send")
        assert sent.returncode == 1
        lines = sent.stdout.splitlines()
        assert lines[-1].startswith("4 pictures: 3 done, 0 partial, 1 failed; 3 faces; ")
        (two,) = [line for line in lines if "2.png" in line]
        assert ": 2 faces · runtime 0." in two and two.endswith("female 30 (25 to 35); female 31 (26 to 36)")
        (broken,) = [line for line in lines if "broken.jpg" in line]
        assert broken.endswith("Failed: it is no picture")
        assert run(program, "send", str(photos / "more")).returncode == 0
        answer = run(program, "send", "--json", "--reader", "age=stand-in", str(photos / "more" / "1.png"))
        assert json.loads(answer.stdout)["image"]["faces"][0]["box"]
        assert run(program, "send", "--reader", "colour=red", str(photos)).returncode == 2
        assert run(program, "send", str(tmp_path / "nothing")).returncode == 3
    finally:
        down = run(program, "down")
    assert down.returncode == 0
    assert down.stdout.count("has ended") == 2
    assert run(program, "down").stdout == "nothing runs that `services up` started\n"
    lost = run(program, "send", str(photos / "more" / "1.png"))
    assert lost.returncode == 5 and "no role image_input answers at" in lost.stderr


def test_without_redis_nothing_starts_and_the_address_is_named(tmp_path: Path, redis_process: RedisProcess) -> None:
    program = RoleProcesses(tmp_path, redis_process.address)
    redis_process.stop()
    for words in (["up"], ["run"]):
        done = run(program, *words)
        assert done.returncode == 5
        assert f"there is no Redis server at 127.0.0.1:{redis_process.address.port}" in done.stderr
        assert f"redis-server --port {redis_process.address.port}" in done.stderr
        assert "Traceback" not in done.stderr
    assert not list((tmp_path / "state").rglob("*.json"))


def test_what_a_process_says_at_its_end_is_told_by_up(tmp_path: Path, redis_server: RedisServer) -> None:
    program = RoleProcesses(tmp_path, redis_server, listen={"host": "0.0.0.0"})
    done = run(program, "up", "--roles", "storage")
    assert done.returncode == 2
    assert "set services.token" in done.stderr and "storage: not started" in done.stderr


def test_a_config_json_of_another_system_is_followed(tmp_path: Path, redis_server: RedisServer) -> None:
    program = RoleProcesses(tmp_path, RedisServer("127.0.0.1", 1))
    ports = [free_port() for _ in GRPC_ROLES]
    data = {f"service{number}_address": f"[::]:{port}" for number, port in enumerate(ports, start=1)}
    data |= {"redis_host": redis_server.host, "output_directory": "out", "image_directory": "pictures"}
    (tmp_path / "config.json").write_text(json.dumps({**data, "redis_port": redis_server.port}))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(picture(1))
    option = ("--config-json", str(tmp_path / "config.json"))
    try:
        up = run(program, "up", "--roles", "all", *option)
        assert up.returncode == 0, up.stderr
        assert [f"127.0.0.1:{port}" in up.stdout for port in ports] == [True] * 4
        assert "needs a token" in up.stderr
        sent = run(program, "send", *option)
        assert sent.returncode == 0, sent.stdout
        assert len(list((tmp_path / "out").glob("*.json"))) == 1
    finally:
        run(program, "down")


@pytest.mark.parametrize("name", ["run.sh", "run_everything.sh", "stop_services.sh"])
def test_the_scripts_say_what_is_missing(tmp_path: Path, name: str) -> None:
    for script in ("run.sh", "run_everything.sh", "stop_services.sh"):
        target = tmp_path / script
        target.write_bytes((PROJECT_ROOT / script).read_bytes())
        target.chmod(0o755)
    bare = subprocess.run([tmp_path / name], capture_output=True, text=True)
    assert "not installed here" in bare.stderr
    assert bare.returncode == (0 if name == "stop_services.sh" else 2)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    done = subprocess.run([tmp_path / name, "--roles", "all"], capture_output=True, text=True, cwd="/")
    command = "down" if name == "stop_services.sh" else "up"
    assert done.stdout == f"-m curation services {command} --roles all\n"
