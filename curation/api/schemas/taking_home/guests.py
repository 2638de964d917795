"""Guests as JSON: links for them, and what came of a selfie."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Flag, Number, Out, Sent, Text
from curation.event.guests.finder import SelfieAnswer
from curation.event.guests.links import GuestLink, GuestPhotos

__all__ = ["FoundPhotoOut", "GuestLinkIn", "GuestLinkOut", "GuestLinksOut", "NewGuestLinkOut", "SelfieOut"]

_MAX_DAYS = 90
_MAX_NAME = 80


class GuestLinkIn(Sent):
    """A link for guests."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"name": "at the bar", "photos": "picks", "days": 7}]},
    )

    name: Annotated[str, Field(max_length=_MAX_NAME)] = ""
    """For you, to tell links apart."""
    photos: GuestPhotos = GuestPhotos.PICKS
    """Which photos of themselves guests see: those that you `picks`, or `all` that you did not reject."""
    download: Flag = True
    """Whether they may download these photos as they are."""
    days: Annotated[Number, Field(gt=0, le=_MAX_DAYS)] = 14
    """After how many days the link ends."""


class GuestLinkOut(Out):
    """A link for guests; its key is not kept."""

    link_id: Annotated[str, Field(examples=["9b9f9ad0b5f1e2aa"])]
    name: Text
    photos: GuestPhotos
    download: bool
    created_at: str
    expires_at: str

    @classmethod
    def of(cls, link: GuestLink) -> GuestLinkOut:
        """A link without the digest of its key."""
        return cls(
            link_id=link.link_id,
            name=link.name,
            photos=link.photos,
            download=link.download,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )


class NewGuestLinkOut(GuestLinkOut):
    """A link that was just made."""

    url: Annotated[str, Field(examples=["/review/find-me#Xk2v…"])]
    """Its address on this service, which is told only now. What comes after `#` is never sent to a server."""


class GuestLinksOut(Out):
    """All links for guests that are valid."""

    links: tuple[GuestLinkOut, ...]


class FoundPhotoOut(Out):
    """A photo of the guest."""

    photo_id: Annotated[str, Field(examples=["1f0c4be9d93c4c3c"])]
    thumbnail_url: str
    picture_url: str


class SelfieOut(Out):
    """What came of a selfie."""

    answer: SelfieAnswer
    message: str
    """The answer in words for the guest."""
    photos: tuple[FoundPhotoOut, ...]
    """The guest's photos, best first."""
    result_url: str | None
    """`DELETE` forgets what was found at once; without that it is forgotten after half an hour."""
    download_url: str | None
    """A ZIP file of the photos, or of some with `?photo=…`; null if the owner does not allow it."""
