"""`make image-test`: builds the image and tries it for real, with buildah and podman.

Where no image of Python is given (`BASE=... make image-test`), the base is made of Debian's packages. Every step says
how long it took; the exit code is 1 if one of them found a fault. Where the machine cannot run containers, nothing is
tried, and the reason is said. Nothing stays on the machine, and no other container is touched.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from .containers import CANNOT_RUN, CheckFailed, Containers, missing_tools
from .event import Event, differences
from .inside import INSIDE
from .layers import faults_of_layers, folders_of_layers
from .stack_check import check_stack
from .web import Service

ROOT = Path(__file__).resolve().parents[2]
IMAGE, BASE_IMAGE, REDIS_IMAGE = "localhost/curation", "localhost/base", "localhost/redis"
MAX_GB = 1.2
HEALTHY_S, END_S = 20.0, 10
DEBIAN = "bookworm"
NEVER_IN_A_SLIM_IMAGE = ("doc", "man", "locale", "info")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TOKEN = "a-token-of-the-image-test"
"""Of the containers that are tried."""
PLANTED = f"planted-{secrets.token_hex(12)}"
"""Stands in files beside the sources that must not get into the image."""


class Checks:
    """The steps, in their order; each raises `CheckFailed`."""

    def __init__(self, containers: Containers, scratch: Path) -> None:
        """Take the place of the containers, and a folder for files of this test."""
        self._containers, self._scratch = containers, scratch
        self._event = Event(scratch, ROOT)
        self.told: list[str] = []  # figures, for the end

    def base(self) -> None:
        """The base: Python on Debian, as slim as the image that users get from Docker's hub."""
        if base := os.environ.get("BASE"):
            self._containers.podman("pull", "--quiet", base)
            self._containers.podman("tag", base, BASE_IMAGE)
            return
        archive = self._scratch / "base.tar"
        made = subprocess.run(
            [
                "mmdebstrap", "--quiet", "--variant=minbase", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
                "--include=usr-is-merged,ca-certificates,python3,python3-venv",
                *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in NEVER_IN_A_SLIM_IMAGE),
                '--aptopt=Acquire::Languages "none"', DEBIAN, str(archive),
            ],
            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        expect(made.returncode == 0, f"mmdebstrap ended with {made.returncode}:\n{made.stderr[-3000:]}")
        container = self._containers.buildah("from", "scratch")
        self._containers.buildah("add", "--quiet", container, str(archive), "/")
        self._containers.buildah("config", "--env=PATH=/usr/local/bin:/usr/bin:/bin", container)
        self._containers.buildah("commit", "--quiet", "--rm", container, BASE_IMAGE)
        archive.unlink()

    def can_run(self) -> str:
        """Why this machine cannot run containers; empty if it can."""
        said = self._containers.run("--network=none", BASE_IMAGE, "true", check=False)
        return "" if said.code == 0 else f"{CANNOT_RUN}: {said.told.strip()[-500:]}"

    def build(self) -> None:
        """The image, from a copy of the sources beside which lie photos, weights, results and a secret."""
        sources = copy_of_sources(self._scratch / "sources")
        arguments = ["bud", "--isolation=chroot", "--format=docker", "--ulimit=nofile=20000:20000"]
        arguments += [f"--build-arg=BASE={BASE_IMAGE}", f"--tag={IMAGE}", "--file=Dockerfile"]
        if CERTIFICATES.is_file():
            arguments += [f"--volume={CERTIFICATES}:{CERTIFICATES}:ro", f"--build-arg=PIP_CERT={CERTIFICATES}"]
        self._containers.buildah(*arguments, ".", cwd=sources)
        shutil.rmtree(sources)

    def size(self) -> None:
        """The size of all layers together, and what the image says of itself."""
        facts, base = (self._containers.inspect("image", name) for name in (IMAGE, BASE_IMAGE))
        size, below = facts["Size"] / 1e9, base["Size"] / 1e9
        self.told.append(f"{size:.3f} GB, of that {below:.3f} GB are the base")
        expect(size <= MAX_GB, f"the image has {size:.3f} GB, and {MAX_GB} are allowed")
        config = facts["Config"]
        expect(config["User"] == "10001:10001", f"the image's user is {config['User']}")
        expect(bool(facts.get("Healthcheck")), "the image has no health check")
        named = [line for line in config["Env"] if line.startswith("PIP_") or "TOKEN" in line or "SECRET" in line]
        expect(not named, f"the image's environment tells of its build: {named}")

    def layers(self) -> None:
        """No weights, photos, results or secrets in any layer, and nothing that builds or tests."""
        layers, base = (folders_of_layers(self._containers.inspect("image", name)) for name in (IMAGE, BASE_IMAGE))
        faults, seen = faults_of_layers(layers, len(base), [PLANTED])
        self.told.append(f"{seen} files in {len(layers)} layers looked at")
        expect(seen > 5000, f"only {seen} files were found in the layers")
        expect(not faults, "in the layers of the image:\n  " + "\n  ".join(faults[:40]))

    def inside(self) -> None:
        """What the image holds can be imported, by a user without rights, on a read-only disk, without a network."""
        said = self._containers.run(
            "--network=none", "--entrypoint=", IMAGE, "python", "-W", "error::SyntaxWarning", "-c", INSIDE
        )
        self.told.append(said.text.strip())

    def same_bytes_dlib(self) -> None:
        """Both stages over a made event, without a network: every output but run records is that of outside."""
        self._same_bytes("dlib", self._event.made(), None)

    def same_bytes_weights(self) -> str:
        """The same with real photos and weights; why it is skipped where they are not."""
        found = self._event.real()
        if found is None:
            return "no real photos and weights: set CURATION_TEST_DATA, see docs/development.md"
        self._same_bytes("retinaface-arcface", *found)
        return ""

    def web(self) -> None:
        """The web service, without a network: well soon, POST /cluster works, TERM ends it."""
        folder = self._event.folder_of_container("web")
        self._containers.start(
            "web", "--publish=127.0.0.1::8000", f"--env=CURATION_SERVICE__TOKEN={TOKEN}",
            f"--volume={self._event.made()}:/photos:ro", f"--volume={folder}:/data", IMAGE,
        )  # fmt: skip
        seconds = self._containers.wait_until_healthy("web", ("python", "-I", "health.py"), HEALTHY_S)
        port = int(self._containers.podman("port", "web", "8000").text.rsplit(":", 1)[1])
        service = Service(port, TOKEN)
        expect(service.is_refused(), "the service answers who has no token")
        job = service.run("/cluster", within_s=180)
        peak = memory_peak(self._containers, "web")
        ended, code = self._containers.stop("web", END_S + 5)
        self.told.append(
            f"healthy after {seconds:.1f} s, {job['counts']['analysed']} photos with at most {peak:.0f} MB"
        )
        self.told.append(f"TERM ends it in {ended:.1f} s with {code}")
        expect(code == 0 and ended <= END_S, f"TERM ended the service after {ended:.1f} s with {code}")
        self._event.compare(folder / "results", "dlib", only=("face_data.csv", "output_clusters"))

    def stack(self) -> None:
        """Containers of docker-compose.yaml on a network, by name, started in the wrong order: see `stack_check`."""
        self._containers.image_of_programs(
            REDIS_IMAGE, ("redis-server", "redis-cli"), {"workingdir": "/data", "user": "10001:10001"}
        )
        check_stack(
            self._containers,
            self._event,
            told=self.told,
            compose=ROOT / "docker-compose.yaml",
            images=(IMAGE, BASE_IMAGE, REDIS_IMAGE),
            token=TOKEN,
            scratch=self._scratch,
        )

    def _same_bytes(self, engine: str, photos: Path, models: Path | None) -> None:
        outside = self._event.outside(engine, photos, models)
        folder = self._event.folder_of_container(engine)
        volumes = [f"--volume={photos}:/photos:ro", f"--volume={folder}:/data"]
        if models is not None:
            volumes.append(f"--volume={models}:/models:ro")
        for script in ("run_clustering.py", "run_scoring.py"):
            self._containers.run("--network=none", *volumes, IMAGE, "python", script, "--engine", engine, timeout_s=600)
        found = differences(outside, folder / "results")
        self.told.append(f"{engine}: {found.compared} files of outputs are the same, byte for byte")
        expect(not found.different, f"{engine}: not as outside: {', '.join(found.different)}")


