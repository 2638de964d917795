"""Containers for the test of the image: buildah and podman with runc, with storage, settings and networks of their own.

Everything lies in one folder, and `close` removes what was started from it, and nothing else on the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["CANNOT_RUN", "CheckFailed", "Containers", "Said", "missing_tools"]

TOOLS = ("buildah", "podman", "runc", "netavark", "aardvark-dns", "iptables", "mmdebstrap", "redis-server")
PLACES = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/lib/podman", "/usr/libexec/podman")
HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges", "--memory=3g")
CANNOT_RUN = "this machine cannot run containers"

_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
"""

# File locks and a folder for what is temporary: by default all programs of a machine share them.
_SETTINGS = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = "{folder}/tmp"
volume_path = "{folder}/volumes"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""


class CheckFailed(Exception):
    """Something is not as it must be."""


def missing_tools() -> list[str]:
    """The programs that the test needs and that are not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    return [tool for tool in TOOLS if shutil.which(tool, path=path) is None]


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    text: str  # standard output
    told: str  # standard error


class Containers:
    """Builds images and runs containers; a context manager that removes all of them at its end."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take a folder; without one, one is made, and removed at the end."""
        self.folder = folder or Path(tempfile.mkdtemp(prefix="curation-image-"))
        self._is_own = folder is None
        for name in ("graph", "run", "tmp", "volumes", "networks"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        storage, settings = self.folder / "storage.conf", self.folder / "containers.conf"
        storage.write_text(_STORAGE.format(folder=self.folder), encoding="utf-8")
        settings.write_text(_SETTINGS.format(folder=self.folder), encoding="utf-8")
        self._environment = {
            **os.environ,
            "CONTAINERS_STORAGE_CONF": str(storage),
            "CONTAINERS_CONF": str(settings),
            "PATH": os.pathsep.join([os.environ.get("PATH", ""), *PLACES]),
        }

    def __enter__(self) -> Containers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End and remove what was started from this folder, and the folder if it is ours."""
        self.podman("rm", "--all", "--force", "--time=2", "--volumes", check=False)
        self.podman("network", "prune", "--force", check=False)
        if self._is_own:
            self.podman("rmi", "--all", "--force", check=False)
            # What is left mounted after a kill would be emptied through its mount.
            for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()[::-1]:
                if line.split()[1].startswith(f"{self.folder}/"):
                    subprocess.run(["umount", "-l", line.split()[1]], check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def buildah(self, *arguments: str, timeout_s: float = 1200, cwd: Path | None = None) -> str:
        """Its standard output, without the line break at its end."""
        return self._call("buildah", arguments, timeout_s, check=True, cwd=cwd).text.strip()

    def podman(self, *arguments: str, timeout_s: float = 300, check: bool = True) -> Said:
        """What podman answers; `check` makes another exit code than 0 a failure."""
        return self._call("podman", arguments, timeout_s, check=check)

    def run(self, *arguments: str, timeout_s: float = 300, check: bool = True) -> Said:
        """Run a container with as few rights as the compose file gives, and wait for its end."""
        return self.podman("run", "--rm", "--no-healthcheck", *HARDENED, *arguments, timeout_s=timeout_s, check=check)

    def start(self, name: str, *arguments: str, rights: Sequence[str] = HARDENED) -> None:
        """Start a container in the background."""
        self.podman("run", "--detach", "--no-healthcheck", f"--name={name}", *rights, *arguments)

    def exec(self, name: str, *command: str, timeout_s: float = 60) -> Said:
        """Run a command in a container; whatever its exit code is."""
        return self.podman("exec", name, *command, timeout_s=timeout_s, check=False)

    def inspect(self, kind: str, name: str) -> dict[str, Any]:
        """What podman knows of a container, an image or a network."""
        (found,) = json.loads(self.podman(kind, "inspect", name).text)
        return dict(found)

    def logs(self, name: str, lines: int = 15) -> str:
        """The last lines of what a container said."""
        said = self.podman("logs", f"--tail={lines}", name, check=False)
        return (said.text + said.told)[-4000:]

    def wait_until_healthy(self, name: str, command: Sequence[str], within_s: float) -> float:
        """Ask a container for its health until it is well; returns the seconds since the call."""
        begun = time.monotonic()
        while True:
            said = self.exec(name, *command)
            seconds = time.monotonic() - begun
            if said.code == 0:
                return seconds
            if seconds > within_s:
                told = (said.told or said.text)[-1000:]
                raise CheckFailed(f"{name} is not healthy after {seconds:.0f} s: {told}\n{self.logs(name)}")
            time.sleep(0.3)

    def stop(self, name: str, within_s: int) -> tuple[float, int]:
        """Send TERM to a container; returns the seconds until its end, and its exit code."""
        begun = time.monotonic()
        self.podman("stop", f"--time={within_s}", name)
        return time.monotonic() - begun, int(self.inspect("container", name)["State"]["ExitCode"])

    def image_of_programs(self, name: str, programs: Sequence[str], settings: Mapping[str, str]) -> None:
        """Make an image of programs of this machine and the libraries that they load, and of nothing else.

        Args:
            name: The image's.
            programs: Their names.
            settings: Of `buildah config`.
        """
        root = Path(tempfile.mkdtemp(dir=self.folder))
        needed = {shutil.which(program) or program for program in programs}
        for program in tuple(needed):
            listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
            needed |= {word for line in listed.splitlines() for word in line.split() if word.startswith("/")}
        for path in needed:
            target = root / path.removeprefix("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        (root / "data").mkdir(mode=0o777)
        (root / "data").chmod(0o777)
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, str(root), "/")
        for key, value in settings.items():
            self.buildah("config", f"--{key}={value}", container)
        self.buildah("commit", "--quiet", "--rm", container, name)
        shutil.rmtree(root)

    def _call(
        self, program: str, arguments: Sequence[str], timeout_s: float, *, check: bool, cwd: Path | None = None
    ) -> Said:
        done = subprocess.run(
            [program, *arguments],
            env=self._environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
        if check and done.returncode:
            raise CheckFailed(
                f"{program} {arguments[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        return Said(done.returncode, done.stdout, done.stderr)
