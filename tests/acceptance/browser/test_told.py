"""What other programs said, in the browser: picks are taken over and undone, a name is answered with a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from curation.storage.face_data_file import FACE_DATA, read_face_data
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, Visitor, visiting
from tests.known_world import ANNA, KnownEvent, known_event
from tests.unit.photos.told.making import mwg, packet

PHONE = (390, 844)


@pytest.fixture
def event(tmp_path: Path) -> Iterator[KnownEvent]:
    """Sidecars name the first person of the event in all photos, and carry stars and a rejection in two."""
    with known_event(tmp_path / "party") as known:
        cluster = known.cluster_of(ANNA)
        rows = [row for row in read_face_data(known.event.output / FACE_DATA) if row.cluster_id == cluster]
        for number, row in enumerate(rows):
            photo = known.event.photos / row.image_path
            with Image.open(photo) as image:
                width, height = image.size
            x, y, w, h = row.facial_area
            region = ("Anna", (x + w / 2) / width, (y + h / 2) / height, w / width, h / height)
            rating = {0: 'xmp:Rating="4"', 1: 'xmp:Rating="-1"'}.get(number, "")
            photo.with_suffix(".xmp").write_bytes(packet(mwg(region, size=(width, height)), rating))
        known.event.score()
        yield known


def test_what_other_programs_said_is_offered_and_taken_back(
    browser: Browser, event: KnownEvent, tmp_path: Path
) -> None:
    with serving(event.event) as origin:
        for size in (DESKTOP, PHONE):
            with visiting(browser, origin, tmp_path / "screenshots", size=size) as desk:
                _taken_over_and_back(desk)
        with visiting(browser, origin, tmp_path / "screenshots") as desk:
            page = desk.page
            desk.go("/review/people")
            question = page.get_by_role("region", name="Names in the files")
            expect(question.get_by_role("heading")).to_have_text("Anna?")
            desk.settle()
            page.wait_for_timeout(700)  # a key answers what was seen
            page.keyboard.press("y")
            expect(page.locator("#toasts")).to_contain_text("is Anna")
            labels = json.loads((event.event.output / "cluster_labels.json").read_text(encoding="utf-8"))
            assert [label["name"] for label in labels.values()] == ["Anna"]
            expect(question).to_be_hidden()
            page.keyboard.press("Control+z")
            expect(question.get_by_role("heading")).to_have_text("Anna?")


def _taken_over_and_back(desk: Visitor) -> None:
    page = desk.page
    desk.go("/review/photos")
    offer = page.locator("#told-offer")
    expect(offer).to_contain_text("2 photos carry stars or rejections from another program (1 with stars, 1 rejected)")
    desk.take_picture("told-offer")
    offer.get_by_role("button", name="Take them over").click()
    expect(page.get_by_role("dialog")).to_contain_text("rejected, Anna")
    page.get_by_role("dialog").get_by_role("button", name="Take them over").click()
    expect(page.locator("#toasts")).to_contain_text("Took over what was said of 2 photos")
    expect(offer).to_be_hidden()
    expect(page.locator("[data-count=rejected]")).to_have_text("1")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(offer).to_be_visible()
    expect(page.locator("[data-count=rejected]")).to_have_text("0")
