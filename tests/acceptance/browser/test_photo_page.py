"""One photo in the browser: zoom, close-ups, a burst's people, from stack to stack, and back to where it was opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from curation.domain.faces.face import Box
from curation.domain.faces.ids import photo_id
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import Visitor, visiting
from tests.fake_workflow import FakeEvent, fake_event, textured_photo

WIDTH, HEIGHT, FACE = 2600, 1700, 160
MOVE = 12  # from one photo of the burst to the next
ANNA, TOM = 0, 1
PHONE = (390, 844)
BURST = ("burst_1.png", "burst_2.png", "burst_3.png")


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEvent]:
    """Three photos of a burst with Anna and Tom, who move a little, one of Tom, and one of a group."""
    with fake_event(tmp_path_factory.mktemp("event")) as event:
        for number, name in enumerate(BURST):
            at = MOVE * number
            faces = [(Box(700 + at, 500 + at, FACE, FACE), ANNA), (Box(1800 + at, 900, FACE, FACE), TOM)]
            event.write(name, noted(textured_photo(WIDTH, HEIGHT, faces), number))
        event.add("tom.png", TOM)
        group = [(Box(30 + 62 * (n % 9), 40 + 75 * (n // 9), 40, 40), n % 10) for n in range(27)]
        event.write("group.png", noted(textured_photo(640, 300, group), 9))
        event.cluster()
        of_person = {person: min(ids) for person, ids in event.ids().items()}
        event.label(
            {
                str(of_person[ANNA]): {"name": "Anna-Katharina Lindqvist", "category": "main"},
                str(of_person[TOM]): {"name": "Tom", "category": "important"},
            }
        )
        event.score()
        yield event


def noted(array: np.ndarray[Any, np.dtype[np.uint8]], number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The same picture for whoever looks at it, another one for whoever compares bytes."""
    array[0, 0] = number
    return array


def open_photo(visitor: Visitor, name: str, query: str = "") -> Page:
    visitor.go(f"/review/photos/{photo_id(name)}{query}")
    visitor.wait_for("document.querySelector('#photo-picture image') === null")  # it is drawn
    return visitor.page


def seen(page: Page) -> dict[str, float]:
    """The part of the photo that is seen, in its pixels."""
    x, y, width, height = page.evaluate(
        "document.getElementById('photo-picture').getAttribute('viewBox').split(' ').map(Number)"
    )
    return {"x": x + width / 2, "y": y + height / 2, "width": width}


def is_at(page: Page, x: float, y: float, within: float = 5) -> bool:
    at = seen(page)
    return bool(abs(at["x"] - x) < within and abs(at["y"] - y) < within)


