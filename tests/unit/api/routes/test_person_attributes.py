"""What people look like over HTTP, on an event that was really clustered and scored, with fake networks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_workflow import FakeEvent
from tests.family_event import ADULT, ALL_READERS, CHILD, UNSURE, family_event, family_service
from tests.service import ServiceClient
from tests.unit.api.http.test_errors import problem


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with family_event(tmp_path / "event") as made:
        made.score()
        yield made


@pytest.fixture
def client(event: FakeEvent) -> Iterator[ServiceClient]:
    with family_service(event, attributes=ALL_READERS) as client:
        yield client


@pytest.fixture
def off(event: FakeEvent) -> Iterator[ServiceClient]:
    """The attributes were switched off after the clustering."""
    with family_service(event) as client:
        yield client


@pytest.mark.parametrize("address", [f"/people/{CHILD}", f"/clusters/{CHILD}"])
def test_a_person(client: ServiceClient, address: str) -> None:
    assert client.get(address).json()["attributes"] == {
        "age": {"years": 6.0, "low": 0.0, "high": 12.0, "certainty": 0.8},
        "age_group": "child",
        "sex": {"answer": "female", "certainty": 0.97, "probabilities": {"female": 0.97, "male": 0.03}},
        "ethnicity": {
            "answer": "zeta",
            "certainty": 0.9,
            "probabilities": {"zeta": 0.9, "theta": 0.05, "iota": 0.05},
        },
    }


def test_lists_of_people(client: ServiceClient) -> None:
    for address, name in (("/people", "people"), ("/clusters", "clusters")):
        listed = client.get(address).json()[name]
        assert [person["attributes"]["age_group"] for person in listed] == ["adult", "child", "cannot_tell"]


@pytest.mark.parametrize(
    ("group", "people", "photos"),
    [
        ("child", [CHILD], {"a.png", "b.png", "d.png"}),
        ("adult", [ADULT], {"a.png", "b.png", "c.png", "e.png"}),
        ("cannot_tell", [UNSURE], {"a.png", "e.png"}),
    ],
)
def test_filters(client: ServiceClient, group: str, people: list[int], photos: set[str]) -> None:
    listed = client.get(f"/people?age_group={group}").json()
    assert [person["cluster_id"] for person in listed["people"]] == people
    assert listed["total"] == len(people)
    assert {photo["image_path"] for photo in client.get(f"/photos?age_group={group}").json()["photos"]} == photos


def test_an_unknown_group_is_refused(client: ServiceClient) -> None:
    problem(client.get("/photos?age_group=teenager"), 422, "request_invalid")


@pytest.mark.parametrize("address", ["/people?age_group=child", "/photos?age_group=child"])
def test_filters_say_that_ages_are_off(off: ServiceClient, address: str) -> None:
    assert "set attributes.age" in problem(off.get(address), 409, "attributes_off")["detail"]


def test_nothing_is_shown_while_all_is_off(off: ServiceClient) -> None:
    for address in ("/people", "/clusters", f"/people/{CHILD}", f"/clusters/{CHILD}/faces", "/photos"):
        text = off.get(address).text
        assert '"attributes":null' in text or '"attributes"' not in text
        assert "zeta" not in text and "female" not in text


def test_rules_that_need_ages(client: ServiceClient, event: FakeEvent) -> None:
    listed = client.get("/rules").json()
    assert '"rules.min_children.count"' in json.dumps(listed)
    changed = {"rules": {"min_children": {"mode": "veto", "count": 2}}}
    top = client.post("/rules/preview", json={"scoring": changed, "top": 5})
    assert top.status_code == 200, top.text


def test_rules_that_need_ages_are_refused_while_they_are_off(off: ServiceClient) -> None:
    for rules in ({"min_children": {"mode": "weight"}}, {"excuse_children": {"enabled": True}}):
        answer = off.post("/rules/preview", json={"scoring": {"rules": rules}})
        assert "set attributes.age" in problem(answer, 422, "request_invalid")["detail"]
