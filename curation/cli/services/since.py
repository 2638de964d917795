"""Moments on the command line: `--since 2h`, `--since 2026-11-29` or `--since 2026-11-29T18:30`."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

__all__ = ["SINCE_HELP", "since"]

SINCE_HELP = "only from then on: 30m, 2h, 7d, or a date with or without a time, such as 2026-11-29T18:30"

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since(text: str) -> datetime:
    """The moment that is meant, in UTC; a time without a zone is this machine's.

    Raises:
        argparse.ArgumentTypeError: If it is none.
    """
    if match := _AGO.fullmatch(text.strip()):
        return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment: {SINCE_HELP}") from error
