"""The document with the tables: text written by hand, and generated tables between markers."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.evaluation.tables import Table

__all__ = ["with_tables"]


def with_tables(text: str, section: str, made: str, tables: Sequence[Table]) -> str:
    """Replace a section's tables between its markers; everything else stays as it is.

    Args:
        text: The text of the document.
        section: Name of the section's module; its markers are `<!-- tables: NAME -->` and `<!-- end: NAME -->`.
        made: One line that says when and with what the tables were measured.
        tables: The tables of the section.

    Raises:
        ValueError: If the document lacks a marker, or has them in the wrong order.
    """
    begin, end = f"<!-- tables: {section} -->\n", f"<!-- end: {section} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the document has no place for the tables: {begin.strip()} and, below it, {end}")
    blocks = [made + "\n", *(table.markdown() for table in tables)]
    return before + begin + "\n" + "\n".join(blocks) + "\n" + end + after
