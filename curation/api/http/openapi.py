"""The OpenAPI description: its text, its tags, and what all operations have in common."""

from __future__ import annotations

import json
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from curation.api.context import ServiceContext
from curation.api.http.access import ACCESS_PROBLEMS, COOKIE_NAME, is_guest_path
from curation.api.http.errors import problem_responses
from curation.api.http.requests.examples import add_response_examples
from curation.api.http.same_site import SAME_SITE_PROBLEMS
from curation.api.http.server.refusals import BROKEN, LARGE_HEADER, NO_ROOM, SLOW_HEADER
from curation.api.http.sharing.share import TOO_MANY
from curation.api.schemas.base import Problem, ProblemItem
from curation.settings import ServiceSettings

__all__ = ["DESCRIPTION", "TAGS", "openapi_of"]

DESCRIPTION = """
Finds the people in a folder of photos and ranks the photos, best first.

1. `POST /cluster` finds the people. `GET /jobs/{id}/events` reports the progress.
2. `GET /people` and `GET /clusters` list the people; `PATCH /people/{id}` and `PUT /labels` say who matters.
3. `POST /score` ranks the photos. `GET /photos` lists them, best first, `PUT /picks/{id}` picks, rejects and rates
   them, `POST /exports` exports them, `/downloads` has the tables.

The review page at [`/`](/) uses the same operations. Folders and all other settings are those of `config.yaml`;
requests never name files, but photos and faces by their ids. Every error is `application/problem+json` with a stable
`code` and a sentence that says what to do.

One service serves many events. What is described here is about the event of `config.yaml`, and with
`/events/{event_id}` in front of its address about another one: `GET /events` lists them, `POST /events` opens a folder.

A service that other machines can reach has a token (`service.token`): send it as `Authorization: Bearer …`.
"""
TAGS = [
    {"name": "events", "description": "The events of this machine, and the folders where others lie."},
    {"name": "stages", "description": "Start a stage. The answer comes at once and is a job."},
    {"name": "jobs", "description": "The state, progress and log of jobs."},
    {"name": "clusters", "description": "The clusters that the clustering found."},
    {"name": "people", "description": "The people with their labels."},
    {"name": "corrections", "description": "Correct the grouping, and undo changes."},
    {"name": "told", "description": "What other programs said in the files: stars, rejections and names to take over."},
    {"name": "known people", "description": "People who are known beyond one event, and names that are proposed."},
    {"name": "outfits", "description": "What people wear: who is seen from behind, and who keeps a dress code."},
    {"name": "labels", "description": "All labels at once: who is who, and who matters."},
    {"name": "photos", "description": "The ranked photos."},
    {"name": "faces", "description": "The faces in the photos."},
    {"name": "pictures", "description": "Photos and faces as JPEGs for a browser; they are cached."},
    {"name": "picks", "description": "The user's picks and ratings; they override the score in every output."},
    {"name": "rules", "description": "What makes a photo good: read, preview and change the rules."},
    {"name": "choice", "description": "Who is in enough good photos, a choice of the best, and reasons in words."},
    {"name": "exports", "description": "Export photos."},
    {"name": "guests", "description": "Guests find their own photos with a selfie, if the owner turns it on."},
    {"name": "downloads", "description": "The tables as CSV files."},
    {"name": "attributes", "description": "The faces of single pictures, by the attribute services."},
    {"name": "assets", "description": "Pictures taken apart into people, cut-outs, clothes and colours."},
    {
        "name": "videos",
        "description": "Films: who is in them and when, and on their posters.",
    },
    {"name": "workers", "description": "Who works on what, and weights for the workers of other machines."},
    {"name": "service", "description": "The service itself."},
]
_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "`service.token`, if there is one."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE_NAME,
        "description": "Set by the page `/sign-in`, for browsers.",
    },
}
_WRITING = frozenset({"post", "put", "patch", "delete"})
_ANYWHERE = {
    "internal": (500, "an unexpected error occurred; the service's log has the details"),
    "storage": (507, "face_data.csv cannot be read: no permission: change the folder's permissions"),
    "too_many_requests": TOO_MANY,
    # Of the server, before any operation is looked for.
    **{refusal.code: (refusal.status, refusal.detail) for refusal in (BROKEN, SLOW_HEADER, LARGE_HEADER, NO_ROOM)},
}
_OF_PICTURES = {"decoders_busy": (503, "too many pictures are being made just now: try again in a moment")}
_TOO_LARGE = {"too_large": (413, "the body may have at most 4 MB")}


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The description of the application, generated once.

    That of a service at work says whether its token is needed; that of one which was not started, that it may be.
    """
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes
        )
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        # Ours replace FastAPI's own, which no route uses.
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for model in (Problem, ProblemItem):
            schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas[model.__name__].pop("$defs", None)
        components["securitySchemes"] = _SECURITY
        ways_in: list[dict[str, list[str]]] = [{name: []} for name in _SECURITY]
        service = _service_settings(app)
        needs_token = service is not None and service.token is not None
        schema["security"] = ways_in if needs_token else [{}, *ways_in]
        for address, path in schema["paths"].items():
            for method, operation in path.items():
                if service is not None and needs_token and service.guest_selfies and is_guest_path(address):
                    operation["security"] = [{}, *ways_in]
                _document_validation(operation["responses"])
                _document_common(method, operation)
        add_response_examples(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _service_settings(app: FastAPI) -> ServiceSettings | None:
    context = getattr(app.state, "service", None)
    return None if context is None else cast(ServiceContext, context).settings.service


def _document_validation(responses: dict[str, Any]) -> None:
    found = responses.get("422")
    if found is not None and "application/json" in found["content"]:
        example = problem_responses(request_invalid=(422, "the request is not valid: limit must be at least 1, not 0"))
        responses["422"] = {**example[422], "description": "The request is not valid"}


def _document_common(method: str, operation: dict[str, Any]) -> None:
    """Add the problems of the guards in front of all routes, and those that can occur anywhere."""
    problems = dict(ACCESS_PROBLEMS) | SAME_SITE_PROBLEMS | _ANYWHERE
    if method not in _WRITING:
        del problems["origin_not_allowed"]
    if "requestBody" in operation:
        problems |= _TOO_LARGE
    if "photo_unreadable" in json.dumps(operation["responses"]) or "image/" in json.dumps(operation["responses"]):
        problems |= _OF_PICTURES
    responses = operation["responses"]
    for status, common in problem_responses(**problems).items():
        own = responses.setdefault(str(status), common)
        if own is not common:
            for media_type, content in own.get("content", {}).items():
                more = common["content"].get(media_type, {}).get("examples", {})
                content["examples"] = {**more, **content.get("examples", {})}
    operation["responses"] = dict(sorted(responses.items(), key=lambda item: str(item[0])))
