"""A config.json of other systems of this kind: addresses of the four services, Redis and folders, by their keys.

    {"service1_address": "[::]:50051", "service2_address": "[::]:50052", "service3_address": "[::]:50053",
     "service4_address": "[::]:50054", "redis_host": "localhost", "redis_port": 6379,
     "image_directory": "images", "output_directory": "output"}

There one address is both where a service listens and where the others reach it. Here an address that means this
machine, or all of its networks, says where the role listens; the name of another machine says where it is reached.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curation.errors import SettingsError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import READING_ERRORS
from curation.services.addresses import is_loopback, split_address
from curation.services.role import GRPC_ROLES
from curation.settings.services import ServicesSettings

__all__ = ["with_config_json"]

log = logging.getLogger(__name__)

_WILDCARDS = frozenset({"0.0.0.0", "::", "*"})
_LOOPBACK = "127.0.0.1"
_PICTURES, _RESULTS = "image_directory", "output_directory"


def with_config_json(settings: ServicesSettings, path: Path) -> ServicesSettings:
    """The settings with what such a file says.

    Args:
        settings: From config.yaml, the environment and the options.
        path: Of the file. Relative folders in it start at its own folder.

    Returns:
        New settings. `[::]` and `0.0.0.0` mean all networks only if there is a token; without one the roles listen on
        this machine alone, and a warning says so. Keys that are not known are named in a warning, and not used.

    Raises:
        SettingsError: If the file is missing, is no JSON object, or has a value that cannot be used.
    """
    data = _read(path)
    listen: dict[str, Any] = settings.listen.model_dump()
    peers: dict[str, Any] = settings.peers.model_dump()
    redis: dict[str, Any] = settings.redis.model_dump()
    hosts: set[str] = set()
    used: set[str] = set()
    for number, role in enumerate(GRPC_ROLES, start=1):
        address = _address(data, f"service{number}", used, path)
        if address is None:
            continue
        host, port = address
        listen[role.value] = port
        if host in _WILDCARDS or is_loopback(host):
            hosts.add(host)
        else:
            peers[role.value] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    listen["host"] = _host(settings, hosts, path) or listen["host"]
    for key in ("host", "port"):
        if f"redis_{key}" in data:
            used.add(f"redis_{key}")
            redis[key] = data[f"redis_{key}"]
    folders = {key: path.resolve().parent / str(data[key]) for key in (_PICTURES, _RESULTS) if key in data}
    used.update(folders)
    unknown = sorted(set(data) - used)
    if unknown:
        log.warning("%s: these keys are not known and not used: %s", path, ", ".join(unknown))
    values = {**settings.model_dump(), "listen": listen, "peers": peers, "redis": redis}
    values["image_dir"] = folders.get(_PICTURES, settings.image_dir)
    values["store"] = {**settings.store.model_dump(), "results_dir": folders.get(_RESULTS, settings.store.results_dir)}
    try:
        return ServicesSettings.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SettingsError(f"{path} has a value that cannot be used: {problems}") from error


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = read_json(path)
    except FileNotFoundError as error:
        raise SettingsError(f"there is no file {path} (--config-json)") from error
    except READING_ERRORS as error:
        raise SettingsError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path} must hold a JSON object with keys such as service1_address")
    return data


def _address(data: Mapping[str, Any], name: str, used: set[str], path: Path) -> tuple[str, int] | None:
    """Host and port of a service, as `NAME_address`, or as `NAME_host` and `NAME_port`; None if it is not named."""
    keys = [f"{name}_address", f"{name}_host", f"{name}_port"]
    used.update(key for key in keys if key in data)
    if keys[0] in data:
        text = str(data[keys[0]])
    elif keys[2] in data:
        host = str(data.get(keys[1], _LOOPBACK))
        text = f"[{host}]:{data[keys[2]]}" if ":" in host and not host.startswith("[") else f"{host}:{data[keys[2]]}"
    else:
        return None
    try:
        return split_address(text)
    except ValueError as error:
        raise SettingsError(f"{path}: {name}: {error}") from error


def _host(settings: ServicesSettings, hosts: set[str], path: Path) -> str | None:
    """Where all roles listen: they share one host."""
    wide = sorted(hosts & _WILDCARDS)
    if not wide:
        return min(hosts, default=None)
    if settings.token is not None:
        return "0.0.0.0" if wide[0] == "*" else wide[0]
    log.warning(
        "%s: %s means all networks of this machine, which needs a token (services.token); without one the roles listen "
        "on %s, where only this machine reaches them",
        path,
        wide[0],
        _LOOPBACK,
    )
    return _LOOPBACK
