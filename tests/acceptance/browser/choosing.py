"""From a ranking to rules, picks and a choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from tests.acceptance.browser.visitor import Visitor

__all__ = ["change_a_rule", "choose_with_coverage", "compare_two", "pick_and_rate"]

BURST, ALONE, OF_TWO = "IMG_0002.jpg", "IMG_0003.jpg", "IMG_0004.jpg"
"""The better one of a burst, which stands for both; a photo of one person; one of two."""


def change_a_rule(visitor: Visitor, config: Path) -> None:
    page = visitor.page
    before = config.read_text(encoding="utf-8")
    visitor.go("/review/rules")
    page.locator("#rules-top").fill("3")
    changes = page.locator("#changes")
    expect(changes).to_contain_text("Nothing is changed")
    page.locator("[data-key='rules.min_important_people.mode'] [data-mode=veto]").click()
    expect(changes.get_by_role("heading", name="Enter (3)")).to_be_visible()
    expect(changes.get_by_role("heading", name="Leave (3)")).to_be_visible()
    expect(changes.locator("[data-way=in]")).to_contain_text(OF_TWO)
    expect(changes.locator("[data-way=out] .move-why").first).not_to_be_empty()
    visitor.settle()
    visitor.take_picture("rules")
    assert config.read_text(encoding="utf-8") == before
    page.get_by_role("button", name="Discard").click()
    expect(changes).to_contain_text("Nothing is changed")
    page.get_by_label("Smiles, as a number").fill("1")
    expect(page.locator("#rules-state")).to_contain_text("1 change, not saved")
    visitor.press("Control+s")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    # Written, and the photos are ranked by it.
    expect(page.locator("#rules-state")).to_have_text("")
    lines = config.read_text(encoding="utf-8").splitlines()
    assert [line.replace("smile: 1.0", "smile: 2.0").replace("smile: 1 ", "smile: 2.0 ") for line in lines] == (
        before.splitlines()
    )
    assert lines != before.splitlines()


def walk_to(visitor: Visitor, name: str) -> None:
    """Go to a photo of the gallery with the arrow keys."""
    for key in (*["ArrowRight"] * 6, *["ArrowLeft"] * 6):
        if shot(visitor, name).evaluate("shot => shot === document.activeElement"):
            break
        visitor.press(key)
    expect(shot(visitor, name)).to_be_focused()


def pick_and_rate(visitor: Visitor, picks: Path) -> None:
    page = visitor.page
    visitor.go("/review/photos")
    expect(shot(visitor, BURST)).to_have_attribute("data-stack", "2")
    walk_to(visitor, BURST)
    visitor.press("p", "5")
    expect(shot(visitor, BURST)).to_have_attribute("data-pick", "picked")
    expect(shot(visitor, BURST)).to_have_attribute("data-rating", "5")
    walk_to(visitor, ALONE)
    visitor.press("x")
    expect(shot(visitor, ALONE)).to_have_attribute("data-pick", "rejected")
    expect(page.locator("[data-count=rejected]")).to_have_text("1")
    visitor.press("Control+z")
    expect(shot(visitor, ALONE)).to_have_attribute("data-pick", "")
    expect(page.locator("[data-count=rejected]")).to_have_text("0")
    visitor.settle()
    visitor.take_picture("photos")
    kept = read(picks)["photos"]
    assert {path: said for path, said in kept.items() if any(said.values())} == {BURST: {"pick": "picked", "rating": 5}}
    # The burst opens and closes.
    shot(visitor, BURST).focus()
    visitor.press("s")
    expect(page.locator(".shot-of-burst")).to_have_count(1)
    visitor.press("s")
    expect(page.locator(".shot-of-burst")).to_have_count(0)
    # Looking at one photo, and on to the next.
    visitor.press("Enter")
    expect(page.get_by_role("heading", name=BURST)).to_be_visible()
    visitor.settle()
    visitor.take_picture("photo")
    visitor.press("ArrowRight")
    expect(page.get_by_role("heading", name=BURST)).to_be_hidden()
    expect(page.get_by_role("heading", name=".jpg")).to_be_visible()
    visitor.press("Escape")
    expect(shot(visitor, BURST)).to_be_visible()
    visitor.settle()


def compare_two(visitor: Visitor) -> None:
    page = visitor.page
    for name in (BURST, OF_TWO):
        shot(visitor, name).focus()
        visitor.press("c")
    expect(page.locator("#compare-thumbs img")).to_have_count(2)
    visitor.press("v")
    images = page.locator(".pane-view img[data-placed]")
    expect(images).to_have_count(2)
    expect(page.get_by_role("radio", name="Eileen")).to_be_checked()
    visitor.settle()
    visitor.take_picture("compare")
    before = widths_px(images)
    visitor.press("+")
    for old, new in zip(before, widths_px(images), strict=True):
        assert new / old > 1.2
    visitor.press("z")
    expect(page.get_by_role("radio", name="Whole photos")).to_be_checked()
    visitor.press("Escape")
    expect(shot(visitor, BURST)).to_be_visible()


def choose_with_coverage(visitor: Visitor, picks: Path) -> None:
    page = visitor.page
    visitor.go("/review/choose")
    expect(page.locator("#who")).to_contain_text("Eileen")
    expect(page.locator("#who")).to_contain_text("Grace")
    for field, number in (("main", "2"), ("important", "1"), ("count", "3")):
        page.locator(f"[name={field}]").fill(number)
    expect(page.locator("#choice .chosen:has(.chosen-change)")).to_have_count(3)
    expect(page.locator("#choice")).to_contain_text("Everybody who matters is in")
    expect(page.locator("#choice .chosen-why").first).not_to_be_empty()
    visitor.settle()
    visitor.take_picture("choose")
    page.get_by_role("button", name="Turn into picks").click()
    expect(page.get_by_role("button", name="All are picked")).to_be_visible()
    picked = [path for path, said in read(picks)["photos"].items() if said.get("pick") == "picked"]
    assert len(picked) == 3
    assert BURST in picked


def shot(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator(f".shot[data-name='{name}']")


def widths_px(images: Locator) -> list[float]:
    out: list[float] = images.evaluate_all("images => images.map((one) => parseFloat(one.style.width))")
    return out


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
