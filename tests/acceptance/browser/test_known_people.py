"""Known people in the browser: names answered with keys on People, and the gallery on its own page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, Theme, Visitor, visiting
from tests.known_world import ANNA, BEN, CARA, KnownEvent, enrolled, known_event

PHONE = (390, 844)
LOOKS: list[tuple[Theme, tuple[int, int]]] = [
    ("light", DESKTOP),
    ("dark", DESKTOP),
    ("light", PHONE),
    ("dark", PHONE),
]


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownEvent]:
    """The gallery knows Anna and Ben; Cara has a name in the event only."""
    with known_event(tmp_path / "party", enrolled(ANNA, BEN)) as known:
        known.event.score()
        known.event.label({str(known.cluster_of(CARA)): {"name": "Cara", "category": "important"}})
        yield known


def serving_gallery(known: KnownEvent) -> AbstractContextManager[str]:
    return serving(known.event, open_gallery=lambda _: known.opened, sections={"gallery": known.options})


def labels(known: KnownEvent) -> dict[str, Any]:
    return dict(json.loads((known.event.output / "cluster_labels.json").read_text(encoding="utf-8")))


def said(page: Page, text: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(text)


def seen(desk: Visitor) -> None:
    """Wait until the user has seen what is asked."""
    desk.settle()
    desk.page.wait_for_timeout(700)


def test_names_are_answered_with_keys_that_act_on_what_was_seen(
    browser: Browser, known: KnownEvent, tmp_path: Path
) -> None:
    shots = tmp_path / "screenshots"
    with serving_gallery(known) as origin, visiting(browser, origin, shots) as desk:
        page = desk.page
        desk.go("/review/people")
        question = page.get_by_role("region", name="Known people")
        expect(question.get_by_role("heading")).to_have_text(re.compile(r"Anna\? \d+ %"))
        seen(desk)
        anna, ben, cara = map(str, map(known.cluster_of, (ANNA, BEN, CARA)))
        desk.take_picture("question")
        page.keyboard.press("y")
        # Another name takes its place: a second press that was meant for Anna answers nothing.
        expect(question.get_by_role("heading")).to_have_text(re.compile(r"Ben\? \d+ %"))
        page.keyboard.press("y")
        page.keyboard.press("d")
        said(page, "Person 0 is Anna")
        expect(page.locator(f".card[data-id='{anna}'] .card-name")).to_have_text("Anna")
        assert labels(known).keys() == {anna, cara}
        seen(desk)
        page.keyboard.press("d")
        said(page, f"Person {ben} is not Ben; it is not asked again")
        expect(question).to_be_hidden()
        page.keyboard.press("Control+z")
        said(page, "Undone: not Ben")
        expect(question.get_by_role("heading")).to_have_text(re.compile(r"Ben\? \d+ %"))
        seen(desk)
        page.keyboard.press("l")
        expect(question).to_be_hidden()
        assert labels(known).keys() == {anna, cara}
        # Whoever was labelled in the meantime is not named over it.
        desk.go("/review/people")
        expect(question).to_be_visible()
        page.locator(f".card[data-id='{ben}']").get_by_role("button", name="Other").click()
        expect(question).to_be_hidden()


def test_the_gallery_on_its_page(browser: Browser, known: KnownEvent, tmp_path: Path) -> None:
    shots = tmp_path / "screenshots"
    with serving_gallery(known) as origin, visiting(browser, origin, shots) as desk:
        page = desk.page
        desk.go("/review/people")
        page.get_by_role("link", name="Known people").click()
        proposals = page.get_by_role("region", name="Proposed in this event")
        expect(proposals.locator(".known-proposal")).to_have_count(2)
        proposals.get_by_role("button", name="Accept these names").click()
        dialog = page.get_by_role("dialog", name="Accept 2 names?")
        expect(dialog).to_contain_text("Anna, Ben")
        dialog.get_by_role("button", name="Accept them").click()
        said(page, "2 names accepted")
        expect(proposals).to_have_count(0)
        assert {label["name"] for label in labels(known).values()} == {"Anna", "Ben", "Cara"}

        # Nobody is added who was not chosen.
        named = page.get_by_role("region", name="Named in photos")
        named.get_by_role("button", name="Add to the gallery …").click()
        said(page, "Choose the people who agree")
        named.get_by_label("Cara").check()
        named.get_by_role("button", name="Add to the gallery …").click()
        page.get_by_role("button", name="They agree: add").click()
        said(page, "1 person is known now")
        expect(page.locator(".known-person")).to_have_count(3)
        expect(page.locator("#known-total")).to_have_text("3")

        cara = page.locator(".known-person[data-name=Cara]")
        cara.get_by_role("button", name="Rename Cara").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Anna")
        with page.expect_response(lambda response: response.status == 409):
            page.keyboard.press("Enter")
        said(page, "Anna")
        desk.complaints.clear()  # the refusal, which is told on the page
        page.get_by_role("button", name="Close").first.click()
        cara.get_by_role("button", name="Rename Cara").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Carla")
        page.keyboard.press("Enter")
        said(page, "Cara is called Carla now")

        carla = page.locator(".known-person[data-name=Carla]")
        carla.get_by_role("button", name="All faces of Carla").click()
        expect(carla.get_by_role("button", name="Remove face 1 of Carla")).to_be_focused()
        desk.settle()
        desk.take_picture("faces")
        page.keyboard.press("Enter")
        page.get_by_role("dialog", name="Remove this face?").get_by_role("button", name="Remove").click()
        said(page, "The face is removed")
        expect(carla.locator("img")).to_have_count(1)

        carla.get_by_role("button", name="Merge Carla with somebody").click()
        page.get_by_role("dialog", name="Who is Carla?").get_by_label("The same person as").select_option(
            label="Ben (3 faces)"
        )
        page.get_by_role("dialog", name="Who is Carla?").get_by_role("button", name="Merge").click()
        said(page, "Carla is Ben now")
        expect(page.locator(".known-person")).to_have_count(2)

        page.get_by_role("button", name="Forget Anna").click()
        page.get_by_role("dialog", name="Forget Anna?").get_by_role("button", name="Cancel").click()
        assert known.gallery.find("Anna") is not None
        page.get_by_role("button", name="Forget Anna").click()
        page.get_by_role("dialog", name="Forget Anna?").get_by_role("button", name="Forget").click()
        told = page.get_by_role("dialog", name="Anna is forgotten")
        expect(told).to_contain_text("embeddings.npy")
        desk.take_picture("forgotten")
        assert desk.barriers() == []
        told.get_by_role("button", name="Done").click()
        assert known.gallery.find("Anna") is None
        expect(page.locator(".known-person")).to_have_count(1)


def test_everybody_can_use_the_pages(browser: Browser, known: KnownEvent, tmp_path: Path) -> None:
    found: list[str] = []
    with serving_gallery(known) as origin:
        for theme, size in LOOKS:
            with visiting(browser, origin, tmp_path / f"{theme}-{size[0]}", size=size, theme=theme) as desk:
                for path in ("/review/known-people", "/review/people"):
                    desk.go(path)
                    desk.wait_for("!document.querySelector('#known-question[hidden]')")
                    desk.settle()
                    desk.take_picture(path.rsplit("/", 1)[-1])
                    found += [f"{theme}, {size[0]} px: {barrier}" for barrier in desk.barriers()]
                    # The filters of People are made for wider screens.
                    wide = desk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
                    if wide and (size != PHONE or path == "/review/known-people"):
                        found.append(f"{theme}, {size[0]} px, {path}: wider than the screen")
    assert not found, "\n".join(found)


def test_an_empty_gallery_and_one_that_is_off_say_what_to_do(
    browser: Browser, known: KnownEvent, tmp_path: Path
) -> None:
    shots = tmp_path / "screenshots"
    for person in known.gallery.people():
        known.gallery.forget(person.person_id)
    with serving_gallery(known) as origin, visiting(browser, origin, shots) as desk:
        desk.go("/review/known-people")
        expect(desk.page.get_by_role("heading", name="Nobody is known yet")).to_be_visible()
        desk.take_picture("empty")
        assert desk.barriers() == []
    with serving(known.event) as origin, visiting(browser, origin, shots) as desk:
        desk.go("/review/known-people")
        expect(desk.page.locator(".code-block")).to_contain_text("enabled: true")
        desk.take_picture("off")
        assert desk.barriers() == []
        desk.go("/review/people")
        expect(desk.page.get_by_role("region", name="Known people")).to_have_count(0)
