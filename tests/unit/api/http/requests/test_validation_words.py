"""Problems of requests in words."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curation.api.http.requests.validation_words import field_of, said_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=5000)] = 1
    share: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.5
    name: Annotated[str, Field(max_length=3, pattern="^[a-z]*$")] = ""
    colour: Colour = Colour.RED
    which: Literal["best", "picked"] = "best"
    ids: Annotated[list[int], Field(max_length=2)] = []
    on: bool = True


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"count": 9999}, "count must be at most 5000, not 9999"),
        ({"count": "many"}, "count must be a whole number, not 'many'"),
        ({"count": 1.5}, "count must be a whole number, not 1.5"),
        ({"count": None}, "count must be a whole number, not null"),
        ({"share": 2.5}, "share must be less than 1, not 2.5"),
        ({"share": float("nan")}, "share must be a finite number, not nan"),
        ({"name": "abcd"}, "name must have at most 3 characters"),
        ({"name": "A"}, "name must look like ^[a-z]*$, not 'A'"),
        ({"colour": "green"}, "colour must be 'red' or 'blue', not 'green'"),
        ({"which": "all"}, "which must be 'best' or 'picked', not 'all'"),
        ({"ids": [1, 2, 3]}, "ids must have at most 2 entries"),
        ({"ids": ["x"]}, "ids[0] must be a whole number, not 'x'"),
        ({"ids": 1}, "ids must be a list, not 1"),
        ({"on": "perhaps"}, "on must be true or false, not 'perhaps'"),
        ({"cuont": 1}, "cuont is not a field of this request"),
        ({"count": "x" * 500}, "count must be a whole number"),
        ({"count": "\udcff"}, "count must be text"),
    ],
)
def test_the_field_and_what_it_must_be(body: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    (problem,) = refused.value.errors()
    assert f"{field_of(('body', *problem['loc']))} {said_of(problem)}" == said


def test_a_place_without_a_name_is_all_of_it() -> None:
    assert field_of(("body",)) == "the body"
    assert field_of(("body", "changes", 0, "pick")) == "changes[0].pick"
