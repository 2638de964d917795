"""Requirements, locks, settings file and imports: what a user relies on before the first photo."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BaseModel

from curation.extras import Extra
from curation.settings import Settings

EXTRAS = tuple(sorted(extra.value for extra in Extra))
GROUPS = ("requirements", "requirements-build", "requirements-dev", *(f"requirements/{extra}" for extra in EXTRAS))
"""Each stands in NAME.txt and is locked in NAME.lock; requirements-dev.lock holds all of them together."""
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def _requirements(path: Path) -> list[Requirement]:
    """The requirements of a file or a lock, without comments and checksums."""
    text = re.sub(r"#.*|--hash=\S+|\\\n", "", path.read_text(encoding="utf-8"))
    return [Requirement(line) for line in text.splitlines() if line.strip()]


def _locked(path: Path, python: str) -> dict[str, Requirement]:
    """What a lock gives to a Python version on Linux, by name."""
    environment = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    environment |= {"platform_machine": "x86_64", "platform_system": "Linux", "implementation_name": "cpython"}
    pins: dict[str, Requirement] = {}
    for requirement in _requirements(path):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in pins, f"{requirement.name} is locked twice for Python {python}"
            pins[requirement.name] = requirement
    return pins


def _versions(path: Path, python: str) -> dict[str, str]:
    """The versions that a lock gives to a Python version on Linux, by name."""
    return {name: _version(pin) for name, pin in _locked(path, python).items()}


def _version(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    return specifier.version


def test_exactly_one_distribution_owns_cv2() -> None:
    owners = {
        distribution.metadata["Name"]
        for distribution in metadata.distributions()
        if any(file.parts[0] == "cv2" for file in distribution.files or ())
    }
    assert owners == {"opencv-contrib-python-headless"}


@pytest.mark.parametrize("group", GROUPS)
def test_no_lock_has_a_second_owner_of_cv2_or_another_framework(project_root: Path, group: str) -> None:
    # deepface and retina-face would take a framework that they find instead of ONNX Runtime.
    names = {requirement.name for requirement in _requirements(project_root / f"{group}.lock")}
    assert {name for name in names if name.startswith("opencv")} <= {"opencv-contrib-python-headless"}
    assert not {"tensorflow", "torch", "keras", "jax"} & names


def test_every_group_is_offered_by_the_package(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    dynamic = project["tool"]["setuptools"]["dynamic"]

    assert dynamic["dependencies"] == {"file": ["requirements.txt"]}
    extras = {extra: {"file": [f"requirements/{extra}.txt"]} for extra in EXTRAS}
    assert dynamic["optional-dependencies"] == extras | {"dev": {"file": ["requirements-dev.txt"]}}
    files = sorted(path.name for path in (project_root / "requirements").iterdir())
    assert files == sorted(f"{extra}.{kind}" for extra in EXTRAS for kind in ("txt", "lock"))
    # What builds the package is what the lock of the builder holds.
    (builder,) = map(Requirement, project["build-system"]["requires"])
    assert _requirements(project_root / "requirements-build.txt") == [builder]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("group", GROUPS)
def test_all_groups_are_met_at_once_by_what_is_locked(project_root: Path, group: str, python: str) -> None:
    for lock in (f"{group}.lock", "requirements-dev.lock"):
        locked = _locked(project_root / lock, python)
        for requirement in _requirements(project_root / f"{group}.txt"):
            name = canonicalize_name(requirement.name)
            assert name in locked, f"{name} is not in {lock}: run make lock"
            pin = locked[name]
            assert requirement.specifier.contains(_version(pin)), f"{lock} has {pin}: run make lock"
            assert requirement.extras <= pin.extras, f"{lock} has {pin}: run make lock"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("group", GROUPS)
def test_every_lock_is_a_part_of_the_development_lock(project_root: Path, group: str, python: str) -> None:
    part = _versions(project_root / f"{group}.lock", python)
    assert part.items() <= _versions(project_root / "requirements-dev.lock", python).items()


@pytest.mark.parametrize("group", GROUPS)
def test_every_locked_file_has_a_checksum(project_root: Path, group: str) -> None:
    text = (project_root / f"{group}.lock").read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", "").splitlines() if not line.lstrip().startswith("#")]
    assert lines
    for line in lines:
        assert re.search(r"==\S+ (;.*)?(\s+--hash=sha256:[0-9a-f]{64})+$", line), line


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_compiled_packages_are_locked_for_other_systems_too(project_root: Path, lock: str) -> None:
    # numpy alone has some seventy files; a lock of this machine's files only would have one.
    text = (project_root / lock).read_text(encoding="utf-8").replace("\\\n", "")
    for name in ("numpy", "onnxruntime", "dlib-bin", "simplejpeg"):
        lines = re.findall(rf"^{name}==.*", text, re.MULTILINE)
        assert lines
        assert all(line.count("--hash=") > 8 for line in lines), name


@pytest.mark.parametrize("python", PYTHONS)
def test_dates_are_of_the_kind_that_celery_and_s3_clients_accept(project_root: Path, python: str) -> None:
    version = _versions(project_root / "requirements.lock", python)["python-dateutil"]
    assert Version("2.9") <= Version(version) < Version("3")


def test_the_generator_of_the_services_is_not_newer_than_their_runtime(project_root: Path) -> None:
    # A generated module refuses a grpcio that is older than its generator.
    locked = _versions(project_root / "requirements-dev.lock", "3.11")
    assert Version(locked["grpcio-tools"]) <= Version(locked["grpcio"])


@pytest.mark.parametrize("group", ["requirements", *(f"requirements/{extra}" for extra in EXTRAS)])
def test_requirements_have_a_reason_and_an_upper_bound(project_root: Path, group: str) -> None:
    path = project_root / f"{group}.txt"
    for requirement in _requirements(path):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators in ({">=", "<"}, {"=="}), requirement
    if group != "requirements":  # there the reasons of some packages stand above them
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert all("  # " in line for line in lines), "every package has its reason beside it"


@pytest.mark.parametrize("group", GROUPS)
def test_locks_name_no_host_and_no_folder(project_root: Path, group: str) -> None:
    text = (project_root / f"{group}.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in text
    assert "find-links" not in text
    assert "/" not in "".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _values(model: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _values(value, (*path, name))
        else:
            yield (*path, name), value


def _written_keys(data: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _written_keys(value, (*path, key))
    else:
        yield path


def test_config_yaml_shows_every_key_with_its_default(project_root: Path) -> None:
    data = yaml.safe_load((project_root / "config.yaml").read_text(encoding="utf-8"))
    # YAML writes lists, `off` as false and paths as text: the model brings both sides into one form.
    shown = Settings(**data).model_dump(mode="json")
    defaults = Settings().model_dump(mode="json")

    assert set(_written_keys(data)) == {path for path, _ in _values(Settings())}
    assert shown == defaults


def test_config_yaml_explains_every_key(project_root: Path) -> None:
    explained: list[tuple[int, bool]] = []
    for line in (project_root / "config.yaml").read_text(encoding="utf-8").splitlines():
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        explained = [(depth, comment) for depth, comment in explained if depth < indent]
        explained.append((indent, "#" in content))
        is_section = content.partition("#")[0].strip().endswith(":")
        # A comment of the section that a key stands in explains the key too.
        assert is_section or any(comment for _, comment in explained), f"no comment explains: {content}"


FRAMEWORKS = ("onnxruntime", "deepface", "retinaface", "tensorflow", "torch", "matplotlib", "skimage")
SCRIPT_MODULES = ("curation.cli.quickstart", "curation.cli.main", "run_clustering", "run_scoring")

IMPORT_ALL = """
import importlib, json, logging, os, pkgutil, sys
import cv2  # its own import sets LD_LIBRARY_PATH
before = dict(os.environ), list(logging.root.handlers), logging.root.level, sorted(os.listdir())
import curation
names = [m.name for m in pkgutil.walk_packages(curation.__path__, "curation.") if not m.name.endswith("__main__")]
names += ["main_api", "run_clustering", "run_scoring"]
for name in names:
    importlib.import_module(name)
