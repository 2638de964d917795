"""Finding assets: one of them, and all by state, colours of clothes, people and cuts."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from curation.api.context import Context
from curation.api.http.assets.desk import ASSETS_OFF
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.schemas.assets.rows import ASSET_ID_PATTERN, AssetDetailOut, AssetPage, asset_detail_out, asset_out
from curation.domain.assets.asset import AssetQuery
from curation.domain.assets.schema import asset_schema
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import CutAt
from curation.domain.labelling.labels import MAX_NAME_CHARS
from curation.domain.outfits.outfit import ColourName
from curation.errors import NOT_CLUSTERED
from curation.event.known_people.asset_people import proposals_of_asset

__all__ = ["ASSETS_PROBLEMS", "ASSET_NOT_FOUND", "AssetIdPath", "router"]

router = APIRouter(prefix="/assets", tags=["assets"])

AssetIdPath = Annotated[
    str,
    Path(pattern=ASSET_ID_PATTERN, description="From `POST /assets`.", examples=["9f86d081884c7d6560303ae22b998861"]),
]
ASSET_NOT_FOUND = {
    "asset_not_found": (404, "there is no asset 9f86d081884c7d6560303ae22b998861; GET /assets lists all")
}
ASSETS_PROBLEMS = {
    "assets_off": (409, ASSETS_OFF),
    "database_busy": (503, "the database of assets is busy: try again in a moment"),
}
_SCHEMA: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/schema+json": {"schema": {"type": "object"}}}, "description": "A JSON schema."}
}


@router.get(
    "",
    summary="The assets, newest first",
    responses=problem_responses(
        **ASSETS_PROBLEMS,
        not_clustered=(409, NOT_CLUSTERED),
        face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
        person_not_found=(404, "there is no person 'Ana'; known: Anna, Tom, and the ids of GET /clusters"),
    ),
)
def list_assets(
    context: Context,
    top: Annotated[ColourName | None, Query(description="Somebody wears this colour above the hips.")] = None,
    bottom: Annotated[
        ColourName | None, Query(description="Somebody wears this colour below the hips; with `top`, the same person.")
    ] = None,
    person: Annotated[
        str | None,
        Query(
            max_length=MAX_NAME_CHARS,
            min_length=1,
            description="Only this person of the event, by name; the other questions are asked of this person.",
            examples=["Anna"],
        ),
    ] = None,
    cut_at: Annotated[
        CutAt | None,
        Query(description="Where the edge of the picture cuts the body of the person; `none`: nowhere."),
    ] = None,
    state: AssetState | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> AssetPage:
    """An asset must pass all questions. Colours, cut and person are asked of one and the same person of a picture."""
    desk = context.assets
    work = desk.work
    query = AssetQuery(
        state=state,
        top=top,
        bottom=bottom,
        cut_at=cut_at,
        people=None if person is None else desk.named_people(person),
    )
    total, found = work.find(query, limit=limit, offset=offset)
    return AssetPage(
        total=total, limit=limit, offset=offset, assets=tuple(asset_out(asset, desk.name_of) for asset in found)
    )


@cache
def _schema() -> bytes:
    return json.dumps(asset_schema(), indent=2).encode()


@router.get("/schema", summary="The JSON schema of documents", response_class=Response, responses=_SCHEMA)
async def get_asset_schema() -> Response:
    """What `document` of `GET /assets/{id}` holds; versioned."""
    return Response(_schema(), media_type="application/schema+json")


@router.get("/{asset_id}", summary="One asset", responses=problem_responses(**ASSETS_PROBLEMS, **ASSET_NOT_FOUND))
def get_asset(context: Context, asset_id: AssetIdPath) -> AssetDetailOut:
    """Its state, and when it is COMPLETED everything that was found in the picture."""
    asset = context.assets.work.get(asset_id)
    proposals = proposals_of_asset(asset, context.outfits, context.known)
    return asset_detail_out(asset, context.assets.name_of, proposals)
