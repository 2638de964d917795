"""Faces grouped by person: B-cubed over labelled photos, at the default settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from benchmarks.evaluation.b_cubed import b_cubed
from benchmarks.evaluation.base import ClusteredEvent, Evaluation, Table, Unavailable

__all__ = ["tables"]

EASY_SETS = ("five_celebs", "deepface_pairs", "lfw", "codebasics_sports", "groups")
_NOBODY = "person"
"""What labels.csv says where the name is not known."""
_HEADER = ("set", "photos", "faces", "people", "clusters", "precision", "recall", "F", "judged faces")


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """One table per engine."""
    for engine in evaluation.engines:
        rows = [_row(evaluation, engine, name) for name in EASY_SETS]
        yield Table(f"`{engine}`, sets with one labelled person and one found face in a photo:", _HEADER, rows)


def _row(evaluation: Evaluation, engine: str, name: str) -> list[str]:
    labels = evaluation.labels(name)
    event = evaluation.clustered(engine, evaluation.set_folder(name), name)
    people, clusters = single_faces(labels, event)
    if not people:
        raise Unavailable(f"no face of {name} can be judged")
    found = b_cubed(people, clusters)
    figures = [f"{value:.3f}" for value in (found.precision, found.recall, found.f)]
    counts = [event.report.total, event.report.faces, len(set(people)), len({c for c in clusters if c >= 0})]
    return [name, *map(str, counts), *figures, str(found.faces)]


def single_faces(labels: dict[str, set[str]], event: ClusteredEvent) -> tuple[list[str], list[int]]:
    """Persons and clusters of the faces that are alone in a photo with exactly one label."""
    faces = Counter(row.image_path for row in event.rows)
    judged = [
        (next(iter(labels[row.image_path])), row.cluster_id)
        for row in event.rows
        if faces[row.image_path] == 1 and len(labels.get(row.image_path, ())) == 1
    ]
    named = [(person, cluster) for person, cluster in judged if person != _NOBODY]
    return [person for person, _ in named], [cluster for _, cluster in named]
