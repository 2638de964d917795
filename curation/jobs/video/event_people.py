"""The people of the event whom films that are handed in may show: their vectors, their names, and the first free id."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.domain.labelling.labels import Category, Labels
from curation.errors import CurationError
from curation.storage.face_data_file import FACE_DATA, first_engine
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record

if TYPE_CHECKING:
    from curation.domain.film.joining import KnownPeople
    from curation.engines.base import EngineSpec
    from curation.settings import Settings

__all__ = ["PeopleToJoin", "people_to_join", "pinned_engine"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PeopleToJoin:
    """Whom the characters of a film may be.

    Attributes:
        known: The people of the event's photos; None if there are none, or other weights made their vectors.
        labels: Of the event.
        first_new_id: Characters who are nobody known get ids from here on.
    """

    known: KnownPeople | None
    labels: Labels
    first_new_id: int


_NOBODY = PeopleToJoin(None, Labels({}, Category.OTHER), 0)


def pinned_engine(settings: Settings) -> str | None:
    """The engine that embedded the event's faces; None without an event: films may then use any."""
    path = settings.io.output_dir / FACE_DATA
    if not path.is_file():
        return None
    try:
        engine = first_engine(path) or (read_run_record(settings.io.output_dir / CLUSTERING_RUN) or {}).get("engine")
    except CurationError as error:
        logger.warning("films do not join the people of the event: %s", error)
        return None
    return engine if isinstance(engine, str) else None


def people_to_join(settings: Settings, spec: EngineSpec) -> PeopleToJoin:
    """Read the people of the event.

    Args:
        settings: With the folders of the event.
        spec: The engine that embeds the faces of films.

    Raises:
        FaceDataError: If a table of the photos is not valid.
        CorrectionsError: If corrections.json is not valid.
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If a file cannot be read.
    """
    from curation.event.film.clip_people import known_people
    from curation.pipelines.scoring.event import read_event, read_event_labels

    output = settings.io.output_dir
    if not (output / FACE_DATA).is_file():
        return _NOBODY
    event = read_event(output)
    record = read_run_record(output / CLUSTERING_RUN) or {}
    labels, is_labelled = read_event_labels(settings, event)
    ids = [row.cluster_id for rows in event.faces.values() for row in rows]
    first = max(next_cluster_id(record), max(ids, default=-1) + 1, max(labels.by_cluster, default=-1) + 1)
    weights = record.get("weights")
    fits = event.engine in (None, spec.name) and (
        not isinstance(weights, dict) or all(weights.get(file.name) in (None, file.sha256) for file in spec.weights)
    )
    if not fits:
        logger.warning("films are embedded by other weights than the photos, so they do not join the event's people")
    return PeopleToJoin(known_people(output, event) if fits else None, labels if is_labelled else _NOBODY.labels, first)
