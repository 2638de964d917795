"""What the user said that finds nobody: look at it, give it to somebody else, or forget it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.routes.people_responses import EDIT_PROBLEMS, PERSON_NOT_FOUND, READ_PROBLEMS
from curation.api.schemas.unfound import AttachIn, UnfoundChanged, UnfoundCounts, UnfoundOut, UnfoundPage
from curation.domain.identity.unfound import UnfoundKind, told
from curation.errors import PhotoNotFoundError
from curation.event.unfound_words import UNFOUND_ID_PATTERN

__all__ = ["router"]

router = APIRouter(prefix="/unfound", tags=["corrections"])

Kind = Annotated[UnfoundKind, Path(description="The kind of the word.", examples=["label"])]
WordId = Annotated[str, Path(pattern=UNFOUND_ID_PATTERN, description="From `GET /unfound`.", examples=["7"])]
_READ = {
    **READ_PROBLEMS,
    "picks_invalid": (409, "picks.json is not valid JSON: line 3, column 5; correct it, or delete it and pick again"),
}
_NO_WORD = {
    "unfound_not_found": (404, "there is no label 7 that finds nobody; it may be found now; GET /unfound lists all")
}
_EDIT = {name: EDIT_PROBLEMS[name] for name in ("busy", "labels_changed", "storage")}


@router.get("", summary="What finds nobody", responses=problem_responses(**_READ))
def list_unfound(context: Context, limit: Limit = 100, offset: Offset = 0) -> UnfoundPage:
    """Labels, corrections and picks whose photos or faces the last clustering did not find.

    They are kept, and count again when their photos are back. Whoever was merged with somebody else or is not a person
    is not listed: that was said too.
    """
    words = context.unfound.listed()
    return UnfoundPage(
        total=len(words),
        limit=limit,
        offset=offset,
        counts=UnfoundCounts.of(words),
        told=told(words),
        words=tuple(map(UnfoundOut.of, words[offset : offset + limit])),
    )


@router.delete(
    "/{kind}/{word_id}", summary="Forget what finds nobody", responses=problem_responses(**_READ, **_NO_WORD, **_EDIT)
)
def forget_unfound(context: Context, kind: Kind, word_id: WordId) -> UnfoundChanged:
    """Removes a label, undoes one correction, or removes a pick. `POST /undo` brings the first two back.

    Words that find somebody are never removed here.
    """
    word = context.unfound.delete(kind, word_id)
    return UnfoundChanged.of(word, context.unfound.listed())


@router.post(
    "/{kind}/{word_id}/attach",
    summary="Give what finds nobody to somebody else",
    responses=problem_responses(
        **_READ,
        **_NO_WORD,
        **PERSON_NOT_FOUND,
        photo_not_found=(404, "there is no photo 1f0c4be9d93c4c3c; GET /photos lists all"),
        label_taken=(409, "person 5 is Tom already, not Anna; nothing was changed"),
        pick_taken=(409, "b.jpg has a pick or stars of its own; nothing was changed"),
        not_attachable=(422, "a correction is about its faces and cannot be given to others: forget it, and correct"),
        **_EDIT,
    ),
)
def attach_unfound(context: Context, kind: Kind, word_id: WordId, body: AttachIn) -> UnfoundChanged:
    """A label moves to another person, with name and category, as one change that `POST /undo` takes back.

    A pick moves to another photo that has no pick of its own. Corrections cannot be moved.
    """
    target: int | str
    if body.photo_id is not None:
        known = context.catalog.photos_by_id().get(body.photo_id)
        if known is None:
            raise PhotoNotFoundError(f"there is no photo {body.photo_id}")
        target = known.image_path
    else:
        assert body.cluster_id is not None
        target = body.cluster_id
    word = context.unfound.attach(kind, word_id, target)
    return UnfoundChanged.of(word, context.unfound.listed())
