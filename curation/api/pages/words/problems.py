"""What a page says for a problem: words for a person, never of requests or of commands.

The table is that of the scripts (`web/static/js/problem-words.js`), so that both say the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

__all__ = ["TECHNICAL", "words_by_code", "words_of"]

TECHNICAL = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) /|\bmake [a-z]|--[a-z]|python -m|`|/docs\b")
"""What belongs into an answer of the API or into a terminal, and not onto a page."""

_TABLE = re.compile(r"^const WORDS = (\{.*?^\});$", re.MULTILINE | re.DOTALL)


def words_of(code: str, message: str) -> str:
    """One or two sentences for a person.

    Args:
        code: The stable code of the problem.
        message: What the API says; shown without its technical parts if the table has nothing for the code.
    """
    table = words_by_code()
    if code in table:
        return table[code]
    parts = [part for part in re.split(r"(?<=[;:,(]) |\n+", message) if not TECHNICAL.search(part)]
    text = re.sub(r"[\s;:,(]+$", "", " ".join(parts)).strip()
    if not text:
        return table["internal"]
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…)" else f"{text}."


@cache
def words_by_code() -> Mapping[str, str]:
    """The sentences by code."""
    script = resources.files("curation.api") / "web" / "static" / "js" / "problem-words.js"
    found = _TABLE.search(script.read_text(encoding="utf-8"))
    assert found is not None, "the table of problem-words.js is not where it belongs"
    table: Mapping[str, str] = json.loads(found[1])
    return table
