"""Following a growing folder as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Flag, Out, Sent, Text
from curation.jobs.following.follower import Following

__all__ = ["FollowingIn", "FollowingOut"]


class FollowingIn(Sent):
    """The switch."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    is_on: Flag
    """Whether new photos are looked through by themselves."""


class FollowingOut(Out):
    """Whether new photos are looked through by themselves, and what is waited for."""

    is_on: bool
    """Whether they are."""
    new: Annotated[int, Field(ge=0, examples=[12])]
    """New photos that are waited for."""
    runs: Annotated[int, Field(ge=0, examples=[1])]
    """How often photos were looked through by themselves since the event was opened."""
    words: Annotated[Text, Field(examples=["12 new photos still being copied."])]
    """What is waited for, as a sentence; empty if it is off, or before the first look at the folder."""

    @classmethod
    def of(cls, following: Following) -> FollowingOut:
        """Convert it."""
        return cls(is_on=following.is_on, new=following.new, runs=following.runs, words=following.words)
