from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.parsing.json_text import MAX_DEPTH, parse_json, read_json
from curation.parsing.not_valid import NotValidError
from tests.hostile_files import FRAGMENTS, WHOLE_FILES

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@settings(max_examples=30)
@given(values)
def test_what_python_writes_is_read_as_it_was(value: object) -> None:
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=True).encode(), unique=True) == value


@settings(max_examples=30)
@given(st.binary())
def test_any_bytes_are_a_value_or_not_valid(content: bytes) -> None:
    with suppress(NotValidError):
        parse_json(content)


@settings(max_examples=30)
@given(
    st.recursive(
        st.sampled_from(FRAGMENTS), lambda inner: st.lists(inner, max_size=3).map("[{0}]".format), max_leaves=5
    )
)
def test_hostile_texts_are_a_value_or_not_valid(text: object) -> None:
    try:
        value = parse_json(str(text))
    except NotValidError:
        return
    json.dumps(value, allow_nan=False)  # whatever is accepted can be written


@pytest.mark.parametrize("content", WHOLE_FILES)
def test_hostile_files_are_a_value_or_not_valid(content: bytes) -> None:
    try:
        parse_json(content)
    except NotValidError as error:
        assert len(str(error)) < 200  # it goes into one line of the terminal


def test_nesting_is_counted_exactly_whatever_stands_in_strings() -> None:
    assert parse_json(nested(MAX_DEPTH)) is not None
    with pytest.raises(NotValidError, match="line 1: nested too deeply"):
        parse_json(nested(MAX_DEPTH + 1))
    # Brackets without their partners, in strings, are no levels.
    assert parse_json(json.dumps(['[{"' * 500, '\\"[[[' * 100, "]" * 300])) is not None
    with pytest.raises(NotValidError, match="line 3: nested too deeply"):
        parse_json('["]]]]",\n "}}}}",\n' + nested(MAX_DEPTH) + "]")


@pytest.mark.parametrize(
    "text", ["1e999", "-1E+0999", "[1e400]", '{"a": 1e308000}', "1" * 309, "-" + "1" * 5000, "1" * 250 + "e99", "NaN"]
)
def test_numbers_that_are_not_finite_or_too_long_are_refused(text: str) -> None:
    with pytest.raises(NotValidError, match="number"):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e308", 1e308), ("-0", 0), ("1" * 308, int("1" * 308)), ('"3e4567, "', "3e4567, "), ("1e-999", 0.0)],
)
def test_other_numbers_and_what_looks_like_them_are_read(text: str, value: Any) -> None:
    assert parse_json(text) == value


def test_it_says_where_the_mistake_is() -> None:
    with pytest.raises(NotValidError, match=r"^line 2, column 3: Expecting value"):
        parse_json("[\n  x]")
    with pytest.raises(NotValidError, match=r"^line 3: not UTF-8"):
        parse_json(b"[\n\n\xff]")


def test_a_key_that_is_there_twice_counts_once_or_not_at_all() -> None:
    assert parse_json('{"a": 1, "a": 2}') == {"a": 2}
    with pytest.raises(NotValidError, match='name "a" twice'):
        parse_json('{"b": {"a": 1, "a": 2}}', unique=True)


def test_a_mark_of_the_byte_order_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}', encoding="utf-8-sig")
    assert read_json(tmp_path / "a.json") == {"a": 1}
    assert parse_json("\ufeff[]") == []


def test_what_is_no_file_is_an_error_of_the_system_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "missing"):
        with pytest.raises(OSError):
            read_json(tmp_path / name)
    with pytest.raises(OSError):
        read_json(Path("/dev/zero"))
    with pytest.raises(NotValidError, match="name"):
        read_json(tmp_path / "a\0b")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(5 * 2**30)
    with pytest.raises(NotValidError, match="5,369 MB"):
        read_json(tmp_path / "large")
