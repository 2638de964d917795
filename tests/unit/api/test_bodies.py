"""Types in JSON bodies: what only looks like a number or a truth value is refused, wherever one is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from curation.api.app import create_app
from curation.api.schemas.base import Sent
from curation.api.schemas.exports import ExportIn
from curation.api.schemas.rules import RulesUpdate
from curation.settings import load_settings
from tests.service import ServiceClient

_WRONG: dict[str, tuple[Any, ...]] = {
    "boolean": (0, 1, "true", "no", 0.0),
    "integer": (True, "5", 2.5),
    "number": (True, "5"),
}


def _bodies() -> dict[str, type[Sent]]:
    waiting, found = list(Sent.__subclasses__()), {}
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        found[f"{model.__module__}.{model.__name__}"] = model
    return found


def _simple(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, field in schema.get("properties", {}).items():
        for kind in [field, *field.get("anyOf", ())]:
            if kind.get("type") in _WRONG:
                yield name, kind["type"]


def test_what_only_looks_like_a_value_is_refused_in_every_body() -> None:
    create_app(lambda: load_settings(None, default_root=Path()))  # all schemas are there now
    tried = 0
    for name, model in _bodies().items():
        for field, kind in _simple(model.model_json_schema(by_alias=True)):
            for wrong in _WRONG[kind]:
                with pytest.raises(ValidationError) as caught:
                    model.model_validate({field: wrong})
                said = [one for one in caught.value.errors() if field in map(str, one["loc"])]
                assert said, (name, field, wrong)
                tried += 1
    assert tried > 150


def test_numbers_without_a_fraction_are_whole_ones() -> None:
    assert ExportIn.model_validate({"best": 100.0}).best == 100
    update = RulesUpdate.model_validate({"scoring": {"rules": {"min_main_people": {"count": 2.0}}}})
    assert update.values() == {"rules": {"min_main_people": {"count": 2}}}


def test_limits_stay_in_the_description() -> None:
    best = TypeAdapter(ExportIn).json_schema()["properties"]["best"]["anyOf"][0]
    assert best["type"] == "integer"
    assert best["minimum"] == 1


def test_of_countless_mistakes_the_first_are_told(empty: ServiceClient) -> None:
    answer = empty.post("/told/picks", json={"photos": [False] * 10_000})
    problem = answer.json()
    assert answer.status_code == 422
    assert len(problem["errors"]) == 20
    assert problem["detail"].endswith("; and 9,980 more")
    assert len(answer.content) < 10_000
