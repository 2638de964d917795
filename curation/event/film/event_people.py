"""The people of an event, for a film that is not one of its clips: whom its characters may join, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.domain.film.joining import KnownPeople
from curation.domain.labelling.labels import Labels
from curation.errors import NotClusteredError
from curation.event.film.clip_people import known_people
from curation.pipelines.scoring.event import read_event, read_event_labels
from curation.settings import Settings
from curation.storage.face_data_file import FACE_DATA
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record

__all__ = ["EventPeople", "people_of_event"]


@dataclass(frozen=True, slots=True, eq=False)
class EventPeople:
    """The people of an event's photos.

    Attributes:
        known: Whom characters may join.
        labels: Names and categories that the user gave; empty without any.
        engine: Name of the engine of the photos; None if there are no faces.
        weights: SHA-256 of its files by their names, as far as the clustering recorded them.
        first_new_id: Characters who are nobody of the photos get ids from here on.
    """

    known: KnownPeople
    labels: Labels | None
    engine: str | None
    weights: Mapping[str, str]
    first_new_id: int


def people_of_event(settings: Settings) -> EventPeople:
    """Read the people of an event; nothing is changed.

    Args:
        settings: `io.output_dir` is that of the event.

    Raises:
        NotClusteredError: If its photos were not clustered yet.
        FaceDataError: If face_data.csv or embeddings.npy is not valid.
        CorrectionsError: If corrections.json is not valid.
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If a file cannot be read.
    """
    output_dir = settings.io.output_dir
    if not (output_dir / FACE_DATA).is_file():
        raise NotClusteredError(f"there is no {output_dir / FACE_DATA}: name the output folder of a clustered event")
    event = read_event(output_dir)
    known = known_people(output_dir, event)
    labels, is_labelled = read_event_labels(settings, event)
    record = read_run_record(output_dir / CLUSTERING_RUN)
    weights = (record or {}).get("weights")
    highest = max((*known.cluster_ids.tolist(), *event.known_ids, -1))
    return EventPeople(
        known,
        labels if is_labelled else None,
        event.engine,
        {str(name): str(digest) for name, digest in weights.items()} if isinstance(weights, dict) else {},
        max(next_cluster_id(record), highest + 1),
    )
