"""One key means one thing in all views: every shortcut of the scripts against the table of docs/page_keys.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[5]
SCRIPTS = ROOT / "curation" / "api" / "web" / "static" / "js"
MOVES = {"arrowleft", "arrowright", "arrowup", "arrowdown", "enter", "escape", "home", "end"}


def table() -> dict[str, list[str]]:
    """What the help may say for each key."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "docs" / "page_keys.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("| `"):
            continue
        keys, _, words = (cell.strip() for cell in line.strip("|").split("|"))
        names = [key.lower().replace("ctrl", "mod") for key in re.findall(r"`([^`]+)`", keys)]
        if names == ["1", "5"]:
            names = list("12345")
        for name in names:
            found.setdefault(name, []).extend(word.strip() for word in words.split(", "))
    return found


def shortcuts() -> Iterator[tuple[str, str, str]]:
    for path in sorted(SCRIPTS.glob("*.js")):
        for keys, label in re.findall(r'keys: "([^"]+)".*?label: "([^"]*)"', path.read_text(encoding="utf-8")):
            for key in keys.lower().split():
                yield path.name, key, label


@pytest.mark.parametrize(("script", "key", "label"), sorted(set(shortcuts())))
def test_a_key_means_what_the_table_says(script: str, key: str, label: str) -> None:
    name = key.rpartition("+")[2] or "+"
    if name in MOVES:
        return
    words = table().get(key) or table().get({"=": "+", "mod+shift+z": "mod+y"}.get(key, key))
    assert words, f"{script}: docs/page_keys.md has no line for {key} ({label})"
    assert label.startswith(tuple(words)), f"{script}: {key} is {words}, not {label!r}"


def test_no_key_has_two_lines() -> None:
    lines = re.findall(r"^\| (`[^|]*) \|", (ROOT / "docs" / "page_keys.md").read_text(encoding="utf-8"), re.MULTILINE)
    keys = [key for line in lines for key in re.findall(r"`([^`]+)`", line)]
    assert len(keys) == len(set(keys))
