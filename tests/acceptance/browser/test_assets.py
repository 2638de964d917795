"""The pages about assets in the browser: pictures are handed in, watched, looked at, filtered, deleted, taken along."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, TABLET, Theme, Visitor, visiting
from tests.fake_asset_jobs import FakeAssets, people_picture
from tests.fake_workflow import FakeEvent, fake_event

PHONE = (390, 844)
LOOKS: list[tuple[Theme, tuple[int, int], tuple[str, ...]]] = [
    ("light", DESKTOP, ("assets", "asset", "table")),
    ("dark", TABLET, ("assets", "asset", "table")),
    ("light", PHONE, ()),
]
"""The views whose barriers are looked for, which takes seconds; the others are only measured."""


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as event:
        yield event


@pytest.fixture
def fake(tmp_path: Path) -> FakeAssets:
    return FakeAssets(tmp_path / "assets", takes_s=0.1)


def choose(visitor: Visitor, folder: Path, *names: str) -> None:
    """Choose pictures in the page's dialog; the first digit of a name is the number of people."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        count = int(name[0]) if name[0].isdigit() else 1
        (folder / name).write_bytes(b"no picture" if name.endswith(".txt") else people_picture(count, seed=number))
    visitor.wait_for("document.readyState === 'complete'")
    visitor.page.set_input_files("#files", [str(folder / name) for name in names])


def test_pictures_are_handed_in_watched_and_found(
    browser: Browser, event: FakeEvent, fake: FakeAssets, tmp_path: Path
) -> None:
    with (
        serving(event, open_assets=fake.opened) as origin,
        visiting(browser, origin, tmp_path / "screenshots") as desk,
    ):
        page = desk.page
        desk.go("/review/assets")
        expect(page.get_by_text("Choose a picture, and see its people")).to_be_visible()
        fake.missing = "the weights yolox_nano.onnx are missing: python -m curation weights fetch --part assets"
        desk.go("/review/assets")
        expect(page.get_by_text("Choose a picture, and see its people")).to_be_visible()

        # Bad ones are told of and do not stop the others; states change by themselves.
        choose(desk, tmp_path / "mine", "2 people.jpg", "note.txt", "tries.jpg", "nobody.jpg")
        expect(page.locator("#toasts")).to_contain_text("1 picture not taken. note.txt: the file is not a picture")
        cards = page.locator(".asset-card")
        expect(cards).to_have_count(4)
        done = cards.filter(has_text="2 people.jpg")
        expect(done).to_contain_text("Done")
        expect(done).to_contain_text("Anna")
        expect(done.get_by_role("img", name="Top: red 80 %, white 20 %")).to_be_visible()
        expect(cards.filter(has_text="nobody.jpg")).to_contain_text("Nobody is in the picture")
        failed = cards.filter(has_text="tries.jpg")
        expect(failed).to_contain_text("Failed")
        expect(page.locator("[data-count=all]")).to_have_text("4")
        expect(page.locator("[data-count=FAILED]")).to_have_text("1")
        failed.get_by_role("button", name="Try again").press("Enter")
        expect(failed).to_contain_text("Done")
        expect(page.locator("[data-count=FAILED]")).to_have_text("0")
        expect(page.locator("[data-count=COMPLETED]")).to_have_text("2")

        # A filter is a page of its own; back is back.
        page.get_by_label("Colour of the top").select_option("blue")
        expect(page).to_have_url(f"{origin}/review/assets?top=blue")
        expect(cards).to_have_count(1)
        expect(page.locator("#total")).to_have_text("1 picture")
        page.get_by_label("Colour of the bottom").select_option("black")
        expect(page.get_by_text("No picture answers these questions.")).to_be_visible()
        page.go_back()
        expect(cards).to_have_count(1)
        page.go_back()
        expect(page).to_have_url(f"{origin}/review/assets")
        expect(cards).to_have_count(4)
        expect(page.get_by_label("Colour of the top")).to_have_value("")
        page.get_by_role("navigation", name="By state").get_by_role("link", name="Rejected").click()
        expect(cards).to_have_count(2)
        page.go_back()

        # The missing weights are said while pictures would wait.
        page.wait_for_timeout(3100)
        desk.go("/review/assets")
        expect(page.get_by_role("alert").first).to_contain_text("weights fetch --part assets")


