"""Picking, rejecting and rating photos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.schemas.picks import (
    PickChange,
    PickChangeOut,
    PickIn,
    PickOut,
    PickPage,
    PicksChanged,
    PicksPatch,
    PicksUndone,
)
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.domain.judging.picks import MAX_RATING, PhotoPick, Pick, Picks
from curation.errors import NOT_CLUSTERED
from curation.event.rules.picks_undo import Undone

__all__ = ["router"]

router = APIRouter(prefix="/picks", tags=["picks"])

PhotoId = Annotated[
    str, Path(pattern=PHOTO_ID_PATTERN, description="From `GET /photos`.", examples=["1f0c4be9d93c4c3c"])
]
_NOT_USABLE = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "picks_invalid": (409, "picks.json is not valid JSON: line 3, column 5; correct it, or delete it and pick again"),
    "busy": (409, "picks.lock is held by another process; try again when it has ended"),
}
_NOT_FOUND = {"photo_not_found": (404, "there is no photo 1f0c4be9d93c4c3c; GET /photos lists them")}
_STORAGE = {"storage": (507, "the disk is full: free some space and run again")}


@router.get("", summary="All picks and ratings", responses=problem_responses(**_NOT_USABLE))
def list_picks(
    context: Context,
    pick: Annotated[Pick | None, Query(description="Only picked, or only rejected photos.")] = None,
    min_rating: Annotated[
        int | None, Query(ge=1, le=MAX_RATING, description="Only photos with at least so many stars.")
    ] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PickPage:
    """The user's own judgement, which is stored in picks.json. It overrides the score in every output.

    Picks of photos that are no longer in the event are kept, and are listed too.
    """
    picks = context.catalog.ranked.all_picks().by_path
    chosen = [
        (path, of_photo)
        for path, of_photo in picks.items()
        if (pick is None or of_photo.pick is pick) and (min_rating is None or (of_photo.rating or 0) >= min_rating)
    ]
    order = {Pick.PICKED: 0, None: 1, Pick.REJECTED: 2}
    chosen.sort(key=lambda item: (order[item[1].pick], -(item[1].rating or 0), item[0]))
    return PickPage(
        total=len(chosen),
        limit=limit,
        offset=offset,
        picked=sum(one.pick is Pick.PICKED for one in picks.values()),
        rejected=sum(one.pick is Pick.REJECTED for one in picks.values()),
        rated=sum(one.rating is not None for one in picks.values()),
        picks=tuple(PickOut.of(path, of_photo) for path, of_photo in chosen[offset : offset + limit]),
    )


@router.get(
    "/{photo_id}",
    summary="The pick and rating of one photo",
    responses=problem_responses(**_NOT_USABLE, **_NOT_FOUND),
)
def get_pick(context: Context, photo_id: PhotoId) -> PickOut:
    """Both are null if the photo was neither picked, rejected nor rated."""
    path = _paths(context, [photo_id])[photo_id]
    return PickOut.of(path, context.catalog.ranked.picks().of(path))


@router.put(
    "/{photo_id}",
    summary="Pick, reject or rate a photo",
    responses=problem_responses(**_NOT_USABLE, **_NOT_FOUND, **_STORAGE),
)
def put_pick(context: Context, photo_id: PhotoId, body: PickIn) -> PickChangeOut:
    """Replaces the pick and rating of a photo; `{}` removes both. Saved at once, and shown in `GET /photos`."""
    path = _paths(context, [photo_id])[photo_id]
    pick = PhotoPick(body.pick, body.rating)
    before, after = context.catalog.ranked.change(lambda _: {path: pick})
    return PickChangeOut.of_change(path, before.of(path), after.of(path))


@router.patch(
    "",
    summary="Pick, reject or rate many photos",
    responses=problem_responses(**_NOT_USABLE, **_NOT_FOUND, **_STORAGE),
)
def patch_picks(context: Context, body: PicksPatch) -> PicksChanged:
    """All of the changes are made, or none.

    If a photo appears twice, the later change counts. The response has the values before the change, for undoing it.
    """
    paths = _paths(context, [change.photo_id for change in body.changes])
    before, after = context.catalog.ranked.change(lambda picks: _changed(picks, body.changes, paths))
    photos = [(path, before.of(path), after.of(path)) for path in dict.fromkeys(paths.values())]
    return PicksChanged(
        changed=sum(old != new for _, old, new in photos),
        photos=tuple(PickChangeOut.of_change(*photo) for photo in photos),
    )


@router.post(
    "/undo",
    summary="Undo the last change of picks and ratings",
    responses=problem_responses(**_NOT_USABLE, **_STORAGE, nothing_to_undo=(409, "there is no pick to undo")),
)
def undo_picks(context: Context) -> PicksUndone:
    """Undoes the last request that picked, rejected or rated photos; each further call undoes the one before it.

    The last 300 changes are kept, also when the service is stopped. A photo that was changed again
    since, here or in picks.json, is left alone. `POST /undo` undoes changes of people instead.
    """
    return _undone(context.catalog.picks_undo.undo())


@router.post(
    "/redo",
    summary="Make the change again that was undone last",
    responses=problem_responses(
        **_NOT_USABLE, **_STORAGE, nothing_to_undo=(409, "there is no undone pick to make again")
    ),
)
def redo_picks(context: Context) -> PicksUndone:
    """Possible until something else is picked, rejected or rated."""
    return _undone(context.catalog.picks_undo.redo())


def _undone(undone: Undone) -> PicksUndone:
    photos = tuple(PickChangeOut.of_change(path, before, after) for path, (before, after) in undone.photos.items())
    return PicksUndone(what=undone.what, photos=photos)


def _changed(picks: Picks, changes: tuple[PickChange, ...], paths: Mapping[str, str]) -> dict[str, PhotoPick]:
    out: dict[str, PhotoPick] = {}
    for change in changes:
        path = paths[change.photo_id]
        old = out.get(path) or picks.of(path)
        out[path] = PhotoPick(
            change.pick if "pick" in change.model_fields_set else old.pick,
            change.rating if "rating" in change.model_fields_set else old.rating,
        )
    return out


def _paths(context: ServiceContext, photo_ids: list[str]) -> dict[str, str]:
    """The image paths of photos, by id.

    Raises:
        ApiProblem: If a photo is not in this event.
    """
    known = context.catalog.photos_by_id()
    missing = [photo for photo in photo_ids if photo not in known]
    if missing:
        raise ApiProblem(404, "photo_not_found", f"there is no photo {missing[0]}; GET /photos lists them")
    return {photo: known[photo].image_path for photo in photo_ids}
