"""Every view in light and dark, on a desk and on a tablet: quiet, legible, within the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.acceptance.browser.people_event import write_event
from tests.acceptance.browser.visitor import DESKTOP, TABLET, Theme, Visitor, visiting
from tests.acceptance.test_service import Service, running

LABELS = {
    "0": {"name": "Eileen", "category": "main"},
    "1": {"name": "Grace", "category": "important"},
    "2": {"name": "Ada", "category": "other"},
}
BEFORE_ANY_RUN = (
    "/",
    "/review/event",
    "/review/people",
    "/review/photos",
    "/review/rules",
    "/review/choose",
    "/review/export",
)
NO_PHOTO = "/review/photos/0123456789abcdef"

View = tuple[str, str, Callable[[Visitor], None]]
"""Its name, its path, and what is done to see it."""


@pytest.fixture
def service(project_root: Path, tmp_path: Path) -> Iterator[Service]:
    with running(project_root, write_event(tmp_path)) as started:
        yield started


@pytest.mark.timeout(600)  # a minute, on a machine that has nothing else to do
def test_every_view_in_light_and_dark_on_desk_and_tablet(browser: Browser, service: Service, tmp_path: Path) -> None:
    origin = str(service.http.base_url).rstrip("/")
    found: list[str] = []
    with visiting(browser, origin, tmp_path / "before") as visitor:
        for path in BEFORE_ANY_RUN:
            visitor.go(path)
            visitor.take_picture(path.strip("/").replace("/", "-") or "start")
            found += visitor.barriers()
        visitor.go(NO_PHOTO)
        found += visitor.barriers()
        # The browser itself tells of an error page.
        visitor.complaints[:] = [complaint for complaint in visitor.complaints if NO_PHOTO not in complaint]
    make_ready(service)
    looks: list[tuple[Theme, tuple[int, int]]] = [("light", DESKTOP), ("dark", DESKTOP), ("light", TABLET)]
    for theme, size in looks:
        pictures = tmp_path / f"{theme}-{size[0]}"
        with visiting(browser, origin, pictures, theme=theme, size=size) as visitor:
            for name, path, act in views(service):
                visitor.go(path)
                act(visitor)
                visitor.settle()
                visitor.take_picture(name)
                found += [f"{theme}, {size[0]} px, {name}: {barrier}" for barrier in visitor.barriers()]
                if visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{theme}, {size[0]} px, {name}: wider than the screen")
    assert not found, "\n".join(found)
    assert "ERROR" not in service.log.read_text()


def make_ready(service: Service) -> None:
    """Cluster, label, score, and pick a photo."""
    for stage in ("cluster", "score"):
        job = service.finished(service.http.post(f"/{stage}"))
        assert job["state"] == "succeeded", job
        if stage == "cluster":
            service.http.put("/labels", json=LABELS).raise_for_status()
    first, second, *_ = service.http.get("/photos").json()["photos"]
    service.http.put(f"/picks/{first['photo_id']}", json={"pick": "picked", "rating": 4}).raise_for_status()
    service.http.put(f"/picks/{second['photo_id']}", json={"pick": "rejected"}).raise_for_status()
    job = service.finished(service.http.post("/exports", json={"mode": "copy", "best": 2}))
    assert job["state"] == "succeeded", job


def views(service: Service) -> list[View]:
    """All views of an event that is ready, and the states of them that look different."""
    photos = [photo["photo_id"] for photo in service.http.get("/photos").json()["photos"]]
    return [
        ("events", "/", nothing),
        ("event", "/review/event", nothing),
        ("people", "/review/people", nothing),
        (
            "people-selected",
            "/review/people",
            lambda visitor: visitor.press("ArrowRight", "Space", "ArrowRight", "Space"),
        ),
        ("people-nobody", "/review/people?q=nobody", nothing),
        ("keys", "/review/people", lambda visitor: visitor.press("?")),
        ("strangers", "/review/people", lambda visitor: visitor.page.locator("#strangers-button").click()),
        ("corrections", "/review/people", lambda visitor: visitor.page.locator("#corrections-button").click()),
        ("person", "/review/people/0", nothing),
        ("person-selected", "/review/people/0", lambda visitor: visitor.press("ArrowRight", "Space")),
        ("viewer", "/review/people/0", lambda visitor: visitor.page.locator("#faces [role=gridcell]").first.click()),
        ("photos", "/review/photos", nothing),
        ("photos-marked", "/review/photos", lambda visitor: visitor.press("ArrowRight", "c", "s")),
        ("photos-none", "/review/photos?score=0.999-1", nothing),
        ("photo", f"/review/photos/{photos[0]}", nothing),
        ("compare", f"/review/compare?ids={photos[0]},{photos[4]},{photos[6]}", nothing),
        ("compare-none", "/review/compare", nothing),
        ("rules", "/review/rules", turn_a_rule),
        ("choose", "/review/choose", nothing),
        ("export", "/review/export", nothing),
        ("sign-in", "/sign-in", nothing),
    ]


def nothing(visitor: Visitor) -> None:
    """Look only."""


def turn_a_rule(visitor: Visitor) -> None:
    visitor.page.locator("#rules-top").fill("3")
    visitor.page.locator("[data-key='rules.min_important_people.mode'] [data-mode=veto]").click()
    visitor.page.locator("[data-way=in]").wait_for()