def expect(is_so: bool, otherwise: str) -> None:
    """Raise `CheckFailed` if something is not so."""
    if not is_so:
        raise CheckFailed(otherwise)


def memory_peak(containers: Containers, name: str) -> float:
    """The most memory that a container has had at once, in MB; 0 where the kernel does not say."""
    group = containers.inspect("container", name)["State"].get("CgroupPath", "")
    for path in (f"/sys/fs/cgroup/memory{group}/memory.max_usage_in_bytes", f"/sys/fs/cgroup{group}/memory.peak"):
        if Path(path).is_file():
            return int(Path(path).read_text(encoding="ascii")) / 1e6
    return 0.0


def copy_of_sources(folder: Path) -> Path:
    """The checkout as a clone has it, and beside the sources what must stay out of an image."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file() and not name.startswith(("tests/", "docs/", "benchmarks/", "training/")):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for name in (
        ".env", "models/planted.onnx", "event_images/planted.jpg", "curation/planted.jpg", "face_data.csv",
        ".curation/analysis.sqlite", ".venv/lib/planted.py", ".git/config", "curation/api/.env",
    ):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"TOKEN={PLANTED}\n" * 9000, encoding="utf-8")
    return folder


def main() -> int:
    """Run the steps; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="a folder for containers and images, which stay for the next time")
    parser.add_argument("--only", nargs="*", help="names of steps; the image must be there by --keep")
    arguments = parser.parse_args()
    if missing := missing_tools():
        return skipped(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        return skipped("building and running containers here needs the rights of root")
    begun = time.monotonic()
    # Not what mkdtemp gives: the user of the containers passes through it.
    scratch = Path(tempfile.mkdtemp(prefix="curation-image-test-"))
    scratch.chmod(0o755)
    failed: list[str] = []
    try:
        with Containers(arguments.keep) as containers:
            checks = Checks(containers, scratch)
            for step in (
                checks.base, checks.can_run, checks.build, checks.size, checks.layers, checks.inside,
                checks.same_bytes_dlib, checks.same_bytes_weights, checks.web, checks.stack,
            ):  # fmt: skip
                if arguments.only and step.__name__ not in arguments.only:
                    continue
                reason = timed(step, checks, failed)
                if step == checks.can_run and reason:
                    return skipped(reason)
                if failed and step in (checks.base, checks.build):
                    break
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{time.monotonic() - begun:6.1f} s  in all")
    if failed:
        print(f"the image failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def timed(step: Callable[[], str | None], checks: Checks, failed: list[str]) -> str:
    """Run a step and tell how it went; what it answered."""
    begun, known = time.monotonic(), len(checks.told)
    answer = ""
    try:
        answer = step() or ""
        outcome = f"skipped: {answer}" if answer else "; ".join(checks.told[known:]) or "done"
    except (CheckFailed, subprocess.SubprocessError, OSError) as error:
        failed.append(step.__name__)
        known_so_far = "".join(f"{line}; " for line in checks.told[known:])
        outcome = f"FAILED: {known_so_far}{error}"
        if not isinstance(error, CheckFailed):
            traceback.print_exc()
    print(f"{time.monotonic() - begun:6.1f} s  {step.__name__}: {outcome}", flush=True)
    return answer


def skipped(reason: str) -> int:
    """Tell why nothing is tried; the exit code."""
    print(f"image test skipped: {reason}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
