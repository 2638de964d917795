"""Choosing photos in the browser: gallery, one photo, side by side, rules, the choice, export."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from curation.domain.faces.ids import photo_id
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import PATIENCE_MS, Visitor, visiting
from tests.fake_workflow import FakeEvent, fake_event
from tests.processes import wait_until

PHOTOS = {
    "alone.png": (0,),
    "burst_1.png": (0, 1),
    "burst_2.png": (0, 1),
    "burst_3.png": (0, 1),
    "many.png": (0, 1, 2),
    "stranger.png": (2,),
    "two.png": (1, 2),
}
LABELS = {"0": {"name": "Anna", "category": "main"}, "1": {"name": "Tom", "category": "important"}, "2": "other"}


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEvent]:
    with fake_event(tmp_path_factory.mktemp("event")) as event:
        for number, (name, people) in enumerate(PHOTOS.items()):
            event.add(name, *people, seed=number)
        event.cluster()
        of_person = {person: min(ids) for person, ids in event.ids().items()}
        event.label({str(of_person[int(person)]): label for person, label in LABELS.items()})
        event.score()
        yield event


@pytest.fixture
def event(ranked: FakeEvent) -> FakeEvent:
    """The event as it was ranked, without what earlier tests said of it."""
    (ranked.output / "picks.json").unlink(missing_ok=True)
    return ranked


@pytest.fixture
def desk(browser: Browser, event: FakeEvent, tmp_path: Path) -> Iterator[Visitor]:
    with serving(event) as origin, visiting(browser, origin, tmp_path / "screenshots") as visitor:
        yield visitor


def picks(event: FakeEvent) -> Any:
    path = event.output / "picks.json"
    return json.loads(path.read_text(encoding="utf-8"))["photos"] if path.is_file() else {}


def cell(page: Page, name: str) -> Locator:
    return page.locator(f".shot[data-id='{photo_id(name)}']")


def open_gallery(desk: Visitor, query: str = "") -> Page:
    desk.go(f"/review/photos{query}")
    expect(desk.page.locator("#total")).to_contain_text("photos")  # the scripts are there
    return desk.page


def test_pick_reject_and_rate_by_keyboard_alone(desk: Visitor, event: FakeEvent) -> None:
    page = open_gallery(desk, "?stacks=off&order=name")
    desk.press("ArrowRight", "p", "ArrowRight", "x", "ArrowRight", "4", "ArrowRight", "p", "u")
    expect(page.locator("[data-count=picked]")).to_have_text("1")
    expect(page.locator("[data-count=rejected]")).to_have_text("1")
    expect(page.locator("[data-count=none]")).to_have_text("5")
    kept = {"alone.png": {"pick": "picked"}, "burst_1.png": {"pick": "rejected"}, "burst_2.png": {"rating": 4}}
    wait_until(lambda: picks(event) == kept, "all that was said is kept", PATIENCE_MS / 1000)
    expect(cell(page, "burst_1.png")).to_have_attribute("data-pick", "rejected")
    desk.press("Control+z", "Control+z")
    expect(cell(page, "burst_2.png")).to_have_attribute("data-rating", "4")
    desk.press("Control+z")
    expect(cell(page, "burst_2.png")).to_have_attribute("data-rating", "0")
    expect(page.locator("#toasts")).to_contain_text("Undone")
    del kept["burst_2.png"]
    wait_until(lambda: picks(event) == kept, "the rating is undone", PATIENCE_MS / 1000)


def test_a_burst_opens_and_closes_in_its_place(desk: Visitor) -> None:
    page = open_gallery(desk)
    front = page.locator(".shot[data-stack='3']")
    expect(front).to_have_count(1)
    before = page.locator(".shot").count()
    front.focus()
    desk.press("s")
    expect(page.locator(".shot-of-burst")).to_have_count(2)
    desk.press("ArrowRight", "p")
    expect(page.locator(".shot-of-burst").first).to_have_attribute("data-pick", "picked")
    desk.press("s")
    expect(page.locator(".shot")).to_have_count(before)
    expect(front).to_be_focused()


def test_filters_stay_in_the_address(desk: Visitor) -> None:
    page = open_gallery(desk)
    page.get_by_role("checkbox", name="Tom").check(force=True)
    expect(page.locator("#total")).to_have_text("5 photos in 3 places")
    page.get_by_role("combobox", name="Order").select_option("name")
    desk.wait_for("location.search.includes('person=Tom') && location.search.includes('order=name')")
    page.reload()
    expect(page.locator("#total")).to_have_text("5 photos in 3 places")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("#total")).to_have_text("7 photos in 5 places")


def test_from_the_gallery_through_photos_and_back(desk: Visitor, event: FakeEvent) -> None:
    page = open_gallery(desk, "?stacks=off&order=name")
    desk.press("ArrowRight", "ArrowRight", "Enter")
    expect(page.get_by_role("heading", name="burst_1.png")).to_be_visible()
    expect(page.locator("#photo-picture .box")).to_have_count(2)
    desk.press("Shift+P")
    expect(page.get_by_role("heading", name="burst_2.png")).to_be_visible()
    desk.press("5")
    expect(page.locator(".star[aria-pressed=true]")).to_have_count(5)
    desk.press("h")
    expect(page.locator("#photo-picture .box").first).to_be_hidden()
    desk.press("ArrowLeft")
    expect(page.get_by_role("button", name="Pick", exact=True)).to_have_attribute("aria-pressed", "true")
    desk.press("ArrowLeft")
    expect(page.get_by_role("heading", name="alone.png")).to_be_visible()
    desk.press("Escape")
    expect(cell(page, "alone.png")).to_be_focused()
    kept = {"burst_1.png": {"pick": "picked"}, "burst_2.png": {"rating": 5}}
    wait_until(lambda: picks(event) == kept, "all that was said is kept", PATIENCE_MS / 1000)


def test_photos_side_by_side_show_the_same_face(desk: Visitor, event: FakeEvent) -> None:
    page = open_gallery(desk, "?stacks=off&order=name")
    desk.press("ArrowRight", "c", "ArrowRight", "c", "v")
    expect(page.locator(".pane")).to_have_count(2)
    expect(page.get_by_role("radio", name="Anna")).to_be_checked()

    def middle_of_faces() -> Any:
        """Where Anna's face is in each view, from its middle; in parts of the view."""
        return page.evaluate(
            """async () => Promise.all([...document.querySelectorAll('.pane')].map(async (pane) => {
              const photo = await (await fetch(`/photos/${pane.dataset.id}`)).json();
              const { box } = photo.faces.find((face) => face.person === 'Anna');
              const view = pane.querySelector('.pane-view').getBoundingClientRect();
              const image = pane.querySelector('img').getBoundingClientRect();
              const scale = image.width / photo.width;
              return [
                image.x - view.x + (box.x + box.w / 2) * scale - view.width / 2,
                image.y - view.y + (box.y + box.h / 2) * scale - view.height / 2,
                box.w * scale,
              ].map(Math.round);
            }))"""
        )

    def both(check: Callable[[list[int]], bool]) -> int:
        """Wait until both views show the face as they should, and the same; gives its width."""
        seen: list[list[int]] = []

        def is_so() -> bool:
            seen[:] = middle_of_faces()
            one, other = seen
            return check(one) and all(abs(a - b) <= 1 for a, b in zip(one, other, strict=True))

        wait_until(is_so, "the same face in both views", PATIENCE_MS / 1000)
        return seen[0][2]

    width = both(lambda face: face[:2] == [0, 0])
    desk.press("+", "+")
    both(lambda face: face[:2] == [0, 0] and face[2] > 1.4 * width)
    desk.press("Shift+ArrowRight")
    both(lambda face: face[0] < -20)
    desk.press("ArrowRight", "x")
    expect(page.locator(".pane").nth(1)).to_have_attribute("data-pick", "rejected")
    desk.press("z")
    expect(page.get_by_role("radio", name="Whole photos")).to_be_checked()
    desk.press("Escape")
    expect(cell(page, "alone.png")).to_be_focused()
    assert picks(event) == {"burst_1.png": {"pick": "rejected"}}


