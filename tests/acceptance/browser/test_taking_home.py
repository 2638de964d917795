"""Taking photos home in the browser: sidecars beside the originals, and back; a guest's selfie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.recognition.policy import RecognitionRule
from curation.event.guests import finder
from curation.storage.said.picks_file import PICKS, write_picks
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import TABLET, Visitor, visiting
from tests.fake_workflow import FakeEvent, fake_event
from tests.unit.api.routes.taking_home.selfies import selfie

PHONE = (390, 844)
RULE = RecognitionRule(GroupingRule(1.0, 1.0), name_limit=0.6, ask_limit=0.7, margin=0.05)
PATIENCE_MS = 60_000


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEvent]:
    """Three photos of person 1, of which two are picked, and one of person 2."""
    monkeypatch.setattr(finder, "measured_rule", lambda _: RULE)
    with fake_event(tmp_path / "event") as event:
        for number in range(3):
            event.add(f"1_{number}.png", 1, seed=number)
        event.add("2_0.png", 2)
        event.cluster()
        event.score()
        write_picks(
            event.output / PICKS, Picks({"1_0.png": PhotoPick(Pick.PICKED, 5), "1_1.png": PhotoPick(Pick.PICKED)})
        )
        yield event


def test_beside_the_originals_and_back_and_a_guest(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    pictures = tmp_path / "screenshots"
    before = sorted(path.name for path in event.photos.iterdir())
    with serving(event, sections={"service": {"guest_selfies": True}}) as origin:
        with visiting(browser, origin, pictures) as visitor:
            beside_the_originals(visitor, event, before)
            link = link_for_guests(visitor)
        with visiting(browser, origin, pictures, size=PHONE, theme="dark") as visitor:
            as_a_guest(visitor, link.removeprefix(origin), tmp_path)
        for size in (TABLET, PHONE):
            with visiting(browser, origin, pictures, size=size) as visitor:
                for place in ("/review/export?mode=beside&for=digikam", "/review/find-me"):
                    visitor.go(place)
                    assert visitor.barriers() == []
                    assert visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def beside_the_originals(visitor: Visitor, event: FakeEvent, before: list[str]) -> None:
    page = visitor.page
    visitor.go("/review/export")
    expect(page.get_by_role("button", name="Export 2 photos")).to_be_enabled()
    expect(page.locator("#export-plan")).to_contain_text("copied into a new folder in")
    page.get_by_role("radio", name="Beside my originals").check()
    expect(page.locator("#export-plan")).to_have_text("Choose for whom first.")
    page.get_by_role("combobox", name="For", exact=True).select_option("digikam")
    assert page.url.endswith("/review/export?mode=beside&for=digikam")
    page.reload()
    visitor.settle()
    expect(page.get_by_role("radio", name="Beside my originals")).to_be_checked()
    page.get_by_role("button", name="Show what would be written").click()
    expect(page.get_by_role("heading", name="2 sidecars would be written")).to_be_focused(timeout=PATIENCE_MS)
    assert sorted(path.name for path in event.photos.iterdir()) == before
    expect(page.locator("#beside-files li")).to_have_count(2)
    visitor.take_picture("beside")
    page.get_by_role("button", name="Write 2 sidecars").click()
    expect(page.get_by_role("heading", name="2 sidecars written")).to_be_visible(timeout=PATIENCE_MS)
    assert sorted(path.name for path in event.photos.glob("*.xmp")) == ["1_0.png.xmp", "1_1.png.xmp"]
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_role("heading", name="2 sidecars taken back")).to_be_visible(timeout=PATIENCE_MS)
    assert sorted(path.name for path in event.photos.iterdir()) == before


def link_for_guests(visitor: Visitor) -> str:
    page = visitor.page
    page.get_by_label("They see").select_option("all")
    page.get_by_role("button", name="Make a link").click()
    field = page.get_by_label("The link, which is shown only now")
    expect(field).to_be_focused()
    return field.input_value()


def as_a_guest(visitor: Visitor, link: str, folder: Path) -> None:
    page = visitor.page
    picture = folder / "selfie.png"
    picture.write_bytes(selfie(1))
    visitor.go(link)
    expect(page.locator("#find-file")).to_be_disabled()
    page.get_by_role("checkbox").check()
    page.set_input_files("#find-file", picture)
    expect(page.get_by_role("heading", name="We found 3 photos of you.")).to_be_focused(timeout=PATIENCE_MS)
    page.get_by_label("Choose photo 2").check()
    expect(page.get_by_role("link", name="Download 1 chosen")).to_be_visible()
    visitor.settle()
    visitor.take_picture("find-me")
    page.get_by_role("button", name="Photo 1, larger").click()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="I am done").click()
    expect(page.locator("#find-message")).to_have_text("Done: nothing is kept.")
    assert page.locator("#find-grid li").count() == 0
