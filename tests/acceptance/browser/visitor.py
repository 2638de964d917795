"""A person at the browser who notices whatever goes wrong behind a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response, expect

from tests.processes import wait_until

__all__ = ["DESKTOP", "TABLET", "Theme", "Visitor", "visiting"]

Theme = Literal["light", "dark"]
DESKTOP, TABLET = (1440, 900), (820, 1180)
PATIENCE_MS = 30_000
"""Far more than anything takes, so that a busy machine fails no test."""
_SERIOUS = ("serious", "critical")
_FOR_ALL: dict[str, Any] = {"resultTypes": ["violations"]}
_FOR_FINGERS = {**_FOR_ALL, "rules": {"target-size": {"enabled": True}}}
_LEFT = "net::ERR_ABORTED"
"""What a request ends with when the page that made it is left."""


class Visitor:
    """A page, and what went wrong on it so far."""

    def __init__(self, page: Page, origin: str, pictures: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._origin = origin
        self._pictures = pictures
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._complain(f"a script failed: {error}"))
        page.on("request", self._on_request)
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    def go(self, path: str) -> None:
        """Open a page, and wait until everything it asks for has come."""
        self.page.goto(self._origin + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page's scripts run, htmx has put in what it asked for and all pictures in sight are there."""
        self.page.wait_for_load_state()
        self.wait_for(
            "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"
            " && [...document.images].every((image) => image.complete || image.loading === 'lazy')"
        )

    def wait_for(self, expression: str, patience_ms: float = PATIENCE_MS) -> None:
        """Wait until an expression is true; Playwright's own way is a breach of the page's content security policy."""
        wait_until(lambda: self._is_true(expression), expression, patience_ms / 1000)

    def _is_true(self, expression: str) -> bool:
        try:
            return bool(self.page.evaluate(expression))
        except Error as error:  # the page is just going to another one
            if "context was destroyed" not in str(error):
                raise
            return False

    def press(self, *keys: str) -> None:
        """Press keys one after another, once the page's scripts listen to them."""
        self.wait_for("document.readyState === 'complete'")
        for key in keys:
            self.page.keyboard.press(key)

    def take_picture(self, name: str) -> None:
        """A screenshot for whoever looks into the temporary folder."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}.png")

    def barriers(self) -> list[str]:
        """What keeps people from using the page without a mouse, or without good eyes; by axe-core's rules."""
        # Colours that are half-way to others are nobody's reading matter.
        self.wait_for(
            "document.getAnimations().every((one) => one.effect.getComputedTiming().iterations === Infinity"
            " || one.playState !== 'running')"
        )
        size = self.page.viewport_size
        options = _FOR_FINGERS if size is not None and (size["width"], size["height"]) == TABLET else _FOR_ALL
        found: list[dict[str, Any]] = Axe().run(self.page, options=options).response["violations"]
        return [
            f"{self.place}: {rule['id']} ({rule['impact']}) {node['target']}: {node.get('failureSummary', '')}"
            for rule in found
            if rule["impact"] in _SERIOUS
            for node in rule["nodes"]
        ]

    @property
    def place(self) -> str:
        """Path and query of the page."""
        return self.page.url.removeprefix(self._origin)

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self.place}: {text}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complain(f"the console says: {message.text}")

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self._complain(f"asks another computer: {request.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != _LEFT:
            self._complain(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._complain(f"{response.request.method} {response.url} answered {response.status}")


@contextmanager
def visiting(
    browser: Browser, origin: str, pictures: Path, *, size: tuple[int, int] = DESKTOP, theme: Theme = "light"
) -> Iterator[Visitor]:
    """A new visitor; after the block, nothing may have gone wrong."""
    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        reduced_motion="reduce",
        has_touch=size == TABLET,
        accept_downloads=True,
        locale="en-GB",
    )
    visitor = Visitor(context.new_page(), origin, pictures)
    try:
        yield visitor
    except BaseException:
        visitor.take_picture("failure")
        raise
    finally:
        context.close()
    assert not visitor.complaints, "\n".join(visitor.complaints)
