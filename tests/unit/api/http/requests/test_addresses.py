"""Unknown query parameters are refused at every operation, and browsers are sent to the pages."""

from __future__ import annotations

import re

from curation.api.http.requests.to_pages import PAGE_OF_OPERATION
from tests.service import ServiceClient

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def operations_of(service: ServiceClient) -> list[tuple[str, str]]:
    paths = service.app.openapi()["paths"]
    return [(method.upper(), path) for path, operations in paths.items() for method in operations]


def test_a_typing_mistake_is_named_with_what_there_is(empty: ServiceClient) -> None:
    response = empty.get("/people?limmit=5&offset=0")
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "request_invalid"
    assert problem["detail"].startswith("GET /people knows no parameter 'limmit'; it has ")
    assert problem["detail"].endswith("did you mean limit?")
    assert problem["errors"][0]["where"] == "query.limmit"
    assert "it has none" in empty.get("/health?verbose=1").json()["detail"]


def test_every_operation_refuses_what_it_does_not_know(empty: ServiceClient) -> None:
    """Before anything else is looked at, the body and the state of the event included."""
    operations = operations_of(empty)
    assert len(operations) > 80
    for method, path in operations:
        address = re.sub(r"\{[^}]*\}", "1", path)
        response = empty.request(method, f"{address}?unknown-one=1")
        assert response.status_code == 422, f"{method} {path}"
        assert method == "HEAD" or "unknown-one" in response.json()["detail"], f"{method} {path}"


def test_pages_take_any_parameter(empty: ServiceClient) -> None:
    assert empty.get("/review/people?utm_source=mail").status_code == 200


def test_a_browser_goes_to_the_page_and_a_script_gets_json(clustered: ServiceClient) -> None:
    for path, page in [("/people", "/review/people"), ("/people/0", "/review/people/0"), ("/jobs", "/review/event")]:
        sent = clustered.get(path, headers=BROWSER, follow_redirects=False)
        assert (sent.status_code, sent.headers["location"], sent.headers["vary"]) == (303, page, "Accept")
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        assert clustered.get("/people", headers={"accept": accept}).json()["total"] > 0


def test_each_of_these_pages_exists(empty: ServiceClient) -> None:
    assert {("GET", path) for path in PAGE_OF_OPERATION} <= set(operations_of(empty))
    for page in PAGE_OF_OPERATION.values():
        if page.startswith("/events/"):  # of the event itself, which is another one than that of this test
            continue
        response = empty.get(re.sub(r"\{[^}]*\}", "1", page))
        assert response.headers["content-type"].startswith("text/html"), page
