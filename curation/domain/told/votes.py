"""Names for clusters by vote: named regions in files that lie over faces name the clusters of these faces.

1. A region belongs to a face if they overlap (intersection over union) by at least `LEAST_OVERLAP`, or if the centre of
   each lies in the other and their areas differ by no more than `MOST_AREA_RATIO`; programs draw regions of heads and
   of faces. Each region has one face and each face one region: the pairs that overlap most go first.
2. A region votes for its name at the cluster of its face, once for each photo. A name without a region votes only if it
   is the only name of the photo, and the photo has one face.
3. A name is proposed for a cluster if it has at least `LEAST_VOTES` votes (one is enough for a cluster in one photo),
   and `MAJORITY` times as many as all other names together.
4. Nobody is twice in a photo: of clusters that share a photo, a name goes to that with the most votes, and to none if
   another has more than one vote in `MAJORITY`. Two people of one name, or a person and a wrong tag, are not told apart
   by votes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from curation.domain.faces.face import Box
from curation.domain.labelling.labels import same_name
from curation.domain.told.file_told import FileTold, ToldRegion

__all__ = ["LEAST_OVERLAP", "LEAST_VOTES", "MAJORITY", "MOST_AREA_RATIO", "NameVote", "PlacedFace", "matched", "votes"]

LEAST_OVERLAP: Final = 0.3
MOST_AREA_RATIO: Final = 6.0
LEAST_VOTES: Final = 2
MAJORITY: Final = 3


class PlacedFace(NamedTuple):
    """A face of a photo: its box in pixels of the upright photo, and its cluster, negative for none."""

    box: Box
    cluster_id: int


@dataclass(frozen=True, slots=True)
class NameVote:
    """A name that the files propose for a cluster.

    Attributes:
        cluster_id: Of the cluster.
        name: As most files spell it.
        photos: The photos that say it, sorted.
        against: In how many photos another name lies over a face of the cluster.
        programs: Who said it, as far as it is known, sorted.
    """

    cluster_id: int
    name: str
    photos: tuple[str, ...]
    against: int
    programs: tuple[str, ...]


def matched(regions: Sequence[ToldRegion], boxes: Sequence[Box]) -> dict[int, int]:
    """Which region belongs to which face: the index of the box by the index of the region; see rule 1."""
    pairs = []
    for number, region in enumerate(regions):
        for place, box in enumerate(boxes):
            share = _overlap(region.box, box)
            if share >= LEAST_OVERLAP or (share > 0 and _same_middle(region.box, box)):
                pairs.append((-share, number, place))
    out: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, place in sorted(pairs):
        if number not in out and place not in taken:
            out[number] = place
            taken.add(place)
    return out


def votes(
    told: Mapping[str, FileTold],
    faces: Mapping[str, Sequence[PlacedFace]],
    photos_of_cluster: Mapping[int, frozenset[str]],
) -> list[NameVote]:
    """The names that win, those with the most votes first.

    Args:
        told: What the files say, by image path.
        faces: All faces of each of these photos, by image path.
        photos_of_cluster: The photos of each cluster.
    """
    ballots: defaultdict[int, defaultdict[str, list[_Ballot]]] = defaultdict(lambda: defaultdict(list))
    for path, said in told.items():
        for cluster, name, program in _of_photo(said, faces.get(path, ())):
            ballots[cluster][same_name(name)].append(_Ballot(path, name, program))
    won: list[tuple[str, NameVote]] = []
    for cluster, names in ballots.items():
        counts = {key: len({ballot.path for ballot in cast}) for key, cast in names.items()}
        key = max(counts, key=lambda each: (counts[each], each))
        against = len({ballot.path for other, cast in names.items() if other != key for ballot in cast})
        needed = LEAST_VOTES if len(photos_of_cluster.get(cluster, ())) > 1 else 1
        if counts[key] >= needed and counts[key] >= MAJORITY * against:
            won.append((key, _vote(cluster, names[key], against)))
    kept = [
        vote for key, vote in won if _is_alone(vote, (each for name, each in won if name == key), photos_of_cluster)
    ]
    return sorted(kept, key=lambda vote: (-len(vote.photos), vote.cluster_id))


class _Ballot(NamedTuple):
    path: str
    name: str
    program: str


def _of_photo(said: FileTold, faces: Sequence[PlacedFace]) -> Iterable[tuple[int, str, str]]:
    """Cluster, name and program of each vote of a photo."""
    places = matched(said.regions, [face.box for face in faces])
    for number, place in places.items():
        cluster, region = faces[place].cluster_id, said.regions[number]
        if cluster >= 0:
            yield cluster, region.name, region.program
    people = said.people
    if not said.regions and len(people) == 1 and len(faces) == 1 and faces[0].cluster_id >= 0:
        yield faces[0].cluster_id, people[0], said.programs[0] if len(said.programs) == 1 else ""


def _vote(cluster: int, cast: Sequence[_Ballot], against: int) -> NameVote:
    spellings: defaultdict[str, int] = defaultdict(int)
    for ballot in cast:
        spellings[ballot.name] += 1
    return NameVote(
        cluster,
        max(spellings, key=lambda name: (spellings[name], name)),
        tuple(sorted({ballot.path for ballot in cast})),
        against,
        tuple(sorted({ballot.program for ballot in cast if ballot.program})),
    )


def _is_alone(vote: NameVote, same: Iterable[NameVote], photos_of_cluster: Mapping[int, frozenset[str]]) -> bool:
    """Whether no other cluster with a claim to the name shares a photo with this one; see rule 4."""
    mine = photos_of_cluster.get(vote.cluster_id, frozenset())
    for other in same:
        if other.cluster_id == vote.cluster_id or not mine & photos_of_cluster.get(other.cluster_id, frozenset()):
            continue
        if len(vote.photos) < MAJORITY * len(other.photos):
            return False
    return True


def _overlap(first: Box, second: Box) -> float:
    """Intersection over union, in [0, 1]."""
    w = min(first.x + first.w, second.x + second.w) - max(first.x, second.x)
    h = min(first.y + first.h, second.y + second.h) - max(first.y, second.y)
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (first.w * first.h + second.w * second.h - w * h)


def _same_middle(first: Box, second: Box) -> bool:
    areas = sorted((first.w * first.h, second.w * second.h))
    return areas[1] <= MOST_AREA_RATIO * areas[0] and _has_middle(first, second) and _has_middle(second, first)


def _has_middle(outer: Box, inner: Box) -> bool:
    x, y = inner.x + inner.w / 2, inner.y + inner.h / 2
    return outer.x <= x <= outer.x + outer.w and outer.y <= y <= outer.y + outer.h
