"""The page of all events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.api.http.events.open_events import EventView
from curation.api.pages.events.cards import cards_of
from curation.api.routes.opening import sample
from curation.jobs.events.summaries import EventState
from tests.service import ServiceClient, make_settings, service


@pytest.fixture
def client(tmp_path: Path) -> Iterator[ServiceClient]:
    for name in ("Anna's <b>", "birthday"):
        (tmp_path / "disk" / name).mkdir(parents=True)
        (tmp_path / "disk" / name / "a.jpg").write_bytes(b"a")
    with service(make_settings(tmp_path, service={"folder_roots": [str(tmp_path / "disk")]})) as started:
        yield started


def opened(client: ServiceClient, tmp_path: Path, name: str) -> str:
    """The beginning of the addresses of an event that was opened."""
    answer = client.post("/events", json={"folder": str(tmp_path / "disk" / name)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["root"])


def test_the_first_visit_says_what_to_do(client: ServiceClient) -> None:
    html = client.get("/").text
    assert "Which photos shall be looked through?" in html
    assert "data-open-folder" in html
    assert "data-sample" in html
    assert 'aria-label="Steps"' not in html, "the steps are those of an event"


def test_events_are_cards_that_lead_to_their_pages(client: ServiceClient, tmp_path: Path) -> None:
    first = opened(client, tmp_path, "Anna's <b>")
    second = opened(client, tmp_path, "birthday")
    html = client.get("/").text
    assert re.findall(r'class="event-link" href="([^"]+)"', html) == [f"{second}/review/event", f"{first}/review/event"]
    assert "Anna&#39;s &lt;b&gt;" in html
    assert "Not looked through yet" in html
    assert "Which photos shall be looked through?" not in html
    assert client.get("/fragments/events").text.strip() in html


def test_pages_of_events_name_theirs_where_there_are_several(client: ServiceClient, tmp_path: Path) -> None:
    assert "head-event" not in client.get("/review/event").text
    root = opened(client, tmp_path, "birthday")
    page = client.get(f"{root}/review/rules").text
    assert re.search(rf'class="head-event" href="{root}/review/event"[^>]*>birthday<', page)
    assert 'class="brand" href="/"' in page


def test_what_is_at_work_comes_first_and_an_empty_event_of_the_settings_is_left_out() -> None:
    def view(name: str, state: EventState, opened_at: str = "", *, is_default: bool = False) -> EventView:
        return EventView(name, name, "", name, name, state, None, 0, None, opened_at, is_default)

    cards = cards_of(
        [
            view("own", EventState.EMPTY, is_default=True),
            view("zoo", EventState.RANKED, "2026-01-02"),
            view("Bea", EventState.NEW),
            view("anna", EventState.AWAY),
            view("old", EventState.RUNNING, "2026-01-01"),
        ]
    )
    assert [card.name for card in cards] == ["old", "zoo", "anna", "Bea"]
    assert cards[2].words == "The folder is away: plug the disk in"


def test_the_sample_event_is_opened_by_a_press(client: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(folder: Path) -> bool:  # the real one takes seconds
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a.jpg").write_bytes(b"a")
        return True

    monkeypatch.setattr(sample, "build_sample_event", build)
    answer = client.post("/events/sample")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["name"], answer.json()["photos"]) == ("sample event", 1)
    assert client.post("/events/sample").status_code == 200
    assert "data-sample" not in client.get("/").text


@pytest.mark.parametrize("path", ["/review/people", "/review/photos", "/review/export"])
def test_pages_without_photos_say_that_the_folder_is_away(client: ServiceClient, tmp_path: Path, path: str) -> None:
    root = opened(client, tmp_path, "birthday")
    assert "is away" not in client.get(root + path).text
    (tmp_path / "disk" / "birthday").rename(tmp_path / "unplugged")
    html = client.get(root + path).text
    assert "The folder of the photos is away" in html
    assert str(tmp_path / "disk" / "birthday") in html
