"""Errors over HTTP: each one has a status, a code, and a body of the same format."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from curation.api.http.errors import PROBLEM_JSON, STATUS_OF_ERROR, status_of
from curation.errors import CurationError, FaceDataError, LabelsError, StorageError
from tests.service import ServiceClient, make_settings, service


def all_errors(kind: type[CurationError] = CurationError) -> list[type[CurationError]]:
    """Those of the tree; an error that another module makes for itself never leaves it."""
    children = [child for child in kind.__subclasses__() if child.__module__.startswith("curation.errors.")]
    return [kind, *(found for child in children for found in all_errors(child))]


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_has_a_status(kind: type[CurationError]) -> None:
    assert kind in STATUS_OF_ERROR
    assert 400 <= STATUS_OF_ERROR[kind] <= 599


def test_the_table_has_nothing_but_the_tree() -> None:
    assert set(STATUS_OF_ERROR) == set(all_errors())


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM_JSON
    body: dict[str, Any] = response.json()
    assert set(body) >= {"type", "title", "status", "code", "detail", "instance"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]
    return body


def test_unknown_path(empty: ServiceClient) -> None:
    body = problem(empty.get("/nothing/here"), 404, "not_found")
    assert body["instance"] == "/nothing/here"
    assert "/docs" in body["detail"]


def test_wrong_method(empty: ServiceClient) -> None:
    response = empty.get("/cluster")
    assert "POST" in problem(response, 405, "method_not_allowed")["detail"]
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "url", ["/photos?limit=0", "/photos?min_score=nan", "/photos?max_score=2", "/jobs?stage=cooking", "/clusters/x"]
)
def test_invalid_request(empty: ServiceClient, url: str) -> None:
    body = problem(empty.get(url), 422, "request_invalid")
    assert body["errors"][0]["where"]
    assert body["errors"][0]["message"] in body["detail"]


@pytest.mark.parametrize("body", [b"{", b'{"input": "/etc"}', b"[1]"])
def test_a_body_that_asks_for_something_is_not_ignored(empty: ServiceClient, body: bytes) -> None:
    response = empty.post("/cluster", content=body, headers={"content-type": "application/json"})
    problem(response, 422, "request_invalid")


def test_unexpected_error(empty: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(empty.app.state.service.runner, "get", broken)
    body = problem(empty.get("/jobs/1"), 500, "internal")
    assert "secret" not in json.dumps(body)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FaceDataError("face_data.csv has no column `cluster_id`; run the clustering again"), 409),
        (LabelsError("key '0': 'mian' is not a category"), 422),
        (StorageError("the disk is full: \udcff"), 507),
    ],
)
def test_our_errors(empty: ServiceClient, monkeypatch: pytest.MonkeyPatch, error: CurationError, status: int) -> None:
    def broken(*args: object) -> None:
        raise error

    monkeypatch.setattr(empty.app.state.service.catalog, "event", broken)
    body = problem(empty.get("/clusters"), status, error.code)
    assert body["detail"] == str(error)


def test_a_new_kind_of_error_takes_its_parents_status() -> None:
    class NewLabelsError(LabelsError):
        code = "new"

    assert status_of(NewLabelsError("oops")) == 422


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1"])
def test_other_host_names_are_refused(empty: ServiceClient, host: str) -> None:
    problem(empty.get("/health", headers={"host": host}), 400, "host_not_allowed")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:1", "[::1]:8000", "192.168.1.5"])
def test_own_host_names_pass(empty: ServiceClient, host: str) -> None:
    assert empty.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("section", [{"host": "Photos.Local"}, {"allowed_hosts": ["nas", "photos.local"]}])
def test_the_configured_host_passes(tmp_path: Path, section: dict[str, Any]) -> None:
    token = "a-token-of-16-or-more"
    with service(make_settings(tmp_path, service={**section, "token": token})) as client:
        headers = {"host": "photos.local:8000", "authorization": f"Bearer {token}"}
        assert client.get("/health", headers=headers).status_code == 200


def test_others_may_not_embed_what_is_answered(empty: ServiceClient) -> None:
    for url in ("/health", "/nothing"):
        headers = empty.get(url).headers
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_that_is_too_large(tmp_path: Path, is_announced: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 10_000

    with service(make_settings(tmp_path, service={"max_body_mb": 0.1})) as client:
        for method, url in (("POST", "/cluster"), ("PUT", "/labels")):
            response = client.request(
                method,
                url,
                content=b" " * 110_000 if is_announced else pieces(),
                headers={"content-type": "application/json"},
            )
            assert "at most 0.1 MB" in problem(response, 413, "too_large")["detail"]
        assert client.get("/jobs").json()["total"] == 0


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://[::1"])
def test_other_sites_may_not_write(clustered: ServiceClient, origin: str) -> None:
    problem(clustered.post("/cluster", headers={"origin": origin}), 403, "origin_not_allowed")
    assert clustered.get("/clusters", headers={"origin": origin}).status_code == 200
    assert clustered.put("/labels", json={}, headers={"origin": "http://127.0.0.1:8000"}).status_code == 200


def test_a_start_that_fails_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = make_settings(tmp_path)
    settings.io.state_dir.write_text("in the way")
    with caplog.at_level(logging.INFO), pytest.raises(StorageError, match="created"), service(settings):
        pass
