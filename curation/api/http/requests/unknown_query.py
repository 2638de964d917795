"""Query parameters that an operation does not know are refused, as unknown fields of a body are."""

from __future__ import annotations

from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from curation.api.http.errors import ApiProblem

__all__ = ["refuse_unknown_query"]


async def refuse_unknown_query(request: Request) -> None:
    """A dependency of the whole application; pages, whose addresses people edit, take anything.

    Raises:
        ApiProblem: With the parameter that is not known, and those that are.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema or not request.query_params:
        return
    known = _known_to(route.dependant)
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if not unknown:
        return
    operation = f"{request.method} {route.path}"
    errors = [{"where": f"query.{name}", "message": _said_of(name, known)} for name in unknown]
    detail = f"{operation} knows no parameter {', '.join(map(ascii, unknown))}; {_known_in_words(known)}"
    likely = get_close_matches(unknown[0], known, 1)
    if likely:
        detail += f"; did you mean {likely[0]}?"
    raise ApiProblem(422, "request_invalid", detail, extra={"errors": errors})


def _known_to(dependant: Dependant) -> tuple[str, ...]:
    """The parameters of an operation and of what it depends on."""
    own = [field.alias for field in dependant.query_params]
    inner = [name for one in dependant.dependencies for name in _known_to(one)]
    return tuple(dict.fromkeys([*own, *inner]))


def _said_of(name: str, known: tuple[str, ...]) -> str:
    return f"{name!a} is not known; {_known_in_words(known)}"


def _known_in_words(known: tuple[str, ...]) -> str:
    return f"it has {', '.join(known)}" if known else "it has none"