ours = [n for n, l in logging.root.manager.loggerDict.items()
        if n.partition(".")[0] == "curation" and getattr(l, "handlers", None)]
after = dict(os.environ), list(logging.root.handlers), logging.root.level, sorted(os.listdir())
print(json.dumps({"modules": len(names), "same": before == after, "handlers": ours}))
"""


def _python(code: str, project_root: Path, folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(project_root), "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_any_module_does_nothing(project_root: Path, tmp_path: Path) -> None:
    outcome = json.loads(_python(IMPORT_ALL, project_root, tmp_path))

    assert outcome["modules"] > 20
    assert outcome["same"], "an import changed the environment, the log set-up or the current folder"
    assert outcome["handlers"] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", SCRIPT_MODULES)
def test_scripts_load_no_heavy_library_before_they_know_what_to_do(
    project_root: Path, tmp_path: Path, module: str
) -> None:
    assert _loaded((*FRAMEWORKS, "cv2", "dlib", "sklearn", "pandas"), module, project_root, tmp_path) == []


def test_the_service_starts_without_the_frameworks_of_its_workers(project_root: Path, tmp_path: Path) -> None:
    assert _loaded(FRAMEWORKS, "main_api", project_root, tmp_path) == []


def _loaded(names: tuple[str, ...], module: str, project_root: Path, folder: Path) -> list[str]:
    """Which of `names` are loaded once `module` was imported."""
    code = f"import json, sys, {module}; print(json.dumps([name for name in {names!r} if name in sys.modules]))"
    loaded: list[str] = json.loads(_python(code, project_root, folder))
    return loaded
