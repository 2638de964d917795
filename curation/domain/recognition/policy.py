"""Who a cluster is: a name, a question, or nobody known.

A stranger must stay a stranger, so a name needs much: enough exemplars, a distance below a limit that falls with the
size of the gallery (each further person is another chance to be taken for somebody), and a clear lead over the second
best person. What is near but lacks one of these becomes a question. The limits belong to the weights of an embedder
and are measured; `curation.gallery.recognition_rules` has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.recognition.evidence import KnownIndex, Nearest
from curation.domain.recognition.known import ClusterFaces, KnownFaces, Recognition

__all__ = ["FEWEST_EXEMPLARS", "RecognitionRule", "recognise"]

FEWEST_EXEMPLARS = 3
"""Who has fewer exemplars is asked about, never named."""

_FEW = 4
"""How many of the nearest people are looked at."""


@dataclass(frozen=True, slots=True)
class RecognitionRule:
    """When a cluster is a known person; it belongs to the weights of the embedder.

    Attributes:
        compared: In whose space vectors are compared.
        name_limit: Up to which distance a cluster of many faces is named, in a gallery of `measured_people`.
        ask_limit: Up to which distance is asked, in such a gallery.
        single_less: By how much the limit of a name is lower for a cluster of one face; it falls with the root of
            their number.
        tenfold_less: By how much both are lower in a gallery of ten times as many people.
        margin: How much farther away the second best person has to be for a name.
        half: Distance at which half of the clusters are this person, at `measured_people`.
        spread: How fast the certainty falls around it.
        measured_people: Size of the gallery at which these were measured.
        names: Whether clusters are named at all; otherwise they are asked about.
        source: Where the limits come from, in words for the user.
    """

    compared: GroupingRule
    name_limit: float
    ask_limit: float
    single_less: float = 0.0
    tenfold_less: float = 0.0
    margin: float = 0.0
    half: float = 1.0
    spread: float = 0.05
    measured_people: int = 100
    names: bool = True
    source: str = ""

    def limit(self, people: int, faces: int) -> float:
        """Up to which distance a cluster is named.

        Args:
            people: In the gallery.
            faces: In the cluster.
        """
        return self.name_limit - self._larger(people) - self.single_less / math.sqrt(max(faces, 1))

    def furthest(self, people: int) -> float:
        """Up to which distance is asked, with so many people in the gallery."""
        return self.ask_limit - self._larger(people)

    def certainty(self, distance: float, lead: float, people: int) -> float:
        """That a cluster is its nearest person, in [0, 1].

        Args:
            distance: To that person.
            lead: How much farther away the second best one is.
            people: In the gallery.
        """
        half = self.half - self._larger(people)
        certain = 1.0 / (1.0 + math.exp(min(max((distance - half) / self.spread, -40.0), 40.0)))
        # Two people at one distance share it.
        share = 1.0 if self.margin <= 0 else 0.5 + 0.5 * min(max(lead / self.margin, 0.0), 1.0)
        return round(certain * share, 4)

    def _larger(self, people: int) -> float:
        return self.tenfold_less * max(math.log10(max(people, 1) / self.measured_people), 0.0)


def recognise(
    clusters: Sequence[ClusterFaces], known: KnownFaces, rule: RecognitionRule, index: KnownIndex | None = None
) -> tuple[Recognition, ...]:
    """Who the clusters of an event are.

    Of two clusters with a photo in common at most one is a given person: the nearer one. The other one is another
    person who is near as well, or a question, or nobody.

    Args:
        clusters: With their good faces.
        known: Everybody's exemplars, of the same embedder.
        rule: Of that embedder.
        index: Of `known` and `rule.compared`, if it is kept.

    Returns:
        The answers, in the order of `clusters`.
    """
    if index is None:
        index = KnownIndex(known, rule.compared)
    found = [Nearest(nearest.people[: _FEW + 1], nearest.distances[: _FEW + 1]) for nearest in index.nearest(clusters)]
    furthest = rule.furthest(index.people)
    photos = [set(cluster.photos) for cluster in clusters]
    pairs = sorted(
        (float(distance), cluster, place)
        for cluster, nearest in enumerate(found)
        for place, distance in enumerate(nearest.distances[:_FEW])
        if distance <= furthest
    )
    chosen: dict[int, int] = {}
    holders: dict[int, list[int]] = {}  # clusters, by person
    refused: set[int] = set()
    for _, cluster, place in pairs:
        person = int(found[cluster].people[place])
        if cluster in chosen:
            continue
        if any(photos[cluster] & photos[other] for other in holders.get(person, ())):
            refused.add(cluster)
            continue
        chosen[cluster] = place
        holders.setdefault(person, []).append(cluster)
    return tuple(
        _answer(cluster, found[number], chosen.get(number), number in refused, index, rule)
        for number, cluster in enumerate(clusters)
    )


def _answer(
    cluster: ClusterFaces, nearest: Nearest, place: int | None, refused: bool, index: KnownIndex, rule: RecognitionRule
) -> Recognition:
    faces = len(cluster.vectors)
    limit = round(rule.limit(index.people, faces), 6)
    if place is None and refused and nearest.distances[0] <= limit:
        place = 0  # nobody else comes into question, and it is too near to be silent
    if place is None:
        return Recognition(cluster.cluster_id, "unknown", limit=limit)
    person, distance = int(nearest.people[place]), float(nearest.distances[place])
    others = [float(other) for number, other in enumerate(nearest.distances) if number != place]
    runner_up = min(others, default=math.inf)
    sure = (
        rule.names
        and not refused
        and distance <= limit
        and runner_up - distance >= rule.margin
        and index.exemplars(person) >= FEWEST_EXEMPLARS
    )
    return Recognition(
        cluster.cluster_id,
        "name" if sure else "ask",
        index.known.person_ids[person],
        index.known.names[person],
        rule.certainty(distance, runner_up - distance, index.people),
        distance,
        limit,
        runner_up,
        index.exemplars(person),
    )
