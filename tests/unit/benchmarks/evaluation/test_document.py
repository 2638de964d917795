from __future__ import annotations

import pytest

from benchmarks.evaluation.document import with_tables
from benchmarks.evaluation.tables import Table


def test_tables_replace_what_stands_between_their_markers_only() -> None:
    text = "# A\n<!-- tables: one -->\nold\n<!-- end: one -->\nby hand\n<!-- tables: two -->\n<!-- end: two -->\n"
    table = Table("Figures:", ("what", "value"), [["this", "1"]])
    out = with_tables(text, "one", "Measured today.", [table])
    assert "old" not in out and "| this | 1 |" in out and "by hand" in out
    assert out.endswith("<!-- tables: two -->\n<!-- end: two -->\n")
    assert with_tables(out, "one", "Measured today.", [table]) == out


def test_a_section_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="tables: three"):
        with_tables("text", "three", "", [])
