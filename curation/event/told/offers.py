"""Stars and rejections of other programs: what they would be as picks, and taking them over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from curation.domain.judging.picks import UNJUDGED, PhotoPick, Picks
from curation.domain.told.taking import Offer, offer_of
from curation.event.catalog import Catalog

__all__ = ["PicksOffered", "Taken"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over.

    Attributes:
        photos: What was said of each photo before and after, by image path.
    """

    photos: Mapping[str, tuple[PhotoPick, PhotoPick]]


class PicksOffered:
    """Offers what the files say, and takes it over when the user asks for it, as one change that can be undone."""

    def __init__(self, catalog: Catalog) -> None:
        """Remember the catalogue; nothing is read yet."""
        self._catalog = catalog

    def offer(self) -> Offer:
        """What could be taken over now; nothing before scoring.

        Raises:
            FaceDataError: If photo_scores.csv is not valid.
            PicksError: If picks.json is not valid.
            StorageError: If a file cannot be read.
        """
        return offer_of(self._catalog.ranked.photos() or (), self._catalog.ranked.picks())

    def take(self, image_paths: Collection[str] | None = None) -> Taken:
        """Take over what the files say; a photo of which the user said anything stays as it is.

        Args:
            image_paths: Only these photos; None for all that are offered.

        Raises:
            NotScoredError: If there was no scoring yet.
            PicksError: If picks.json is not valid; it is then unchanged.
            BusyError: If another process has locked it.
            StorageError: If a file cannot be read or written.
        """
        photos = self._catalog.photos()
        made: dict[str, PhotoPick] = {}

        def make(picks: Picks) -> Mapping[str, PhotoPick]:
            # Decided under the lock: what the user said a moment ago counts.
            made.update(
                (path, pick)
                for path, pick in offer_of(photos, picks).picks.items()
                if image_paths is None or path in image_paths
            )
            return made

        _, after = self._catalog.ranked.change(make)
        return Taken({path: (UNJUDGED, after.of(path)) for path in made})
