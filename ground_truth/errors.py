"""The exception for what is missing on this machine."""

from __future__ import annotations

__all__ = ["Unavailable"]


class Unavailable(Exception):
    """Something cannot be measured here; the message names the missing file, package or device."""
