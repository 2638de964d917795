"""Every answer takes a second, and somebody types quickly: no key acts on what was not there when it was pressed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import Visitor, visiting
from tests.fake_workflow import FakeEvent, fake_event

LATENCY_MS = 1000
PEOPLE = {0: 4, 1: 3, 2: 2, 3: 2, 4: 1}
"""Photos of each person of the painted event."""


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEvent]:
    with fake_event(tmp_path_factory.mktemp("event")) as event:
        for person, photos in PEOPLE.items():
            for number in range(photos):
                event.add(f"{person}_{number}.png", person, seed=number)
        event.cluster()
        event.score()
        yield event


@pytest.fixture(scope="module")
def desk(browser: Browser, event: FakeEvent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with serving(event) as origin, visiting(browser, origin, tmp_path_factory.mktemp("screenshots")) as visitor:
        yield visitor


SLOW = f"""
const answer = window.fetch;
window.fetch = async (...asked) => {{
  await new Promise((go) => setTimeout(go, {LATENCY_MS}));
  return answer(...asked);
}};
const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (body) {{ setTimeout(() => send.call(this, body), {LATENCY_MS}); }};
"""
"""Before a script of the page runs: whatever it asks comes a second later."""


@pytest.fixture
def slow(desk: Visitor, event: FakeEvent) -> Page:
    """The visitor's page with slow answers, and an event of which nothing was said."""
    for name in ("cluster_labels.json", "corrections.json", "picks.json"):
        (event.output / name).unlink(missing_ok=True)
    return desk.page


@pytest.fixture(scope="module", autouse=True)
def slow_answers(desk: Visitor) -> None:
    desk.page.add_init_script(SLOW)


def labels(event: FakeEvent) -> dict[str, Any]:
    path = event.output / "cluster_labels.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def corrections(event: FakeEvent) -> list[str]:
    path = event.output / "corrections.json"
    if not path.is_file():
        return []
    return [one["kind"] for one in json.loads(path.read_text(encoding="utf-8"))["corrections"]]


def picks(event: FakeEvent) -> list[str]:
    path = event.output / "picks.json"
    return sorted(json.loads(path.read_text(encoding="utf-8")).get("picks", {})) if path.is_file() else []


def test_a_name_is_typed_before_anything_has_come(desk: Visitor, slow: Page, event: FakeEvent) -> None:
    desk.go("/review/people")
    desk.press("ArrowRight", "ArrowRight", "n")
    # M, I, D, Y, G and X would be answers, categories and a merge.
    slow.keyboard.type("Midygx")
    slow.keyboard.press("Shift+Enter")
    expect(slow.locator("#toasts")).to_contain_text("This is Midygx")
    assert {key: value["name"] for key, value in labels(event).items()} == {"1": "Midygx"}
    assert corrections(event) == []


def test_a_merge_is_one_merge_however_quickly_one_types(desk: Visitor, slow: Page, event: FakeEvent) -> None:
    desk.go("/review/people")
    desk.press("ArrowRight", "End", "Space", "ArrowLeft", "Space", "g")
    desk.press("m", "Delete", "g", "x", "o", "Delete")
    expect(slow.get_by_role("gridcell")).to_have_count(len(PEOPLE) - 1)
    desk.wait_for("!document.documentElement.hasAttribute('data-waiting')")
    assert corrections(event) == ["same_person"]
    assert labels(event) == {}


def test_an_answer_answers_one_question(desk: Visitor, slow: Page, event: FakeEvent) -> None:
    asked = [(0, 1), (2, 3)]

    def suggest(route: Route) -> None:
        people: dict[str, dict[str, Any]] = {
            str(person): {"cluster_id": person, "name": None, "photos": photos, "sample_face_ids": []}
            for person, photos in PEOPLE.items()
        }
        pairs = asked[len(corrections(event)) :]
        shown = [{"first": people[str(a)], "second": people[str(b)], "top_photos_changed": 0} for a, b in pairs]
        route.fulfill(json={"total": len(shown), "suggestions": shown})

    slow.route("**/suggestions/merges*", suggest)
    desk.go("/review/people")
    question = slow.get_by_role("region", name="Same person?")
    expect(question).to_contain_text("Person 0")
    desk.press("d")  # too early: it was not seen yet
    slow.wait_for_timeout(600)
    assert corrections(event) == []
    desk.press("d", "d", "y", "y", "l", "d")
    expect(question).to_contain_text("Person 2")
    desk.press("y")  # meant for the one before
    assert corrections(event) == ["different_people"]
    slow.unroute("**/suggestions/merges*")


def test_a_face_is_taken_away_once(desk: Visitor, slow: Page, event: FakeEvent) -> None:
    desk.go("/review/people/0")
    desk.press("ArrowRight", "Delete", "Delete", "m", "w", "Delete")
    expect(slow.get_by_role("gridcell")).to_have_count(3)
    assert corrections(event) == ["not_a_face"]
    assert labels(event) == {}
    assert slow.locator("dialog[open]").count() == 0


def wait_and_continue(route: Route) -> None:
    """The page itself comes late, too: it is asked for by the browser, not by a script."""
    route.request.frame.page.wait_for_timeout(LATENCY_MS)
    route.continue_()


def test_keys_of_a_page_that_is_left_do_nothing(desk: Visitor, slow: Page, event: FakeEvent) -> None:
    desk.go("/review/photos")
    slow.route("**/review/photos/*", wait_and_continue)
    desk.press("ArrowRight", "Enter", "x", "p", "k")
    slow.wait_for_url("**/review/photos/*")
    slow.unroute("**/review/photos/*")
    desk.settle()
    assert picks(event) == []
    # In the single photo: what is rejected is what was on the screen.
    desk.press("ArrowRight")
    shown = urlsplit(slow.url).path.rsplit("/", 1)[-1]
    on_screen = slow.evaluate("document.querySelector('.photo').dataset.id")
    desk.press("x")
    slow.wait_for_timeout(2 * LATENCY_MS + 300)
    rejected = slow.request.get(urlsplit(slow.url)._replace(path="/picks", query="", fragment="").geturl()).json()
    assert {one["photo_id"] for one in rejected["picks"]} <= {shown, on_screen}
