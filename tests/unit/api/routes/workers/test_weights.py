"""Weights by their hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.service import ServiceClient, make_settings, service
from tests.unit.api.http.test_errors import problem

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def sha256(empty: ServiceClient) -> str:
    models = empty.settings.io.models_dir
    models.mkdir()
    (models / "own.onnx").write_bytes(CONTENT)
    return hashlib.sha256(CONTENT).hexdigest()


def test_the_whole_file(empty: ServiceClient, sha256: str) -> None:
    response = empty.get(f"/weights/{sha256}")
    assert response.status_code == 200
    assert response.content == CONTENT
    assert response.headers["content-type"] == "application/octet-stream"
    assert "own.onnx" in response.headers["content-disposition"]


def test_a_part_and_the_head(empty: ServiceClient, sha256: str) -> None:
    part = empty.get(f"/weights/{sha256}", headers={"range": "bytes=10000-"})
    assert (part.status_code, part.content) == (206, CONTENT[10000:])
    head = empty.request("HEAD", f"/weights/{sha256}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(CONTENT))
    beyond = empty.get(f"/weights/{sha256}", headers={"range": "bytes=20000-"})
    problem(beyond, 416, "range_not_satisfiable")


def test_only_model_files_are_sent(empty: ServiceClient, sha256: str) -> None:
    models = empty.settings.io.models_dir
    for path in (models / "notes.txt", models / ".hidden.onnx", empty.settings.io.state_dir / "key.onnx"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"secret")
    secret = hashlib.sha256(b"secret").hexdigest()
    assert secret in problem(empty.get(f"/weights/{secret}"), 404, "weights_not_found")["detail"]
    record = (models / "weights.json").read_bytes()
    assert json.loads(record)
    problem(empty.get(f"/weights/{hashlib.sha256(record).hexdigest()}"), 404, "weights_not_found")


@pytest.mark.parametrize("name", ["x", "..%2f..%2fconfig.yaml", "A" * 64, "0" * 63])
def test_other_names_are_refused(empty: ServiceClient, name: str) -> None:
    assert empty.get(f"/weights/{name}").status_code in (404, 422)


def test_only_with_the_token(tmp_path: Path) -> None:
    with service(make_settings(tmp_path, service={"token": "t" * 20})) as client:
        assert client.get(f"/weights/{'0' * 64}").status_code == 401
