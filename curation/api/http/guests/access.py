"""Who may look for photos with a selfie: the owner, and guests with a link that is valid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from curation.api.context import Context, ServiceContext
from curation.api.http.access import is_owner
from curation.api.http.errors import ApiProblem
from curation.api.http.guests.desk import GuestDesk
from curation.event.guests.links import GuestPhotos

__all__ = ["GUESTS_OFF", "KEY_HEADER", "LINK_NEEDED", "NO_STORE", "Guest", "GuestAccess", "demand_guests", "desk_of"]

KEY_HEADER = "x-guest-key"
"""Carries the key of a link; it is never part of an address, which logs and histories keep."""
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
GUESTS_OFF = (404, "guests cannot look for their photos here: the owner has not turned it on (service.guest_selfies)")
LINK_NEEDED = (401, "this link does not work any more: ask whoever gave it to you for a new one")


@dataclass(frozen=True, slots=True)
class GuestAccess:
    """What somebody may see.

    Attributes:
        photos: Which photos of themselves.
        download: Whether they may download them.
        link_id: Of the link; empty for the owner.
    """

    photos: GuestPhotos
    download: bool
    link_id: str


def demand_guests(context: ServiceContext) -> None:
    """Check that guests may look for their photos.

    Raises:
        ApiProblem: If the owner has not turned it on.
    """
    if not context.settings.service.guest_selfies:
        raise ApiProblem(GUESTS_OFF[0], "guests_off", GUESTS_OFF[1])


def desk_of(context: ServiceContext) -> GuestDesk:
    """What serves guests.

    Raises:
        ApiProblem: If the owner has not turned it on.
    """
    demand_guests(context)
    return context.guests


async def _guest(request: Request, context: Context) -> GuestAccess:
    desk = desk_of(context)
    key = request.headers.get(KEY_HEADER, "")
    if key:
        link = await run_in_threadpool(desk.links.of_key, key)
        if link is None:
            raise ApiProblem(LINK_NEEDED[0], "guest_link_invalid", LINK_NEEDED[1])
        return GuestAccess(link.photos, link.download, link.link_id)
    if not is_owner(request):
        raise ApiProblem(LINK_NEEDED[0], "guest_link_invalid", LINK_NEEDED[1])
    return GuestAccess(GuestPhotos.ALL, True, "")


Guest = Annotated[GuestAccess, Depends(_guest)]
