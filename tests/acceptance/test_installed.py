"""The program as `pipx install .` puts it on a machine: from a wheel, far from any checkout, with files of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_service import free_port, make_event
from tests.conftest import PROJECT_ROOT
from tests.processes import wait_until

TIMEOUT_S = 240


@dataclass(frozen=True, slots=True)
class Installed:
    """The program in a folder of packages of its own."""

    packages: Path
    home: Path

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(self.packages / "bin" / "curation")]

    def environment(self, **variables: str) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("CURATION_", "COVERAGE_"))}
        return {**own, "HOME": str(self.home), "PYTHONPATH": str(self.packages), **variables}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    # A copy of the sources, as building leaves files beside them.
    source, packages, home = folder / "source", folder / "packages", folder / "home"
    source.mkdir()
    home.mkdir()
    for name in ("curation", "requirements"):
        shutil.copytree(PROJECT_ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*PROJECT_ROOT.glob("*.py"), *PROJECT_ROOT.glob("requirements*.txt")]:
        shutil.copy(path, source)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT_ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--no-input"]
    options = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "wheel", *options, "-w", str(folder), str(source)], check=True, timeout=TIMEOUT_S)
    (wheel,) = folder.glob("curation-*.whl")
    subprocess.run([*pip, "install", *options, "--target", str(packages), str(wheel)], check=True, timeout=TIMEOUT_S)
    shutil.rmtree(source)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "training/"))]
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    return Installed(packages, home)


def test_one_command_does_it_all(installed: Installed, tmp_path: Path) -> None:
    make_event(tmp_path / "Anna's wedding")
    port = free_port()
    variables = {"CURATION_ENGINE__NAME": "dlib", "CURATION_SERVICE__PORT": str(port)}
    log = tmp_path / "log"
    with log.open("wb") as output:
        run = subprocess.Popen(
            [*installed.command, "Anna's wedding", "--workers", "1", "--open", "no"],
            cwd=tmp_path,
            env=installed.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"

        def is_served() -> bool:
            assert run.poll() is None, log.read_text()
            try:
                return httpx.get(f"{address}/health", timeout=TIMEOUT_S).status_code == 200
            except httpx.ConnectError:
                return False

        wait_until(is_served, "the page is served", TIMEOUT_S)
        wait_until(lambda: "The page is at" in log.read_text(), "the address is told", TIMEOUT_S)
        (page,) = [word for word in log.read_text().split() if word.startswith(f"{address}/events/")]
        html = httpx.get(page, timeout=TIMEOUT_S).text
        assert "Anna&#39;s wedding" in html
        root = page.removesuffix("/review/event")
        assert len(httpx.get(f"{root}/photos", timeout=TIMEOUT_S).json()["photos"]) == 3
    finally:
        run.send_signal(signal.SIGTERM)
        code = run.wait(TIMEOUT_S)
    assert code in (0, -signal.SIGTERM), log.read_text()
    said = log.read_text()
    assert "make " not in said, said
    own = installed.home / "Curation"
    assert (own / "curated" / "Anna's wedding" / "photo_scores.csv").is_file()
    assert not [path for path in installed.packages.rglob("*") if path.name in ("curated", ".curation", "models")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Anna's wedding", "log"]


def test_the_scripts_and_the_other_commands_are_there(installed: Installed, tmp_path: Path) -> None:
    def said(*command: str) -> str:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=installed.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "curation PHOTOS" in said(*installed.command, "--help")
    listed = said(*installed.command, "weights", "list")
    assert str(installed.home / "Curation" / "models") in listed
    assert "face_data.csv" in said(sys.executable, "-m", "run_clustering", "--help")
