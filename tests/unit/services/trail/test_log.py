"""The log from a role's step to the central file and back."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from curation.errors import BusyError, InputError
from curation.services.trail.line import TrailLine, line_of, line_of_text, trace_of
from curation.services.trail.log_files import CENTRAL_NAME, ROLES_DIR, JsonLines, RoleFile, lines_of_file, log_files
from curation.services.trail.log_stream import new_lines
from curation.services.trail.logger_role import run
from curation.services.trail.opening import open_trail
from curation.services.trail.outlets import Outlet
from curation.services.trail.reading import errors_of, lines_since, sha256_of, steps_of
from curation.services.trail.step import Step
from curation.settings.services import ServicesSettings
from tests.processes import wait_until
from tests.queue_world import services_settings
from tests.redis_server import RedisProcess, RedisServer, free_port, redis_process, redis_server

__all__ = ["redis_process", "redis_server"]

SHA = "ab" * 32
OTHER = "cd" * 32
NOWHERE = RedisServer("127.0.0.1", 1)


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> ServicesSettings:
    return services_settings(redis_server, tmp_path)


def a_line(number: int, *, source: str = "one", detail: str = "", role: str = "landmarks") -> TrailLine:
    return line_of(
        Step(role=role, step="decoded", sha256=SHA, request_id="r", runtime_s=0.25, faces=2, detail=detail),
        moment=datetime(2026, 11, 29, 12, 0, number % 60, tzinfo=UTC),
        pid=7,
        host="here",
        source=source,
        number=number,
    )


@contextmanager
def logging_role(settings: ServicesSettings) -> Iterator[None]:
    stop = threading.Event()
    trail = open_trail(settings, "logger")
    thread = threading.Thread(target=run, args=(settings, trail, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        trail.close()
        assert not thread.is_alive()


def central(settings: ServicesSettings) -> list[TrailLine]:
    return [
        line
        for path in log_files(settings.log_dir, central_only=True)
        for line in lines_of_file(path)
        if line.role != "logger" or line.code
    ]


# ---- lines ----------------------------------------------------------------------------------------------------------


def test_a_line_has_everything_and_comes_back_from_json() -> None:
    line = a_line(3, detail="a sentence")
    values = json.loads(line.as_json())
    assert values["time"] == "2026-11-29T12:00:03.000000Z"
    assert values["trace"] == trace_of(SHA, "r") == line.trace
    assert set(values) >= {
        "time", "role", "pid", "host", "step", "status", "sha256", "request_id", "trace", "runtime_s", "faces", "code",
        "detail",
    }  # fmt: skip
    assert line_of_text(line.as_json()) == line
    assert "\n" not in a_line(1, detail="two\nlines").as_json()


def test_the_trace_is_that_of_the_picture_and_its_request() -> None:
    assert len(trace_of(SHA, "r")) == 32
    assert trace_of(SHA, "r") != trace_of(SHA, "s") != trace_of(OTHER, "s")
    assert trace_of("", "r") == ""


def test_values_that_json_cannot_hold_are_made_harmless() -> None:
    step = Step(role="landmarks", step="x", runtime_s=float("nan"), detail="\udcff" + "0" * 5000)
    line = line_of(step, moment=datetime.now(UTC), pid=1, host="h", source="s", number=1)
    assert line.runtime_s is None
    assert len(line.as_json()) < 3000
    assert line_of_text(line.as_json()) == line


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"time": 3}', a_line(1).as_json().replace("2026", "no")])
def test_what_is_no_line_is_none(text: str) -> None:
    assert line_of_text(text) is None


# ---- files ----------------------------------------------------------------------------------------------------------


def test_files_begin_anew_when_they_are_large_and_the_oldest_goes(tmp_path: Path) -> None:
    file = JsonLines(tmp_path / ROLES_DIR / "a.jsonl", max_bytes=1500, max_files=3)
    for number in range(1, 31):
        file.write([a_line(number)])
    file.close()
    paths = log_files(tmp_path)
    assert [path.name for path in paths] == ["a.jsonl.2", "a.jsonl.1", "a.jsonl"]
    assert all(path.stat().st_size <= 1500 for path in paths)
    numbers = [line.number for path in paths for line in lines_of_file(path)]
    assert numbers == list(range(numbers[0], 31))


def test_one_file_at_most_is_kept_if_so_asked(tmp_path: Path) -> None:
    file = JsonLines(tmp_path / "a.jsonl", max_bytes=1000, max_files=1)
    for number in range(1, 11):
        file.write([a_line(number)])
    file.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_line_after_one_that_was_cut_off_stands_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(a_line(1).as_json() + "\n" + a_line(2).as_json()[:40])
    file = JsonLines(path, max_bytes=10_000, max_files=2)
    file.write([a_line(3)])
    file.close()
    assert [line.number for line in lines_of_file(path)] == [1, 3]


def test_a_file_that_somebody_moves_away_is_made_again(tmp_path: Path) -> None:
    file = JsonLines(tmp_path / "a.jsonl", max_bytes=10_000, max_files=2)
    file.write([a_line(1)])
    (tmp_path / "a.jsonl").rename(tmp_path / "away")
    file.write([a_line(2)])
    file.close()
    assert [line.number for line in lines_of_file(tmp_path / "a.jsonl")] == [2]


def test_files_of_dead_processes_are_removed_but_the_newest(tmp_path: Path) -> None:
    settings = services_settings(NOWHERE, tmp_path, log_files=2)
    mine = RoleFile(settings, "landmarks")
    folder = Path(mine.name).parent
    folder.mkdir()
    host = Path(mine.name).name.split("-")[1]
    for pid in (2**22 + 1, 2**22 + 2, 2**22 + 3):
        (folder / f"landmarks-{host}-{pid}.jsonl").touch()
        time.sleep(0.01)
    (folder / "landmarks-elsewhere-1.jsonl").touch()
    (folder / f"age_gender-{host}-{2**22 + 1}.jsonl").touch()
    mine.write([a_line(1)])
    mine.close()
    assert {path.name for path in folder.iterdir()} == {
        Path(mine.name).name,
        f"landmarks-{host}-{2**22 + 2}.jsonl",
        f"landmarks-{host}-{2**22 + 3}.jsonl",
        "landmarks-elsewhere-1.jsonl",
        f"age_gender-{host}-{2**22 + 1}.jsonl",
    }


def test_a_file_that_is_written_stays_whatever_the_number_of_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = services_settings(NOWHERE, tmp_path, log_files=1)
    monkeypatch.setattr("os.getpid", lambda: 2**22 + 1)  # of another container, whose processes cannot be seen here
    other = RoleFile(settings, "landmarks")
    other.write([a_line(1)])
    monkeypatch.setattr("os.getpid", lambda: 2**22 + 2)
    second = RoleFile(settings, "landmarks")
    second.write([a_line(2)])
    monkeypatch.setattr("os.getpid", lambda: 2**22 + 3)
    time.sleep(0.01)
    mine = RoleFile(settings, "landmarks")
    mine.write([a_line(3)])
    assert Path(other.name).exists() and Path(mine.name).exists()
    other.close()
    second.close()
    monkeypatch.setattr("os.getpid", lambda: 2**22 + 4)
    RoleFile(settings, "landmarks").write([a_line(4)])
    left = {path.name.split("-")[-1] for path in Path(mine.name).parent.iterdir()}
    assert f"{2**22 + 1}.jsonl" not in left


# ---- outlets --------------------------------------------------------------------------------------------------------


class Away:
    """A sink that is away until it is told to be there."""

    name = "nowhere"

    def __init__(self) -> None:
        self.is_there = threading.Event()
        self.lines: list[TrailLine] = []

    def write(self, lines: list[TrailLine]) -> None:
        if not self.is_there.is_set():
            raise InputError("away")
        self.lines += lines

    def close(self) -> None:
        """Nothing is open."""


def test_lines_wait_for_a_place_that_is_away_in_order(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    sink = Away()
    outlet = Outlet(sink)  # type: ignore[arg-type]
    for number in range(1, 1201):
        outlet.put(a_line(number))
    time.sleep(0.3)
    sink.is_there.set()
    outlet.close(5)
    assert [line.number for line in sink.lines] == list(range(1, 1201))
    assert [record.message for record in caplog.records] == [
        "the log cannot be written to nowhere, its lines wait: away",
        "the log is written to nowhere again",
    ]


def test_the_oldest_are_dropped_when_too_many_wait_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    sink = Away()
    outlet = Outlet(sink, capacity=100)  # type: ignore[arg-type]
    for number in range(1, 1001):
        outlet.put(a_line(number))
    sink.is_there.set()
    outlet.close(5)
    assert [line.number for line in sink.lines] == list(range(901, 1001))
    assert outlet.dropped == 900
    assert "900 lines of the log did not get to nowhere" in caplog.text


def test_telling_neither_waits_nor_raises_whatever_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = services_settings(
        RedisServer("127.0.0.1", free_port()), tmp_path / "file", otlp_endpoint=f"http://127.0.0.1:{free_port()}"
    )
    trail = open_trail(settings, "landmarks")
    began = time.perf_counter()
    for _ in range(30_000):
        trail.tell(Step(role="landmarks", step="decoded", sha256=SHA))
    trail.tell(Step(role="landmarks", step="decoded", faces="no number"))  # type: ignore[arg-type]
    assert time.perf_counter() - began < 5
    began = time.perf_counter()
    trail.close()
    trail.tell(Step(role="landmarks", step="late"))
    assert time.perf_counter() - began < 5


# ---- the central log ------------------------------------------------------------------------------------------------


def test_steps_of_a_picture_come_from_all_places_each_once(settings: ServicesSettings) -> None:
    trails = [open_trail(settings, role) for role in ("image_input", "landmarks")]
    with logging_role(settings):
        for number in range(50):
            for trail, role in zip(trails, ("image_input", "landmarks"), strict=True):
                trail.tell(Step(role=role, step=f"step {number}", sha256=SHA, request_id="r"))
                trail.tell(Step(role=role, step="other", sha256=OTHER, request_id="r"))
        wait_until(lambda: len(central(settings)) == 200, "all lines are in the central log")
    for trail in trails:
        trail.close()
    lines = steps_of(settings, SHA[:8])
    assert len(lines) == 100
    assert {line.sha256 for line in lines} == {SHA}
    assert [line.step for line in lines if line.role == "landmarks"] == [f"step {number}" for number in range(50)]
    assert [line.time for line in lines] == sorted(line.time for line in lines)
    assert {line.trace for line in lines} == {trace_of(SHA, "r")}
    # Whatever place is lost, the others have them.
    for path in log_files(settings.log_dir, central_only=True):
        path.unlink()
    assert steps_of(settings, SHA) == lines
    for path in log_files(settings.log_dir):
        path.unlink()
    assert steps_of(settings, SHA) == lines


def test_without_redis_the_files_are_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = services_settings(RedisServer("127.0.0.1", free_port()), tmp_path)
    trail = open_trail(settings, "landmarks")
    trail.tell(Step(role="landmarks", step="decoded", sha256=SHA))
    trail.tell(Step(role="landmarks", step="failed", status="error", sha256=SHA, code="internal"))
    trail.close()
    assert [line.step for line in steps_of(settings, SHA)] == ["decoded", "failed"]
    assert [line.step for line in errors_of(settings)] == ["failed"]
    assert [line.step for line in lines_since(settings)] == ["decoded", "failed"]
    assert lines_since(settings, datetime.now(UTC)) == []
    assert "without the lines that are only in Redis" in caplog.text


def test_nothing_is_lost_while_the_logger_is_down(settings: ServicesSettings) -> None:
    trail = open_trail(settings, "landmarks")
    with logging_role(settings):
        trail.tell(Step(role="landmarks", step="first"))
        wait_until(lambda: len(central(settings)) == 1, "it is written")
    trail.tell(Step(role="landmarks", step="second"))
    with logging_role(settings):
        trail.tell(Step(role="landmarks", step="third"))
        wait_until(lambda: len(central(settings)) == 3, "all are written")
    trail.close()
    assert [line.step for line in central(settings)] == ["first", "second", "third"]


def test_a_line_whose_confirmation_got_lost_is_written_once(
    settings: ServicesSettings, redis_server: RedisServer
) -> None:
    with logging_role(settings), redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        client.xadd("log", {"line": a_line(1).as_json()})
        client.xadd("log", {"line": a_line(1).as_json()})
        wait_until(lambda: len(central(settings)) == 1, "it is written")
    with redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        # As if the logger had been killed after it wrote and before it confirmed.
        client.xgroup_destroy("log", "logger")
    with logging_role(settings), redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        client.xadd("log", {"line": a_line(2).as_json()})
        wait_until(lambda: len(central(settings)) == 2, "the next is written")
    assert [line.number for line in central(settings)] == [1, 2]


def test_lines_that_are_missing_are_counted(settings: ServicesSettings, redis_server: RedisServer) -> None:
    with redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        for number in (4, 5, 9):
            client.xadd("log", {"line": a_line(number).as_json()})
        client.xadd("log", {"line": "no line"})
    with logging_role(settings):
        wait_until(lambda: len(central(settings)) == 6, "all are written")
    told = [line.detail or line.number for line in central(settings)]
    assert str(told[0]).startswith("3 lines of landmarks (process 7 on here) did not arrive")
    assert told[1:3] == [4, 5]
    assert str(told[3]).startswith("3 lines of landmarks")
    assert [line.code for line in central(settings)][-1] == "damaged_line"
    assert {line.code for line in errors_of(settings)} == {"lines_missing", "damaged_line"}


def test_the_stream_keeps_the_newest_lines_only(redis_server: RedisServer, tmp_path: Path) -> None:
    settings = services_settings(redis_server, tmp_path, log_lines=100)
    trail = open_trail(settings, "landmarks")
    for number in range(2000):
        trail.tell(Step(role="landmarks", step=str(number)))
    trail.close()
    with redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        assert 100 <= client.xlen("log") <= 400
    with logging_role(settings):
        wait_until(lambda: len(central(settings)) >= 100, "what is left is written")
    first, *rest = central(settings)
    assert first.code == "lines_missing"
    missing = int(first.detail.split()[0])
    assert missing + len(rest) == 2000


def test_the_logger_waits_for_redis_and_goes_on(settings: ServicesSettings, redis_process: RedisProcess) -> None:
    trail = open_trail(settings, "landmarks")
    with logging_role(settings):
        trail.tell(Step(role="landmarks", step="before"))
        wait_until(lambda: len(central(settings)) == 1, "it is written")
        redis_process.stop()
        trail.tell(Step(role="landmarks", step="between"))
        time.sleep(1)
        redis_process.start()
        trail.tell(Step(role="landmarks", step="after"))
        wait_until(lambda: "after" in [line.step for line in central(settings)], "it goes on")
    trail.close()
    steps = [line.step for line in central(settings) if line.role == "landmarks"]
    assert steps == ["before", "between", "after"]


def test_one_logger_keeps_a_log(settings: ServicesSettings) -> None:
    with logging_role(settings):
        wait_until(lambda: (settings.log_dir / f".{CENTRAL_NAME}.lock").exists(), "it has begun")
        time.sleep(0.2)
        with pytest.raises(BusyError, match="another logger"):
            run(settings, open_trail(settings, "logger"), threading.Event())


def test_new_lines_come_as_they_are_told(settings: ServicesSettings) -> None:
    trail = open_trail(settings, "landmarks")
    trail.tell(Step(role="landmarks", step="old"))
    time.sleep(0.3)
    lines = new_lines(settings.redis, wait_s=0.1)
    assert next(lines) is None
    trail.tell(Step(role="landmarks", step="new"))
    found = next(line for line in lines if line is not None)
    assert found.step == "new"
    trail.close()
    lines.close()  # type: ignore[attr-defined]


def test_a_picture_is_named_by_its_file_or_hash(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"picture")
    sha256 = sha256_of(path)
    assert sha256_of(str(path)) == sha256
    assert sha256_of(f" image:{sha256.upper()} ") == sha256
    assert sha256_of(sha256[:6]) == sha256[:6]
    for image in ("abc", str(tmp_path), "nothing.jpg"):
        with pytest.raises(InputError, match="neither a picture file nor"):
            sha256_of(image)