def test_a_face_is_judged_in_one_press(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    with serving(event) as origin:
        with visiting(browser, origin, tmp_path / "screenshots") as desk:
            zoom_and_keep_the_person(desk)
            close_ups(desk)
            from_stack_to_stack_and_back(desk)
            for photo in ("group.png", BURST[0]):
                open_photo(desk, photo)
                assert desk.barriers() == []
            names_never_cover_each_other(desk)
        with visiting(browser, origin, tmp_path / "screenshots", size=PHONE) as phone:
            names_never_cover_each_other(phone)
            all_stars_of_compare_can_be_reached(phone)


def zoom_and_keep_the_person(desk: Visitor) -> None:
    page = open_photo(desk, BURST[0])
    desk.press("z")
    desk.wait_for("document.querySelector('#photo-view[data-zoomed][data-sharp]') !== null")
    expect(page.locator("#zoom-note")).to_have_text("100 %")
    view = page.locator("#photo-view").bounding_box()
    assert view is not None
    assert abs(seen(page)["width"] - view["width"]) < 2  # one pixel for one
    assert is_at(page, 780, 570)
    expect(page.locator("#burst-line")).to_contain_text("Anna-Katharina Lindqvist in the 3 photos of this burst")
    # Within the stack: the same person in the next photo, where she has moved to.
    desk.press("ArrowDown")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(BURST[0])
    name = page.get_by_role("heading", level=1).inner_text()
    at = MOVE * BURST.index(name)
    assert is_at(page, 780 + at, 570 + at)
    expect(page.locator("#zoom-note")).to_have_text("100 %")
    # What is seen is in the address.
    desk.wait_for("location.hash.startsWith('#zoom=100&at=')")
    page.reload()
    desk.wait_for("document.querySelector('#photo-view[data-zoomed][data-sharp]') !== null")
    assert is_at(page, 780 + at, 570 + at)
    desk.press("z")
    expect(page.locator("#zoom-note")).to_have_text("200 %")
    before = seen(page)
    desk.press("Shift+ArrowRight")
    assert seen(page)["x"] > before["x"] + 20
    desk.press("Escape")
    expect(page.locator("#zoom-note")).to_have_text("")
    # At the face nearest to the pointer.
    box = page.locator("#photo-view").bounding_box()
    assert box is not None
    scale = min(box["width"] / WIDTH, box["height"] / HEIGHT)
    left, top = box["x"] + (box["width"] - WIDTH * scale) / 2, box["y"] + (box["height"] - HEIGHT * scale) / 2
    page.mouse.dblclick(left + (1800 + at + FACE + 20) * scale, top + 980 * scale)
    desk.wait_for("document.querySelector('#photo-view[data-zoomed]') !== null")
    assert is_at(page, 1880 + at, 970)
    page.mouse.wheel(0, 4000)
    expect(page.locator("#zoom-note")).to_have_text("")
    desk.take_picture("photo-burst")


def close_ups(desk: Visitor) -> None:
    page = open_photo(desk, BURST[0])
    expect(page.locator(".close-up")).to_have_count(2)
    desk.press("f", "ArrowDown")
    expect(page.locator(".close-up").nth(1)).to_be_focused()
    desk.press("Enter")
    desk.wait_for("document.querySelector('#photo-view[data-zoomed]') !== null")
    whose = page.locator(".close-up").nth(1).get_attribute("data-person")
    assert is_at(page, *((1880, 970) if whose == "Tom" else (780, 570)))
    desk.take_picture("photo-zoomed")
    desk.press("Escape")
    expect(page.locator(".close-up").nth(1)).to_be_focused()
    # Faces of the burst lead to its photos, and the zoom stays.
    page.locator(".close-up").first.click()
    page.locator("#burst a:not([aria-current])").last.click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(BURST[0])
    expect(page.locator("#zoom-note")).to_have_text("100 %")
    desk.press("Escape")


def from_stack_to_stack_and_back(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/photos?order=name")
    titles = []
    front = page.locator(".shot[data-stack='3']")
    front.focus()
    desk.press("Enter")
    expect(page.locator("#burst a")).to_have_count(3)
    first = page.get_by_role("heading", level=1).inner_text()
    desk.press("ArrowDown")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(first)
    for _ in range(2):
        titles.append(page.get_by_role("heading", level=1).inner_text())
        desk.press("ArrowRight")
        expect(page.get_by_role("heading", level=1)).not_to_have_text(titles[-1])
    assert titles[0] in BURST
    assert titles[1] not in BURST
    assert page.get_by_role("heading", level=1).inner_text() not in BURST
    # From another page back to it, with all that its address says; never to another site.
    desk.go(f"/review/photos/{photo_id('tom.png')}?from=%2Freview%2Frules%3Fa%3Db")
    desk.press("Escape")
    desk.wait_for("location.pathname + location.search === '/review/rules?a=b'")
    desk.settle()
    desk.go(f"/review/photos/{photo_id('tom.png')}?from=%2F%2Fexample.com%2Freview%2F")
    desk.press("Escape")
    desk.wait_for("location.pathname === '/review/photos'")
    desk.settle()


def names_never_cover_each_other(visitor: Visitor) -> None:
    page = open_photo(visitor, "group.png")
    visitor.wait_for("document.querySelectorAll('.plate').length > 20")
    shown = page.locator(".plate:not([data-spare])")
    boxes = [box for box in (one.bounding_box() for one in shown.all()) if box]
    assert len(boxes) >= 3
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart_x = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            apart_y = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
            assert apart_x or apart_y, (one, other)
    size = page.viewport_size
    assert size is not None
    visitor.take_picture(f"photo-group-{size['width']}")


def all_stars_of_compare_can_be_reached(phone: Visitor) -> None:
    phone.go(f"/review/compare?ids={','.join(photo_id(name) for name in BURST)}")
    page = phone.page
    for pane in page.locator(".pane").all():
        pane.scroll_into_view_if_needed()
        for star in pane.locator(".star").all():
            box = star.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE[0]
    page.locator(".pane").first.scroll_into_view_if_needed()
    phone.take_picture("compare-phone")
