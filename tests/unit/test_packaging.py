"""Requirements, locks, settings file and imports: what a user relies on before the first photo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from pydantic import BaseModel

from curation.settings import Settings

LOCKS = (("requirements.txt", "requirements.lock"), ("requirements-dev.txt", "requirements-dev.lock"))


def _requirements(path: Path) -> list[Requirement]:
    """The requirements of a file, without comments and without the files that it includes."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def _locked(path: Path, python: str) -> dict[str, str]:
    """Versions by name that a lock file gives to a Python version on Linux."""
    environment = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    environment |= {"platform_machine": "x86_64", "platform_system": "Linux", "implementation_name": "cpython"}
    versions: dict[str, str] = {}
    for requirement in _requirements(path):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in versions, f"{requirement.name} is locked twice for Python {python}"
            (versions[requirement.name],) = (specifier.version for specifier in requirement.specifier)
    return versions


def test_exactly_one_distribution_owns_cv2() -> None:
    owners = {
        distribution.metadata["Name"]
        for distribution in metadata.distributions()
        if any(file.parts[0] == "cv2" for file in distribution.files or ())
    }
    assert owners == {"opencv-contrib-python-headless"}


def test_no_second_deep_learning_framework_is_locked(project_root: Path) -> None:
    # deepface and retina-face would take one of them instead of ONNX Runtime.
    for python in ("3.11", "3.13"):
        assert not {"tensorflow", "torch", "keras"} & _locked(project_root / "requirements-dev.lock", python).keys()


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize(("names", "lock"), LOCKS)
def test_locks_are_in_step_with_the_requirements(project_root: Path, names: str, lock: str, python: str) -> None:
    locked = _locked(project_root / lock, python)
    for requirement in _requirements(project_root / names):
        name = requirement.name.lower().replace("_", "-").replace(".", "-")
        assert name in locked, f"{name} is not in {lock}: run make lock"
        assert requirement.specifier.contains(locked[name]), f"{lock} has {name} {locked[name]}: run make lock"


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_the_development_lock_holds_the_other_one(project_root: Path, python: str) -> None:
    run = _locked(project_root / "requirements.lock", python)
    assert run.items() <= _locked(project_root / "requirements-dev.lock", python).items()


def test_requirements_have_a_reason_and_an_upper_bound(project_root: Path) -> None:
    for requirement in _requirements(project_root / "requirements.txt"):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators in ({">=", "<"}, {"=="}), requirement


@pytest.mark.parametrize("lock", [lock for _, lock in LOCKS])
def test_locks_name_no_host_and_no_folder(project_root: Path, lock: str) -> None:
    text = (project_root / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    assert "/" not in "".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _values(model: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _values(value, (*path, name))
        else:
            yield (*path, name), value


def _written_keys(data: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(data, dict):
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
