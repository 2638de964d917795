"""The page Videos in the browser: films are handed in, watched, played with names, named, filtered, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from curation.domain.film.clip import ClipFacts
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, TABLET, Theme, Visitor, visiting
from tests.fake_films import FakeFilms, film, poster_picture, two_characters
from tests.fake_workflow import FakeEvent, fake_event
from tests.film_files import shot, write_film

PHONE = (390, 844)
LOOKS: list[tuple[Theme, tuple[int, int], tuple[str, ...]]] = [
    ("light", DESKTOP, ("videos", "film")),
    ("dark", TABLET, ("videos", "film")),
    ("light", PHONE, ()),
]
"""The views whose barriers are looked for, which takes seconds; the others are only measured."""


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as event:
        yield event


@pytest.fixture
def fake() -> FakeFilms:
    told = two_characters()
    facts = replace(told.film.facts, codec="vp9")
    result = replace(told, film=replace(told.film, facts=facts))
    return FakeFilms(result, facts=ClipFacts(Fraction(10), 1280, 720, codec="vp9"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds in two shots; VP9, which every build of Chromium plays."""
    pictures = [*shot(1, 50, width=320, height=180), *shot(2, 50, width=320, height=180)]
    path = tmp_path_factory.mktemp("films") / "at the lake.webm"
    write_film(path, pictures, fps=10)
    return path


def hand_in(visitor: Visitor, *paths: Path) -> None:
    visitor.wait_for("document.readyState === 'complete'")
    visitor.page.set_input_files("#files", [str(path) for path in paths])


def test_films_are_handed_in_watched_and_deleted(
    browser: Browser, event: FakeEvent, fake: FakeFilms, clip: Path, tmp_path: Path
) -> None:
    slow, failing = tmp_path / "slow.mp4", tmp_path / "failing.mp4"
    slow.write_bytes(film("slow"))
    failing.write_bytes(film("fails"))
    with (
        serving(event, open_videos=fake.open) as origin,
        visiting(browser, origin, tmp_path / "screenshots") as desk,
    ):
        page = desk.page
        desk.go("/review/videos")
        expect(page.get_by_text("Choose a trailer, or any film")).to_be_visible()
        hand_in(desk, slow, failing)
        cards = page.locator(".video-card")
        expect(cards).to_have_count(2)
        working = cards.filter(has_text="slow.mp4")
        expect(working).to_contain_text("Being looked at")
        expect(cards.filter(has_text="failing.mp4")).to_contain_text("It waits for its turn")

        # Its own page shows the progress, and reloads by itself when it is stopped.
        working.get_by_role("link").click()
        expect(page.get_by_text("The film is being looked at.")).to_be_visible()
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Looking at this film was stopped.")).to_be_visible()
        fake.release.set()
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".film-character")).to_have_count(2)
        page.get_by_role("link", name="All films").click()

        # A film that fails says why.
        failed = cards.filter(has_text="failing.mp4")
        expect(failed).to_contain_text("Failed")
        expect(failed).to_contain_text("The engine does not like this film")
        hand_in(desk, clip)
        ready = cards.filter(has_text="at the lake.webm")
        expect(ready).to_contain_text("Ready")
        expect(ready.get_by_role("img", name="person 0")).to_be_visible()
        failed.get_by_role("link").click()
        expect(page.get_by_role("alert").first).to_contain_text("This film could not be looked at.")
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page).to_have_url(f"{origin}/review/videos")
        expect(cards).to_have_count(2)


