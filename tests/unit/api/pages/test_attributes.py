"""What people look like, on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_workflow import FakeEvent
from tests.family_event import ADULT, ALL_READERS, CHILD, UNSURE, family_event, family_service
from tests.service import ServiceClient
from tests.unit.api.pages.test_people import cards, found


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
    with family_service(event) as client:
        yield client


def test_a_person_has_an_apparent_age(client: ServiceClient) -> None:
    for address in (
        f"/review/people/{ADULT}",
        f"/fragments/people/{ADULT}/inspector",
        f"/fragments/people/{ADULT}/head",
    ):
        text = client.get(address).text
        assert "apparent age 35 to 47" in text and "apparent sex: male" in text
        assert "zeta" not in text and "neutral" not in text  # neither ethnicity nor emotion
    assert "apparent age 11 to 23" in client.get(f"/review/people/{UNSURE}").text


def test_cannot_tell_is_said(event: FakeEvent) -> None:
    event.add("f.png", 3)
    event.cluster(attributes=ALL_READERS)
    with family_service(event, attributes=ALL_READERS) as client:
        assert "apparent age: cannot tell" in client.get("/review/people/3").text


def test_people_are_filtered(client: ServiceClient) -> None:
    text = client.get("/review/people?age=child").text
    assert [card.get("data-id") for card in cards(text)] == [str(CHILD)]
    (chosen,) = found(text, "//nav[@aria-label='Apparent age']/a[@aria-current]")
    assert chosen.text == "Children"
    assert all("age=child" in link for link in found(text, "//nav[@aria-label='Filters']/a/@href"))
    assert found(text, "//*[@id='people-grid']/@data-age") == ["child"]
    assert [card.get("data-id") for card in cards(client.get("/fragments/people/cards?age=adult").text)] == [str(ADULT)]
    assert "age=cannot_tell" in client.get("/fragments/people/filters?age=cannot_tell").text
    assert len(cards(client.get("/review/people?age=teenager").text)) == 3  # no such group filters nothing


def test_photos_are_filtered(client: ServiceClient) -> None:
    text = client.get("/review/photos?age=child&stacks=off").text
    assert found(text, "//select[@name='age']/option[@selected]/@value") == ["child"]
    for name in ("a.png", "b.png", "d.png"):
        assert name in text
    assert "c.png" not in text and "e.png" not in text
    assert "c.png" in client.get("/fragments/photos/gallery?age=adult&stacks=off").text


def test_without_ages_the_pages_are_as_ever(off: ServiceClient, event: FakeEvent) -> None:
    pages = ("/review/people", f"/review/people/{ADULT}", "/review/photos", "/fragments/people/filters")
    texts = [off.get(page).text for page in pages]
    assert not any("apparent" in text.lower() for text in texts)
    assert len(cards(off.get("/review/people?age=child").text)) == 3
    assert "c.png" in off.get("/review/photos?age=child&stacks=off").text
