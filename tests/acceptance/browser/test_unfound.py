"""What finds nobody, in the browser: seen, given to somebody else, forgotten and brought back, by keyboard alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, TABLET, Theme, visiting
from tests.fake_workflow import FakeEvent, fake_event

SEEN_AFTER_MS = 400
"""A question answers to Enter once somebody can have seen it."""
ANNA, TOM = {"name": "Anna", "category": "main"}, {"name": "Tom", "category": "important"}
PHONE = (390, 844)
LOOKS: list[tuple[Theme, tuple[int, int]]] = [
    ("light", DESKTOP),
    ("dark", DESKTOP),
    ("light", TABLET),
    ("light", PHONE),
]


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Two names, a correction and two picks are about photos of a folder that is away."""
    with fake_event(tmp_path / "event") as event:
        for person, photos in {0: 5, 1: 4, 2: 3}.items():
            for number in range(photos):
                event.add(f"{person}_{number}.png", person, seed=number)
        for person in (3, 4):
            for number in range(2):
                event.add(f"card 2/{person}_{number}.png", person, seed=number)
        event.cluster()
        event.score()
        ids = {person: min(clusters) for person, clusters in event.ids().items()}
        event.label({str(ids[3]): ANNA, str(ids[4]): TOM, str(ids[0]): {"name": "Eve", "category": "main"}})
        picks = {
            "card 2/3_0.png": {"pick": "picked", "rating": 5},
            "card 2/4_1.png": {"rating": 3},
            "0_0.png": {"pick": "picked"},
        }
        (event.output / "picks.json").write_text(json.dumps({"version": 1, "photos": picks}))
        event.cluster()
        (event.photos / "card 2").rename(event.folder / "unplugged")
        event.cluster()
        event.score()
        yield event


def said(page: Page, text: str) -> None:
    """Wait for a message."""
    expect(page.locator("#toasts")).to_contain_text(text)


def content(event: FakeEvent, name: str) -> Any:
    return json.loads((event.output / name).read_text(encoding="utf-8"))


def test_by_keyboard_from_the_line_to_an_empty_list(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    with serving(event) as origin, visiting(browser, origin, tmp_path / "screenshots") as desk:
        page = desk.page
        desk.go("/review/photos")
        line = page.locator(".unfound-line")
        expect(line).to_contain_text("2 picks and 2 names find nobody: their photos are not in the folder.")
        desk.go("/review/people")
        page.get_by_role("link", name="Look at them").press("Enter")
        expect(page.get_by_role("heading", name="What finds nobody")).to_be_visible()
        expect(page.locator(".unfound-row")).to_have_count(4)
        names = page.get_by_role("region", name="Names and categories")

        # A name is given to somebody who has none.
        names.get_by_role("button", name="Give Anna to …").press("Enter")
        dialog = page.get_by_role("dialog", name="Who is Anna?")
        person = dialog.get_by_label("Person")
        expect(person).to_be_focused()
        expect(person.get_by_role("option", name="Eve")).to_have_count(0)
        page.keyboard.press("ArrowDown")
        expect(dialog.get_by_role("img")).to_have_count(0)  # the face beside it says nothing new
        desk.take_picture("give-a-name")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        said(page, "Anna is Person 1 now")
        expect(page.locator(".unfound-row")).to_have_count(3)
        assert content(event, "cluster_labels.json")["1"] == ANNA

        # A name is forgotten, and brought back.
        expect(names.get_by_role("button", name="Give Tom to …")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        said(page, "Tom is forgotten")
        expect(names).to_have_count(0)
        page.keyboard.press("Control+z")
        said(page, "Undone: forgot Tom")
        expect(names.locator(".unfound-row")).to_have_count(1)

        # A pick is given to another photo.
        picks = page.get_by_role("region", name="Picks and stars")
        picks.get_by_role("button", name="Give Picked, 5 stars to …").press("Enter")
        photo = page.get_by_role("dialog").get_by_label("Photo", exact=True)
        expect(photo).to_have_value("3_0.png")
        page.keyboard.type("2_1")
        expect(page.locator("#unfound-photos option")).to_have_count(1)
        page.keyboard.press("Enter")  # not the name of a photo yet
        expect(photo).to_be_focused()
        page.keyboard.type(".png")
        expect(page.get_by_role("dialog").locator("img")).to_have_count(1)
        desk.settle()
        desk.take_picture("give-a-pick")
        page.keyboard.press("Enter")
        said(page, "2_1.png has the pick now")
        assert content(event, "picks.json")["photos"]["2_1.png"] == {"pick": "picked", "rating": 5}

        # A pick is forgotten only if the user is sure.
        picks.get_by_role("button", name="Forget 3 stars of 4_1.png").press("Enter")
        question = page.get_by_role("dialog")
        page.keyboard.press("Enter")  # before anybody can have read it: it does nothing
        page.wait_for_timeout(SEEN_AFTER_MS)
        question.get_by_role("button", name="Cancel").press("Enter")
        expect(question).to_have_count(0)
        expect(picks.locator(".unfound-row")).to_have_count(1)
        picks.get_by_role("button", name="Forget 3 stars of 4_1.png").press("Enter")
        expect(question).to_be_visible()
        page.wait_for_timeout(SEEN_AFTER_MS)
        page.keyboard.press("Enter")
        said(page, "The pick of 4_1.png is forgotten")
        assert set(content(event, "picks.json")["photos"]) == {"0_0.png", "2_1.png"}
        page.get_by_role("button", name="Forget Tom").press("Enter")
        expect(page.get_by_role("heading", name="Everything finds somebody")).to_be_visible()
        expect(page.get_by_role("heading", name="What finds nobody")).to_be_focused()
        desk.go("/review/people")
        expect(line).to_have_count(0)


def test_light_and_dark_from_desk_to_phone(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    found: list[str] = []
    with serving(event) as origin:
        for theme, size in LOOKS:
            with visiting(browser, origin, tmp_path / f"{theme}-{size[0]}", theme=theme, size=size) as visitor:
                for path in ("/review/unfound", "/review/people", "/review/photos"):
                    visitor.go(path)
                    visitor.take_picture(path.rsplit("/", 1)[-1])
                    found += [f"{theme}, {size[0]} px: {barrier}" for barrier in visitor.barriers()]
                    # The filters of the other pages are made for wider screens.
                    wide = visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth")
                    if wide and (size != PHONE or path == "/review/unfound"):
                        found.append(f"{theme}, {size[0]} px, {path}: wider than the screen")
    assert not found, "\n".join(found)
