"""Pages of other sites, and names that are not the service's own: every route, and every way to pretend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path

import pytest

from tests.service import ServiceClient, make_settings, service

FOREIGN_HOSTS = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil@127.0.0.1",
    "127.0.0.1@evil.example",
    "127.0.0.1/static/",
    "127.0.0.1?",
    "127.0.0.1:x",
    "127.0.0.1:",
    "127.1",
    "0x7f000001",
    "2130706433",
    "[::1",
    "::1",
    "[localhost]",
    "localhost evil",
    "localhost,evil.example",
    "",
)
OWN_HOSTS = ("127.0.0.1", "localhost:8000", "LOCALHOST", "localhost.", "[::1]:8000", "10.1.2.3", "photos.example")
OTHER_SITES: tuple[Mapping[str, str], ...] = (
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "file://"},
    {"referer": "http://evil.example/127.0.0.1:8000"},
    {"referer": "http://127.0.0.1:8000@evil.example/"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8000"},
    {"host": "evil.example", "origin": "http://evil.example", "sec-fetch-site": "same-origin"},
    {"host": "evil.example", "x-forwarded-host": "127.0.0.1", "forwarded": "host=127.0.0.1"},
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceClient]:
    folder: Path = tmp_path_factory.mktemp("event")
    with service(make_settings(folder, service={"allowed_hosts": ["Photos.example"]})) as found:
        yield found


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_name_that_is_not_its_own_is_refused(client: ServiceClient, host: str) -> None:
    answer = client.get("/health", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "host_not_allowed")


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_its_own_names_are_answered(client: ServiceClient, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200
    written = client.put("/labels", json={}, headers={"host": host, "origin": f"http://{host}"})
    assert written.json().get("code") != "origin_not_allowed"


def test_no_route_that_changes_anything_takes_it_from_another_site(client: ServiceClient) -> None:
    changing = [
        (method, path)
        for path, operations in client.app.openapi()["paths"].items()
        for method in operations
        if method in ("post", "put", "patch", "delete")
    ]
    assert len(changing) > 50
    for (method, path), headers in zip(changing, cycle(OTHER_SITES)):
        answer = client.request(method.upper(), path, headers=headers)
        assert answer.status_code in (400, 403), (method, path, headers)
        assert answer.json()["code"] in ("host_not_allowed", "origin_not_allowed"), (method, path, headers)


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_no_way_to_pretend_is_believed(client: ServiceClient, headers: Mapping[str, str]) -> None:
    assert client.post("/cluster", headers=headers).status_code in (400, 403)


def test_scripts_and_its_own_pages_may_write(client: ServiceClient) -> None:
    own: tuple[Mapping[str, str], ...] = (
        {},
        {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin", "referer": "http://127.0.0.1:8000/review"},
        {"referer": "http://127.0.0.1:8000/review/photos?a=b"},
        {"sec-fetch-site": "none"},
    )
    for headers in own:
        assert client.put("/labels", json={}, headers=headers).json().get("code") != "origin_not_allowed"
