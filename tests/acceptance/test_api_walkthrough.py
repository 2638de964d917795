"""The whole run of docs/api.md, as it stands there: in curl, and in Python."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_service import Service, make_event, running, write_config
from tests.conftest import PROJECT_ROOT

TIMEOUT_S = 240
DOCUMENT = (PROJECT_ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    """The example in a language; there is exactly one."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert "http://127.0.0.1:8000" in found
    return str(found)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("api")
    make_event(folder / "photos")
    with running(PROJECT_ROOT, write_config(folder)) as service:
        yield service


def in_words(command: list[str], service: Service, folder: Path, text: str) -> str:
    """Run an example against this service; what it printed."""
    address = str(service.http.base_url).rstrip("/")
    script = folder / "example"
    script.write_text(text.replace("http://127.0.0.1:8000", address), encoding="utf-8")
    done = subprocess.run(
        [*command, str(script)], cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(folder / "album.zip") as album:
        photos = [name for name in album.namelist() if name.endswith(".jpg")]
    assert len(photos) == 2
    return done.stdout


def test_eight_requests_with_curl(service: Service, tmp_path: Path) -> None:
    for tool in ("curl", "jq"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    text = example("sh")
    assert len(text[text.index('wait_for "$(start /cluster)"') :].splitlines()) == 8
    said = in_words(["bash", "-euo", "pipefail"], service, tmp_path, text)
    assert '"photos": 2' in said
    assert said.splitlines()[-3].startswith("1 ")
    assert service.http.get("/people/0").json()["name"] == "Anna"


def test_the_same_in_python(service: Service, tmp_path: Path) -> None:
    in_words([sys.executable], service, tmp_path, example("python"))
