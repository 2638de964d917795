"""Near-duplicate photos, grouped by hand (bursts.csv)."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

__all__ = ["labelled_bursts"]

_FILE = Path(__file__).with_name("bursts.csv")


def labelled_bursts() -> dict[str, dict[str, dict[str, bool]]]:
    """Set, then group, then path: whether the photo is worth keeping."""
    out: dict[str, dict[str, dict[str, bool]]] = defaultdict(lambda: defaultdict(dict))
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            out[row["set"]][row["group"]][row["path"]] = row["keep"] == "yes"
    return out
