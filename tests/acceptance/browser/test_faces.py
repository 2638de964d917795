"""The pages about single pictures in the browser: a picture is looked at, compared, and found again in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, expect

from curation.domain.faces.face import Box
from curation.services.answers import ImageAnswer
from curation.services.trail.batch_figures import PersonFacts, figures_of
from curation.services.trail.charts import CHARTS_DIR, draw_charts
from tests.acceptance.browser.painted_service import serving
from tests.acceptance.browser.visitor import DESKTOP, TABLET, Theme, Visitor, visiting
from tests.fake_face_services import FakeFaceServices
from tests.fake_workflow import FakeEvent, fake_event, textured_photo

PHONE = (390, 844)
LOOKS: list[tuple[Theme, tuple[int, int], tuple[str, ...]]] = [
    ("light", DESKTOP, ("faces", "log", "charts")),
    ("dark", TABLET, ("faces", "log")),
    ("light", PHONE, ("faces",)),
]
"""The views whose barriers are looked for, which takes seconds; the others are only measured."""
FACES = [(Box(60, 60, 90, 120), 0), (Box(250, 50, 80, 110), 4), (Box(420, 150, 70, 90), 8)]


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with fake_event(tmp_path / "event") as event:
        yield event


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "three people.png"
    cv2.imwrite(str(path), cv2.cvtColor(textured_photo(600, 400, FACES), cv2.COLOR_RGB2BGR))
    return path


def choose(visitor: Visitor, *paths: Path) -> None:
    visitor.wait_for("document.readyState === 'complete'")
    visitor.page.set_input_files("#files", [str(path) for path in paths])


def test_a_picture_is_seen_compared_and_found_in_the_log(
    browser: Browser, event: FakeEvent, photo: Path, tmp_path: Path
) -> None:
    fake = FakeFaceServices()
    fake.health_of = {}
    with serving(event, fake.connected) as origin, visiting(browser, origin, tmp_path / "screenshots") as desk:
        page = desk.page
        desk.go("/review/faces")
        expect(page.get_by_role("alert")).to_contain_text("The attribute services are not running.")
        expect(page.locator(".faces-command")).to_have_text("python -m curation services up")
        fake.health_of = dict.fromkeys(FakeFaceServices().health_of, "SERVING")
        page.evaluate("htmx.trigger('#faces-status', 'curation:look')")
        expect(page.locator(".faces-role[data-state=up]")).to_have_count(4)
        expect(page.get_by_role("alert")).to_have_count(0)

        choose(desk, photo)
        look = page.get_by_role("article", name="three people.png")
        expect(look.locator(".look-steps [data-state=done]")).to_have_text(
            ["Receiveddone", "Landmarksdone0.04 s", "Age and sexdone0.05 s", "Storeddone0.01 s"]
        )
        faces = look.locator(".look-face")
        expect(faces).to_have_count(3)
        expect(faces.nth(0)).to_contain_text("about 28")
        expect(faces.nth(1)).to_contain_text("cannot tell")
        expect(page.locator("#said")).to_have_text("three people.png: 3 faces")

        # Keys: from face to face, and what is drawn.
        desk.press("j", "j")
        expect(faces.nth(1)).to_be_focused()
        expect(look.locator(".look-mark").nth(1)).to_have_attribute("data-here", "")
        expect(look.locator(".look-points[data-layer='68']").first).to_be_hidden()
        desk.press("r")
        expect(look.locator(".look-points[data-layer='68']")).to_have_count(3)
        expect(look.locator(".look-points[data-layer='68']").first).to_be_visible()
        desk.press("h")
        expect(look.locator(".look-box").first).to_be_hidden()
        desk.press("h")
        expect(page.get_by_role("button", name="478 points")).to_be_disabled()

        # The document is that of the services, and goes into a file.
        look.get_by_text("JSON document").click()
        expect(look.locator(".look-json")).to_contain_text('"landmarks68"')
        with page.expect_download() as download:
            look.get_by_role("button", name="Download").click()
        document = json.loads(download.value.path().read_text())
        assert download.value.suggested_filename == f"{document['sha256']}.json"
        assert len(document["faces"]) == 3

        # Two readers side by side; what they answer together is stored once.
        page.get_by_label("Compared with").select_option("gear")
        choose(desk, photo)
        compared = page.get_by_role("article", name="three people.png").first
        expect(compared.locator(".look-way")).to_have_count(2)
        expect(compared.locator(".look-compared > p")).to_have_text(
            "dlib and gear: ages are 30.0 years apart on average, 2 of 2 sexes differ."
        )
        expect(compared.locator(".look-apart[data-large]").first).to_have_text("30 years apart, and so are the ranges")
        assert [skipped for _, skipped in fake.asked] == [False, False, True]

        # What goes wrong is a sentence.
        page.get_by_label("Compared with").select_option("")
        fake.failure = ImageAnswer("Failed", None, "busy", "64 pictures wait: try again", "RESOURCE_EXHAUSTED")
        choose(desk, photo)
        expect(page.get_by_role("alert")).to_have_text("64 pictures wait: try again.")
        fake.failure = None
        page.get_by_role("button", name="Try again").press("Enter")
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.get_by_role("article").first.locator(".look-face")).to_have_count(3)
        fake.failure = ImageAnswer("Failed", None, "busy", "64 pictures wait: try again", "RESOURCE_EXHAUSTED")
        choose(desk, photo)
        expect(page.get_by_role("alert")).to_have_text("64 pictures wait: try again.")
        page.get_by_role("alert").locator("xpath=ancestor::article").get_by_role("button", name="Remove").press("Enter")
        expect(page.get_by_role("article")).to_have_count(3)
        expect(page.get_by_role("article").first.get_by_role("button", name="Remove")).to_be_focused()
        look = page.get_by_role("article").last
        look.get_by_role("link", name="Log").click()
        expect(page.locator(".faces-request")).to_have_count(6)
        expect(page.locator(".faces-request").first).to_contain_text("refused: error")


def test_light_and_dark_from_desk_to_phone(browser: Browser, event: FakeEvent, photo: Path, tmp_path: Path) -> None:
    fake = FakeFaceServices()
    fake.process(photo.read_bytes(), request_id="r1")
    fake.failure = ImageAnswer("Failed", None, "busy", "64 pictures wait: try again", "RESOURCE_EXHAUSTED")
    fake.process(photo.read_bytes(), request_id="r2")
    fake.failure = None
    sha256 = fake.lines[0].sha256
    people = {sha256: [PersonFacts(31, "female"), PersonFacts(None, None), PersonFacts(49, "male")]}
    draw_charts(figures_of(fake.lines, people), event.settings().services.log_dir / CHARTS_DIR)
    broken = tmp_path / "no picture.png"
    broken.write_bytes(b"no picture")
    found: list[str] = []
    with serving(event, fake.connected) as origin:
        for theme, size, checked in LOOKS:
            with visiting(browser, origin, tmp_path / f"{theme}-{size[0]}", theme=theme, size=size) as visitor:

                def see(
                    name: str,
                    visitor: Visitor = visitor,
                    look: str = f"{theme}, {size[0]} px",
                    checked: tuple[str, ...] = checked,
                ) -> None:
                    visitor.settle()
                    visitor.take_picture(name)
                    if name in checked:
                        found.extend(f"{look}, {name}: {barrier}" for barrier in visitor.barriers())
                    if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        found.append(f"{look}, {name}: wider than the screen")

                visitor.go("/review/faces")
                visitor.page.get_by_label("Compared with").select_option("openvino")
                choose(visitor, broken, photo)
                expect(visitor.page.locator(".look-face")).to_have_count(3)
                expect(visitor.page.get_by_role("alert").first).to_be_visible()
                visitor.page.get_by_text("JSON document of dlib").click()
                see("faces")
                visitor.go(f"/review/faces/log?image={sha256}")
                see("log")
                visitor.go("/review/faces/charts")
                visitor.page.get_by_text("Numbers").first.click()
                see("charts")
    assert not found, "\n".join(found)
