"""Whom appearances in films may join: the people of the photos, and those who are known from clips only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.domain.film.joining import KnownPeople
from curation.domain.labelling.corrections import next_free_id
from curation.domain.labelling.labels import Category, Labels, parse_labels
from curation.engines.base import EngineSpec
from curation.errors import LabelsError
from curation.event.film.clip_people import known_people, without_other_event
from curation.pipelines.scoring.event import ScoringEvent, read_event, read_event_labels
from curation.pipelines.stage import content_key
from curation.settings import Settings
from curation.storage.face_data_file import FACE_DATA
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record
from curation.storage.said.corrections_file import read_corrections
from curation.storage.said.labels_file import read_labels
from curation.storage.said.remembered_file import read_remembered
from curation.storage.together.finishing import finish_pending
from curation.storage.video.remembered_clips import RememberedClips, read_clips

__all__ = ["EventSoFar", "JoinablePeople", "event_so_far", "joinable_people", "vectors_key", "with_clip_people"]

_FACES = 3
"""As how many faces the mean of a person of clips counts: an appearance has about so many."""


@dataclass(frozen=True, slots=True, eq=False)
class JoinablePeople:
    """Whom appearances in a film may join.

    Attributes:
        known: The people; None if the photos and clips were embedded by other weights, or there are none.
        labels: What the user calls them.
        first_new_id: No id from here on was ever given to anybody.
    """

    known: KnownPeople | None
    labels: Labels
    first_new_id: int


@dataclass(frozen=True, slots=True, eq=False)
class EventSoFar:
    """The people of an event before its clips are looked at.

    Attributes:
        photo_ids: The clusters of the photos.
        known: The people of the photos; None if there are none, or other weights embedded them.
        is_other_engine: Whether there are people on photos, but other weights embedded them.
        clips: What is remembered of the clips.
        labels: Of the user.
        first_new_id: No id from here on was ever given to anybody.
    """

    photo_ids: frozenset[int]
    known: KnownPeople | None
    is_other_engine: bool
    clips: RememberedClips
    labels: Labels
    first_new_id: int


def joinable_people(settings: Settings, spec: EngineSpec) -> JoinablePeople:
    """Whom films that are not among the photos may join: the people of photos and of clips.

    Args:
        settings: Name the folders.
        spec: The engine that embeds the faces of the film.

    Raises:
        LabelsError: If cluster_labels.json is not valid.
        CorrectionsError: If corrections.json is not valid.
        FaceDataError: If a table of the photos is not valid.
        StorageError: If a file cannot be read.
    """
    event = event_so_far(settings, spec)
    known = with_clip_people(event.known, event.clips, spec, event.clips.people.keys())
    return JoinablePeople(known, event.labels, event.first_new_id)


def event_so_far(settings: Settings, spec: EngineSpec) -> EventSoFar:
    """Read the people of an event; raises what `joinable_people` raises."""
    output = settings.io.output_dir
    has_photos = (output / FACE_DATA).is_file()
    event = read_event(output) if has_photos else ScoringEvent({}, {}, None, "", None, frozenset())
    photo_ids = frozenset(row.cluster_id for rows in event.faces.values() for row in rows if row.cluster_id >= 0)
    clips = without_other_event(read_clips(output), photo_ids)
    labels = _labels(settings, event, clips, has_photos=has_photos)
    record = read_run_record(output / CLUSTERING_RUN)
    is_same = _same_vectors(record, event, spec)
    return EventSoFar(
        photo_ids=photo_ids,
        known=known_people(output, event) if photo_ids and is_same else None,
        is_other_engine=bool(photo_ids) and not is_same,
        clips=clips,
        labels=labels,
        first_new_id=max(
            next_cluster_id(record),
            max(photo_ids, default=-1) + 1,
            next_free_id(read_corrections(output, {})),
            read_remembered(output).ids.highest + 1,
            max(labels.by_cluster, default=-1) + 1,
            clips.next_id,
        ),
    )


def vectors_key(spec: EngineSpec) -> str:
    """The same for engines whose embeddings can be compared."""
    return content_key([spec.name, sorted(weights.sha256 for weights in spec.weights)])


def with_clip_people(
    known: KnownPeople | None, clips: RememberedClips, spec: EngineSpec, clusters: Collection[int]
) -> KnownPeople | None:
    """The same with some people who are known from clips only, as far as their vectors can be compared.

    Args:
        known: The people of the photos.
        clips: What is remembered.
        spec: The engine of the film.
        clusters: Ids of the people of clips.
    """
    key = vectors_key(spec)
    taken = set() if known is None else set(known.cluster_ids.tolist())
    more = [
        cluster
        for cluster in sorted(clusters)
        if cluster not in taken and cluster in clips.people and clips.people[cluster].engine == key
    ]
    if not more:
        return known
    means = np.stack([clips.people[cluster].mean for cluster in more])
    ids, sizes = np.array(more, dtype=np.int64), np.full(len(more), _FACES, dtype=np.int64)
    if known is None:
        return KnownPeople(ids, means, sizes)
    return KnownPeople(
        np.concatenate([known.cluster_ids, ids]),
        np.concatenate([known.means, means]),
        np.concatenate([known.sizes, sizes]),
        known.apart,
    )


def _labels(settings: Settings, event: ScoringEvent, clips: RememberedClips, *, has_photos: bool) -> Labels:
    """The labels that the user wrote; nobody is anything without them."""
    if has_photos:
        labels, is_labelled = read_event_labels(settings, event)
        return labels if is_labelled else Labels({}, Category.OTHER)
    path = settings.io.output_dir / settings.scoring.labels_json
    finish_pending(settings.io.output_dir)
    data = read_labels(path)
    try:
        category = Category(settings.scoring.unlabelled_category)
        known = frozenset(range(clips.next_id))
        return parse_labels({} if data is None else data, known_ids=known, unlabelled_category=category)
    except LabelsError as error:
        raise LabelsError(f"{path}: {error}") from error


def _same_vectors(record: Mapping[str, Any] | None, event: ScoringEvent, spec: EngineSpec) -> bool:
    """Whether the faces of photos were embedded by the same weights."""
    if event.engine is not None and event.engine != spec.name:
        return False
    weights = (record or {}).get("weights")
    if not isinstance(weights, dict):
        return True  # a table without its record: the name has to do
    return all(weights.get(file.name) in (None, file.sha256) for file in spec.weights)
