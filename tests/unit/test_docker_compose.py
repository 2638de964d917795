"""docker-compose.yaml says what the program understands: roles, ports, peers, settings and commands."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from curation.api.http.access import refuse_open_binding
from curation.cli.main import _parser
from curation.cli.services.roles import _parsed
from curation.services.addresses import refuse_open_listening, split_address
from curation.services.role import GRPC_ROLES, Role
from curation.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-24-characters"
PLACEHOLDER = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?(?P<needed>[^}]*))?\}")


def compose() -> dict[str, Any]:
    return cast(dict[str, Any], yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8")))


def containers() -> dict[str, dict[str, Any]]:
    """Those that run roles."""
    of_roles = ["python", "-m", "curation", "services", "run"]
    return {name: one for name, one in compose()["services"].items() if one.get("command", [])[:5] == of_roles}


def program() -> dict[str, dict[str, Any]]:
    """The web service and the workers."""
    return {name: compose()["services"][name] for name in ("api", "worker")}


def filled(text: str) -> str:
    """With the values of an .env file that has what it must."""
    return PLACEHOLDER.sub(lambda found: TOKEN if found["needed"] else found["default"] or "", text)


def roles_of(container: dict[str, Any]) -> tuple[Role, ...]:
    command = container["command"]
    assert command[:3] == ["python", "-m", "curation"]
    arguments: argparse.Namespace = _parser().parse_args(command[3:])
    assert arguments.command.__name__ == "_run"
    return _parsed(arguments.roles)


def settings_of(container: dict[str, Any], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    with monkeypatch.context() as patch:
        for name, value in container["environment"].items():
            if value is None:  # comes from .env, if it is there
                patch.delenv(name, raising=False)
                continue
            assert isinstance(value, str), f"{name}: write numbers in quotes"
            patch.setenv(name, filled(value) or (TOKEN if name.endswith("TOKEN") else ""))
        return load_settings(None, default_root=folder)


def test_each_profile_has_every_role_once() -> None:
    for profile in ("roles", "all"):
        mine = [one for one in containers().values() if one["profiles"] == [profile]]
        assert sorted(role for one in mine for role in roles_of(one)) == sorted(Role)
    apart = {name: roles_of(one) for name, one in containers().items() if one["profiles"] == ["roles"]}
    # Underscores are no part of host names.
    assert apart == {role.value.replace("_", "-"): (role,) for role in Role}
    assert "profiles" not in compose()["services"]["redis"]


@pytest.mark.parametrize("name", list(containers()))
def test_the_environment_is_valid(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    container = containers()[name]
    settings = settings_of(container, monkeypatch, tmp_path)
    services = settings.services
    refuse_open_listening(services)
    assert (services.listen.host, services.redis.host, services.redis.port) == ("0.0.0.0", "redis", 6379)
    written = [services.store.faces_dir, services.store.results_dir, services.log_dir, settings.io.state_dir]
    places = [Path(volume.split(":")[-1]) for volume in container["volumes"] if not volume.endswith(":ro")]
    for folder in written:
        assert any(folder.is_relative_to(place) for place in [*places, *map(Path, container["tmpfs"])]), folder
    assert any(filled(volume).endswith(f":{settings.io.models_dir}:ro") for volume in container["volumes"])


@pytest.mark.parametrize("name", list(containers()))
def test_peers_are_containers_that_listen_there(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    container = containers()[name]
    services = settings_of(container, monkeypatch, tmp_path).services
    mine = roles_of(container)
    for role in GRPC_ROLES:
        address = getattr(services.peers, role.value)
        if address is None:
            needed = {Role.IMAGE_INPUT: {Role.LANDMARKS, Role.AGE_GENDER}, Role.QUEUE: {Role.IMAGE_INPUT}}
            assert role in mine or not any(role in needed.get(own, set()) for own in mine)
            continue
        host, port = split_address(address)
        peer = containers()[host]
        assert role in roles_of(peer)
        assert peer["profiles"] == container["profiles"]
        assert port == getattr(services.listen, role.value)


def test_ports_are_published_on_this_machine_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert compose()["services"]["redis"]["ports"] == ["127.0.0.1:6380:6379"]
    for service in compose()["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    for container in containers().values():
        services = settings_of(container, monkeypatch, tmp_path).services
        listened = [getattr(services.listen, role.value) for role in roles_of(container) if role in GRPC_ROLES]
        assert container.get("ports", []) == [f"127.0.0.1:{port}:{port}" for port in listened]


def test_every_container_has_a_health_check_that_is_a_command() -> None:
    for container in containers().values():
        kind, *command = container["healthcheck"]["test"]
        assert (kind, command[:3]) == ("CMD", ["python", "-m", "curation"])
        assert _parser().parse_args(command[3:]).command.__name__ == "_status"
    assert compose()["services"]["redis"]["healthcheck"]["test"] == ["CMD", "redis-cli", "ping"]


def test_nothing_depends_on_the_order_of_the_start() -> None:
    for container in compose()["services"].values():
        assert "depends_on" not in container
        assert container["restart"] == "unless-stopped"


def test_every_container_has_a_health_check_a_limit_of_memory_and_no_new_rights() -> None:
    for name, container in compose()["services"].items():
        assert container["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert re.fullmatch(r"\d+[mg]", container["mem_limit"]), name
        assert "no-new-privileges:true" in container["security_opt"], name
        for volume in container["volumes"]:
            named = volume.split(":")[0]
            assert named.startswith("${") or named in compose()["volumes"], name


def test_the_web_service_and_workers_are_those_of_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, container in program().items():
        settings = settings_of(container, monkeypatch, tmp_path)
        volumes = [filled(volume) for volume in container["volumes"]]
        assert container["read_only"] and container["cap_drop"] == ["ALL"]
        assert f"./models:{settings.io.models_dir}:ro" in volumes
        assert f"./event_images:{settings.io.input_dir}:ro" in volumes
        for folder in (settings.io.output_dir, settings.io.state_dir):
            assert folder.is_relative_to("/data"), name
        assert settings.workers.broker_url.get_secret_value() == "redis://redis:6379/1"
    api, worker = program()["api"], program()["worker"]
    service = settings_of(api, monkeypatch, tmp_path).service
    refuse_open_binding(service)
    assert api["ports"] == [f"127.0.0.1:{service.port}:{service.port}"]
    assert api["command"] == ["python", "-m", "curation.cli.quickstart", "serve"]
    assert _parser().parse_args(worker["command"][3:]).command.__name__ == "_work"
    patience_s = settings_of(worker, monkeypatch, tmp_path).performance.photo_timeout_s
    assert int(worker["stop_grace_period"].removesuffix("s")) >= patience_s + 10


def test_redis_hears_its_network_and_this_machine_alone() -> None:
    # Without protected mode it answers whoever reaches it.
    redis = compose()["services"]["redis"]
    assert redis["ports"] == ["127.0.0.1:6380:6379"] and "networks" not in compose()


def test_containers_stop_later_than_their_roles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for container in containers().values():
        drain_s = settings_of(container, monkeypatch, tmp_path).services.drain_s
        assert int(container["stop_grace_period"].removesuffix("s")) >= drain_s + 10


def test_the_token_comes_from_env_and_is_asked_for() -> None:
    text = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
    names = {found["name"] for found in PLACEHOLDER.finditer(text)}
    needed = {found["name"] for found in PLACEHOLDER.finditer(text) if found["needed"]}
    assert needed == {"CURATION_SERVICES__TOKEN"}
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = [line for line in example.splitlines() if line and not line.startswith("#")]
    shown = {name: shlex.split(value) for name, value in (line.split("=", 1) for line in lines)}
    passed = {
        key for one in compose()["services"].values() for key, value in one.get("environment", {}).items() if not value
    }
    assert set(shown) - {"COMPOSE_PROFILES"} <= names
    offered = set(re.findall(r"^#(\w+)=", example, flags=re.MULTILINE))
    assert offered <= names | passed
    profiles = {profile for one in compose()["services"].values() for profile in one.get("profiles", ())}
    assert set(*(words.split(",") for words in shown["COMPOSE_PROFILES"])) <= profiles
    assert shown["CURATION_SERVICES__TOKEN"] == []
