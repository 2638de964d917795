"""From a folder of photos to people with names, merged and split, and to a ranking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from tests.acceptance.browser.people_event import COLLINS, HOPPER, HOPPER_WIDE, PHOTOS, THIRD
from tests.acceptance.browser.visitor import Visitor

__all__ = [
    "find_the_people",
    "find_the_people_again",
    "label_three_people_by_keyboard",
    "merge_two",
    "rank_the_photos",
    "split_one_and_undo",
]

JOB_PATIENCE_MS = 120_000


def look_through_again(visitor: Visitor) -> None:
    """Press the one button, watch both stages at work, and wait for their end."""
    page = visitor.page
    visitor.go("/review/event")
    before = page.locator(".job-row").count()
    page.get_by_role("button", name="Look through them again").click()
    expect(page.locator(".job-row")).to_have_count(before + 2, timeout=JOB_PATIENCE_MS)
    expect(page.locator("#job")).to_have_count(0, timeout=JOB_PATIENCE_MS)
    expect(page.locator(".job-state").first).to_have_text("succeeded")
    visitor.settle()


def find_the_people(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/review/event")
    expect(page.get_by_text(f"{PHOTOS} photos in the folder")).to_be_visible()
    expect(page.locator("#gallery img")).to_have_count(PHOTOS)
    page.get_by_role("button", name="Look through the photos").click()
    expect(page.get_by_role("heading", name="Finding the people")).to_be_visible()
    # The bar moves by what the service tells while it works.
    visitor.wait_for("document.getElementById('job-bar')?.value > 0", JOB_PATIENCE_MS)
    expect(page.locator("#job-phase")).to_contain_text("of")
    visitor.take_picture("progress")
    assert not visitor.barriers()
    expect(page.locator(".step").first).to_contain_text(f"{PHOTOS} photos, 14 faces, 4 people", timeout=JOB_PATIENCE_MS)
    # The ranking follows by itself.
    expect(page.locator(".step").first).to_contain_text(f"{PHOTOS} photos ranked", timeout=JOB_PATIENCE_MS)
    expect(page.locator(".job-state")).to_have_text(["succeeded", "succeeded"])
    expect(page.locator("#gallery img")).to_have_count(0)
    page.get_by_role("link", name="Label people").click()
    expect(page.locator("#cards [role=gridcell]")).to_have_count(4)
    visitor.settle()


def label_three_people_by_keyboard(visitor: Visitor, labels: Path) -> None:
    page = visitor.page
    expect(card(visitor, COLLINS)).to_contain_text("5")
    expect(card(visitor, HOPPER_WIDE)).to_contain_text("2")
    visitor.press("ArrowRight")  # into the grid
    for cluster, key, name in ((COLLINS, "m", "Eileen"), (HOPPER, "i", "Grace"), (THIRD, "o", "Ada")):
        expect(card(visitor, cluster)).to_be_focused()
        visitor.press(key)
        expect(pressed_category(visitor, cluster)).to_have_count(1)
        expect(page.locator(f"#inspector [data-person='{cluster}']")).to_be_visible()
        visitor.press("n")
        expect(page.locator("#inspector [data-name-field]")).to_be_focused()
        page.keyboard.type(name)
        visitor.press("Shift+Enter")  # saved, and the focus stays with this person
        expect(card(visitor, cluster)).to_contain_text(name)
        visitor.press("ArrowRight")
    written = {
        "0": {"name": "Eileen", "category": "main"},
        "1": {"name": "Grace", "category": "important"},
        "2": {"name": "Ada", "category": "other"},
    }
    assert read(labels) == written
    visitor.press("m")
    expect(pressed_category(visitor, HOPPER_WIDE)).to_have_text("Main")
    visitor.press("Control+z")
    expect(pressed_category(visitor, HOPPER_WIDE)).to_have_count(0)
    assert read(labels) == written
    visitor.take_picture("people")


def merge_two(visitor: Visitor, out: Path) -> None:
    page = visitor.page
    card(visitor, HOPPER).focus()
    visitor.press("Space")
    card(visitor, HOPPER_WIDE).focus()
    visitor.press("Space")
    expect(page.locator("#choice-bar")).to_contain_text("2 people selected")
    visitor.press("g")
    expect(page.locator("#cards [role=gridcell]")).to_have_count(3)
    expect(card(visitor, HOPPER)).to_be_focused()
    expect(card(visitor, HOPPER)).to_contain_text("Grace")
    expect(card(visitor, HOPPER).locator(".card-count")).to_have_text("6")
    assert kinds(out) == ["same_person"]


def split_one_and_undo(visitor: Visitor, out: Path) -> None:
    page = visitor.page
    visitor.press("Enter")  # on the merged person: all faces
    faces = page.locator("#faces [role=gridcell]")
    expect(faces).to_have_count(6)
    visitor.settle()
    # A face opens its photo with the box drawn.
    faces.first.click()
    expect(page.locator("dialog rect[data-here]")).to_be_visible()
    visitor.take_picture("viewer")
    visitor.press("Escape")
    page.locator("[data-photo]", has=page.get_by_title("IMG_0009.jpg")).last.focus()
    visitor.press("Space", "w")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Name")).to_be_focused()
    page.keyboard.type("Somebody")
    visitor.press("Enter")
    expect(faces).to_have_count(5)
    assert kinds(out) == ["same_person", "different_people"]
    visitor.go("/review/people")
    expect(page.locator("#cards")).to_contain_text("Somebody")
    # The way back: first the name and the split, which were one step.
    visitor.press("Control+z")
    expect(page.locator("#cards [role=gridcell]")).to_have_count(3)
    expect(page.locator("#cards")).not_to_contain_text("Somebody")
    assert kinds(out) == ["same_person"]


def find_the_people_again(visitor: Visitor, out: Path) -> None:
    before = read(out / "cluster_labels.json")
    look_through_again(visitor)
    assert read(out / "cluster_labels.json") == before
    visitor.go("/review/people")
    expect(visitor.page.locator("#cards [role=gridcell]")).to_have_count(3)
    expect(visitor.page.locator("#cards .card-name")).to_have_text(["Grace", "Eileen", "Ada"])


def rank_the_photos(visitor: Visitor) -> None:
    visitor.go("/review/event")
    expect(visitor.page.locator(".step").first).to_contain_text(f"{PHOTOS} photos ranked.")


def card(visitor: Visitor, cluster: int) -> Locator:
    return visitor.page.locator(f"#cards [data-id='{cluster}']")


def pressed_category(visitor: Visitor, cluster: int) -> Locator:
    return card(visitor, cluster).locator("button[data-category][aria-pressed=true]")


def kinds(out: Path) -> list[str]:
    """The corrections that hold, in the order in which they were made."""
    return [entry["kind"] for entry in read(out / "corrections.json")["corrections"] if not entry["undone"]]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
