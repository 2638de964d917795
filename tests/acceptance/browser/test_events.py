"""From nothing to an event that is looked through: the first page, a folder that is opened, and one that grows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from curation.jobs.following import follower
from curation.settings import Settings
from curation.workflow import WorkflowOrchestrator
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, TABLET, Theme, visiting
from tests.fake_workflow import FakeEvent, fake_event

PHONE = (390, 844)
LOOKS: list[tuple[Theme, tuple[int, int]]] = [("dark", DESKTOP), ("light", TABLET), ("light", PHONE), ("dark", PHONE)]
NAME = "Anna's wedding"


def test_from_a_folder_to_its_photos(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "STILL_S", 0.5)
    monkeypatch.setattr(follower, "LOOK_S", 0.2)
    monkeypatch.setattr(follower, "SHARE_OF_TIME", 1)  # the first look imports much on a busy machine
    disk = tmp_path / "disk"
    (disk / "empty").mkdir(parents=True)
    with fake_event(tmp_path / "own") as own, fake_event(tmp_path / "other") as other:
        other.folder, other.photos = own.folder, disk / NAME  # what is known of photos lies in one place
        for number in range(3):
            other.add(f"IMG_{number}.png", 1, 2, seed=number)

        def build(settings: Settings) -> WorkflowOrchestrator:
            event: FakeEvent = other if settings.io.input_dir == other.photos else own
            event.output = settings.io.output_dir
            return event.workflow()

        sections = {"service": {"folder_roots": [str(disk)], "follow_folder": True}}
        with serving(own, sections=sections, build=build) as origin:
            with visiting(browser, origin, tmp_path / "pictures") as visitor:
                page = visitor.page
                visitor.go("/")
                expect(page.get_by_role("heading", level=1)).to_have_text("Which photos shall be looked through?")
                found = visitor.barriers()

                # A folder is found by keyboard: down to it, into it, and open.
                visitor.press("Control+o")
                dialog = page.get_by_role("dialog", name="Open a folder of photos")
                expect(dialog.get_by_role("button", name=NAME)).to_be_focused()
                expect(dialog.get_by_label("Path of the folder")).to_have_value(str(disk))
                found += visitor.barriers()
                visitor.press("ArrowDown")
                expect(dialog.get_by_role("button", name="empty")).to_be_focused()
                visitor.press("a", "Enter")
                expect(dialog.get_by_label("Path of the folder")).to_have_value(str(disk / NAME))
                expect(dialog.get_by_role("status")).to_contain_text("3 photos in this folder")
                visitor.take_picture("dialog")
                visitor.press("ArrowLeft")
                expect(dialog.get_by_label("Path of the folder")).to_have_value(str(disk))
                dialog.get_by_label("Path of the folder").fill(str(disk / NAME))
                dialog.get_by_role("button", name="Open this folder").click()

                # Its photos are there before anything was looked through.
                expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
                root = visitor.place.removesuffix("/review/event")
                assert root.startswith("/events/anna-s-wedding-")
                expect(page.locator("#gallery img")).to_have_count(3)
                visitor.take_picture("before")
                page.get_by_role("button", name="Look through the photos").click()
                expect(page.locator(".step").first).to_contain_text("3 photos ranked.")
                expect(page.locator(".job-state")).to_have_text(["succeeded", "succeeded"])
                expect(page.locator("#gallery img")).to_have_count(0)
                for link, address in (("Picks", "/review/photos?pick=picked"), ("Export", "/review/export")):
                    found_link = page.locator(".steps").get_by_role("link", name=link, exact=True)
                    expect(found_link).to_have_attribute("href", root + address)

                # A photo that comes later is looked through by itself, as long as the switch is on.
                expect(page.get_by_role("switch")).to_be_checked()
                other.add("IMG_3.png", 1, seed=3)
                expect(page.locator(".step").first).to_contain_text("4 photos ranked.")
                page.get_by_role("switch").uncheck()
                expect(page.locator("#follow-state")).to_have_text("")

                # The disk is unplugged.
                shutil.move(disk / NAME, tmp_path / "unplugged")
                visitor.go(root + "/review/event")
                expect(page.get_by_text("The folder of the photos is away.")).to_be_visible()
                expect(page.get_by_role("switch")).to_have_count(0)
                found += visitor.barriers()
                visitor.take_picture("away")
                shutil.move(tmp_path / "unplugged", disk / NAME)
                visitor.go(root + "/review/event")
                expect(page.get_by_role("switch")).not_to_be_checked()

                # All events; one is taken off the list and put back.
                page.get_by_role("link", name="Curation, all events").click()
                card = page.locator(".event-card")
                expect(card).to_contain_text("4 photos")
                expect(card).to_contain_text("Looked through")
                page.get_by_role("button", name=f"Take {NAME} off the list").click()
                expect(page.get_by_role("heading", level=1)).to_have_text("Which photos shall be looked through?")
                expect(page.get_by_role("button", name="Open a folder …")).to_be_focused()
                page.get_by_role("button", name="Put back").click()
                expect(card.get_by_role("link")).to_be_focused()
                assert (disk / NAME / "IMG_3.png").is_file()
            for theme, size in LOOKS:
                pictures = tmp_path / f"{theme}-{size[0]}"
                with visiting(browser, origin, pictures, theme=theme, size=size) as visitor:
                    for name, path in (("events", "/"), ("event", root + "/review/event")):
                        visitor.go(path)
                        visitor.take_picture(name)
                        if size != PHONE or theme == "light":
                            found += [f"{theme}, {size[0]} px: {barrier}" for barrier in visitor.barriers()]
                        if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                            found.append(f"{theme}, {size[0]} px, {name}: wider than the screen")
    assert not found, "\n".join(found)
