"""Debian's Chromium for the tests of the review page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


# Not for the whole session: while Playwright is at work, its thread has a running event loop, which tests of other
# modules cannot start theirs in.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that finds no computer but this one."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no {CHROMIUM}: on Debian, apt install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            # In a container the tests may run as root, and /dev/shm is small.
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield chromium
        chromium.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test of this folder a second chance: it drives a browser against the clock of a busy machine."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))
