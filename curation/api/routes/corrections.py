"""Corrections of the grouping, and taking things back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.routes.people import IfMatch
from curation.api.schemas.people import CorrectionIn, CorrectionOut, CorrectionPage, CorrectionsOut, UndoOut
from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.labelling.corrections import NOT_A_PERSON, CorrectionKind
from curation.domain.labelling.labels import Category, Labels, PersonLabel
from curation.domain.labelling.merging import LabelChange, better_labelled
from curation.domain.labelling.plans import NothingToSplitError, merged, moved, not_faces, not_people, told_apart
from curation.event.people_edits import Planned
from curation.event.people_view import (
    EDITED,
    LABELS_ETAG,
    NOT_USABLE,
    PERSON_NOT_FOUND,
    called,
    face_of,
    person_not_found,
)

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
    what = _what(context.catalog.event(), labels, body)
    corrections, cluster, etag, _ = context.people.correct(
        lambda next_id: _planned(context, body, next_id), what, if_match=if_match
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
    corrections = context.catalog.corrections()[::-1]
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


def _planned(context: ServiceContext, body: CorrectionIn, next_id: int) -> Planned:
    catalog = context.catalog
    event, labels = catalog.event(), catalog.labels()
    clusters = list(dict.fromkeys(body.cluster_ids))
    for cluster in [*clusters, *([] if body.cluster_id is None else [body.cluster_id])]:
        if not event.face_count(cluster):
            raise person_not_found(cluster)
    if body.kind is CorrectionKind.NOT_A_PERSON:
        return not_people(event, clusters), -1, None
    if clusters and body.kind is CorrectionKind.DIFFERENT_PEOPLE:
        return told_apart(event, clusters[0], clusters[1]), clusters[0], None
    if clusters:
        best = better_labelled(labels.by_cluster, {cluster: event.photo_counts[cluster] for cluster in clusters})
        keep = best[0] if body.cluster_id is None else body.cluster_id
        return merged(event, keep, [cluster for cluster in clusters if cluster != keep]), keep, None
    faces = [face_of(event, face_id) for face_id in dict.fromkeys(body.face_ids)]
    was = _was(context, event, faces)
    if body.kind is CorrectionKind.NOT_A_FACE:
        return not_faces([face for face in faces if face.cluster_id != NOT_A_PERSON], was), -1, None
    target = body.cluster_id
    label = None
    if body.name is not None:
        target = _called(event, labels, body.name)
        label = LabelChange(name=body.name) if target is None else None
    target = next_id if target is None else target
    try:
        return moved(event, faces, target, was), target, label
    except NothingToSplitError as error:
        raise ApiProblem(422, "nothing_to_split", f"{error}: name that person, or merge it with another one") from error


def _was(context: ServiceContext, event: EventIndex, faces: Sequence[FaceEntry]) -> dict[str, int]:
    """Of faces that count nowhere the clusters that they have in the table."""
    left_out = [face.face_id for face in faces if face.cluster_id == NOT_A_PERSON]
    if not left_out:
        return {}
    places = [event.place(face_id) for face_id in left_out]
    kept = context.catalog.kept_clusters([place for place in places if place is not None])
    return dict(zip(left_out, kept, strict=True))


def _called(event: EventIndex, labels: Labels, name: str) -> int | None:
    """The largest cluster of a name."""
    asked = Labels({0: PersonLabel(" ".join(name.split()), Category.OTHER)}, Category.OTHER).person(0)
    found = [
        cluster
        for cluster in labels.by_cluster
        if event.face_count(cluster)
        and (known := labels.person(cluster)) is not None
        and asked is not None
        and known.key == asked.key
    ]
    return max(found, key=lambda cluster: (event.photo_counts[cluster], -cluster), default=None)


def _what(event: EventIndex, labels: Labels, body: CorrectionIn) -> str:
    """A correction in words."""
    people = " and ".join(called(labels, cluster) for cluster in dict.fromkeys(body.cluster_ids[:3]))
    if len(body.cluster_ids) > 3:
        people = f"{len(body.cluster_ids)} people"
    faces = "1 face" if len(body.face_ids) == 1 else f"{len(body.face_ids)} faces"
    if body.kind is CorrectionKind.NOT_A_PERSON:
        return f"said that {people} is no person"
    if body.kind is CorrectionKind.NOT_A_FACE:
        return f"said of {faces}: not a face"
    if body.cluster_ids:
        return f"{'merged' if body.kind is CorrectionKind.SAME_PERSON else 'told apart'} {people}"
    if body.cluster_id is not None:
        return f"moved {faces} to {called(labels, body.cluster_id)}"
    return f"moved {faces} to {body.name or 'someone else'}"
