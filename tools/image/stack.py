"""docker-compose.yaml as containers of podman: the file that users get is what is tried, not a copy of it.

Debian's podman-compose knows no profiles. Read here is what the file uses; anything else in it is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from .containers import Containers

__all__ = ["Stack"]

PLACEHOLDER = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?(?P<needed>[^}]*))?\}")
HERE_ONLY = "127.0.0.1"
IGNORED = frozenset({"profiles", "stop_grace_period", "healthcheck", "image", "command", "init"})
"""Of a container in the file: what its start does not need."""
FLAGS = {
    "restart": "restart",
    "mem_limit": "memory",
    "pids_limit": "pids-limit",
    "shm_size": "shm-size",
    "hostname": "hostname",
}
MANY = {"cap_drop": "cap-drop", "security_opt": "security-opt", "tmpfs": "tmpfs"}


class Stack:
    """Some containers of the file on a network of their own, where they find each other by name."""

    def __init__(
        self, containers: Containers, compose: Path, variables: Mapping[str, str], images: Mapping[str, str]
    ) -> None:
        """Read the file.

        Args:
            containers: Where they run.
            compose: docker-compose.yaml; its folder is that of relative paths.
            variables: What stands in .env.
            images: What stands for an image of the file, by the container's name.
        """
        self.services = cast(dict[str, dict[str, Any]], yaml.safe_load(compose.read_text(encoding="utf-8"))["services"])
        self.network = "curation"
        self._containers, self._root, self._variables, self._images = containers, compose.parent, variables, images
        containers.podman("network", "create", self.network)

    def start(self, name: str) -> None:
        """Start one of the file's containers, in the background."""
        service = self.services[name]
        arguments = [f"--network={self.network}", *self._rights(service)]
        for key, value in service.get("environment", {}).items():
            if (text := self._variables.get(key) if value is None else self._filled(value)) is not None:
                arguments.append(f"--env={key}={text}")
        for volume in service.get("volumes", ()):
            source, target = self._filled(volume).split(":", 1)
            path = str((self._root / source).resolve()) if source.startswith((".", "/")) else source
            arguments.append(f"--volume={path}:{target}")
        for port in service.get("ports", ()):
            host, _, inside = port.split(":")
            if host != HERE_ONLY:
                raise ValueError(f"{name} publishes {port} to other machines")
            arguments.append(f"--publish={HERE_ONLY}::{inside}")  # any free one: the file's may be in use
        if unknown := service.keys() - IGNORED - FLAGS.keys() - MANY.keys() - {
            "environment", "volumes", "ports", "read_only",
        }:  # fmt: skip
            raise ValueError(f"{name} of docker-compose.yaml has {', '.join(sorted(unknown))}, which is not read here")
        command = [self._filled(word) for word in service.get("command", ())]
        self._containers.start(name, *arguments, self._images[name], *command, rights=())

    def health_command(self, name: str) -> list[str]:
        """What asks one of the containers for its health."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        words = [word.replace("$$", "$") for word in command]
        return ["sh", "-c", *words] if kind == "CMD-SHELL" else words

    def port(self, name: str, inside: int) -> int:
        """The port of this machine at which a container is reached."""
        return int(self._containers.podman("port", name, str(inside)).text.rsplit(":", 1)[1])

    def _rights(self, service: Mapping[str, Any]) -> Sequence[str]:
        found = [f"--{flag}={service[key]}" for key, flag in FLAGS.items() if key in service]
        # podman says `no-new-privileges` where Docker has a colon and `true` after it.
        found += [
            f"--{flag}={str(value).removesuffix(':true')}"
            for key, flag in MANY.items()
            for value in service.get(key, ())
        ]
        return [*found, "--read-only"] if service.get("read_only") else found

    def _filled(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            known = self._variables.get(found["name"])
            if known is None and found["needed"] is not None:
                raise ValueError(f"{found['name']}: {found['needed']}")
            return known or found["default"] or ""

        return PLACEHOLDER.sub(value, str(text)).replace("$$", "$")
