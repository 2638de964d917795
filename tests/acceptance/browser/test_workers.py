"""The page Workers in the browser: it follows who works on what by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from curation.errors import BrokerUnavailableError
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, TABLET, Theme, visiting
from tests.fake_workers import FakeRoster, worker_state
from tests.fake_workflow import FakeEvent, fake_event

PHONE = (390, 844)
LOOKS: list[tuple[Theme, tuple[int, int]]] = [("light", DESKTOP), ("dark", TABLET), ("light", PHONE)]
REFUSED = (
    "it lacks arcface_weights.onnx and cannot fetch it: set workers.weights_url, or put the file into its models folder"
)


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as event:
        yield event


@pytest.fixture
def roster() -> FakeRoster:
    return FakeRoster(
        worker_state("worker@photo-7", "ceremony/DSC_0132.jpg", "ceremony/DSC_0133.jpg", done=1234, failed=3),
        worker_state(
            "worker@photo-8", "party/a very long name that some camera or somebody thought of, 0001.jpg", done=870
        ),
        worker_state("worker@photo-9", done=12, host="photo-9.example.org"),
        worker_state("worker@old-laptop", refused=REFUSED, host="old-laptop"),
    )


def test_it_follows_by_itself(browser: Browser, event: FakeEvent, roster: FakeRoster, tmp_path: Path) -> None:
    with (
        serving(event, who_works=roster.who_works) as origin,
        visiting(browser, origin, tmp_path / "screenshots") as visitor,
    ):
        page = visitor.page
        visitor.go("/review/workers")
        expect(page.locator(".worker")).to_have_count(4)
        expect(page.locator(".worker").first).to_contain_text(REFUSED)
        expect(page.locator(".workers-sum")).to_contain_text("3 of 6 processes at work; 1 worker gets no work.")
        roster.workers = [worker_state("worker@photo-7", "party/new.jpg", done=1300)]
        expect(page.locator(".worker")).to_have_count(1)
        expect(page.locator(".worker-tasks")).to_contain_text("party/new.jpg")
        roster.error = BrokerUnavailableError("the broker redis://127.0.0.1:6379 does not answer; is it running?")
        expect(page.get_by_role("alert").filter(has_text="The broker cannot be asked")).to_be_visible()
        roster.error = None
        expect(page.locator(".worker")).to_have_count(1)


def test_light_and_dark_from_desk_to_phone(
    browser: Browser, event: FakeEvent, roster: FakeRoster, tmp_path: Path
) -> None:
    found: list[str] = []
    with serving(event, who_works=roster.who_works) as origin:
        for theme, size in LOOKS:
            with visiting(browser, origin, tmp_path / f"{theme}-{size[0]}", theme=theme, size=size) as visitor:
                visitor.go("/review/workers")
                visitor.take_picture("workers")
                found += [f"{theme}, {size[0]} px: {barrier}" for barrier in visitor.barriers()]
                if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{theme}, {size[0]} px: wider than the screen")
    assert not found, "\n".join(found)
