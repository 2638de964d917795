"""Methods that an address does not know: 405 with all that it knows, and no other address is taken for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.described_service import AUTHORISED, KNOWN_IDS, described_service
from tests.service import ServiceClient


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceClient]:
    with described_service(Path(tmp_path_factory.mktemp("described"))) as client:
        yield client


def _documented(client: ServiceClient) -> dict[str, set[str]]:
    paths = client.get("/openapi.json", headers=AUTHORISED).json()["paths"]
    return {path: {method.upper() for method in operations} for path, operations in paths.items()}


def test_every_address_tells_all_its_methods_and_no_others(described: ServiceClient) -> None:
    known = {**KNOWN_IDS, "event_id": "nowhere-01234567", "job_id": "0" * 32}
    checked = 0
    for path, methods in _documented(described).items():
        if path.startswith("/events/{event_id}/"):
            continue  # what comes behind an event's id is looked for within it
        address = path.format_map({**dict.fromkeys(_names(path), "0" * 16), **known})
        for method in ("TRACE", "PUT", "DELETE", "PATCH", "POST"):
            if method in methods:
                continue
            answer = described.request(method, address, headers=AUTHORISED)
            assert answer.status_code == 405, (method, address, answer.text)
            told = set(answer.headers["allow"].split(", "))
            assert told >= methods and told - methods <= {"HEAD", "GET"}, (method, address, told)
            assert answer.json()["code"] == "method_not_allowed"
            checked += 1
    assert checked > 300


def _names(path: str) -> list[str]:
    return [part[1:].partition("}")[0] for part in path.split("/") if part.startswith("{")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/assets/schema"),
        ("PUT", "/picks/undo"),
        ("PATCH", "/people/names"),
        ("DELETE", "/assets/cutouts.zip"),
    ],
)
def test_an_address_with_a_name_of_its_own_is_no_id(described: ServiceClient, method: str, path: str) -> None:
    answer = described.request(method, path, headers=AUTHORISED)
    assert answer.status_code == 405
    assert method not in answer.headers["allow"]


def test_an_id_that_nobody_has_is_looked_for(described: ServiceClient) -> None:
    assert described.request("DELETE", f"/assets/{'0' * 32}", headers=AUTHORISED).status_code == 404


def test_the_description_says_whether_a_token_is_needed(described: ServiceClient) -> None:
    description = described.get("/openapi.json", headers=AUTHORISED).json()
    assert {} not in description["security"]
    assert {} in description["paths"]["/find-me"]["post"]["security"]
    assert "security" not in description["paths"]["/photos"]["get"]
