"""A check of JSON against a schema, for the keywords that the published schemas use; others are an error.

Stricter than JSON Schema in one way: an object may only have the keys that the schema describes, so a document cannot
have more than is published.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["problems"]

_SAID_ONLY = {"$schema", "$id", "$defs", "title", "description"}
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def problems(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, at: str = "$") -> list[str]:
    """What is wrong with a value, each with its place; nothing if it fits.

    Raises:
        ValueError: If the schema has a keyword that is not known here.
    """
    root = schema if root is None else root
    found: list[str] = []
    for keyword, wanted in schema.items():
        if keyword in _SAID_ONLY:
            continue
        if keyword == "$ref":
            found += problems(value, _referred(root, wanted), root, at)
        elif keyword == "anyOf":
            tried = [problems(value, each, root, at) for each in wanted]
            if all(tried):
                found.append(f"{at}: fits none of anyOf: {tried}")
        elif keyword == "properties":
            found += _of_object(value, wanted, root, at)
        elif keyword == "items":
            if isinstance(value, list):
                found += [p for n, each in enumerate(value) for p in problems(each, wanted, root, f"{at}[{n}]")]
        elif not _CHECKS[keyword](value, wanted) if keyword in _CHECKS else _unknown(keyword):
            found.append(f"{at}: {value!r:.80} against {keyword} {wanted!r}")
    return found


def _of_object(value: Any, wanted: Mapping[str, Any], root: Mapping[str, Any], at: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    found = [f"{at}: the key {key!r} is not described" for key in value if key not in wanted]
    for key, schema in wanted.items():
        if key in value:
            found += problems(value[key], schema, root, f"{at}.{key}")
    return found


def _referred(root: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    schema: Any = root
    for part in reference.removeprefix("#/").split("/"):
        schema = schema[part]
    assert isinstance(schema, dict)
    return schema


def _unknown(keyword: str) -> bool:
    raise ValueError(f"this check does not know the keyword {keyword!r}")


def _has_type(value: Any, wanted: str | list[str]) -> bool:
    return any(_TYPES[name](value) for name in ([wanted] if isinstance(wanted, str) else wanted))


def _is_number(value: Any) -> bool:
    return _TYPES["number"](value)


_CHECKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": _has_type,
    "const": lambda value, wanted: bool(value == wanted),
    "enum": lambda value, wanted: value in wanted,
    "required": lambda value, wanted: not isinstance(value, dict) or set(wanted) <= set(value),
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted, value) is not None,
    "minimum": lambda value, wanted: not _is_number(value) or value >= wanted,
    "maximum": lambda value, wanted: not _is_number(value) or value <= wanted,
    "minItems": lambda value, wanted: not isinstance(value, list) or len(value) >= wanted,
    "maxItems": lambda value, wanted: not isinstance(value, list) or len(value) <= wanted,
}
