"""What decided how the faces of an event were grouped; stands in the run record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curation.domain.grouping.shared_photos import Strangers

__all__ = ["GroupingEvidence"]


@dataclass(frozen=True, slots=True)
class GroupingEvidence:
    """The limits that were applied, and how often each kind of evidence decided.

    Attributes:
        single_distance: Cosine distance below which two single faces were one person.
        group_distance: The same for large clusters.
        same_photo_penalty: Added to the distance of two faces of one photo.
        strangers: Distances of faces of one photo; None if too few photos show several.
        repeating_photos: Photos with near-copies of one face (collages, mirrors): they say nothing about strangers.
        stood_together: Merges refused because photos show both sides.
        too_tight: Merges refused because both sides are much tighter than their distance.
        joined: Good faces that were left over and joined a person by the second look.
        poor_joined: The same for poor faces.
    """

    single_distance: float
    group_distance: float
    same_photo_penalty: float
    strangers: Strangers | None
    repeating_photos: int
    stood_together: int
    too_tight: int
    joined: int = 0
    poor_joined: int = 0

    def to_json(self) -> dict[str, Any]:
        """As a dict of plain values."""
        strangers = self.strangers
        return {
            "single_distance": round(self.single_distance, 6),
            "group_distance": round(self.group_distance, 6),
            "same_photo_penalty": round(self.same_photo_penalty, 6),
            "strangers": None
            if strangers is None
            else {
                "median_distance": round(strangers.distance, 4),
                "spread": round(strangers.spread, 4),
                "pairs": strangers.pairs,
                "photos": strangers.photos,
            },
            "photos_that_repeat_a_face": self.repeating_photos,
            "merges_refused_as_both_stand_together": self.stood_together,
            "merges_refused_as_both_are_tighter": self.too_tight,
            "faces_joined_by_the_second_look": self.joined,
            "poor_faces_joined_by_the_second_look": self.poor_joined,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GroupingEvidence:
        """The inverse of `to_json`.

        Raises:
            ValueError: If `data` is not what `to_json` makes.
        """
        try:
            found = data["strangers"]
            strangers = (
                None
                if found is None
                else Strangers(
                    float(found["median_distance"]), float(found["spread"]), int(found["pairs"]), int(found["photos"])
                )
            )
            return cls(
                float(data["single_distance"]),
                float(data["group_distance"]),
                float(data["same_photo_penalty"]),
                strangers,
                int(data["photos_that_repeat_a_face"]),
                int(data["merges_refused_as_both_stand_together"]),
                int(data["merges_refused_as_both_are_tighter"]),
                int(data["faces_joined_by_the_second_look"]),
                int(data["poor_faces_joined_by_the_second_look"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the evidence of a grouping: {error}") from error
