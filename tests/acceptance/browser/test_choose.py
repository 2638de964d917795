"""The page Choose: the day, gaps, swaps, its state, and a ranking that changes meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from curation.domain.faces.ids import photo_id
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import Visitor, visiting
from tests.fake_workflow import FakeEvent, fake_event

_EXIF_IFD, _TAKEN = 0x8769, 0x9003
PHOTOS = {
    "a1.png": ((0, 1), "10:05"),
    "a2.png": ((0,), "10:40"),
    "b1.png": ((1,), "11:10"),
    "b2.png": ((0, 1), "11:50"),
    "c1.png": ((), "14:20"),
    "none.png": ((1,), ""),
}
LABELS = {"0": {"name": "Anna", "category": "main"}, "1": {"name": "Tom", "category": "important"}}


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path) as made:
        for number, (name, (people, time)) in enumerate(PHOTOS.items()):
            path = made.add(name, *people, seed=number)
            if time:
                exif = Image.Exif()
                exif[_EXIF_IFD] = {_TAKEN: f"2026:06:20 {time}:00"}
                with Image.open(path) as photo:
                    photo.save(path, exif=exif)
        made.cluster()
        made.label(LABELS)
        made.score()
        yield made


def test_an_album_without_gaps(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    with serving(event) as origin, visiting(browser, origin, tmp_path / "screenshots") as visitor:
        an_album(visitor, event, origin)


def an_album(visitor: Visitor, event: FakeEvent, origin: str) -> None:
    page = visitor.page
    visitor.go("/review/coverage?n=4&main=1&day=hours")  # the address that the page had before
    parts = page.locator(".day-part")
    expect(parts).to_have_count(3)
    expect(page.locator("#day-sum")).to_contain_text("3 hours, each with a photo. 1 photo has no time")
    expect(page.locator("#choice")).to_contain_text("the day is covered")
    visitor.settle()
    assert visitor.barriers() == []
    # Too few photos: the hour with the fewest is a gap, which shows what it has.
    page.get_by_label("How many photos").fill("2")
    expect(page.locator("#choice .unmet")).to_contain_text("14:00")
    gap = page.locator(".day-part[data-gap]")
    expect(gap).to_have_count(1)
    gap.click()
    page.locator(".part-photos").get_by_role("button", name="Take").click()
    expect(page.locator(".chosen-why", has_text="you took it into the choice")).to_be_visible()
    visitor.wait_for("location.search.includes('with=')")
    # The choice is kept by reloading, and by the menu.
    page.reload()
    expect(page.locator(".chosen-why", has_text="you took it into the choice")).to_be_visible()
    visitor.go("/review/people")
    page.get_by_role("link", name="Choose", exact=True).click()
    expect(page.get_by_label("How many photos")).to_have_value("2")
    expect(page.locator(".chosen-why", has_text="you took it into the choice")).to_be_visible()
    page.get_by_role("button", name="Forget 1 change").click()
    expect(page.locator(".chosen-why", has_text="you took it into the choice")).to_have_count(0)
    # Escape from a photo leads back to the choice.
    page.locator(".chosen a").first.focus()
    visitor.press("Enter")
    expect(page).to_have_url(re.compile("/review/photos/"))
    expect(page.locator("h1")).to_be_visible()
    visitor.press("Escape")
    expect(page.get_by_label("How many photos")).to_have_value("2")
    expect(page.locator(".chosen a").first).to_be_focused()
    # Somebody says who matters: everything shows it, and the focus stays.
    page.locator(".who-chip", has_text="Anna").focus()
    event.label({"0": {"name": "Anna", "category": "main"}, "1": {"name": "Tom", "category": "main"}})
    expect(page.locator(".who-chip", has_text="Tom")).to_have_attribute("title", re.compile(r"Tom \(main\)"))
    expect(page.locator(".who-chip", has_text="Anna")).to_be_focused()
    with httpx.Client(base_url=origin) as client:
        listed = client.get("/photos").json()
        choice = client.post("/choice", json={"count": 6}).json()
        assert listed["current"]
        assert choice["current"]
        ranks = {photo["photo_id"]: photo["rank"] for photo in listed["photos"]}
        assert all(ranks[photo["photo_id"]] == photo["rank"] for photo in choice["photos"])
        table = client.get("/downloads/photo_scores.csv").text.splitlines()[1:]
        assert [photo_id(line.split(",")[1]) for line in table] == list(ranks)
    page.get_by_role("button", name="Turn into picks").click()
    expect(page.get_by_role("button", name="All are picked")).to_be_visible()
    assert len(json.loads((event.output / "picks.json").read_text(encoding="utf-8"))["photos"]) == 2
    page.get_by_role("button", name="Export these").click()
    expect(page.get_by_role("radio", name="The choice")).to_be_checked()
