"""Whose face is this: names one after another, a missed face that is drawn, faces given by pictures, covers, undo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from curation.domain.faces.ids import photo_id
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import visiting
from tests.fake_workflow import FakeEvent, fake_event
from tests.unit.event.people.test_drawing import MISSED, with_missed_face


def _read(event: FakeEvent, name: str) -> Any:
    return json.loads((event.output / name).read_text(encoding="utf-8"))


def _said(page: Page, text: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(text)


def _draw(page: Page) -> None:
    """Drag a box around the missed face."""
    page.keyboard.press("Shift+F")
    expect(page.locator(".draw-layer")).to_be_focused()
    matrix = page.evaluate(
        "(() => { const m = document.getElementById('photo-picture').getScreenCTM(); return [m.a, m.e, m.f]; })()"
    )
    scale, left, top = matrix
    page.mouse.move(left + scale * MISSED.x, top + scale * MISSED.y)
    page.mouse.down()
    page.mouse.move(left + scale * (MISSED.x + 30), top + scale * (MISSED.y + 20))
    page.mouse.move(left + scale * (MISSED.x + MISSED.w), top + scale * (MISSED.y + MISSED.h))
    page.mouse.up()


def test_faces_get_their_people(browser: Browser, tmp_path: Path) -> None:
    with fake_event(tmp_path / "event") as event:
        for person, photos in ((1, 3), (4, 2), (6, 1)):
            for number in range(photos):
                event.add(f"{person}_{number}.png", person, seed=number)
        event.write("missed.png", with_missed_face(1))
        event.cluster()
        event.score()
        with serving(event) as origin, visiting(browser, origin, tmp_path / "screenshots") as visitor:
            page = visitor.page

            # Enter saves and opens the field of the next person; Shift+Enter stays. Whoever has a name is important.
            visitor.go("/review/people")
            expect(page.get_by_role("heading", name="Person 0")).to_be_visible()
            page.keyboard.press("n")
            page.keyboard.type("Anna")
            page.keyboard.press("Enter")
            expect(page.get_by_label("Name of person 1")).to_be_focused()
            page.keyboard.type("mio")  # letters of a name are no commands
            page.keyboard.press("Shift+Enter")
            _said(page, "This is mio")
            assert _read(event, "cluster_labels.json") == {
                "0": {"name": "Anna", "category": "important"},
                "1": {"name": "mio", "category": "important"},
            }
            expect(page.locator("[data-id='1']")).to_be_focused()
            page.keyboard.press("Control+z")
            _said(page, "Undone")
            assert _read(event, "cluster_labels.json") == {"0": {"name": "Anna", "category": "important"}}

            # A missed face is drawn on its photo, and given to somebody by picture.
            visitor.go(f"/review/photos/{photo_id('missed.png')}")
            _draw(page)
            dialog = page.get_by_role("dialog")
            field = dialog.get_by_role("combobox")
            expect(field).to_be_focused()
            expect(dialog.get_by_role("option", name="Anna")).to_be_visible()
            assert visitor.barriers() == []
            visitor.take_picture("whose-face")
            page.keyboard.type("an")
            expect(dialog.get_by_role("option").first).to_contain_text("Anna")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowUp")
            page.keyboard.press("Enter")
            _said(page, "1 face: Anna")
            expect(page.locator(".person-row").filter(has_text="Anna")).to_be_visible()
            drawn, given = _read(event, "corrections.json")["corrections"][0], event.output / "corrections.json"
            assert drawn["kind"] == "face" and drawn["faces"][0]["image_path"] == "missed.png"
            x, y, w, h = drawn["faces"][0]["facial_area"]
            assert (
                abs(x - MISSED.x) <= 2 and abs(y - MISSED.y) <= 2 and abs(w - MISSED.w) <= 3 and abs(h - MISSED.h) <= 3
            )
            words = given.read_bytes()

            # Both stages keep it, with its person.
            event.cluster()
            event.score()
            assert given.read_bytes() == words
            visitor.go("/review/people/0")
            expect(page.locator("#faces [role=gridcell]")).to_have_count(4)
            assert visitor.barriers() == []

            # A cover; then a stranger; the corrections show the faces, and each is taken back.
            cell = page.locator("#faces [role=gridcell]").nth(2)
            chosen = cell.get_attribute("data-id")
            cell.focus()
            page.keyboard.press("Shift+C")
            _said(page, "the cover now")
            expect(page.locator("#faces [role=gridcell]").first).to_have_attribute("data-id", str(chosen))
            page.locator("#faces [role=gridcell]").last.focus()
            page.keyboard.press("w")
            dialog.get_by_role("option", name="A stranger").click()
            _said(page, "1 face: a stranger")
            expect(page.locator("#faces [role=gridcell]")).to_have_count(3)
            assert "other" in _read(event, "cluster_labels.json").values()
            page.keyboard.press("Control+z")
            expect(page.locator("#faces [role=gridcell]")).to_have_count(4)
            assert "other" not in _read(event, "cluster_labels.json").values()

            visitor.go("/review/people")
            card = page.locator("[data-id='0']")
            expect(card.locator("img")).to_have_attribute("src", f"/faces/{chosen}/picture")
            page.get_by_role("button", name="Corrections").click()
            rows = dialog.get_by_role("listitem")
            expect(rows).to_have_count(4)
            expect(rows.first.locator("img")).to_be_visible()
            assert visitor.barriers() == []
            rows.filter(has_text="Drawn").get_by_role("button").click()
            expect(rows).to_have_count(3)
            page.keyboard.press("Escape")
            expect(page.get_by_role("gridcell", name="Anna, 3 photos")).to_be_visible()

            # There and back: the focus is on the card of the person.
            page.locator("[data-id='2']").focus()
            page.keyboard.press("Enter")
            expect(page.locator("#faces [role=gridcell]")).to_have_count(1)
            visitor.settle()
            page.keyboard.press("Escape")
            expect(page.locator("[data-id='2']")).to_be_focused()
