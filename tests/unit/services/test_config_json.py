from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from curation.cli.main import _parser
from curation.errors import SettingsError
from curation.services.addresses import listen_address, peer_address
from curation.services.config_json import with_config_json
from curation.services.role import GRPC_ROLES, Role
from curation.settings.services import ServicesSettings

USUAL = {
    "service1_address": "[::]:60051",
    "service2_address": "[::]:60052",
    "service3_address": "[::]:60053",
    "service4_address": "[::]:60054",
    "redis_host": "localhost",
    "redis_port": 6380,
    "image_directory": "pictures",
    "output_directory": "out",
}


def read(folder: Path, data: Any, settings: ServicesSettings | None = None) -> ServicesSettings:
    path = folder / "config.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return with_config_json(settings or ServicesSettings(), path)


def test_a_usual_file_works_as_it_is_and_stays_on_this_machine(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = read(tmp_path, USUAL)

    assert [listen_address(settings, role) for role in GRPC_ROLES] == [f"127.0.0.1:6005{n}" for n in (1, 2, 3, 4)]
    assert [peer_address(settings, role) for role in GRPC_ROLES] == [f"127.0.0.1:6005{n}" for n in (1, 2, 3, 4)]
    assert (settings.redis.host, settings.redis.port) == ("localhost", 6380)
    assert settings.image_dir == tmp_path / "pictures"
    assert settings.store.results_dir == tmp_path / "out"
    assert settings.store.faces_dir == ServicesSettings().store.faces_dir
    assert "needs a token" in caplog.text


def test_with_a_token_all_networks_are_meant(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = {"token": "s" * 20}
    settings = read(tmp_path, USUAL, ServicesSettings.model_validate(token))

    assert listen_address(settings, Role.STORAGE) == "[::]:60054"
    assert peer_address(settings, Role.STORAGE) == "127.0.0.1:60054"
    assert settings.token is not None and settings.token.get_secret_value() == token["token"]
    assert not caplog.records


def test_names_of_other_machines_are_where_roles_are_reached(tmp_path: Path) -> None:
    settings = read(tmp_path, {"service2_address": "landmarks:50052", "service3_host": "fe80::1", "service3_port": 7})

    assert peer_address(settings, Role.LANDMARKS) == "landmarks:50052"
    assert peer_address(settings, Role.AGE_GENDER) == "[fe80::1]:7"
    assert listen_address(settings, Role.LANDMARKS) == "127.0.0.1:50052"


def test_hosts_and_ports_may_stand_apart(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        {"service1_host": "localhost", "service1_port": 123, "service2_host": "localhost", "service2_port": "124"},
    )

    assert listen_address(settings, Role.IMAGE_INPUT) == "localhost:123"
    assert settings.listen.landmarks == 124
    assert settings.listen.storage == 50054


def test_unknown_keys_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read(tmp_path, {"colour": "blue", "redis_port": 1})
    assert "not used: colour" in caplog.text


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ("{", "cannot be read as JSON"),
        ([1], "must hold a JSON object"),
        ({"service1_address": "50051"}, "service1: '50051' is not HOST:PORT"),
        ({"service1_host": "a b", "service1_port": 0}, "is not HOST:PORT"),
        ({"redis_port": "many"}, "redis.port"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, data: Any, part: str) -> None:
    with pytest.raises(SettingsError, match=part):
        read(tmp_path, data)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no file"):
        with_config_json(ServicesSettings(), tmp_path / "config.json")


@pytest.mark.parametrize("words", ["services --config-json c.json up", "services up --config-json c.json"])
def test_it_is_named_before_or_after_the_command(words: str) -> None:
    assert _parser().parse_args(words.split()).config_json == Path("c.json")
    assert _parser().parse_args(["services", "up"]).config_json is None
