"""B-cubed precision and recall of a grouping (Bagga & Baldwin 1998, "Algorithms for scoring coreference chains")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

__all__ = ["BCubed", "adjusted_rand", "b_cubed"]


@dataclass(frozen=True, slots=True)
class BCubed:
    """B-cubed precision and recall in [0, 1], over `faces` faces."""

    precision: float
    recall: float
    faces: int

    @property
    def f(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def b_cubed(people: Sequence[Hashable], clusters: Sequence[int]) -> BCubed:
    """The precision and recall of the clusters, each averaged over the faces.

    Args:
        people: The true person of each face, at least one face.
        clusters: The cluster of each face; a face with a negative one is a cluster of its own.
    """
    own = [cluster if cluster >= 0 else -1 - place for place, cluster in enumerate(clusters)]
    pairs = list(zip(people, own, strict=True))
    both, of_person, of_cluster = Counter(pairs), Counter(people), Counter(own)
    precision = sum(both[pair] / of_cluster[pair[1]] for pair in pairs) / len(pairs)
    recall = sum(both[pair] / of_person[pair[0]] for pair in pairs) / len(pairs)
    return BCubed(precision, recall, len(pairs))


def adjusted_rand(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """The adjusted Rand index of two groupings of the same faces: 1 if equal, 0 by chance (Hubert & Arabie 1985)."""

    def pairs(counts: Counter[Hashable]) -> float:
        return sum(count * (count - 1) / 2 for count in counts.values())

    both = pairs(Counter(zip(first, second, strict=True)))
    one, other = pairs(Counter(first)), pairs(Counter(second))
    total = len(first) * (len(first) - 1) / 2
    expected = one * other / total if total else 0.0
    most = (one + other) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
