"""Links with which guests find their own photos: made, listed and revoked by the owner."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.guests.access import GUESTS_OFF, NO_STORE, desk_of
from curation.api.http.urls import root_of
from curation.api.schemas.taking_home.guests import GuestLinkIn, GuestLinkOut, GuestLinksOut, NewGuestLinkOut

__all__ = ["router"]

router = APIRouter(prefix="/guest-links", tags=["guests"])

_OFF = {"guests_off": GUESTS_OFF}
_NOT_FOUND = (404, "there is no such link; GET /guest-links lists all that are valid")
_CANNOT = (409, "guests cannot be found with the face engine of this event")


@router.post("", status_code=201, summary="Make a link for guests", responses=problem_responses(**_OFF, input=_CANNOT))
def make_link(body: GuestLinkIn, request: Request, response: Response, context: Context) -> NewGuestLinkOut:
    """A link that opens the page on which guests find their own photos, and nothing else."""
    desk = desk_of(context)
    desk.finder.check()
    link, key = desk.links.create(name=body.name.strip(), photos=body.photos, download=body.download, days=body.days)
    response.headers.update(NO_STORE)
    return NewGuestLinkOut(**GuestLinkOut.of(link).model_dump(), url=f"{root_of(request)}/review/find-me#{key}")


@router.get("", summary="All links for guests", responses=problem_responses(**_OFF))
def list_links(context: Context) -> GuestLinksOut:
    """The links that have not ended, the newest first; their keys are not kept."""
    return GuestLinksOut(links=tuple(GuestLinkOut.of(link) for link in desk_of(context).links.all()))


@router.delete(
    "/{link_id}",
    status_code=204,
    summary="Revoke a link for guests",
    responses=problem_responses(**_OFF, guest_link_not_found=_NOT_FOUND),
)
def revoke_link(link_id: Annotated[str, Path(max_length=64)], context: Context) -> None:
    """The link ends at once, and so does what guests found with it."""
    desk = desk_of(context)
    if not desk.links.revoke(link_id):
        raise ApiProblem(_NOT_FOUND[0], "guest_link_not_found", _NOT_FOUND[1])
    desk.results.forget_link(link_id)
