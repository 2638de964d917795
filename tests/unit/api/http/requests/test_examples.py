"""Every operation shows an answer, and the answer fits its schema."""

from __future__ import annotations

from typing import Any

from curation.api.http.requests.examples import example_of
from tests.json_schema import problems
from tests.service import ServiceClient


def test_every_json_answer_has_an_example_that_fits(empty: ServiceClient) -> None:
    description = empty.app.openapi()
    found: list[str] = []
    examples = 0
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            answers = {status: one for status, one in operation["responses"].items() if status.startswith("2")}
            for status, answer in answers.items():
                content = answer.get("content", {}).get("application/json")
                if content is None or not content.get("schema"):
                    continue
                shown = [content["example"]] if "example" in content else []
                shown += [one["value"] for one in content.get("examples", {}).values()]
                assert shown, f"{method} {path} {status}"
                for value in shown:
                    examples += 1
                    found += [
                        f"{method} {path} {status}: {said}" for said in misfits(value, content["schema"], description)
                    ]
    assert not found, "\n".join(found[:40])
    assert examples > 60


CHECKED = {
    "$ref", "anyOf", "properties", "items", "type", "const", "enum", "required", "pattern", "minimum", "maximum",
    "minItems", "maxItems",
}  # fmt: skip


def checked(schema: Any) -> Any:
    """A schema with the keywords only that the check knows."""
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key in CHECKED}
    for key in kept.keys() & {"items"}:
        kept[key] = checked(kept[key])
    if "anyOf" in kept:
        kept["anyOf"] = [checked(one) for one in kept["anyOf"]]
    if "properties" in kept:
        kept["properties"] = {name: checked(one) for name, one in kept["properties"].items()}
    return kept


def misfits(value: Any, schema: dict[str, Any], description: dict[str, Any]) -> list[str]:
    named = {name: checked(one) for name, one in description["components"]["schemas"].items()}
    return problems(value, checked(schema), {"components": {"schemas": named}})


def test_a_field_without_an_example_gets_a_value_that_fits() -> None:
    schemas = {"Box": {"type": "object", "properties": {"w": {"type": "integer", "minimum": 3}}}}
    schema = {
        "type": "object",
        "properties": {
            "box": {"$ref": "#/components/schemas/Box"},
            "share": {"type": "number", "minimum": 0, "maximum": 1},
            "kinds": {"type": "array", "items": {"enum": ["a", "b"]}},
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    assert example_of(schema, schemas) == {"box": {"w": 3}, "share": 0.5, "kinds": ["a"], "name": "text"}
