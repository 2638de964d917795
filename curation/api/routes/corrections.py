"""Corrections of the grouping, and taking things back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from curation.api.context import Context
from curation.api.http.conditional import known_version
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.routes.people import IfMatch
from curation.api.routes.people_problems import EDITED, LABELS_ETAG, NOT_USABLE, PERSON_NOT_FOUND
from curation.api.schemas.people import CorrectionIn, CorrectionOut, CorrectionPage, CorrectionsOut, UndoOut
from curation.event.people.correction_requests import CorrectionRequest, in_words, planned

__all__ = ["router"]

router = APIRouter(tags=["corrections"])

CorrectionId = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z._-]{1,100}$",
        description="As `GET /corrections` gives it; all that was said at once is meant.",
        examples=["7f0c4be9d93c"],
    ),
]
_FACE_NOT_FOUND = {
    "face_not_found": (404, "there is no face 5b41f1e3a0c9d27e-7; GET /photos/{photo_id} lists those of a photo")
}
_NO_CORRECTION = {"correction_not_found": (404, "there is no correction 7f0c4be9d93c; GET /corrections lists all")}
_NOTHING_TO_SPLIT = {
    "nothing_to_split": (422, "these are all faces of person 3: name that person, or merge it with another one")
}


@router.post(
    "/corrections",
    status_code=201,
    summary="Correct the grouping",
    responses={
        201: {"headers": LABELS_ETAG},
        **problem_responses(**NOT_USABLE, **PERSON_NOT_FOUND, **_FACE_NOT_FOUND, **EDITED, **_NOTHING_TO_SPLIT),
    },
)
def add_correction(
    response: Response, context: Context, body: CorrectionIn, if_match: IfMatch = None
) -> CorrectionsOut:
    """Counts at once, and in every later clustering: it joins what was merged, and parts what was split.

    A merge keeps id and label of `cluster_id`, else those of whoever has a name, or matters more, or is on more photos.
    The labels of the others stay in cluster_labels.json, so that taking the merge back brings them back.
    """
    labels = context.catalog.labels()
    request = CorrectionRequest(body.kind, body.cluster_ids, body.face_ids, body.cluster_id, body.name)
    what = in_words(context.catalog.event(), labels, request)
    corrections, cluster, etag, _ = context.people.correct(
        lambda next_id: planned(context.catalog, request, next_id), what, is_known=known_version(if_match)
    )
    response.headers["ETag"] = etag
    return CorrectionsOut(
        id=corrections[0].id.partition(".")[0] if corrections else None,
        cluster_id=None if cluster < 0 else cluster,
        corrections=tuple(map(CorrectionOut.of, corrections)),
    )


@router.get("/corrections", summary="All corrections, newest first", responses=problem_responses(**NOT_USABLE))
def list_corrections(context: Context, limit: Limit = 100, offset: Offset = 0) -> CorrectionPage:
    """As they are in corrections.json, those that were taken back included."""
    corrections = context.catalog.faces.corrections()[::-1]
    return CorrectionPage(
        total=len(corrections),
        limit=limit,
        offset=offset,
        corrections=tuple(map(CorrectionOut.of, corrections[offset : offset + limit])),
    )


@router.delete(
    "/corrections/{correction_id}",
    summary="Take a correction back",
    responses=problem_responses(**NOT_USABLE, **_NO_CORRECTION, busy=EDITED["busy"], storage=EDITED["storage"]),
)
def undo_correction(context: Context, correction_id: CorrectionId) -> CorrectionsOut:
    """As if it had never been said; what was said later of the same faces stands. It stays in the list as `undone`."""
    changed = context.people.set_undone(correction_id, undone=True)
    return CorrectionsOut(
        id=correction_id.partition(".")[0], cluster_id=None, corrections=tuple(map(CorrectionOut.of, changed))
    )


@router.get("/undo", summary="What would be taken back next", responses=problem_responses(storage=EDITED["storage"]))
def get_undo(context: Context) -> UndoOut:
    """The last change of labels or corrections that was made through the service."""
    last = context.people.undoable()
    return UndoOut(what=None, left=0) if last is None else UndoOut(what=last.what, left=last.left - 1)


@router.post(
    "/undo",
    summary="Take the last change back",
    responses={
        200: {"headers": LABELS_ETAG},
        **problem_responses(
            **NOT_USABLE, nothing_to_undo=(409, "no change is left that could be taken back"), **EDITED
        ),
    },
)
def undo(response: Response, context: Context) -> UndoOut:
    """Of labels and corrections, the newest first; changes that were made by hand in the files are left alone."""
    undone, etag, _ = context.people.undo()
    response.headers["ETag"] = etag
    return UndoOut(what=undone.what, left=undone.left)
