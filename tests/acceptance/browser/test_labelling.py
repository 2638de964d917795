"""Labelling in the browser: by keyboard, by mouse and by finger; what the files hold afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from curation.storage.said.undo_journal import UNDO
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import TABLET, Visitor, visiting
from tests.fake_workflow import FakeEvent, fake_event

PEOPLE = {0: 5, 1: 4, 2: 3, 3: 2, 4: 1}
"""Photos of each person of the painted event."""


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEvent]:
    with fake_event(tmp_path_factory.mktemp("event")) as event:
        for person, photos in PEOPLE.items():
            for number in range(photos):
                event.add(f"{person}_{number}.png", person, seed=number)
        event.cluster()
        yield event


@pytest.fixture
def event(clustered: FakeEvent) -> FakeEvent:
    """The event as it was clustered, without what earlier tests said of it."""
    for name in ("cluster_labels.json", "corrections.json"):
        (clustered.output / name).unlink(missing_ok=True)
    (clustered.output / UNDO).unlink(missing_ok=True)
    return clustered


@pytest.fixture
def desk(browser: Browser, event: FakeEvent, tmp_path: Path) -> Iterator[Visitor]:
    with serving(event) as origin, visiting(browser, origin, tmp_path / "screenshots") as visitor:
        visitor.go("/review/event")
        yield visitor


def labels(event: FakeEvent) -> Any:
    path: Path = event.output / "cluster_labels.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def focused(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.dataset.id")
    return found


def said(page: Page, text: str) -> None:
    """Wait for a message."""
    expect(page.locator("#toasts")).to_contain_text(text)


def seen(desk: Visitor) -> None:
    """Wait until the user has seen what is asked."""
    desk.settle()
    desk.page.wait_for_timeout(700)


def test_from_the_start_by_keyboard_alone(desk: Visitor, event: FakeEvent) -> None:
    page = desk.page
    page.get_by_role("link", name="Label people").press("Enter")
    expect(page.get_by_role("gridcell")).to_have_count(5)
    expect(page.get_by_role("heading", name="Person 0")).to_be_visible()  # beside the grid: the scripts are there
    for key in ("ArrowRight", "m", "ArrowRight", "i", "ArrowRight", "o"):
        page.keyboard.press(key)
    said(page, "Person 2: other")
    assert labels(event) == {"0": "main", "1": "important", "2": "other"}
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    name = page.get_by_label("Name of person 1")
    expect(name).to_be_focused()
    name.press_sequentially("Anna")
    page.keyboard.press("Shift+Enter")
    said(page, "This is Anna")
    assert labels(event)["1"] == {"name": "Anna", "category": "important"}
    assert focused(page) == "1"
    expect(page.get_by_role("gridcell", name="Anna, 4 photos, important")).to_be_visible()
    page.keyboard.press("Control+z")
    said(page, "Undone")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("gridcell", name="Person 2, 3 photos, not labelled")).to_be_visible()
    assert labels(event) == {"0": "main", "1": "important"}


def test_merge_two_and_undo_it(desk: Visitor, event: FakeEvent) -> None:
    page = desk.page
    desk.go("/review/people")
    for key in ("ArrowRight", "End", "Space", "ArrowLeft", "Space", "g"):
        page.keyboard.press(key)
    expect(page.get_by_role("gridcell")).to_have_count(4)
    assert focused(page) == "3"
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("gridcell")).to_have_count(5)
    corrections = json.loads((event.output / "corrections.json").read_text(encoding="utf-8"))["corrections"]
    assert {correction["undone"] for correction in corrections} == {True}


def test_merge_by_dragging(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/people")
    page.drag_and_drop("[data-id='3'] img", "[data-id='1'] img")
    expect(page.get_by_role("gridcell")).to_have_count(4)
    expect(page.get_by_role("gridcell", name="Person 1, 6 photos, not labelled")).to_be_visible()


def test_split_a_wrong_face_off(desk: Visitor, event: FakeEvent) -> None:
    page = desk.page
    desk.go("/review/people/0")
    expect(page.get_by_role("gridcell")).to_have_count(5)
    for key in ("ArrowRight", "ArrowRight", "Space", "w"):
        page.keyboard.press(key)
    page.get_by_role("dialog").get_by_role("combobox").press_sequentially("Tom")
    page.keyboard.press("Enter")
    expect(page.get_by_role("gridcell")).to_have_count(4)
    assert labels(event)["5"]["name"] == "Tom"
    desk.go("/review/people?q=tom")
    expect(page.get_by_role("gridcell", name="Tom, 1 photo")).to_be_visible()


def test_not_a_face(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/people/1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(page.get_by_role("gridcell")).to_have_count(3)


def test_a_face_opens_its_photo_with_the_box_drawn(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/people/2")
    page.get_by_role("gridcell").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("rect[data-here]")).to_have_count(1)
    first = dialog.get_by_role("heading").text_content()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading")).not_to_have_text(first or "")
    box = dialog.locator("rect[data-here]").bounding_box()
    frame = dialog.locator("svg[role=img]").bounding_box()
    assert box is not None
    assert frame is not None
    assert box["width"] < frame["width"]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert focused(page) is not None


def test_many_at_once_and_strangers(desk: Visitor, event: FakeEvent) -> None:
    page = desk.page
    desk.go("/review/people")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_role("gridcell").nth(1).click(modifiers=["Shift"])
    page.get_by_role("toolbar").get_by_role("button", name="Main").click()
    said(page, "2 people: main")
    page.get_by_role("button", name="Strangers …").click()
    page.get_by_role("spinbutton", name="Fewer photos than").fill("3")
    page.keyboard.press("Enter")
    said(page, "2 people in fewer than 3 photos: other")
    assert labels(event) == {"0": "main", "1": "main", "3": "other", "4": "other"}


def test_an_edit_by_hand_is_asked_about(desk: Visitor, event: FakeEvent) -> None:
    page = desk.page
    desk.go("/review/people")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    said(page, "main")
    event.label({"0": "other", "1": "important"})
    page.keyboard.press("i")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Person 0 is other in cluster_labels.json now; you say important")
    dialog.get_by_role("button", name="Use mine").click()
    said(page, "Person 0: important")
    assert labels(event) == {"0": "important", "1": "important"}
    # The browser itself tells of the answer that made the page ask.
    desk.complaints[:] = [complaint for complaint in desk.complaints if "412" not in complaint]


def test_not_a_person_and_undo_in_the_list_of_corrections(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/people")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(page.get_by_role("gridcell")).to_have_count(4)
    page.get_by_role("button", name="Corrections …").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    said(page, "undone")
    page.keyboard.press("Escape")
    expect(page.get_by_role("gridcell")).to_have_count(5)


def test_a_run_from_the_events_page(desk: Visitor) -> None:
    page = desk.page
    page.get_by_role("button", name="Look through the photos").click()
    said(page, "The photos are ranked")
    expect(page.locator(".job-state")).to_have_text(["succeeded", "succeeded"])


def test_photos_are_added_by_choosing_files(desk: Visitor, event: FakeEvent, tmp_path: Path) -> None:
    page = desk.page
    new = tmp_path / "new.png"
    new.write_bytes((event.photos / "0_0.png").read_bytes() + b"another")
    page.set_input_files("#files", new)
    said(page, "1 photo added")
    assert (event.photos / "new.png").is_file()
    expect(page.locator("#folder")).to_contain_text("1 new photo")
    (event.photos / "new.png").unlink()


def test_by_finger_on_a_tablet(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    with serving(event) as origin, visiting(browser, origin, tmp_path, size=TABLET) as visitor:
        page = visitor.page
        visitor.go("/review/people")
        page.tap("[data-id='1'] img")
        beside = page.get_by_role("complementary", name="The person in focus")
        beside.get_by_role("button", name="Important").tap()
        said(page, "Person 1: important")
        name = beside.get_by_label("Name of person 1")
        name.fill("Anna")
        name.blur()
        said(page, "This is Anna")
        assert labels(event) == {"1": {"name": "Anna", "category": "important"}}


def test_a_likely_merge_is_asked_about_and_answered_by_key(desk: Visitor, event: FakeEvent) -> None:
    page = desk.page
    questions = [(0, 1), (2, 3)]
    origin = page.url.removesuffix("/review/event")

    def suggest(route: Route) -> None:
        people = {person["cluster_id"]: person for person in page.request.get(origin + "/people").json()["people"]}
        asked = [
            {
                "first": people[first],
                "second": people[second],
                "probability": 0.6,
                "photos_changed": 4,
                "top_photos_changed": 2,
            }
            for first, second in questions
            if first in people and second in people
        ]
        route.fulfill(json={"total": len(asked), "suggestions": asked})

    page.route("**/suggestions/merges*", suggest)
    desk.go("/review/people")
    question = page.get_by_role("region", name="Same person?")
    expect(question).to_contain_text(
        "Person 0 (5 photos) and Person 1 (4 photos). It would change 2 of the best photos."
    )
    seen(desk)
    page.keyboard.press("d")
    said(page, "They stay two people")
    expect(question).to_contain_text("Person 2 (3 photos) and Person 3 (2 photos)")
    page.keyboard.press("y")  # meant for what stood here before
    seen(desk)
    expect(question).to_be_visible()
    page.keyboard.press("y")
    said(page, "2 people merged")
    expect(page.get_by_role("gridcell")).to_have_count(4)
    expect(question).to_be_hidden()
    kept = json.loads((event.output / "corrections.json").read_text(encoding="utf-8"))["corrections"]
    assert {correction["kind"] for correction in kept} == {"different_people", "same_person"}
