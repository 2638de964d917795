"""Names of the gallery that are proposed for people of the event."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.urls import root_of
from curation.api.routes.known_people.problems import GALLERY_PROBLEMS
from curation.api.routes.people_responses import EDIT_PROBLEMS, READ_PROBLEMS
from curation.api.schemas.known_people.proposals import (
    AcceptAllIn,
    AcceptedOut,
    ProposalAnsweredOut,
    ProposalAnswerIn,
    ProposalOut,
    ProposalsOut,
    ShownOut,
)
from curation.api.schemas.people import MAX_CLUSTER_ID

__all__ = ["router"]

router = APIRouter(prefix="/known-people/proposals", tags=["known people"])

_READ = {
    **READ_PROBLEMS,
    **GALLERY_PROBLEMS,
    "known_refused_invalid": (409, "known_refused.json is not valid JSON: line 3; correct it, or delete it"),
}
_EDIT = {name: EDIT_PROBLEMS[name] for name in ("busy", "labels_changed", "storage")}


@router.get("", summary="Names that are proposed", responses=problem_responses(**_READ))
def list_proposals(
    request: Request,
    context: Context,
    limit: Annotated[int, Query(ge=1, le=1000, description="The maximum number of proposals.")] = 20,
) -> ProposalsOut:
    """Who people without a label may be: names before questions.

    Nothing is written unless you answer. What was answered is not proposed again.
    """
    _ = context.known.store  # says that it is off, or away
    found = context.known.open_proposals()
    return ProposalsOut(
        total=len(found),
        names=sum(one.is_sure for one in found),
        proposals=tuple(
            ProposalOut.shown(one, context.catalog.event(), context.known, root=root_of(request))
            for one in found[:limit]
        ),
    )


@router.post(
    "/{cluster_id}",
    summary="Accept or refuse a proposed name",
    responses=problem_responses(
        **_READ,
        **_EDIT,
        suggestion_not_found=(404, "this name is not proposed for person 3 any more; nothing was changed"),
    ),
)
def answer_proposal(
    context: Context,
    cluster_id: Annotated[int, Path(ge=0, le=MAX_CLUSTER_ID, description="From `GET /known-people/proposals`.")],
    body: ProposalAnswerIn,
) -> ProposalAnsweredOut:
    """An accepted name is a label like others; a refused one is remembered for these faces. `POST /undo` undoes both.

    Send the person whose name was shown: a proposal that changed meanwhile is not answered.
    """
    known = context.known
    can_add = False
    if body.answer == "accept":
        one = known.proposals.accept(cluster_id, body.person_id)
        person = known.store.person(body.person_id)
        can_add = known.enrolment.event not in person.events
    else:
        one = known.proposals.decline(cluster_id, body.person_id)
    return ProposalAnsweredOut(
        cluster_id=cluster_id,
        name=one.name,
        answer=body.answer,
        left=len(known.open_proposals()),
        can_add=can_add,
    )


@router.post("", summary="Accept all names above a certainty", responses=problem_responses(**_READ, **_EDIT))
def accept_proposals(context: Context, body: AcceptAllIn) -> AcceptedOut:
    """Names only, never questions, and only those in `shown`: what came since the look is left open."""
    shown = [(one.cluster_id, one.person_id) for one in body.shown]
    accepted = context.known.proposals.accept_all(body.from_certainty, seen=shown)
    return AcceptedOut(
        accepted=tuple(ShownOut(cluster_id=one.cluster_id, name=one.name) for one in accepted),
        left=len(context.known.open_proposals()),
    )
