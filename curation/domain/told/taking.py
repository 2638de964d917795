"""Which stars and rejections of other programs could be taken over as the user's picks; nothing is, unasked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import UNJUDGED, PhotoPick, Pick, Picks

__all__ = ["Offer", "offer_of", "said_rejected"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What could be taken over.

    Attributes:
        picks: For each photo, what its file says, by image path, best photo first.
        kept: How many photos say something else in their files than the user said here; the user's word stays.
    """

    picks: Mapping[str, PhotoPick]
    kept: int

    @property
    def rated(self) -> int:
        """How many photos have stars."""
        return sum(1 for pick in self.picks.values() if pick.rating is not None)

    @property
    def picked(self) -> int:
        """How many photos are picked."""
        return sum(1 for pick in self.picks.values() if pick.pick is Pick.PICKED)

    @property
    def rejected(self) -> int:
        """How many photos are rejected."""
        return sum(1 for pick in self.picks.values() if pick.pick is Pick.REJECTED)


def offer_of(photos: Iterable[PhotoScore], picks: Picks) -> Offer:
    """What the files of photos say that the user did not say otherwise.

    A photo of which the user said anything here keeps exactly that: nothing is added to it.

    Args:
        photos: With the columns of what their files say.
        picks: The user's words of now.
    """
    found: dict[str, PhotoPick] = {}
    kept = 0
    for photo in photos:
        told = PhotoPick(photo.file_pick, photo.file_rating)
        if told == UNJUDGED:
            continue
        said = picks.of(photo.image_path)
        if said == UNJUDGED:
            found[photo.image_path] = told
        else:
            kept += said != told
    return Offer(found, kept)


def said_rejected(photo: PhotoScore) -> bool:
    """Whether a photo's file says that it is rejected, and the user said nothing of the photo here."""
    return photo.file_pick is Pick.REJECTED and photo.pick is None and photo.rating is None
