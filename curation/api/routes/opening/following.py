"""Following a growing folder: new photos are looked through by themselves."""

from __future__ import annotations

from fastapi import APIRouter

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.schemas.opening.following import FollowingIn, FollowingOut

__all__ = ["router"]

router = APIRouter(tags=["stages"])


@router.get("/following", summary="Whether new photos are looked through by themselves")
def get_following(context: Context) -> FollowingOut:
    """Whether they are, and what is waited for."""
    return FollowingOut.of(context.follower.now)


@router.put(
    "/following",
    summary="Look through new photos by themselves, or not",
    responses=problem_responses(storage=(507, "the disk is full: free some space and run again")),
)
def put_following(body: FollowingIn, context: Context) -> FollowingOut:
    """Counts for this event until it is changed again, over restarts of the service.

    A photo that comes into the folder is looked through once its size and time stayed the same for some seconds, after
    the event was looked through once. While photos keep coming, a run begins at most every `service.follow_minutes`.
    """
    return FollowingOut.of(context.follower.switch(on=body.is_on))
