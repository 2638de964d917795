"""Opening the user's browser, where there is one to be seen."""

from __future__ import annotations

import logging
import os
import sys
import webbrowser
from collections.abc import Mapping

__all__ = ["open_page", "why_not_opened"]

logger = logging.getLogger(__name__)

_OFF = ("none", "no", "false", "off", "0")
_REMOTE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def why_not_opened(variables: Mapping[str, str], platform: str = sys.platform) -> str:
    """Why a browser is not opened from here; empty if it is.

    Args:
        variables: The environment.
        platform: As `sys.platform`.
    """
    if variables.get("BROWSER", "").strip().lower() in _OFF:
        return "BROWSER says so"
    if any(variables.get(name) for name in _REMOTE):
        return "somebody works on this machine over SSH"
    has_own_screen = platform in ("darwin", "win32", "cygwin")
    if not has_own_screen and not any(variables.get(name) for name in _SCREENS):
        return "there is no screen"
    return ""


def open_page(address: str) -> bool:
    """Open a page in the user's browser. Never raises.

    Returns:
        Whether a browser was started; one that would take the terminal is not.
    """
    try:
        browser = webbrowser.get()
        # The exact class: what runs in a window of its own is a subclass.
        if type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ:
            return False
        return browser.open(address)
    except (webbrowser.Error, OSError) as error:
        logger.debug("no browser was opened: %s", error)
        return False
