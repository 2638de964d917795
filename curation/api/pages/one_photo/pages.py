"""The pages of one photo, and of a few photos side by side."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem
from curation.api.http.urls import root_of
from curation.api.pages.gallery import cards_of, galleries
from curation.api.pages.one_photo.way_back import own_place, way_back
from curation.api.pages.photo_query import PhotoQuery, read_query
from curation.api.pages.photo_view import photo_view
from curation.api.pages.rendering import page_router, render
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.domain.judging.picks import MAX_RATING

__all__ = ["router"]

router = page_router()

MAX_COMPARED = 4

PhotoId = Annotated[str, Path(pattern=PHOTO_ID_PATTERN)]
GalleryKey = Annotated[str, Query(alias="view", max_length=40)]
CameFrom = Annotated[str, Query(alias="from", max_length=4000)]


@router.get("/review/photos/{photo_id}")
def photo_page(
    request: Request, context: Context, photo_id: PhotoId, view: GalleryKey = "", came_from: CameFrom = ""
) -> HTMLResponse:
    """One photo, large; `from` is the page that it was opened from, if that is not the gallery."""
    return render(request, "photos/photo.html", place="photos", **_photo(request, context, photo_id, view, came_from))


@router.get("/fragments/photos/{photo_id}/photo")
def photo_fragment(
    request: Request, context: Context, photo_id: PhotoId, view: GalleryKey = "", came_from: CameFrom = ""
) -> HTMLResponse:
    """The same without the surrounding page, for moving on to the next photo."""
    return render(request, "photos/_photo.html", **_photo(request, context, photo_id, view, came_from))


@router.get("/review/compare")
def compare_page(
    request: Request,
    context: Context,
    ids: Annotated[str, Query(max_length=400)] = "",
    view: GalleryKey = "",
    came_from: CameFrom = "",
) -> HTMLResponse:
    """Two to four photos side by side."""
    known = context.catalog.photos_by_id()
    wanted = list(dict.fromkeys(part for part in ids.split(",") if part in known))[:MAX_COMPARED]
    gallery = _address("/review/photos", read_query(request.query_params), view=view, at=wanted[0] if wanted else "")
    return render(
        request,
        "photos/compare.html",
        place="photos",
        cards=cards_of(context.catalog, [known[photo].image_path for photo in wanted]),
        stars=MAX_RATING,
        back=way_back(own_place(came_from, root_of(request)), gallery),
    )


def _photo(request: Request, context: ServiceContext, photo_id: str, key: str, came_from: str) -> dict[str, Any]:
    context.ranking.settle()
    entry = context.catalog.photo(photo_id)
    if entry is None:
        raise ApiProblem(404, "photo_not_found", "this photo is not in the event any more; run the clustering again")
    query = read_query(request.query_params)
    gallery = None
    if context.catalog.ranked.photos() is not None:
        gallery = galleries(request).get(context.catalog, query, key)
    view = gallery.key if gallery else ""
    root = root_of(request)
    origin = own_place(came_from, root)
    suffix = _address("", query, view=view, **{"from": root + origin if origin else ""})
    return {
        "photo": photo_view(context, entry, gallery),
        "suffix": suffix,
        "back": way_back(origin, _address("/review/photos", query, view=view, at=photo_id)),
        "compare_from": urlencode({"from": f"{root}/review/photos/{photo_id}{suffix}"}),
        "max_stars": MAX_RATING,
    }


def _address(path: str, query: PhotoQuery, **more: str) -> str:
    pairs = [query.address(), urlencode({name: value for name, value in more.items() if value})]
    joined = "&".join(pair for pair in pairs if pair)
    return f"{path}?{joined}" if joined else path
