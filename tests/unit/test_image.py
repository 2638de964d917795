"""The image's recipe, and the parts of `make image-test` that need no containers."""

from __future__ import annotations

import ctypes
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from image import check, containers, event, layers, slim, stack

from curation.extras import Extra

ROOT = Path(__file__).parents[2]


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


# JPEG XL takes 45 MB, for a format that few cameras write; `EXTRAS=` of the build adds it.
NOT_IN_THE_IMAGE = {"jpegxl"}


def test_the_image_has_every_extra_checked_by_its_lock() -> None:
    (named,) = re.findall(r'^ARG EXTRAS="([^"]+)"$', dockerfile(), flags=re.MULTILINE)
    assert sorted(named.split()) == sorted({extra.value for extra in Extra} - NOT_IN_THE_IMAGE)
    assert all((ROOT / "requirements" / f"{name}.lock").is_file() for name in named.split())
    assert dockerfile().count("--require-hashes") == 1 and "pip check" in dockerfile()


def test_the_last_stage_is_a_user_without_rights_and_builds_nothing() -> None:
    last = dockerfile()[dockerfile().rindex("\nFROM ") :]
    assert "USER 10001:10001" in last and "HEALTHCHECK" in last and last.startswith("\nFROM ${BASE}\n")
    assert "pip install" not in last and "apt-get" not in last
    assert re.match(r"(#.*\n)+ARG BASE=docker\.io/library/python:3\.11-slim-bookworm\n", dockerfile())


def test_only_what_the_program_is_made_of_reaches_the_builder() -> None:
    lines = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
    ]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        word.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile(), flags=re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert {name.replace("/*.lock", "") for name in allowed} == copied
    assert {"**/.env", "**/.git", "**/*.jpg", "**/__pycache__"} <= set(lines)


def test_symbols_are_cut_off_and_the_library_still_loads(tmp_path: Path) -> None:
    yaml_library = next(Path(yaml.__file__).parent.glob("_yaml*.so"))
    before = yaml_library.read_bytes()
    trimmed = Path(shutil.copy(yaml_library, tmp_path / "trimmed.so"))
    slim.trim_symbols(trimmed)
    after = trimmed.read_bytes()
    assert 0 < len(after) < len(before)
    assert after[64:] == before[64 : len(after)]
    ctypes.CDLL(str(trimmed))
    text = tmp_path / "linker_script.so"
    text.write_text("INPUT(other.so)", encoding="utf-8")
    slim.trim_symbols(text)
    assert text.read_text(encoding="utf-8") == "INPUT(other.so)"


def test_what_nobody_needs_is_removed_and_what_is_used_stays(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.11/site-packages"
    kept = [
        *slim.KEPT,
        "pandas/core.py",
        "pandas/_testing.py",
        "pandas-3.dist-info/METADATA",
        "pyarrow/libarrow.so.2500",
    ]
    gone = [
        "pandas/tests/a.py",
        "numpy/core.h",
        "skimage/data/photo.png",
        "cv2/data/other.xml",
        "pyarrow/libarrow_flight.so.1",
    ]
    for name in (*kept, *gone):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(b"x" * 100)
    assert slim.slim(tmp_path) >= len(gone) * 100
    assert sorted(str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()) == sorted(kept)


def test_what_must_not_be_in_a_layer_is_found_in_every_one(tmp_path: Path) -> None:
    base, lower, upper = (tmp_path / name for name in ("base", "lower", "upper"))
    files: dict[Path, bytes] = {
        base / "usr/bin/gcc": b"the base's own",
        lower / "app/photo.jpg": b"x",
        lower / "app/.env": b"x",
        lower / "models/a.onnx": b"x" * 400_000,
        lower / "opt/venv/lib/python3/site-packages/face_recognition_models/models/a.dat": b"x" * 400_000,
        upper / "data/face_data.csv": b"x",
        upper / "app/notes.txt": b"it is s3cret-text, you know",
        upper / "app/key": b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 64,
        upper / "opt/venv/bin/pip": b"x",
    }
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    data = {"UpperDir": str(upper), "LowerDir": f"{lower}:{base}"}
    folders = layers.folders_of_layers({"GraphDriver": {"Data": data}})
    assert folders == [lower, base, upper]
    faults, seen = layers.faults_of_layers(folders, 1, ["s3cret-text"])
    assert seen == len(files)
    assert [re.split(r"[:(]", fault)[0].strip() for fault in faults] == [
        "a photo", "a private key in app/key", "a result", "a secret in app/notes.txt", "a secret", "needed by nobody",
        "weights",
    ]  # fmt: skip


class Recorded:
    """Stands for the containers; keeps what was asked of it."""

    def __init__(self) -> None:
        self.started: dict[str, tuple[str, ...]] = {}

    def podman(self, *arguments: str, **_: Any) -> containers.Said:
        return containers.Said(0, "127.0.0.1:40001\n", "")

    def start(self, name: str, *arguments: str, rights: tuple[str, ...] = ()) -> None:
        self.started[name] = arguments


def test_the_compose_file_becomes_containers_of_podman(tmp_path: Path) -> None:
    recorded: Any = Recorded()
    variables = {"CURATION_SERVICES__TOKEN": "t" * 20, "CURATION_PHOTOS": "/somewhere", "AWS_REGION": "here"}
    services = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))["services"]
    made = stack.Stack(recorded, ROOT / "docker-compose.yaml", variables, dict.fromkeys(services, "an-image"))
    for name in services.keys() - {"objects"}:  # the only one with an entrypoint of its own
        made.start(name)
    worker = recorded.started["worker"]
    assert worker[-6:] == ("an-image", "python", "-m", "curation", "worker", "--name", "worker")[-6:]
    for argument in (
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--memory=3g",
        "--tmpfs=/tmp",
    ):
        assert argument in worker
    assert "--volume=/somewhere:/photos:ro" in worker and f"--volume={ROOT}/models:/models:ro" in worker
    assert "--env=AWS_REGION=here" in worker and not [word for word in worker if "AWS_ENDPOINT_URL" in word]
    assert "--publish=127.0.0.1::8000" in recorded.started["api"]
    assert made.health_command("redis") == ["redis-cli", "ping"]
    assert made.health_command("worker")[:2] == ["sh", "-c"] and "$(cat" in made.health_command("worker")[2]
    with pytest.raises(ValueError, match="entrypoint"):
        made.start("objects")


def test_results_are_compared_whatever_run_records_say(tmp_path: Path) -> None:
    for name in ("left", "right"):
        (tmp_path / name / "output_clusters").mkdir(parents=True)
        (tmp_path / name / "face_data.csv").write_text("same", encoding="utf-8")
        (tmp_path / name / "clustering_run.json").write_text(name, encoding="utf-8")
    assert event.differences(tmp_path / "left", tmp_path / "right").different == ()
    (tmp_path / "right/output_clusters/cluster_0.jpg").write_bytes(b"more")
    assert event.differences(tmp_path / "left", tmp_path / "right").different == ("output_clusters/cluster_0.jpg",)


def test_a_machine_without_the_tools_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(containers, "TOOLS", ("sh", "a-tool-that-nobody-has"))
    monkeypatch.setattr("sys.argv", ["check"])
    assert check.main() == 0
    assert capsys.readouterr().out == "image test skipped: not installed: a-tool-that-nobody-has\n"
