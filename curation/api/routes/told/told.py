"""What other programs said in the files: looking at it, and taking it over."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.routes.people_responses import EDIT_PROBLEMS, READ_PROBLEMS
from curation.api.schemas.picks import PickChangeOut, PicksChanged
from curation.api.schemas.told.told import NameAnsweredOut, NameAnswerIn, TakePicksIn, ToldOut
from curation.errors import NOT_SCORED

__all__ = ["router"]

router = APIRouter(prefix="/told", tags=["told"])

_PICKS = {
    "not_scored": (409, NOT_SCORED),
    "picks_invalid": (409, "picks.json is not valid JSON: line 3, column 5; correct it, or delete it and pick again"),
}
_REFUSED = {"known_refused_invalid": (409, "known_refused.json is not valid JSON: line 3; correct it, or delete it")}
_EDIT = {name: EDIT_PROBLEMS[name] for name in ("busy", "labels_changed", "storage")}


@router.get(
    "",
    summary="What other programs said in the files",
    responses=problem_responses(**READ_PROBLEMS, **_REFUSED, picks_invalid=_PICKS["picks_invalid"]),
)
def get_told(
    context: Context,
    limit: Annotated[int, Query(ge=1, le=1000, description="The maximum number of names.")] = 20,
) -> ToldOut:
    """Stars, rejections and names in the files of the photos and beside them, and what is offered of it.

    Reading them goes on beside the answer; `complete` says whether it is done. Nothing counts before you take it over.
    """
    offers, catalog = context.offers, context.catalog
    offer = offers.picks.offer()
    complete = offers.look()
    return ToldOut.of(offers.told(), offer, offers.names.listed(), catalog.event(), complete=complete, limit=limit)


@router.post(
    "/picks",
    summary="Take stars and rejections over",
    responses=problem_responses(
        **READ_PROBLEMS,
        **_PICKS,
        photo_not_found=(404, "there is no photo 1f0c4be9d93c4c3c; GET /photos lists them"),
        busy=(409, "picks.lock is held by another process; try again when it has ended"),
        storage=(507, "the disk is full: free some space and run again"),
    ),
)
def take_picks(context: Context, body: TakePicksIn) -> PicksChanged:
    """What the files say becomes the user's pick; a photo of which the user said anything stays as it is.

    It is one change for `POST /picks/undo`.
    """
    paths = None
    if body.photos is not None:
        known = context.catalog.photos_by_id()
        missing = next((photo for photo in body.photos if photo not in known), None)
        if missing is not None:
            raise ApiProblem(404, "photo_not_found", f"there is no photo {missing}; GET /photos lists them")
        paths = {known[photo].image_path for photo in body.photos}
    taken = context.offers.picks.take(paths)
    photos = tuple(PickChangeOut.of_change(path, before, after) for path, (before, after) in taken.photos.items())
    return PicksChanged(changed=len(photos), photos=photos)


@router.post(
    "/names",
    summary="Accept or refuse a name of the files",
    responses=problem_responses(
        **READ_PROBLEMS,
        **_EDIT,
        **_REFUSED,
        suggestion_not_found=(404, "this name is not proposed for person 3 any more; nothing was changed"),
    ),
)
def answer_name(context: Context, body: NameAnswerIn) -> NameAnsweredOut:
    """An accepted name is a label like one typed by hand; a refused one is not asked again.

    `POST /undo` undoes both.
    """
    names = context.offers.names
    answer = names.accept if body.answer == "accept" else names.decline
    one = answer(body.cluster_id, body.name)
    return NameAnsweredOut(
        cluster_id=one.vote.cluster_id, name=one.vote.name, answer=body.answer, left=len(names.listed())
    )
