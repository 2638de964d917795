"""The states of assets as they change."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.sharing.share import TOO_MANY_STREAMS, demand_stream
from curation.api.routes.assets.finding import ASSETS_PROBLEMS

__all__ = ["router"]

router = APIRouter(prefix="/assets", tags=["assets"])

EVENT_STREAM = "text/event-stream"
MAX_VERSION = 2**53
_LONGEST_ID = 16  # digits of the largest version

_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; the data of each is JSON.",
        "content": {
            EVENT_STREAM: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "event": {"type": "string", "enum": ["asset", "counts", "idle"]},
                        "data": {
                            "type": "string",
                            "description": "JSON: of `asset` an AssetOut without its people, of `counts` the number of "
                            "assets by state.",
                        },
                        "id": {"type": "string", "description": "The asset's version."},
                    },
                    "required": ["event", "data"],
                },
                "example": 'event: counts\ndata: {"PENDING": 3, "COMPLETED": 12}\n\n',
            }
        },
    }
}


@router.get(
    "/events",
    summary="What changes",
    response_class=StreamingResponse,
    responses={**_EVENTS, **problem_responses(**ASSETS_PROBLEMS, too_many_streams=TOO_MANY_STREAMS)},
)
def get_asset_events(
    context: Context,
    after: Annotated[
        int | None,
        Query(ge=0, le=MAX_VERSION, description="Begin behind this version; without it, with the next change."),
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="The version that the client knows; a browser's EventSource sends it by itself.")
    ] = None,
) -> StreamingResponse:
    """Server-sent events: `asset` when a row changed, `counts` at the start and behind changes.

    When nothing waits any more, `idle` is sent and the stream ends; a browser's EventSource connects again every three
    seconds, and gets what it missed. Deleted assets are not told of.
    """
    known = after
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        known = int(last_event_id[:_LONGEST_ID])
    events = context.asset_feed.follow(known, lambda: context.runner.is_ending)
    context.assets.work  # noqa: B018 - the problem is told before the response starts
    demand_stream()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type=EVENT_STREAM, headers=headers)
