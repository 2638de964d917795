"""The start of a process that runs roles: told to end in its midst, and with model files that are missing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from curation.errors import WeightsError
from curation.services.role import GRPC_ROLES
from curation.services.serving import process
from curation.settings import load_settings
from curation.workers.decoders.limits import DecoderLimits
from curation.workers.decoders.pool import DecoderPool
from tests.processes import wait_until
from tests.redis_server import RedisServer
from tests.service_roles import FakeAnalyser
from tests.services_processes import RoleProcesses


@pytest.fixture
def decoders(monkeypatch: pytest.MonkeyPatch) -> DecoderPool:
    pool = DecoderPool(DecoderLimits(processes=2, imports=()))
    monkeypatch.setattr(process, "role_decoders", lambda settings: pool)
    return pool


def _started(folder: Path, redis: RedisServer, stop: threading.Event) -> list[object]:
    settings = load_settings(RoleProcesses(folder, redis).config, default_root=folder)
    ready: list[object] = []
    process.run_process(settings, GRPC_ROLES, stop, on_ready=ready.append)
    return ready


def test_a_process_that_is_told_to_end_while_it_starts_answers_nobody(
    tmp_path: Path, redis_server: RedisServer, decoders: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    def told_to_end(*_: object, **__: object) -> FakeAnalyser:
        stop.set()
        return FakeAnalyser()

    monkeypatch.setattr(process, "build_analyser", told_to_end)
    assert _started(tmp_path, redis_server, stop) == []
    wait_until(lambda: decoders.pids == (), "no decoder is left")


def test_missing_model_files_leave_no_decoder(
    tmp_path: Path, redis_server: RedisServer, decoders: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> FakeAnalyser:
        wait_until(lambda: decoders.pids != (), "one starts")
        raise WeightsError("they are away")

    monkeypatch.setattr(process, "build_analyser", missing)
    with pytest.raises(WeightsError, match="they are away"):
        _started(tmp_path, redis_server, threading.Event())
    wait_until(lambda: decoders.pids == (), "no decoder is left")
