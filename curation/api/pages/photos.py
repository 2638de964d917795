"""The gallery of photos; one photo and a few side by side have a room of their own, `one_photo`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from curation.api.context import Context, ServiceContext
from curation.api.pages.culling.cameras import APERTURES, camera_choice
from curation.api.pages.culling.timeline import HEIGHT, WIDTH, Timeline, timeline_of
from curation.api.pages.gallery import Gallery, cards_of, galleries, people_to_choose
from curation.api.pages.photo_query import Heads, Order, PhotoQuery, Problem, read_query
from curation.api.pages.rendering import TOTAL_HEADER, page_router, render
from curation.api.pages.unfound import unfound_line
from curation.api.pages.video.clip_strip import clip_strip
from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.faces.ids import photo_id
from curation.domain.judging.picks import MAX_RATING
from curation.domain.labelling.labels import Category
from curation.event.photo_filters import PickFilter

__all__ = ["router"]

router = page_router()

PHOTOS_AT_ONCE = 90
MAX_AT_ONCE = 1000
"""The most of a list that is fetched at once."""
SCORES = (0.9, 0.8, 0.7, 0.6, 0.5)

GalleryKey = Annotated[str, Query(alias="view", max_length=40)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


@router.get("/review/photos")
def photos_page(
    request: Request,
    context: Context,
    view: GalleryKey = "",
    at: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """The ranked photos; `at` is the id of the photo that the user returns from."""
    if context.catalog.ranked.photos() is None:
        return render(request, "photos/none.html", place="photos", clustered=context.catalog.face_data_path.is_file())
    context.ranking.settle()
    query = read_query(request.query_params)
    gallery = galleries(request).get(context.catalog, query, view)
    return render(
        request,
        "photos/index.html",
        place="photos",
        at=at,
        unfound_line=unfound_line(context),
        clips=clip_strip(context),
        timeline=_timeline(context),
        ranking=context.ranking.state().version,
        strip_width=WIDTH,
        strip_height=HEIGHT,
        **_camera_filters(context, query),
        **_frame(context, query),
        **_start(context, gallery, at),
    )


@router.get("/fragments/photos/gallery")
def gallery_fragment(request: Request, context: Context) -> HTMLResponse:
    """The grid from the start, as a new view."""
    context.ranking.settle()
    query = read_query(request.query_params)
    gallery = galleries(request).open(context.catalog, query)
    return render(request, "photos/_gallery.html", query=query, **_start(context, gallery, ""))


@router.get("/fragments/photos/cards")
def cards_fragment(
    request: Request,
    context: Context,
    view: GalleryKey = "",
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_AT_ONCE)] = PHOTOS_AT_ONCE,
) -> HTMLResponse:
    """A part of the grid; a header says how many cells there are."""
    gallery = galleries(request).get(context.catalog, read_query(request.query_params), view)
    response = render(request, "photos/_cards.html", **_cards(context, gallery, offset, offset + limit))
    response.headers[TOTAL_HEADER] = str(len(gallery.fronts))
    return response


@router.get("/fragments/photos/ids")
def ids_fragment(request: Request, context: Context, view: GalleryKey = "") -> JSONResponse:
    """The ids of all cells of the grid in their order, for a selection across parts that are not shown."""
    gallery = galleries(request).get(context.catalog, read_query(request.query_params), view)
    content = {"ids": [photo_id(path) for path in gallery.fronts]}
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


@router.get("/fragments/photos/cameras")
def cameras_fragment(request: Request, context: Context) -> HTMLResponse:
    """The filters by camera, as far as the files are read."""
    return render(request, "photos/_cameras.html", **_camera_filters(context, read_query(request.query_params)))


@router.get("/fragments/photos/bursts/{burst}")
def burst_fragment(
    request: Request, context: Context, burst: Annotated[int, Path(ge=1, le=999_999_999)]
) -> HTMLResponse:
    """The photos of one burst, best first."""
    cards = cards_of(context.catalog, [photo.image_path for photo in context.catalog.bursts().get(burst, ())])
    return render(request, "photos/_burst.html", cards=cards, burst=burst, is_by_time=False)


def _frame(context: ServiceContext, query: PhotoQuery) -> dict[str, Any]:
    faces, others = people_to_choose(context.catalog, query.people)
    return {
        "faces": faces,
        "others": others,
        "chosen": {name.casefold() for name in query.people},
        "counts": _pick_counts(context),
        "categories": Category,
        "ages": tuple(AgeGroup) if context.catalog.attributes.now().has_ages else (),
        "problems": Problem,
        "orders": Order,
        "heads": Heads,
        "pick_filters": PickFilter,
        "scores": SCORES,
        "stars": MAX_RATING,
    }


def _pick_counts(context: ServiceContext) -> Mapping[str, int]:
    photos = context.catalog.photos()
    counts = Counter(photo.pick for photo in photos)
    return {"all": len(photos), **{pick.value: number for pick, number in counts.items() if pick is not None}}


def _start(context: ServiceContext, gallery: Gallery, at: str) -> dict[str, Any]:
    known = context.catalog.photos_by_id().get(at)
    place = _front_place(context, gallery, known.image_path) if known is not None else 0
    return {
        "gallery": gallery,
        "clock_lines": context.catalog.times().clocks.sentences,
        "place_of_at": place,
        "headings": [
            {"key": section.key, "title": section.title, "note": section.note, "count": section.cells}
            | {"photos": section.photos}
            for section in gallery.sections
        ],
        **_cards(context, gallery, 0, PHOTOS_AT_ONCE),
    }


def _timeline(context: ServiceContext) -> Timeline | None:
    catalog = context.catalog
    return timeline_of(catalog.times(), len(catalog.photos_by_id()))


def _camera_filters(context: ServiceContext, query: PhotoQuery) -> dict[str, Any]:
    choice = camera_choice(context.catalog.cameras_now())
    return {"query": query, "choice": choice, "apertures": APERTURES}


def _front_place(context: ServiceContext, gallery: Gallery, image_path: str) -> int:
    """The place in the grid of a photo or of the stack that contains it; 0 if it is not there."""
    scores = context.catalog.scores()
    photo = scores.get(image_path)
    if photo is None:
        return 0
    for place, front in enumerate(gallery.fronts):
        other = scores.get(front)
        if front == image_path or (other and photo.burst_id is not None and other.burst_id == photo.burst_id):
            return place
    return 0


def _cards(context: ServiceContext, gallery: Gallery, start: int, end: int) -> dict[str, Any]:
    stacked = gallery.query.stacked and gallery.query.burst is None
    return {
        "cards": cards_of(context.catalog, gallery.fronts[start:end]),
        "is_start": start == 0,
        "is_stacked": stacked,
        "is_by_time": gallery.query.order is Order.TIME,
        "max_stars": MAX_RATING,
    }


def _address(path: str, query: PhotoQuery, key: str, **more: object) -> str:
    pairs = [
        query.address(),
        f"view={key}" if key else "",
        *(f"{name}={value}" for name, value in more.items() if value),
    ]
    joined = "&".join(pair for pair in pairs if pair)
    return f"{path}?{joined}" if joined else path
