"""Corrections of the grouping, and undo."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from curation.api.context import Context
from curation.api.http.conditional import known_version
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.routes.people import IfMatch
from curation.api.routes.people_responses import EDIT_PROBLEMS, LABELS_ETAG, PERSON_NOT_FOUND, READ_PROBLEMS
from curation.api.schemas.people import (
    CorrectedFaceOut,
    CorrectionIn,
    CorrectionOut,
    CorrectionPage,
    CorrectionsOut,
    UndoOut,
)
from curation.domain.labelling.corrections import Correction, CorrectionKind
from curation.event.people.correction_requests import CorrectionRequest, describe_correction, plan_correction

__all__ = ["router"]

router = APIRouter(tags=["corrections"])

_SHOWN = 6  # faces of a correction in the list

CorrectionId = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z._-]{1,100}$",
        description="From `GET /corrections`; all corrections of the same action are meant.",
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
        **problem_responses(
            **READ_PROBLEMS, **PERSON_NOT_FOUND, **_FACE_NOT_FOUND, **EDIT_PROBLEMS, **_NOTHING_TO_SPLIT
        ),
    },
)
def add_correction(
    response: Response, context: Context, body: CorrectionIn, if_match: IfMatch = None
) -> CorrectionsOut:
    """Takes effect at once and in every later clustering, which keeps merged people together and split ones apart.

    A merge keeps the id and label of `cluster_id`, or else those of the cluster with a name, with the more important
    category, or in more photos, in this order. The labels of the others stay in cluster_labels.json, so that undoing
    the merge restores them.
    """
    labels = context.catalog.labels()
    request = CorrectionRequest(body.kind, body.cluster_ids, body.face_ids, body.cluster_id, body.name, body.category)
    what = describe_correction(context.catalog.event(), labels, request)
    corrections, cluster, etag, _ = context.people.correct(
        lambda next_id: plan_correction(context.catalog, request, next_id), what, is_known=known_version(if_match)
    )
    response.headers["ETag"] = etag
    return CorrectionsOut(
        id=corrections[0].id.partition(".")[0] if corrections else None,
        cluster_id=None if cluster < 0 else cluster,
        corrections=tuple(map(CorrectionOut.of, corrections)),
    )


@router.get("/corrections", summary="All corrections, newest first", responses=problem_responses(**READ_PROBLEMS))
def list_corrections(request: Request, context: Context, limit: Limit = 100, offset: Offset = 0) -> CorrectionPage:
    """The corrections in corrections.json with some of their faces, including those that were undone."""
    corrections = context.catalog.faces.corrections()[::-1]

    def out(correction: Correction) -> CorrectionOut:
        about = (correction.faces if correction.kind is not CorrectionKind.SAME_PERSON else correction.moved)[:_SHOWN]
        found = context.catalog.faces.find(about)
        return CorrectionOut.of(
            correction, [CorrectedFaceOut.of(request, face, now) for face, now in zip(about, found, strict=True)]
        )

    return CorrectionPage(
        total=len(corrections),
        limit=limit,
        offset=offset,
        corrections=tuple(map(out, corrections[offset : offset + limit])),
    )


@router.delete(
    "/corrections/{correction_id}",
    summary="Undo a correction",
    responses=problem_responses(
        **READ_PROBLEMS, **_NO_CORRECTION, busy=EDIT_PROBLEMS["busy"], storage=EDIT_PROBLEMS["storage"]
    ),
)
def undo_correction(context: Context, correction_id: CorrectionId) -> CorrectionsOut:
    """As if it had never been made; later corrections of the same faces stay. It remains in the list as `undone`."""
    changed = context.people.set_undone(correction_id, undone=True)
    return CorrectionsOut(
        id=correction_id.partition(".")[0], cluster_id=None, corrections=tuple(map(CorrectionOut.of, changed))
    )


@router.get("/undo", summary="What would be undone next", responses=problem_responses(storage=EDIT_PROBLEMS["storage"]))
def get_undo(context: Context) -> UndoOut:
    """The last change of labels or corrections that was made through the service."""
    last = context.people.undoable()
    return UndoOut(what=None, left=0) if last is None else UndoOut(what=last.what, left=last.left - 1)


@router.post(
    "/undo",
    summary="Undo the last change",
    responses={
        200: {"headers": LABELS_ETAG},
        **problem_responses(**READ_PROBLEMS, nothing_to_undo=(409, "there is nothing left to undo"), **EDIT_PROBLEMS),
    },
)
def undo(response: Response, context: Context) -> UndoOut:
    """Undoes changes of labels and corrections, newest first; edits that were made in the files are not affected."""
    undone, etag, _ = context.people.undo()
    response.headers["ETag"] = etag
    return UndoOut(what=undone.what, left=undone.left)
