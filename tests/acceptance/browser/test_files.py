"""Files to copy again, in the browser: from the event's page to the list by keyboard, and off the list once mended."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, Theme, visiting
from tests.fake_workflow import fake_event

PHONE = (390, 844)
LOOKS: tuple[tuple[Theme, tuple[int, int]], ...] = (("light", DESKTOP), ("dark", PHONE))


def test_the_event_leads_to_the_files_that_should_be_copied_again(browser: Browser, tmp_path: Path) -> None:
    with fake_event(tmp_path / "event") as event:
        event.add("whole.png", 0)
        (event.photos / "card").mkdir()
        (event.photos / "card" / ("a name that is long and cannot be broken_" * 4 + ".jpg")).touch()
        (event.photos / ".far.heic.icloud").write_bytes(b"bplist00")
        event.cluster()
        event.score()
        found: list[str] = []
        with serving(event) as origin:
            for theme, size in LOOKS:
                with visiting(browser, origin, tmp_path / theme, theme=theme, size=size) as visitor:
                    page = visitor.page
                    visitor.go("/review/event")
                    told = page.locator("#files-told")
                    expect(told).to_contain_text("1 file is broken: copy it again before you format the card.")
                    told.get_by_role("link", name="Which files").press("Enter")
                    broken = page.get_by_role("region", name="Copy these again before you format the card")
                    expect(broken.get_by_role("listitem")).to_contain_text("The file is empty.")
                    absent = page.get_by_role("region", name="Not on this disk")
                    expect(absent.get_by_role("listitem")).to_contain_text("It is in iCloud only")
                    visitor.settle()
                    visitor.take_picture("files")
                    found += visitor.barriers()
                    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
            for path in ("card", ".far.heic.icloud"):
                (event.photos / path).rename(event.folder / path)
            event.cluster()
            with visiting(browser, origin, tmp_path / "mended") as visitor:
                visitor.go("/review/files")
                expect(visitor.page.get_by_role("heading", name="All files are whole")).to_be_visible()
        assert not found, "\n".join(found)
