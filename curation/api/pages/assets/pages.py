"""The pages about assets: all pictures, one of them, the light table; and their fragments."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context, ServiceContext
from curation.api.http.assets.desk import ASSETS_OFF
from curation.api.pages.assets.asset_query import ViewQuery, ViewQueryOf
from curation.api.pages.assets.view import asset_card, asset_view, cutouts_of
from curation.api.pages.assets.words import CUTS, STATES
from curation.api.pages.rendering import page_router, render
from curation.api.schemas.assets.handing_in import MAX_PHOTO_IDS
from curation.api.schemas.assets.rows import ASSET_ID_PATTERN
from curation.domain.assets.asset import Asset
from curation.domain.assets.states import AssetState
from curation.domain.faces.ids import photo_id
from curation.domain.outfits.outfit import ColourName
from curation.errors import NotClusteredError, PersonNotFoundError
from curation.event.known_people.asset_people import proposals_of_asset
from curation.photos.files.formats import PHOTO_EXTENSIONS

__all__ = ["router"]

router = page_router()

PAGE_SIZE = 60
PHOTOS_SIZE = 60

AssetId = Annotated[str, Path(pattern=ASSET_ID_PATTERN)]


@router.get("/review/assets")
def assets_page(request: Request, context: Context, query: ViewQueryOf) -> HTMLResponse:
    """Pictures are dropped here, and their states watched."""
    desk = context.assets
    if not desk.is_on:
        return render(request, "assets/off.html", place="assets", off=ASSETS_OFF)
    version = context.asset_feed.latest()
    total, found, problem = _found(context, query)
    return render(
        request,
        "assets/index.html",
        place="assets",
        here="/review/assets",
        query=query,
        seen_version=version,
        cards=[asset_card(asset, desk) for asset in found],
        total=total,
        problem=problem,
        counts=_counts(context),
        missing=desk.missing(),
        last_page=max(1, -(-total // PAGE_SIZE)),
        max_photo_mb=context.settings.service.upload_photo_mb,
        photos_at_once=MAX_PHOTO_IDS,
        extensions=",".join(sorted(f".{extension}" for extension in PHOTO_EXTENSIONS)),
        has_event=context.catalog.face_data_path.is_file(),
        **_choices(context, query),
    )


@router.get("/review/assets/table")
def table_page(
    request: Request,
    context: Context,
    query: ViewQueryOf,
    of: Literal["people", "pictures"] = "people",
) -> HTMLResponse:
    """Cut-outs on one ground, to compare, pick and take along."""
    desk = context.assets
    if not desk.is_on:
        return render(request, "assets/off.html", place="assets", off=ASSETS_OFF)
    asked = replace(query, state=AssetState.COMPLETED)
    total, found, problem = _found(context, asked)
    people = desk.named_people(query.person) if query.person and not problem else None
    return render(
        request,
        "assets/table.html",
        place="assets",
        here="/review/assets/table",
        query=query,
        of=of,
        cutouts=list(cutouts_of(found, query, people, desk, alone=of == "people")),
        total=total,
        problem=problem,
        last_page=max(1, -(-total // PAGE_SIZE)),
        **_choices(context, query),
    )


@router.get("/review/assets/{asset_id}")
def asset_page(request: Request, context: Context, asset_id: AssetId, query: ViewQueryOf) -> HTMLResponse:
    """One picture with what was found in it."""
    if not context.assets.is_on:
        return render(request, "assets/off.html", place="assets", off=ASSETS_OFF)
    version = context.asset_feed.latest()
    asset = context.assets.work.get(asset_id)
    return render(
        request,
        "assets/asset.html",
        place="assets",
        query=query,
        seen_version=version,
        view=asset_view(asset, context.assets),
        missing=context.assets.missing(),
        proposals=proposals_of_asset(asset, context.outfits, context.known),
    )


@router.get("/fragments/assets/card/{asset_id}")
def card_fragment(request: Request, context: Context, asset_id: AssetId, query: ViewQueryOf) -> HTMLResponse:
    """One picture of the grid, fetched again when its state changes."""
    asset = context.assets.work.get(asset_id)
    return render(request, "assets/_card.html", card=asset_card(asset, context.assets), query=query)


@router.get("/fragments/assets/look/{asset_id}")
def look_fragment(request: Request, context: Context, asset_id: AssetId, query: ViewQueryOf) -> HTMLResponse:
    """One picture in detail, fetched again when its state changes."""
    asset = context.assets.work.get(asset_id)
    return render(
        request,
        "assets/_look.html",
        view=asset_view(asset, context.assets),
        query=query,
        missing=context.assets.missing(),
        proposals=proposals_of_asset(asset, context.outfits, context.known),
    )


@router.get("/fragments/assets/photos")
def photos_fragment(
    request: Request,
    context: Context,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    person: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Photos of the event to take, the best first if they are ranked."""
    catalog = context.catalog
    if catalog.photo_scores_path.is_file():
        paths = [photo.image_path for photo in catalog.photos() if not photo.error]
    else:
        paths = [photo.image_path for photo in catalog.photos_by_id().values()]
    if person:
        mine = catalog.photos_of(person)
        paths = [path for path in paths if path in mine]
    shown = [(photo_id(path), path) for path in paths[offset : offset + PHOTOS_SIZE]]
    return render(
        request,
        "assets/_photos.html",
        photos=shown,
        total=len(paths),
        next_offset=offset + PHOTOS_SIZE if offset + PHOTOS_SIZE < len(paths) else None,
        person=person,
    )


def _found(context: ServiceContext, query: ViewQuery) -> tuple[int, list[Asset], str]:
    """How many pictures there are, those of the page, and why the question cannot be answered."""
    desk = context.assets
    try:
        asked = query.asset_query(desk)
    except (PersonNotFoundError, NotClusteredError) as error:
        return 0, [], str(error)
    total, found = desk.work.find(asked, limit=PAGE_SIZE, offset=PAGE_SIZE * (query.page - 1))
    return total, list(found), ""


def _counts(context: ServiceContext) -> list[tuple[AssetState, str, int]]:
    counts = context.assets.work.counts()
    return [(state, word, counts.get(state, 0)) for state, word in STATES.items()]


def _choices(context: ServiceContext, query: ViewQuery) -> dict[str, Any]:
    return {
        "states": STATES,
        "colours": list(ColourName),
        "cuts": CUTS,
        "names": _names(context, query.person),
    }


def _names(context: ServiceContext, chosen: str) -> list[str]:
    try:
        labels = [cluster.label for cluster in context.catalog.clusters()]
    except NotClusteredError:
        labels = []
    names = {label.name for label in labels if label is not None and label.name}
    if chosen and chosen.casefold() not in {name.casefold() for name in names}:
        names.add(chosen)
    return sorted(names, key=str.casefold)
