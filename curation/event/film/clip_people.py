"""Who the people of the clips are: the people of the photos first, then those whom earlier runs over the clips knew."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.geometry import box_iou
from curation.domain.film.joining import KnownPeople
from curation.domain.film.people import TrailerResult
from curation.domain.film.track import FilmAnalysis, Track
from curation.domain.labelling.corrections import FacePlaces, constraints
from curation.domain.labelling.labels import Labels
from curation.pipelines.said.words import read_placed_corrections
from curation.pipelines.scoring.event import ScoringEvent
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_data_file import EMBEDDINGS
from curation.storage.video.remembered_clips import ClipPerson, RememberedClips, RememberedTrack

__all__ = [
    "Proposal",
    "earlier_ids",
    "kept_names",
    "known_people",
    "own_ids",
    "remembered",
    "without_other_event",
]

_BLOCK_ROWS = 4096
_SAME_START_S = 1.0
_SAME_BOX_IOU = 0.3
"""Of a track's first face: other settings of looking, or another version, find the same track a little earlier."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A person of the photos who looks like somebody whom the user named in a clip.

    Attributes:
        clip_person: Cluster id in the clips.
        name: Of the clip's person; empty if only a category was given.
        cluster_id: Of the photos.
    """

    clip_person: int
    name: str
    cluster_id: int


def known_people(output_dir: Path, event: ScoringEvent) -> KnownPeople:
    """The people of the photos, as the user's corrections have them.

    Args:
        output_dir: With embeddings.npy and the corrections.
        event: The faces.

    Raises:
        FaceDataError: If embeddings.npy is not valid.
        CorrectionsError: If corrections.json is not valid.
        StorageError: If a file cannot be read.
    """
    rows = [row for of_photo in event.faces.values() for row in of_photo]
    ids = sorted({row.cluster_id for row in rows if row.cluster_id >= 0})
    if not ids:
        return KnownPeople(*_nobody())
    number = {cluster: place for place, cluster in enumerate(ids)}
    members = sorted((row.embedding_row, number[row.cluster_id]) for row in rows if row.cluster_id >= 0)
    with EmbeddingsFile(output_dir / EMBEDDINGS) as embeddings:
        sums = np.zeros((len(ids), embeddings.shape[1]))
        for start in range(0, len(members), _BLOCK_ROWS):
            block = members[start : start + _BLOCK_ROWS]
            np.add.at(sums, [place for _, place in block], embeddings[[row for row, _ in block]].astype(np.float64))
    sizes = np.bincount([place for _, place in members], minlength=len(ids)).astype(np.int64)
    means = (sums / sizes[:, None]).astype(np.float32)
    places = FacePlaces((row.image_path, row.facial_area) for row in rows)
    pairs = constraints(read_placed_corrections(output_dir), places).apart
    clusters = np.array([row.cluster_id for row in rows], dtype=np.int64)
    apart = np.sort(clusters[pairs].reshape(-1, 2), axis=1)
    apart = apart[(apart >= 0).all(axis=1) & (apart[:, 0] != apart[:, 1])]
    return KnownPeople(np.array(ids, dtype=np.int64), means, sizes, np.unique(apart, axis=0).astype(np.int64))


def _nobody() -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    return np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.int64)


def without_other_event(clips: RememberedClips, photo_ids: frozenset[int]) -> RememberedClips:
    """The same without people whose ids photos have now: these photos are of another event, and began anew."""
    taken = clips.people.keys() & photo_ids
    if not taken:
        return clips
    return replace(
        clips,
        tracks=tuple(track for track in clips.tracks if track.cluster_id not in taken),
        people={cluster: person for cluster, person in clips.people.items() if cluster not in taken},
    )


def earlier_ids(
    film: FilmAnalysis, content: str, clips: RememberedClips, photo_ids: frozenset[int]
) -> NDArray[np.int64]:
    """(N,) the person that each track of a film was in an earlier run, -1 for nobody.

    Args:
        film: Of this run.
        content: Of the clip.
        clips: What is remembered.
        photo_ids: The people of the photos, who are told by their means: what clips said of them does not count.
    """
    known = [track for track in clips.tracks if track.content == content and track.cluster_id not in photo_ids]
    exact = {(track.start, track.box): track.cluster_id for track in known}
    out = np.full(len(film.tracks), -1, dtype=np.int64)
    for row, track in enumerate(film.tracks):
        box = track.sightings[0].box
        found = exact.get((track.span.start, box))
        if found is None:
            found = _nearest(track, known)
        out[row] = -1 if found is None else found
    return out


def _nearest(track: Track, known: Sequence[RememberedTrack]) -> int | None:
    box = track.sightings[0].box
    near = [
        (abs(other.start - track.span.start), -iou, other.cluster_id)
        for other in known
        if abs(other.start - track.span.start) <= _SAME_START_S and (iou := box_iou(other.box, box)) >= _SAME_BOX_IOU
    ]
    return min(near)[2] if near else None


def kept_names(
    joined: Mapping[int, int],
    groups: NDArray[np.int64],
    earlier: NDArray[np.int64],
    labels: Labels,
    clips: RememberedClips,
) -> tuple[dict[int, int], tuple[Proposal, ...]]:
    """Which groups of tracks join people of the photos, so that nobody loses a name that was given in a clip.

    A group that most of its tracks had under a name of their own keeps its id, unless the person of the photos has the
    same name. If that person has no label, it is proposed to give it the name.

    Args:
        joined: Cluster of the photos by group.
        groups: (N,) group of each track, -1 for none.
        earlier: (N,) person of each track in an earlier run, -1 for none.
        labels: Of the user.
        clips: Who was in clips only.

    Returns:
        Cluster by group, and the proposals.
    """
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    for group, before in zip(groups.tolist(), earlier.tolist(), strict=True):
        if group >= 0 and before in clips.people and before in labels.by_cluster:
            votes[group][before] += 1
    out, proposals = dict(joined), []
    for group, cluster in joined.items():
        if not votes[group]:
            continue
        before = min(votes[group], key=lambda one: (-votes[group][one], one))
        named, own = labels.by_cluster[before], labels.by_cluster.get(cluster)
        person, other = labels.person(before), labels.person(cluster)
        if named.name is not None and person is not None and other is not None and person.key == other.key:
            continue
        del out[group]
        if own is None or own.name is None:
            proposals.append(Proposal(before, named.name or "", cluster))
    return out, tuple(sorted(set(proposals), key=lambda one: (one.clip_person, one.cluster_id)))


def own_ids(results: Sequence[TrailerResult], first_new_id: int, clips: RememberedClips) -> frozenset[int]:
    """The ids in these films that were given to people of clips, in this run or before."""
    used = {person.cluster_id for result in results for person in result.people}
    return frozenset(cluster for cluster in used if cluster >= first_new_id or cluster in clips.people)


def remembered(
    results: Mapping[str, TrailerResult], clips: RememberedClips, first_new_id: int, engine: str
) -> RememberedClips:
    """What is remembered after a run; what is known of clips that are away stays.

    Args:
        results: By the content of the clips.
        clips: What was remembered before.
        first_new_id: Ids from here on are new in this run.
        engine: Key of the vectors.
    """
    tracks = [track for track in clips.tracks if track.content not in results]
    people = dict(clips.people)
    sums: dict[int, NDArray[np.float64]] = {}
    own = own_ids(tuple(results.values()), first_new_id, clips)
    present = set()
    for content, result in results.items():
        for person in result.people:
            present.add(person.cluster_id)
            for index in person.tracks:
                track = result.film.tracks[index]
                box = track.sightings[0].box
                tracks.append(RememberedTrack(content, track.span.start, box, person.cluster_id))
            if person.cluster_id in own:
                weight = float(person.screen_time or Fraction(1, 1000))
                vector = person.mean.astype(np.float64) * weight
                sums[person.cluster_id] = sums.get(person.cluster_id, np.zeros(len(vector))) + vector
    for cluster, total in sums.items():
        people[cluster] = ClipPerson(engine, (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32))
    next_id = max([clips.next_id, first_new_id, *(cluster + 1 for cluster in own)])
    return RememberedClips(next_id, tuple(tracks), people, frozenset(present))
