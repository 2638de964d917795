"""The base classes of responses, pages of lists, and problems."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, model_validator

__all__ = ["Flag", "Number", "Out", "Page", "Problem", "Score", "Sent", "Text", "Whole"]


def _encodable(text: str) -> str:
    # Messages may quote file names that are not valid UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


Text = Annotated[str, AfterValidator(_encodable)]


Flag = Annotated[bool, Strict()]
"""true or false in a body, and nothing that only looks like it: "no" and 0 may be mistakes of a script."""
Whole = Annotated[int, Strict()]
"""A whole number in a body; neither text nor true."""
Number = Annotated[float, Strict()]
"""A number in a body; neither text nor true."""


class Sent(BaseModel):
    """The base of all bodies of requests: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _wholes(cls, sent: Any) -> Any:
        # JSON has one kind of numbers: 2.0 is a whole one (JSON Schema 2020-12, core, 6.3), however a script writes it.
        return {key: _whole(value) for key, value in sent.items()} if isinstance(sent, dict) else sent


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Out(BaseModel):
    """The base of all responses."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Page(Out):
    """One page of a list."""

    total: Annotated[int, Field(ge=0, examples=[1])]
    """The number of entries in all pages."""
    limit: int
    offset: int


Score = Annotated[float | None, Field(ge=0, le=1, examples=[0.82])]


class ProblemItem(BaseModel):
    """One mistake in a request."""

    where: Annotated[str, Field(examples=["query.limit"])]
    message: Annotated[str, Field(examples=["Input should be less than or equal to 1000"])]


class Problem(BaseModel):
    """An error body (RFC 9457, application/problem+json)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: Annotated[str, Field(examples=["about:blank"])]
    title: Annotated[str, Field(examples=["Conflict"])]
    """The status in words."""
    status: Annotated[int, Field(ge=400, le=599, examples=[409])]
    code: Annotated[str, Field(examples=["not_clustered"])]
    """Stable; programs should check this one."""
    detail: Annotated[str, Field(examples=["there is no face_data.csv yet; run the clustering first: POST /cluster"])]
    """A sentence that says what is wrong and what to do."""
    instance: Annotated[str, Field(examples=["/score"])]
    """The path of the request."""
    job_id: str | None = None
    """The running job, for `already_running`."""
    errors: tuple[ProblemItem, ...] | None = None
    """Each mistake, for `request_invalid`."""