def test_a_film_with_names_on_a_timeline(
    browser: Browser, event: FakeEvent, fake: FakeFilms, clip: Path, tmp_path: Path
) -> None:
    event.add("0.png", 0)
    event.add("1.png", 0)
    event.cluster()
    (cluster,) = event.ids()[0]
    event.label({str(cluster): {"name": "Anna", "category": "main"}})
    poster = tmp_path / "poster.jpg"
    poster.write_bytes(poster_picture())
    with (
        serving(event, open_videos=fake.open) as origin,
        visiting(browser, origin, tmp_path / "screenshots") as desk,
    ):
        page = desk.page
        desk.go("/review/videos")
        hand_in(desk, clip)
        page.locator(".video-card[data-state=done] .video-card-link").click()
        desk.settle()
        desk.wait_for("document.getElementById('player').readyState >= 2")

        # A bar of the timeline is a place in the player, by mouse and by key; boxes follow it.
        rows, boxes = page.locator(".film-row"), page.locator(".film-box")
        rows.nth(1).locator(".film-bar").click()
        desk.wait_for("document.getElementById('player').currentTime > 5.3")
        expect(boxes).to_have_count(2)
        expect(page.locator("#now")).to_have_text("On screen: person 0, person 1")
        rows.nth(0).locator(".film-bar").nth(0).focus()
        desk.press("Enter")
        desk.wait_for("document.getElementById('player').currentTime < 0.1")
        expect(boxes).to_have_count(1)
        desk.press("ArrowRight", "ArrowDown")
        expect(rows.nth(1).locator(".film-bar")).to_be_focused()
        box, stage = boxes.first.bounding_box(), page.locator("#stage").bounding_box()
        assert box is not None
        assert stage is not None
        assert abs((box["x"] - stage["x"]) / stage["width"] - 500 / 1280) < 0.01
        assert abs((box["y"] - stage["y"]) / stage["height"] - 200 / 720) < 0.01
        desk.press("h")
        expect(boxes).to_have_count(0)
        desk.press("h")

        # A name that is typed shows everywhere at once; names of the event are offered.
        field = page.get_by_label("Name of person 0")
        field.click()
        expect(page.locator("datalist option[value=Anna]").first).to_be_attached()
        field.fill("Anna")
        field.press("Enter")
        expect(rows.nth(0)).to_contain_text("Anna")
        expect(boxes.first).to_contain_text("Anna")
        expect(page.locator("#toasts")).to_contain_text("This is Anna")
        page.get_by_role("button", name="Undo").last.click()
        expect(rows.nth(0)).to_contain_text("person 0")
        field.fill("Anna")
        field.press("Enter")
        expect(rows.nth(0)).to_contain_text("Anna")
        page.locator("main").click(position={"x": 5, "y": 5})
        desk.press("j", "i")
        second = page.locator(".film-character").nth(1)
        expect(second.get_by_role("button", name="Important")).to_have_attribute("aria-pressed", "true")
        second.locator("[data-jump]").first.click()
        desk.wait_for("document.getElementById('player').currentTime > 5.3")

        # The poster has the names, and so have the exports.
        page.set_input_files("#poster-file", str(poster))
        expect(page.locator(".film-poster-face")).to_have_count(2)
        expect(page.locator(".film-poster-face[data-cluster='0']")).to_contain_text("Anna")
        expect(page.get_by_text("1 of 2 faces are characters of this film.")).to_be_visible()
        page.get_by_text("Export", exact=True).last.click()
        with page.expect_download() as download:
            page.get_by_role("link", name="WebVTT subtitles").click()
        assert "Anna" in download.value.path().read_text()
        page.get_by_role("button", name="Make it").click()
        expect(page.locator("#annotated").get_by_role("link", name="Download")).to_be_visible()

        # The list can be asked for a person.
        desk.go("/review/videos")
        page.get_by_label("Only films with this person").select_option("Anna")
        expect(page).to_have_url(f"{origin}/review/videos?person=Anna")
        expect(page.locator(".video-card")).to_have_count(1)


def test_light_and_dark_from_desk_to_phone(
    browser: Browser, event: FakeEvent, fake: FakeFilms, clip: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "a film with a long name that breaks off.mp4"
    broken.write_bytes(film("partial"))
    found: list[str] = []
    with serving(event, open_videos=fake.open) as origin:
        with visiting(browser, origin, tmp_path / "first") as desk:
            desk.go("/review/videos")
            hand_in(desk, clip, broken)
            ready = desk.page.locator(".video-card[data-state=done]")
            expect(ready).to_have_count(1)
            expect(desk.page.locator(".video-card[data-state=partial]")).to_have_count(1)
            path = ready.locator(".video-card-link").get_attribute("href")
        assert path is not None
        for theme, size, checked in LOOKS:
            with visiting(browser, origin, tmp_path / f"{theme}-{size[0]}", theme=theme, size=size) as visitor:
                for name, place in (("videos", "/review/videos"), ("film", f"{path}?t=6")):
                    visitor.go(place)
                    if name == "film":
                        expect(visitor.page.locator(".film-box")).to_have_count(2)
                    visitor.take_picture(name)
                    look = f"{theme}, {size[0]} px, {name}"
                    if name in checked:
                        found.extend(f"{look}: {barrier}" for barrier in visitor.barriers())
                    if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        found.append(f"{look}: wider than the screen")
    assert not found, "\n".join(found)


def test_without_the_extra(browser: Browser, event: FakeEvent, tmp_path: Path) -> None:
    with serving(event) as origin, visiting(browser, origin, tmp_path / "screenshots") as desk:
        desk.go("/review/videos")
        expect(desk.page.get_by_text("make extras EXTRAS=video")).to_be_visible()
