"""The corrections that follow from an action of the user on people and faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from curation.domain.faces.face import Box
from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.labelling.corrections import NOBODY, CorrectedFace, Correction, CorrectionKind
from curation.errors import NothingToSplitError

__all__ = [
    "cover_corrections",
    "different_people_corrections",
    "drawn_face_corrections",
    "merge_corrections",
    "move_corrections",
    "not_a_face_corrections",
    "not_a_person_corrections",
    "with_ids",
]

_WITNESSES = 200
"""At most so many faces of a person represent the person in a correction; more would only make the file longer."""
_ANSWERED_FACES = 20
"""At most so many faces of each of two people who differ; all pairs of them are kept apart."""


def merge_corrections(event: EventIndex, keep: int, others: Sequence[int]) -> list[Correction]:
    """Corrections that merge clusters into one person.

    Args:
        event: The current grouping.
        keep: The cluster whose id and label remain.
        others: The clusters that become a part of it.
    """
    faces = [entry for cluster in others for entry in event.faces_of_cluster(cluster)]
    kept = event.faces_of_cluster(keep)
    return [_correction(CorrectionKind.SAME_PERSON, kept, faces, keep)]


def move_corrections(
    event: EventIndex, faces: Sequence[FaceEntry], target: int, was: Mapping[str, int]
) -> list[Correction]:
    """Corrections that move faces to another person.

    Args:
        event: The current grouping.
        faces: The faces to move.
        target: The cluster to move them to; a new person if it has no faces.
        was: For faces that currently count nowhere, their cluster in the table, by face id.

    Raises:
        NothingToSplitError: If the new cluster would only be the old one with another id.
    """
    is_new = event.face_count(target) == 0
    out = []
    for source in sorted({entry.cluster_id for entry in faces}):
        chosen = [entry for entry in faces if entry.cluster_id == source]
        left = _left(event, source, chosen)
        if source == target:
            continue
        if source >= 0 and not left and is_new and len(chosen) == len(faces):
            raise NothingToSplitError(
                f"all faces of person {source} were chosen: name that person, or merge it with another one"
            )
        out.append(_correction(CorrectionKind.DIFFERENT_PEOPLE, chosen, _spread(left, _WITNESSES), target, was))
    if out and not is_new:
        others = _spread(_left(event, target, faces), _WITNESSES)
        out.append(_correction(CorrectionKind.SAME_PERSON, faces, others, target, was))
    return out


def not_a_face_corrections(faces: Sequence[FaceEntry], was: Mapping[str, int]) -> list[Correction]:
    """Corrections that mark what was found as not a face; `was` as for `move_corrections`."""
    return [_correction(CorrectionKind.NOT_A_FACE, faces, (), NOBODY, was)]


def not_a_person_corrections(event: EventIndex, clusters: Sequence[int]) -> list[Correction]:
    """Corrections that mark clusters as not a person."""
    return [
        _correction(CorrectionKind.NOT_A_PERSON, _spread(event.faces_of_cluster(cluster), _WITNESSES), (), cluster)
        for cluster in clusters
    ]


def different_people_corrections(event: EventIndex, first: int, second: int) -> list[Correction]:
    """Corrections that mark two clusters as different people."""
    return [
        _correction(
            CorrectionKind.DIFFERENT_PEOPLE,
            event.sample_faces(first, _ANSWERED_FACES),
            event.sample_faces(second, _ANSWERED_FACES),
            first,
        )
    ]


def drawn_face_corrections(event: EventIndex, image_path: str, box: Box, target: int | None) -> list[Correction]:
    """Corrections that say where a face is that was not found, and whose it is.

    Args:
        event: The current grouping.
        image_path: Path of the photo.
        box: In pixels of the upright full-size photo.
        target: The cluster of the person, a new one if it has no faces; None if nobody said who it is.
    """
    face = CorrectedFace(image_path, box)
    out = [Correction("", "", CorrectionKind.FACE, (face,))]
    if target is not None:
        known = _spread(event.faces_of_cluster(target), _WITNESSES)
        others = tuple(CorrectedFace(one.row.image_path, one.row.facial_area, one.cluster_id) for one in known)
        out.append(Correction("", "", CorrectionKind.SAME_PERSON, (face,), others, target))
    return out


def cover_corrections(face: FaceEntry) -> list[Correction]:
    """Corrections that make a face the cover of its person."""
    return [_correction(CorrectionKind.COVER, [face], (), NOBODY)]


def with_ids(corrections: Sequence[Correction], action: str, at: str) -> list[Correction]:
    """The same corrections with ids and time.

    Args:
        corrections: The corrections of one action.
        action: Id of the action; the corrections get the ids `action.0`, `action.1` and so on.
        at: Time of the action, UTC, ISO 8601.
    """
    return [replace(correction, id=f"{action}.{number}", at=at) for number, correction in enumerate(corrections)]


def _left(event: EventIndex, cluster: int, without: Sequence[FaceEntry]) -> list[FaceEntry]:
    gone = {entry.face_id for entry in without}
    return [entry for entry in event.faces_of_cluster(cluster) if entry.face_id not in gone]


def _spread(entries: Sequence[FaceEntry], count: int) -> list[FaceEntry]:
    """At most `count` entries: the first, and others spread evenly."""
    if len(entries) <= count:
        return list(entries)
    return [entries[int(place)] for place in np.linspace(0, len(entries) - 1, count).round()]


def _correction(
    kind: CorrectionKind,
    faces: Sequence[FaceEntry],
    others: Sequence[FaceEntry],
    cluster: int,
    was: Mapping[str, int] = MappingProxyType({}),
) -> Correction:
    def corrected(entry: FaceEntry) -> CorrectedFace:
        before = was.get(entry.face_id, entry.cluster_id)
        return CorrectedFace(entry.row.image_path, entry.row.facial_area, before)

    return Correction("", "", kind, tuple(map(corrected, faces)), tuple(map(corrected, others)), cluster)
