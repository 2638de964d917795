"""Pieces of the published schemas (JSON Schema 2020-12)."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["BOOLEAN", "COUNT", "NUMBER", "SHA256", "SHARE", "TEXT", "Schema", "listed", "or_null", "record", "said"]

Schema: TypeAlias = dict[str, Any]

NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
BOOLEAN: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def said(schema: Schema, description: str) -> Schema:
    """The same with a description."""
    return {"description": description, **schema}


def record(**properties: Schema) -> Schema:
    """An object that has all these keys."""
    return {"type": "object", "required": list(properties), "properties": properties}


def listed(items: Schema, *, length: int | None = None) -> Schema:
    """A list, of a fixed length if one is given."""
    bounds = {} if length is None else {"minItems": length, "maxItems": length}
    return {"type": "array", "items": items, **bounds}


def or_null(schema: Schema, description: str) -> Schema:
    """The same, or null."""
    return {"description": description, "anyOf": [{"type": "null"}, schema]}