def test_a_rule_shows_what_it_changes_before_it_is_kept(desk: Visitor) -> None:
    desk.go("/review/rules")
    page = desk.page
    page.get_by_label("among the best").fill("3")
    rule = page.locator(".rule", has_text="At least so many different people of the category important")
    rule.get_by_role("radio", name="Veto").check(force=True)
    expect(page.locator("#rules-state")).to_have_text("1 change, not saved")
    expect(page.locator("#changes")).to_contain_text("newly vetoed")
    expect(page.locator(".changes-sum strong").nth(3)).to_have_text("2")  # alone.png and stranger.png
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#changes")).to_contain_text("Nothing is changed")
    expect(rule.get_by_role("radio", name="Off")).to_be_checked()


def test_a_choice_becomes_picks(desk: Visitor, event: FakeEvent) -> None:
    desk.go("/review/choose")
    page = desk.page
    expect(page.locator(".who-chip")).to_have_count(2)
    expect(page.locator(".who-chip").first).to_contain_text("Anna")
    page.get_by_label("How many photos").fill("2")
    page.get_by_label("Photos of each main person").fill("2")
    expect(page.locator("#choice .choice-head")).to_contain_text("2 photos")
    expect(page.locator(".choices").first.locator(".chosen")).to_have_count(2)
    expect(page.locator(".chosen-why").first).to_be_visible()
    page.get_by_role("button", name="Turn into picks").click()
    expect(page.get_by_role("button", name="All are picked")).to_be_disabled()
    assert len(picks(event)) == 2


def test_what_was_chosen_is_exported(desk: Visitor, event: FakeEvent, tmp_path: Path) -> None:
    desk.go("/review/choose")
    page = desk.page
    expect(page.locator("#choice .choice-head")).to_contain_text("photo")
    page.get_by_role("button", name="Export these").click()
    expect(page.get_by_role("radio", name="The choice")).to_be_checked()
    page.get_by_role("radio", name="One ZIP file").check()
    page.get_by_label("Name", exact=True).fill("Our day")
    page.get_by_role("button", name="Export").click()
    expect(page.locator("#export-hint")).to_contain_text("exported")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    file = tmp_path / "export.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as packed:
        names = {Path(name).name for name in packed.namelist()}
    assert {"photos.csv", "contact_sheet.html"} < names
    assert names & PHOTOS.keys()
