"""What is wrong with a request, in words that name the field: `count must be at least 1, not 0`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["field_of", "said_of"]

_MOST_SHOWN = 40
_WHOLE, _NUMBER = "must be a whole number", "must be a number"
_SAID: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this request",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dataclass_type": "must be an object",
    "json_invalid": "is not JSON text",
    "none_required": "must be null",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must look like {pattern}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
}
_WITHOUT_VALUE = frozenset(
    {"missing", "extra_forbidden", "json_invalid", "too_short", "too_long", "string_too_short", "string_too_long"}
    | {"string_unicode"}
)


def field_of(place: Sequence[str | int]) -> str:
    """The name of a field: `changes[0].pick`; `the body` for all of it.

    Args:
        place: As pydantic says it: where it was sent, then names and indices.
    """
    name = ""
    for part in place[1:]:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name or f"the {place[0]}"


def said_of(problem: Mapping[str, Any]) -> str:
    """What is wrong with a field, without its name: `must be at least 1, not 0`.

    Args:
        problem: An error of pydantic.
    """
    kind = str(problem["type"])
    if kind not in _SAID:
        text = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return text.replace("Input should be", "must be", 1)
    words = _SAID[kind].format_map(_Limits(problem.get("ctx") or {}))
    value = "" if kind in _WITHOUT_VALUE else _shown(problem.get("input"))
    return f"{words}, not {value}" if value else words


class _Limits(dict[str, Any]):
    """The limits of a problem; whole numbers without a fraction."""

    def __getitem__(self, key: str) -> Any:
        value = super().get(key, "?")
        return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: object) -> str:
    """What was sent, if it is short; empty else. JSON cannot represent all of it, so it is plain ASCII."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        text = str(value) if abs(value) < 1e15 else ""
    elif isinstance(value, str):
        text = ascii(value)
    else:
        text = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else ""
    return text if len(text) <= _MOST_SHOWN else ""