def test_a_picture_is_looked_at_and_deleted(
    browser: Browser, event: FakeEvent, fake: FakeAssets, tmp_path: Path
) -> None:
    fake.takes_s = 0
    stuck = fake.submit(people_picture(3, seed=9), "3 stuck.jpg").id
    with (
        serving(event, open_assets=fake.opened) as origin,
        visiting(browser, origin, tmp_path / "screenshots") as desk,
    ):
        page = desk.page
        desk.go(f"/review/assets/{stuck}?top=red")
        expect(page.get_by_text("It is being taken apart.")).to_be_visible()
        fake.finish(stuck)
        people = page.locator(".asset-person")
        expect(people).to_have_count(3)
        expect(people.nth(0)).to_contain_text("Anna")
        expect(people.nth(0)).to_contain_text("red 80 %")
        expect(people.nth(1)).to_contain_text("Cut at the feet")
        expect(people.nth(2)).to_contain_text("no face found")
        expect(page.locator(".asset-bone").first).to_be_visible()

        # What is drawn stands in the address.
        desk.press("Shift+H", "Shift+H")
        expect(page.locator(".asset-bone").first).to_be_hidden()
        expect(page.locator("#drawn g[data-layer=clothes] image")).to_have_attribute("href", re.compile("clothes.png"))
        expect(page).to_have_url(f"{origin}/review/assets/{stuck}?top=red&layers=boxes%2Cclothes")
        page.reload()
        desk.settle()
        expect(page.locator(".asset-bone").first).to_be_hidden()
        expect(page.locator(".asset-tint[data-tint=clothes]")).to_be_visible()
        desk.press("j", "j")
        expect(people.nth(1)).to_be_focused()
        expect(page.locator(".asset-marks").nth(1)).to_have_attribute("data-here", "")

        # A ground shows the cut-out; one person alone.
        page.get_by_role("button", name="Black").click()
        expect(page.locator("#shown")).to_have_attribute("src", f"/assets/{stuck}/cutout.png?size=screen")
        expect(page.locator("#frame")).to_have_css("background-color", "rgb(0, 0, 0)")
        people.nth(1).get_by_role("button", name="Only this person").click()
        expect(page.locator("#shown")).to_have_attribute("src", f"/assets/{stuck}/cutout.png?person=1&size=screen")
        expect(page.locator("#drawn")).to_be_hidden()
        page.reload()
        desk.settle()
        expect(page.locator("#shown")).to_have_attribute("src", f"/assets/{stuck}/cutout.png?person=1&size=screen")
        desk.press("r")
        expect(page.locator("#drawn")).to_be_visible()

        # Deleting asks first, and goes back to the view that one came from.
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Cancel").click()
        assert stuck in fake.rows
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page).to_have_url(f"{origin}/review/assets?top=red")
        expect(page.get_by_text("No picture answers these questions.")).to_be_visible()
        assert fake.rows == {}


def test_photos_of_the_event_and_the_light_table(
    browser: Browser, event: FakeEvent, fake: FakeAssets, tmp_path: Path
) -> None:
    fake.takes_s = 0
    for person in (0, 1):
        for number in range(2):
            event.add(f"{person}_{number}.png", person, face_px=240, seed=number)
    event.cluster()
    two = fake.submit(people_picture(2), "2 people.jpg").id
    fake.settled(two)
    with (
        serving(event, open_assets=fake.opened) as origin,
        visiting(browser, origin, tmp_path / "screenshots") as desk,
    ):
        page = desk.page
        desk.go("/review/assets")
        page.get_by_role("button", name="Take photos of the event").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator(".asset-photo")).to_have_count(4)
        dialog.get_by_role("checkbox").first.check()
        expect(dialog.get_by_text("1 chosen")).to_be_visible()
        dialog.get_by_role("button", name="All or none").click()
        expect(dialog.get_by_text("4 chosen")).to_be_visible()
        dialog.get_by_role("button", name="Take apart").click()
        expect(page.locator("#toasts")).to_contain_text("4 pictures handed in")
        expect(page.locator(".asset-card")).to_have_count(5)
        assert {path for row in fake.rows.values() for path in row.image_paths} == {
            "0_0.png",
            "0_1.png",
            "1_0.png",
            "1_1.png",
        }

        desk.go("/review/assets/table?top=blue")
        cells = page.get_by_role("gridcell")
        expect(cells).to_have_count(1)
        expect(cells).to_contain_text("Person 2")
        desk.go("/review/assets/table")
        page.get_by_role("button", name="Large").click()
        page.get_by_role("button", name="White", exact=True).click()
        expect(page).to_have_url(f"{origin}/review/assets/table?size=large&ground=white")
        expect(page.locator("#table")).to_have_css("background-color", "rgb(255, 255, 255)")
        last = cells.filter(has_text="2 people.jpg")
        expect(last).to_have_count(2)
        last.nth(0).click()
        last.nth(1).focus()
        desk.press("Space")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download 2 as ZIP").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            assert archive.namelist() == ["2 people person 1.png", "2 people person 2.png"]
        desk.press("Escape")
        expect(page.locator(".asset-cell[aria-selected=true]")).to_have_count(0)
        last.nth(1).focus()
        desk.press("Enter")
        expect(page).to_have_url(f"{origin}/review/assets/{two}")


def test_light_and_dark_from_desk_to_phone(
    browser: Browser, event: FakeEvent, fake: FakeAssets, tmp_path: Path
) -> None:
    fake.takes_s = 0
    names = ("3 friends at the lake.jpg", "broken.jpg", "nobody.jpg", "1.jpg", "stuck.jpg")
    ids = [
        fake.submit(people_picture(int(name[0]) if name[0].isdigit() else 1, seed=number), name).id
        for number, name in enumerate(names)
    ]
    for asset_id in ids[:-1]:
        fake.settled(asset_id)
    found: list[str] = []
    with serving(event, open_assets=fake.opened) as origin:
        for theme, size, checked in LOOKS:
            with visiting(browser, origin, tmp_path / f"{theme}-{size[0]}", theme=theme, size=size) as visitor:
                for name, path in (
                    ("assets", "/review/assets"),
                    ("asset", f"/review/assets/{ids[0]}?layers=boxes,skeletons,people,clothes"),
                    ("table", "/review/assets/table?ground=%23336699"),
                ):
                    visitor.go(path)
                    visitor.take_picture(name)
                    look = f"{theme}, {size[0]} px, {name}"
                    if name in checked:
                        found.extend(f"{look}: {barrier}" for barrier in visitor.barriers())
                    if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        found.append(f"{look}: wider than the screen")
    assert not found, "\n".join(found)
