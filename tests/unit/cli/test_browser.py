"""Where a browser is opened by itself, and where not."""

from __future__ import annotations

import webbrowser

import pytest

from curation.cli.browser import open_page, why_not_opened


@pytest.mark.parametrize(
    ("variables", "platform", "opened"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "linux", False),
        ({"SSH_TTY": "/dev/pts/1"}, "darwin", False),
        ({"DISPLAY": ":0", "BROWSER": "none"}, "linux", False),
        ({"DISPLAY": ":0", "BROWSER": "firefox"}, "linux", True),
    ],
)
def test_where_somebody_can_see_it(variables: dict[str, str], platform: str, *, opened: bool) -> None:
    assert (why_not_opened(variables, platform) == "") is opened


def test_one_that_would_take_the_terminal_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    assert not open_page("http://127.0.0.1:8000/")


def test_no_browser_at_all_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> webbrowser.BaseBrowser:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert not open_page("http://127.0.0.1:8000/")
