"""An example of each answer for the OpenAPI description, put together from the examples of the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["add_response_examples", "example_of"]

_JSON = "application/json"
_DEEPEST = 12
_TEXTS: Mapping[str, str] = {
    "date-time": "2026-05-16T14:03:11Z",
    "date": "2026-05-16",
    "uri": "http://127.0.0.1:8000/",
    "uuid": "7f0c4be9-d93c-4c3c-9b9f-9ad0b5f1e2aa",
    "binary": "",
}


def add_response_examples(description: dict[str, Any]) -> None:
    """Give each JSON response of success that has none an example.

    Args:
        description: The OpenAPI description; it is changed.
    """
    schemas = description.get("components", {}).get("schemas", {})
    for operations in description["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get(_JSON)
                if content is None or not status.startswith("2") or not content.get("schema"):
                    continue
                if "example" not in content and "examples" not in content:
                    content["example"] = example_of(content["schema"], schemas)


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits a JSON schema.

    Args:
        schema: The schema; its own `examples` come first.
        schemas: What `$ref` refers to, by name.
        depth: How deep in a value this one is; what contains itself ends somewhere.
    """
    if schema.get("examples"):
        return schema["examples"][0]
    if "example" in schema:
        return schema["example"]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth)
    for key in ("const", "default"):
        if key in schema and not (key == "default" and schema[key] is None):
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            said = [one for one in schema[key] if one.get("type") != "null"]
            return None if depth > _DEEPEST or not said else example_of(said[0], schemas, depth + 1)
    if schema.get("allOf"):
        return example_of(schema["allOf"][0], schemas, depth + 1)
    return _of_type(schema, schemas, depth)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        named = {name: example_of(one, schemas, depth + 1) for name, one in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties")
        if not named and isinstance(more, Mapping) and more and depth <= _DEEPEST:
            return {"1": example_of(more, schemas, depth + 1)}
        return named
    if kind == "array":
        return _entries(schema, schemas, depth)
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        value = low + 1 if "exclusiveMinimum" in schema and "minimum" not in schema else low
        if kind == "number" and "maximum" in schema:
            return (low + schema["maximum"]) / 2
        return int(value) if kind == "integer" else value  # pydantic writes limits with a fraction
    if kind == "boolean":
        return True
    if kind == "string":
        return _TEXTS.get(schema.get("format", ""), "x" * schema.get("minLength", 0) or "text")
    return None


def _entries(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> list[Any]:
    if "prefixItems" in schema:
        return [example_of(one, schemas, depth + 1) for one in schema["prefixItems"]]
    if depth > _DEEPEST or not schema.get("items") or schema.get("maxItems") == 0:
        return []
    return [example_of(schema["items"], schemas, depth + 1) for _ in range(max(1, schema.get("minItems", 1)))]
