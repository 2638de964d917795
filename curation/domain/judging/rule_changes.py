"""What a different set of rules changes: which photos enter and leave the top of the ranking, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.scoring import ScorePart

__all__ = ["JudgedPhoto", "TopChange", "compare_tops", "explain_move"]

_SHOWN_PARTS = 3
_WORTH_NAMING = 0.2  # of the change that the strongest part makes
_SAME = 0.0005  # scores are read with three digits


@dataclass(frozen=True, slots=True)
class JudgedPhoto:
    """A photo as one set of rules judges it.

    Attributes:
        score: The score, with its rank.
        parts: The values that its final score is the mean of, see `curation.domain.judging.scoring.score_parts`.
    """

    score: PhotoScore
    parts: tuple[ScorePart, ...]


@dataclass(frozen=True, slots=True)
class TopChange:
    """Two rankings of the same photos, compared at the top.

    Attributes:
        entered: Image paths that only the second ranking has in its top, by their new rank.
        left: Image paths that only the first ranking has in its top, by their old rank.
        moved: How many photos have another rank, in the whole ranking.
        newly_vetoed: How many photos are vetoed in the second ranking only.
        no_longer_vetoed: How many photos are vetoed in the first ranking only.
    """

    entered: tuple[str, ...]
    left: tuple[str, ...]
    moved: int
    newly_vetoed: int
    no_longer_vetoed: int


def compare_tops(before: Sequence[PhotoScore], after: Sequence[PhotoScore], top: int) -> TopChange:
    """Compare two rankings.

    Args:
        before: Best first.
        after: The same photos, best first.
        top: How many of the best photos are compared.
    """
    first = {score.image_path for score in before[:top]}
    second = {score.image_path for score in after[:top]}
    old = {score.image_path: score for score in before}
    pairs = [(old[score.image_path], score) for score in after if score.image_path in old]
    return TopChange(
        entered=tuple(score.image_path for score in after[:top] if score.image_path not in first),
        left=tuple(score.image_path for score in before[:top] if score.image_path not in second),
        moved=sum(one.rank != other.rank for one, other in pairs),
        newly_vetoed=sum(not one.vetoes and bool(other.vetoes) for one, other in pairs),
        no_longer_vetoed=sum(bool(one.vetoes) and not other.vetoes for one, other in pairs),
    )


def explain_move(before: JudgedPhoto, after: JudgedPhoto) -> tuple[str, ...]:
    """Why a photo has another rank under the new rules, the most important reason first; at least one sentence.

    Args:
        before: The photo under the old rules.
        after: The photo under the new ones.
    """
    old, new = before.score, after.score
    if old.final_score is None or new.final_score is None:
        return ("it could not be read",)
    reasons = []
    if old.vetoes and not new.vetoes:
        reasons.append(f"no rule vetoes it any more ({old.vetoes})")
    elif new.vetoes and not old.vetoes:
        reasons.append(f"vetoed: {new.vetoes}")
    elif not old.well_shown_count and new.well_shown_count:
        reasons.append("now it shows somebody who matters well")
    elif old.well_shown_count and not new.well_shown_count:
        reasons.append("nobody who matters is shown well any more")
    is_other_tier = bool(reasons)
    change = new.final_score - old.final_score
    if abs(change) >= _SAME:
        because = _parts_that_matter(before, after, change)
        reasons.append(
            f"its score {'rises' if change > 0 else 'falls'} from {old.final_score:.3f} to {new.final_score:.3f}"
        )
        if because:
            reasons[-1] += ": " + "; ".join(because)
    if not is_other_tier:
        up = new.rank < old.rank
        # A photo can fall although its score rises: then other scores rose more.
        if abs(change) < _SAME or (change > 0) != up:
            others = "photos that stood above it fall" if up else "other photos rise above it"
            reasons.append(f"{'its score stays; ' if abs(change) < _SAME else ''}{others}")
    return tuple(reasons)


def _parts_that_matter(before: JudgedPhoto, after: JudgedPhoto, change: float) -> list[str]:
    """The parts that contributed most to the change of the score, the strongest first.

    With s the share of a part's weight, v its value and F the score, F' - F is exactly the sum of
    (s' - s) (v - F) + s' (v' - v) over all parts.
    """
    old, new = _shares(before.parts), _shares(after.parts)
    score = before.score.final_score or 0.0
    found: list[tuple[float, str]] = []
    for name in dict.fromkeys([*old, *new]):
        share, value = old.get(name, (0.0, new.get(name, (0.0, 0.0))[1]))
        new_share, new_value = new.get(name, (0.0, value))
        by_weight = (new_share - share) * (value - score)
        by_value = new_share * (new_value - value)
        word = name.replace("_", " ")
        if abs(by_weight) >= abs(by_value):
            text = f"{word} makes up {new_share:.0%} of it instead of {share:.0%}, and is {new_value:.2f} here"
        else:
            text = f"{word} is judged {new_value:.2f} instead of {value:.2f}"
        found.append(((by_weight + by_value) * (1 if change > 0 else -1), text))
    found.sort(key=lambda item: -item[0])
    strongest = found[0][0] if found else 0.0
    return [text for gain, text in found[:_SHOWN_PARTS] if gain > 0 and gain >= _WORTH_NAMING * strongest]


def _shares(parts: Sequence[ScorePart]) -> dict[str, tuple[float, float]]:
    """By name, the share of the total weight, and the value."""
    total = sum(part.weight for part in parts)
    return {part.name: (part.weight / total, part.value) for part in parts} if total > 0 else {}
