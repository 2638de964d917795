from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.parsing.not_valid import NotValidError
from curation.parsing.yaml_text import parse_yaml

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@settings(max_examples=30)
@given(values)
def test_what_is_written_is_read_as_it_was(value: object) -> None:
    assert parse_yaml(yaml.safe_dump(value)) == value


@settings(max_examples=30)
@given(st.text("{}[]-:&*!?|>%@`'\"#, \n\tab01~<", max_size=60))
def test_any_text_is_a_value_or_not_valid(text: str) -> None:
    with suppress(NotValidError):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("- " * 5_000, "nested too deeply"),
        ("{" * 300 + "}" * 300, "nested too deeply"),
        (BOMB, "more than 20,000 values"),
        ("a: &a [*a]", "nested too deeply"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", r"^line 4, column 3: the key `c` is there twice"),
        ("a: 2026-13-45", "a value cannot be read"),
        ("a: " + "9" * 5_000, "a number of 5,000 characters"),
        ("a: 0x" + "f" * 5_000, "a number of 5,002 characters"),
        ("a: !!python/object/apply:os.system [ls]", "constructor"),
        ("a:\t1", "line 1, column 3"),
        ("\0", "unacceptable character"),
        ("a: b: c", "mapping values"),
        ("--- a\n--- b", "single document"),
        ("a: *b", "undefined alias"),
        ("x" * 300_000, "characters"),
    ],
)
def test_what_is_refused_says_why(text: str, message: str) -> None:
    with pytest.raises(NotValidError, match=message):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: 2026-01-02", {"a": date(2026, 1, 2)}),
    ],
)
def test_what_people_write_is_read(text: str, value: Any) -> None:
    assert parse_yaml(text) == value
