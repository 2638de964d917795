"""Culling in the browser: by time and scene, many photos at once, one press a stack, and undo after a reload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from curation.domain.faces.ids import photo_id
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import PATIENCE_MS, Visitor, visiting
from tests.fake_workflow import FakeEvent, fake_event
from tests.photo_files import stamp
from tests.processes import wait_until

START = datetime(2024, 6, 15, 10)
PHOTOS: dict[str, tuple[float, tuple[int, ...]]] = {
    "a1.png": (0, (0,)),
    "b1.png": (120, (0, 1)),
    "b2.png": (121, (0, 1)),
    "b3.png": (122, (0, 1)),
    "c1.png": (240, (1,)),
    "d1.png": (7600, (2,)),
    "e1.png": (7720, (0, 2)),
    "e2.png": (7721, (0, 2)),
    "f1.png": (7840, (1, 2)),
    "g1.png": (7960, (2, 1, 0)),
}
"""Seconds after the start, and who is on it: two scenes, a burst in each."""
PLACES = 7


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEvent]:
    with fake_event(tmp_path_factory.mktemp("event")) as made:
        for number, (name, (seconds, people)) in enumerate(PHOTOS.items()):
            stamp(made.add(name, *people, seed=number), START + timedelta(seconds=seconds), f"Camera {number % 2}")
        made.cluster()
        made.label({str(min(ids)): {"name": f"P{person}", "category": "main"} for person, ids in made.ids().items()})
        made.score()
        yield made


def picks(event: FakeEvent) -> dict[str, Any]:
    path = event.output / "picks.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["photos"] if path.is_file() else {}
    return {name: said.get("pick") for name, said in found.items()}


def cell(page: Page, name: str) -> Locator:
    return page.locator(f".shot[data-id='{photo_id(name)}']")


def test_an_event_is_culled_by_time(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    (event.output / "picks.json").unlink(missing_ok=True)
    with serving(event) as origin, visiting(browser, origin, tmp_path / "screenshots") as desk:
        page = desk.page
        total = page.locator("#total")
        rejected = page.locator("[data-count=rejected]")
        desk.go("/review/photos")
        expect(total).to_have_text("10 photos in 7 places")
        desk.press("t")
        expect(page.locator(".shots-head h2")).to_have_text(["Scene 1", "Scene 2"])
        assert desk.barriers() == []

        # From heading to heading, and many at once: a closed stack is rejected as a whole.
        desk.press("]")
        expect(cell(page, "d1.png")).to_be_focused()
        desk.press("[")
        expect(cell(page, "a1.png")).to_be_focused()
        desk.press("Shift+ArrowRight")
        expect(page.locator("#compare-count")).to_have_text("2 photos")
        desk.press("Shift+ArrowRight")
        expect(page.locator("#compare-count")).to_have_text("3 photos")
        desk.press("x")
        expect(page.locator("#toasts")).to_contain_text("5 photos rejected")
        expect(rejected).to_have_text("5")

        # What was said before the page was loaded anew is undone, and shown.
        page.reload()
        desk.settle()
        desk.press("]", "Control+z")
        expect(page.locator("#toasts")).to_contain_text("Undone: 5 photos rejected")
        expect(rejected).to_have_text("0")
        expect(cell(page, "a1.png")).to_be_focused()
        wait_until(lambda: not picks(event), "nothing is said any more", PATIENCE_MS / 1000)

        # A span of time, by the keys and by its address; then by the name of the file.
        page.locator("#timeline-from").focus()
        desk.press("PageUp")
        expect(total).to_have_text("5 photos in 4 places")
        desk.wait_for("location.search.includes('from=2024-06-15T12')")
        page.get_by_role("button", name="Whole event").click()
        expect(total).to_have_text("10 photos in 7 places")
        desk.press("/")
        page.keyboard.type("E")
        expect(total).to_have_text("2 photos in 1 place")
        desk.press("Backspace", "Enter")
        expect(total).to_have_text("10 photos in 7 places")

        desk.press("a")
        expect(page.locator("#toasts")).to_contain_text("On to the next photo")
        assert cull(desk) <= PLACES
        wait_until(lambda: len(picks(event)) == len(PHOTOS), "every photo is judged", PATIENCE_MS / 1000)
        assert sum(pick == "picked" for pick in picks(event).values()) == 5
        desk.take_picture("culled")


def cull(desk: Visitor) -> int:
    """Judge every photo, and count the presses: keep one of each stack, and every other photo outside of stacks."""
    page = desk.page
    cell(page, "a1.png").focus()
    presses = 0
    kept = False
    while True:
        here = page.evaluate("document.activeElement.dataset")
        if "stack" in here:
            desk.press("k")
        else:
            kept = not kept
            desk.press("p" if kept else "x")
        presses += 1
        if presses >= PLACES:
            return presses
        desk.wait_for(f"document.activeElement.dataset.id !== '{here['id']}'")
