"""The token, and the sign-in of browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from curation.api.http.access import COOKIE_NAME, refuse_open_binding
from curation.api.pages import sign_in
from curation.errors import SettingsError
from curation.settings import ServiceSettings
from tests.service import ServiceClient, make_settings, service
from tests.unit.api.http.test_errors import problem

TOKEN = "0123456789-abcdefghij"
BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "WRONG_TOKEN_DELAY_S", 0.0)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[ServiceClient]:
    """A service with a token."""
    with service(make_settings(tmp_path, service={"token": TOKEN})) as client:
        yield client


def signed_in(client: ServiceClient, token: str = TOKEN, to: str = "/") -> httpx.Response:
    return client.post("/sign-in", data={"token": token, "next": to}, headers={"origin": "http://127.0.0.1:8000"})


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "localhost", "LocalHost", "::1", "[::1]", "::ffff:127.0.0.1"]
)
def test_this_machine_needs_no_token(host: str) -> None:
    refuse_open_binding(ServiceSettings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "photos.local", "::ffff:10.0.0.1"])
def test_other_machines_need_one(host: str) -> None:
    with pytest.raises(SettingsError, match=r"set service\.token"):
        refuse_open_binding(ServiceSettings(host=host))
    refuse_open_binding(ServiceSettings.model_validate({"host": host, "token": TOKEN}))


def test_the_service_does_not_start_open_to_all(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match=r"0\.0\.0\.0"),
        service(make_settings(tmp_path, service={"host": "0.0.0.0"})),
    ):
        pass
    assert not (tmp_path / "state").exists()


def test_without_a_token_only_this_machine_is_answered_wherever_the_server_listens(empty: ServiceClient) -> None:
    """`uvicorn --host 0.0.0.0` ignores the settings; only the address of the socket shows it."""
    for path in ("/health", "/", "/sign-in"):
        problem(empty.get(f"http://192.168.1.5:8000{path}"), 403, "only_local")
    assert empty.get("http://127.0.0.1:8000/health").status_code == 200


def test_with_a_token_other_machines_are_answered(closed: ServiceClient) -> None:
    url = "http://192.168.1.5:8000/health"
    assert closed.get(url, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    problem(closed.get(url), 401, "token_needed")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_as_a_header(closed: ServiceClient, scheme: str) -> None:
    assert closed.get("/jobs", headers={"authorization": f"{scheme} {TOKEN}"}).json()["total"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": TOKEN},
        {"cookie": f"{COOKIE_NAME}={TOKEN}"},
        {"cookie": f"{COOKIE_NAME}="},
        {"authorization": b"Bearer \xff\xfe"},
    ],
)
def test_anything_else_is_refused(closed: ServiceClient, headers: dict[str, str]) -> None:
    for method, url in (("GET", "/jobs"), ("POST", "/cluster"), ("GET", "/openapi.json"), ("GET", "/metrics")):
        response = closed.request(method, url, headers=headers)
        problem(response, 401, "token_needed")
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert TOKEN not in response.text


def test_a_browser_is_led_to_the_sign_in_and_back(closed: ServiceClient) -> None:
    answer = closed.get("/review/people?page=2&q=a b", headers=BROWSER)
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    assert where.path == "/sign-in"
    to = parse_qs(where.query)["next"][0]
    page = closed.get(answer.headers["location"], headers=BROWSER)
    assert page.status_code == 200
    assert 'type="password"' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    signed = signed_in(closed, to=to)
    assert (signed.status_code, signed.headers["location"]) == (303, "/review/people?page=2&q=a%20b")
    cookie = signed.headers["set-cookie"]
    assert TOKEN not in cookie
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    value = cookie.partition(";")[0]
    assert closed.get("/jobs", headers={"cookie": value}).status_code == 200


def test_parts_of_pages_and_scripts_are_not_led_anywhere(closed: ServiceClient) -> None:
    problem(closed.get("/fragments/event", headers={**BROWSER, "hx-request": "true"}), 401, "token_needed")
    problem(closed.post("/cluster", headers=BROWSER), 401, "token_needed")


def test_the_sign_in_page_has_its_style(closed: ServiceClient) -> None:
    page = closed.get("/sign-in").text
    for part in page.split('href="')[1:]:
        url = part.partition('"')[0]
        assert closed.get(url).status_code == 200, url


def test_a_wrong_token(closed: ServiceClient) -> None:
    answer = signed_in(closed, "wrong")
    assert answer.status_code == 403
    assert "not the token" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\n/b", "/\t/evil.example"]
)
def test_the_sign_in_leads_nowhere_else(closed: ServiceClient, to: str) -> None:
    assert signed_in(closed, to=to).headers["location"] == "/"


def test_another_site_cannot_sign_in(closed: ServiceClient) -> None:
    answer = closed.post("/sign-in", data={"token": TOKEN}, headers={"origin": "http://evil.example"})
    problem(answer, 403, "origin_not_allowed")


def test_a_new_token_ends_old_sessions(closed: ServiceClient, tmp_path: Path) -> None:
    value = signed_in(closed).headers["set-cookie"].partition(";")[0]
    with service(make_settings(tmp_path / "other", service={"token": TOKEN + "x"})) as other:
        problem(other.get("/jobs", headers={"cookie": value}), 401, "token_needed")


def test_signing_out(closed: ServiceClient) -> None:
    value = signed_in(closed).headers["set-cookie"].partition(";")[0]
    answer = closed.post("/sign-out", headers={"cookie": value})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_without_a_token_there_is_nothing_to_sign_in_to(empty: ServiceClient) -> None:
    assert "needs no token" in empty.get("/sign-in").text
    assert signed_in(empty, "").status_code == 403
