"""The switch for photos that come later."""

from __future__ import annotations

from tests.service import ServiceClient


def test_it_is_off_until_it_is_switched_on(empty: ServiceClient) -> None:
    assert empty.get("/following").json() == {"is_on": False, "new": 0, "runs": 0, "words": ""}
    assert empty.put("/following", json={"is_on": True}).json()["is_on"] is True
    assert empty.get("/following").json()["is_on"] is True


def test_anything_else_is_refused(empty: ServiceClient) -> None:
    assert empty.put("/following", json={"is_on": True, "every": 5}).status_code == 422
    assert empty.put("/following", json={}).status_code == 422
