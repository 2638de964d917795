"""What was found of a person of a picture, in words."""

from __future__ import annotations

from collections.abc import Callable

from curation.domain.assets.states import AssetState
from curation.domain.attributes.values import AgeEstimate, ClassEstimate
from curation.domain.bodies.composition import Composition, CutAt

__all__ = ["CUTS", "STATES", "age_words", "composition_words", "sex_words"]

STATES = {
    AssetState.PENDING: "Waiting",
    AssetState.PROCESSING: "At work",
    AssetState.COMPLETED: "Done",
    AssetState.REJECTED: "Rejected",
    AssetState.FAILED: "Failed",
}
CUTS = {
    CutAt.NONE: "Whole body in the picture",
    CutAt.FEET: "Cut at the feet",
    CutAt.KNEES: "Cut at the knees",
    CutAt.LEGS: "Cut through the legs",
    CutAt.HIPS: "Cut at the hips",
    CutAt.CHEST: "Cut at the chest",
    CutAt.WRISTS: "A hand is cut off",
    CutAt.HEAD: "The head is cut",
    CutAt.SIDE: "Cut at the side",
    CutAt.UNKNOWN: "Cannot tell where the body is cut",
}
_AGAINST_EDGE = 0.015  # of the picture's height
_LEVEL_DEG = 4.0


def composition_words(found: Composition, title_of: Callable[[int], str]) -> tuple[str, ...]:
    """How somebody lies in the frame, in sentences; what cannot be told is left out, but for the cut.

    Args:
        found: Of the person.
        title_of: What a person of the picture is called.
    """
    words = [CUTS[found.cut_at]]
    if found.headroom is not None:
        if found.headroom < 0:
            words.append("The picture ends below the top of the head")
        elif found.headroom < _AGAINST_EDGE:
            words.append("The head is against the upper edge")
        else:
            words.append(f"{100 * found.headroom:.0f} % of the height free above the head")
    words.append(f"Fills {max(1, round(100 * found.frame_share))} % of the picture")
    if found.tilt_deg is not None:
        side = "right" if found.tilt_deg > 0 else "left"
        is_level = abs(found.tilt_deg) < _LEVEL_DEG
        words.append(
            "Shoulders level" if is_level else f"Shoulders tilted by {abs(found.tilt_deg):.0f}°, lower on the {side}"
        )
    if found.overlapped_by:
        others = " and ".join(map(title_of, found.overlapped_by))
        words.append(f"Partly hidden by {others}")
    return tuple(words)


def age_words(age: AgeEstimate) -> str:
    """An apparent age as the range that holds four of five true ages."""
    return f"looks {age.low:.0f} to {age.high:.0f} years old" if age.is_known else "cannot tell"


def sex_words(sex: ClassEstimate) -> str:
    """An apparent sex."""
    return "cannot tell" if sex.answer is None else f"looks {sex.answer}"
