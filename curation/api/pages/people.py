"""The pages for labelling: the grid of people, one person with all faces, and the fragments of both."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem
from curation.api.pages.people_view import (
    FaceOrder,
    PeopleQuery,
    PeopleQueryIn,
    Shown,
    face_cells,
    faces_in_order,
    filters_of,
    person_card,
    person_cards,
    shown_counts,
)
from curation.api.pages.rendering import TOTAL_HEADER, page_router, render
from curation.api.pages.unfound import unfound_line
from curation.domain.labelling.labels import Category

__all__ = ["router"]

router = page_router()

PEOPLE_AT_ONCE = 60
FACES_AT_ONCE = 120
MAX_AT_ONCE = 1000
"""The most of a list that is fetched at once."""
SAMPLES = 12

ClusterId = Annotated[int, Path(ge=0, le=999_999_999)]
OrderQuery = Annotated[FaceOrder, Query(alias="order")]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


@router.get("/review/people")
def people_page(request: Request, context: Context, query: PeopleQueryIn) -> HTMLResponse:
    """The grid of people, largest first."""
    if not context.catalog.face_data_path.is_file():
        return render(request, "people/none.html", place="people")
    etag, _ = context.people.labels()
    return render(
        request,
        "people/index.html",
        place="people",
        labels_etag=etag,
        **_cards(context, query, 0, PEOPLE_AT_ONCE),
        **filters_of(context, query),
        counts=shown_counts(context.catalog),
        choices=Shown,
        unfound_line=unfound_line(context),
        asks_behind=context.outfits.is_on,
        asks_known=context.known.proposes,
    )


@router.get("/fragments/people/cards")
def people_cards(
    request: Request,
    context: Context,
    query: PeopleQueryIn,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_AT_ONCE)] = PEOPLE_AT_ONCE,
) -> HTMLResponse:
    """A part of the grid; the headers say how many cards there are, and of which version the labels are."""
    etag, _ = context.people.labels()
    cards = _cards(context, query, offset, limit)
    response = render(request, "people/_cards.html", **cards)
    response.headers["X-Labels-ETag"] = etag
    response.headers[TOTAL_HEADER] = str(cards["total"])
    return response


@router.get("/fragments/people/ids")
def people_ids(context: Context, query: PeopleQueryIn) -> JSONResponse:
    """The ids of all people of the grid in their order, for a selection across parts that are not shown."""
    cards = query.cards(context)
    return JSONResponse({"ids": [str(card.id) for card in cards]}, headers={"Cache-Control": "no-store"})


@router.get("/fragments/people/filters")
def people_filters(request: Request, context: Context, query: PeopleQueryIn) -> HTMLResponse:
    """The filters with the number of people of each."""
    counts = shown_counts(context.catalog)
    return render(
        request,
        "people/_filters.html",
        shown=query.shown,
        counts=counts,
        choices=Shown,
        **filters_of(context, query),
    )


@router.get("/fragments/people/{cluster_id}/inspector")
def person_inspector(request: Request, context: Context, cluster_id: ClusterId) -> Response:
    """A person beside the grid: name, category and a dozen varied faces; empty for a person merged in the meantime."""
    card = person_card(context.catalog, cluster_id)
    if card is None:
        return Response(status_code=204)
    samples = face_cells(context.catalog.event().sample_faces(cluster_id, SAMPLES))
    return render(request, "people/_inspector.html", person=card, samples=samples, categories=Category)


@router.get("/review/people/{cluster_id}")
def person_page(
    request: Request, context: Context, cluster_id: ClusterId, face_order: OrderQuery = FaceOrder.BEST
) -> HTMLResponse:
    """A person with all faces."""
    card = person_card(context.catalog, cluster_id)
    if card is None:
        raise _nobody(cluster_id)
    etag, _ = context.people.labels()
    order = [other.id for other in person_cards(context.catalog)]
    place = order.index(cluster_id)
    return render(
        request,
        "people/person.html",
        place="people",
        person=card,
        labels_etag=etag,
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
        categories=Category,
        orders=FaceOrder,
        **_faces(context, cluster_id, face_order, 0, FACES_AT_ONCE),
    )


@router.get("/fragments/people/{cluster_id}/faces")
def person_faces(
    request: Request,
    context: Context,
    cluster_id: ClusterId,
    face_order: OrderQuery = FaceOrder.BEST,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_AT_ONCE)] = FACES_AT_ONCE,
) -> HTMLResponse:
    """A part of a person's faces; a header says how many there are."""
    faces = _faces(context, cluster_id, face_order, offset, limit)
    response = render(request, "people/_faces.html", **faces)
    response.headers[TOTAL_HEADER] = str(faces["total"])
    return response


@router.get("/fragments/people/{cluster_id}/face-ids")
def person_face_ids(context: Context, cluster_id: ClusterId, face_order: OrderQuery = FaceOrder.BEST) -> JSONResponse:
    """The ids of all faces of a person in their order, each with that of its photo."""
    faces = faces_in_order(context.catalog, cluster_id, face_order)
    content = {"ids": [face.face_id for face in faces], "photos": [face.photo_id for face in faces]}
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


@router.get("/fragments/people/{cluster_id}/head")
def person_head(request: Request, context: Context, cluster_id: ClusterId) -> HTMLResponse:
    """Name, category and numbers above a person's faces."""
    card = person_card(context.catalog, cluster_id)
    if card is None:
        raise _nobody(cluster_id)
    return render(request, "people/_head.html", person=card, categories=Category)


def _cards(context: ServiceContext, query: PeopleQuery, offset: int, limit: int) -> dict[str, Any]:
    cards = query.cards(context)
    return {
        "cards": cards[offset : offset + limit],
        "categories": Category,
        "shown": query.shown,
        "query": query.name,
        "total": len(cards),
        "is_start": offset == 0,
    }


def _faces(context: ServiceContext, cluster_id: int, face_order: FaceOrder, offset: int, limit: int) -> dict[str, Any]:
    faces = faces_in_order(context.catalog, cluster_id, face_order)
    end = offset + limit
    return {
        "cluster_id": cluster_id,
        "faces": face_cells(faces[offset:end], among=faces),
        "face_order": face_order,
        "total": len(faces),
        "is_start": offset == 0,
    }


def _nobody(cluster_id: int) -> ApiProblem:
    return ApiProblem(
        404, "cluster_not_found", f"there is no person {cluster_id} any more: merged, or marked as not a person"
    )
