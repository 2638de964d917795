from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from curation.cli.main import main
from curation.cli.services.since import since
from curation.services.queue.deliveries import Deliveries
from curation.services.trail.opening import open_trail
from curation.services.trail.step import Step
from curation.settings import load_settings
from curation.settings.services import ServicesSettings
from tests.redis_server import RedisProcess, RedisServer, redis_process, redis_server

__all__ = ["redis_process", "redis_server"]

Services = Callable[..., int]


@pytest.fixture
def config(redis_server: RedisServer, tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    content = {
        "services": {
            "redis": {"host": redis_server.host, "port": redis_server.port},
            "log_dir": str(tmp_path / "logs"),
            "max_image_mb": 0.01,
        }
    }
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def settings(config: Path) -> ServicesSettings:
    return load_settings(config, default_root=config.parent).services


@pytest.fixture
def services(config: Path) -> Services:
    return lambda *arguments: main(["--config", str(config), "services", *map(str, arguments)])


def test_pictures_are_pushed_counted_given_up_and_tried_again(
    services: Services, settings: ServicesSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"a")
    (folder / "large.jpg").write_bytes(b"0" * 20_000)
    (folder / "film.mp4").write_bytes(b"")
    assert services("push", folder) == 1
    said = capsys.readouterr().out
    assert "not a picture: film.mp4" in said
    assert "not pushed: large.jpg" in said
    assert said.endswith("1 queued, 1 not pushed\n")
    assert services("push", folder / "a.jpg") == 0
    assert "1 in the queue already" in capsys.readouterr().out
    assert services("queue", "status") == 0
    assert "waiting            1" in capsys.readouterr().out
    deliveries = Deliveries(settings)
    deliveries.open()
    (delivery,) = deliveries.take(1) or []
    deliveries.end_dead(delivery, code="photo_unreadable", reason="it is a text", tries=1)
    deliveries.close()
    assert services("queue", "dead") == 0
    said = capsys.readouterr().out
    assert f"{delivery.sha256[:12]} a.jpg, 1 try, photo_unreadable: it is a text" in said
    assert services("queue", "dead", "000000") == 0
    assert capsys.readouterr().out == "0 given up\n"
    assert services("queue", "dead", delivery.sha256[:8], "--retry") == 0
    assert capsys.readouterr().out == "1 queued again, 0 expired\n"
    assert services("queue", "dead", "--drop") == 0
    assert capsys.readouterr().out == "0 forgotten\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["push", "--watch", "a", "b"], "--watch takes one folder"),
        (["push", "--again", "a"], "--again belongs to --watch"),
    ],
)
def test_options_that_do_not_go_together(
    services: Services, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert services(*arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["push", "."], ["queue", "status"], ["queue", "dead"], ["logs", "--follow"]])
def test_without_redis_the_address_is_named(
    services: Services, redis_process: RedisProcess, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    redis_process.stop()
    assert services(*arguments) == 5
    assert f"there is no Redis server at 127.0.0.1:{redis_process.address.port}" in capsys.readouterr().err


def test_the_log_of_a_picture_of_errors_and_of_all(
    services: Services, settings: ServicesSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a")
    sha256 = hashlib.sha256(b"a").hexdigest()
    trail = open_trail(settings, "landmarks")
    trail.tell(Step("landmarks", "landmarks", sha256=sha256, request_id="r", runtime_s=0.25, faces=2))
    trail.tell(Step("storage", "failed", "error", sha256="cd" * 32, code="storage", detail="the disk is full"))
    trail.close()
    assert services("logs", path) == 0
    said = capsys.readouterr().out
    assert f"landmarks     {sha256[:12]} landmarks 0.250 s 2 faces" in said and "disk" not in said
    assert services("logs", "--errors") == 0
    said = capsys.readouterr().out
    assert "failed ERROR storage: the disk is full" in said and said.count("\n") == 1
    assert services("logs", sha256[:8], "--json") == 0
    assert json.loads(capsys.readouterr().out)["faces"] == 2
    assert services("logs", "--since", "1h") == 0
    assert capsys.readouterr().out.count("\n") == 2
    assert services("logs", "ef" * 32) == 0
    assert "has nothing of this picture" in capsys.readouterr().out
    assert services("logs", "nothing.jpg") == 3
    assert "neither a picture file nor" in capsys.readouterr().err


def test_charts_are_drawn_where_asked(
    services: Services, settings: ServicesSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail = open_trail(settings, "image_input")
    trail.tell(Step("image_input", "answered", sha256="ab" * 32, runtime_s=0.25, faces=2))
    trail.close()
    assert services("plot", "--output", tmp_path / "here") == 0
    assert capsys.readouterr().out.endswith("pictures: 1, faces: 2, steps that failed: 0\n")
    assert (tmp_path / "here" / "ages.png").exists()
    assert services("plot", "--since", "2100-01-01") == 0
    assert (tmp_path / "logs" / "charts" / "charts.json").exists()


def test_moments() -> None:
    now = datetime.now(UTC)
    assert abs(since("90m") - (now - timedelta(minutes=90))) < timedelta(seconds=5)
    assert since("2026-11-29T12:00+02:00") == datetime(2026, 11, 29, 10, tzinfo=UTC)
    assert since("2026-11-29").tzinfo is UTC
    with pytest.raises(Exception, match="no moment"):
        since("yesterday")
