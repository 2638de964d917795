"""Lists that end nowhere, and a service that goes away: what a page shows is what there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import Visitor, visiting
from tests.fake_workflow import fake_event
from tests.service import write_face_data

PEOPLE, FACES = 298, 300


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("event")
    with fake_event(folder) as event:
        event.output.mkdir(parents=True, exist_ok=True)
        first = [(f"first_{number:03d}.png", 0) for number in range(FACES)]
        write_face_data(event.output, first + [(f"{person:03d}.png", person) for person in range(1, PEOPLE)])
        with serving(event) as origin, visiting(browser, origin, folder / "screenshots") as visitor:
            visitor.page.route("**/faces/*/picture", lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
            yield visitor


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e366"
    "0000000049454e44ae426082"
)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.dataset.id ?? ''"))


def is_filled(desk: Visitor) -> bool:
    """Whether every place that is in sight has its cell."""
    return bool(
        desk.page.evaluate(
            "[...document.querySelectorAll('.long-list-block')].every((block) => {"
            " const { top, bottom } = block.getBoundingClientRect();"
            " return bottom < 0 || top > innerHeight || !block.hasAttribute('data-waiting'); })"
        )
    )


def test_every_way_to_the_end_of_a_long_list(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/people")
    place = page.locator(".long-list-place")
    expect(place).to_have_text(f"18 of {PEOPLE}")
    desk.press("ArrowRight", "End")
    expect(place).to_have_text(f"{PEOPLE} of {PEOPLE}")
    desk.wait_for("document.activeElement.dataset.id === '297'")
    # By the scroll bar into the middle: what is there is fetched, and only that.
    page.evaluate("window.scrollTo(0, 0)")
    desk.wait_for("scrollY === 0")
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight / 2)")
    page.wait_for_timeout(600)
    assert is_filled(desk)
    # All of them are selected, those that are not in the page as well.
    desk.press("Control+a")
    expect(page.locator("#choice-count")).to_have_text(f"{PEOPLE} people selected")
    desk.press("Escape", "Home", "PageDown")
    assert int(focused(page)) > 6
    # Where a part cannot be had, the list says so in its place, and goes on when asked.
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.fulfill(status=503, body="<p>busy</p>", content_type="text/html")

    desk.go("/review/people")
    page.route("**/fragments/people/cards?*", refuse)
    desk.press("ArrowRight", "End")
    expect(page.get_by_role("alert").first).to_contain_text("could not be loaded")
    page.unroute("**/fragments/people/cards?*")
    page.get_by_role("button", name="Try again").last.click()
    expect(page.locator(".card[data-id='297']")).to_be_visible()
    assert refused
    desk.complaints.clear()  # of the answers that were refused


def test_back_leads_to_the_place_that_was_left(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/people")
    desk.press("ArrowRight", "End")
    desk.wait_for("document.activeElement.dataset.id === '297'")
    desk.press("PageUp")
    left = focused(page)
    desk.press("Enter")
    page.wait_for_url(f"**/review/people/{left}?*")
    desk.settle()
    for way in ("Escape", "Back"):
        if way == "Escape":
            desk.press("Escape")
        else:
            page.go_forward()
            page.wait_for_url(f"**/review/people/{left}?*")
            page.go_back()
        page.wait_for_url("**/review/people")
        desk.wait_for(f"document.activeElement.dataset.id === '{left}'")
        expect(page.locator(f".card[data-id='{left}']")).to_be_in_viewport()


def test_all_faces_of_a_person(desk: Visitor) -> None:
    desk.go("/review/people/0")
    desk.press("ArrowRight", "End")
    expect(desk.page.locator(".long-list-place")).to_have_text(f"{FACES} of {FACES}")
    expect(desk.page.locator("#faces .face").last).to_be_focused()


def test_a_service_that_goes_away_is_said_and_noticed_when_it_is_back(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/people")
    page.context.set_offline(True)
    desk.press("ArrowRight", "m")
    said = page.locator("#no-answer")
    expect(said).to_contain_text("The service does not answer.")
    expect(said).to_contain_text("make serve")
    expect(page.locator("#job-chip")).to_be_hidden()
    expect(page.locator(".card [data-category=main][aria-pressed=true]")).to_have_count(0)
    page.context.set_offline(False)
    expect(said).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("The service answers again")
    desk.complaints.clear()  # of what was not answered
