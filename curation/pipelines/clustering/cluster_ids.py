"""The ids of a run's clusters: so that every person keeps the id that the user knows, or gets it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.identity.remembered import Remembered
from curation.domain.identity.remembered_ids import Claims, RememberedIds, face_keys, ids_of_groups
from curation.domain.identity.said import Said
from curation.domain.labelling.corrections import (
    NOBODY,
    Correction,
    FacePlaces,
    constraints,
    next_free_id,
    table_clusters,
)
from curation.domain.labelling.labels import same_name
from curation.errors import OtherEventError
from curation.pipelines.clustering.earlier_run import EarlierRun
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.clustering.identity import EarlierFaces, matched_ids
from curation.pipelines.clustering.present_photos import PresentEvent
from curation.pipelines.clustering.shown_likeness import ShownLikeness
from curation.storage.face_data_file import FACE_DATA
from curation.storage.run_records import next_cluster_id
from curation.storage.said.corrections_file import CORRECTIONS

__all__ = ["ClusterIds", "assigned_ids", "shown_names", "shown_rows"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterIds:
    """The clusters of a run.

    Attributes:
        ids: (N,) cluster of each face with the corrections applied, -1 for none.
        next_id: The first id that was never used.
        remembered: The ids of all faces, those of this run included.
    """

    ids: NDArray[np.int64]
    next_id: int
    remembered: RememberedIds


def shown_rows(said: Said, places: FacePlaces) -> dict[int, NDArray[np.intp]]:
    """For each labelled cluster the rows of the faces that were shown when it was labelled and are there."""
    out = {}
    for cluster, label in said.labels.items():
        found = {place for face in label.faces if (place := said.face_now(face)) is not None}
        rows = sorted({row for place in found if (row := places.row(place)) is not None})
        if rows:
            out[cluster] = np.array(rows, dtype=np.intp)
    return out


def shown_names(
    said: Said, shown: Mapping[int, NDArray[np.intp]], pinned: NDArray[np.int64]
) -> dict[str, NDArray[np.intp]]:
    """For each name the rows of the faces that were shown under it, without those that a correction gave to others.

    Args:
        said: All words.
        shown: See `shown_rows`.
        pinned: (N,) the cluster that corrections give each face, below 0 for none.
    """
    rows: dict[str, list[NDArray[np.intp]]] = {}
    for cluster, of_cluster in shown.items():
        label = said.labels[cluster].said
        name = label.get("name") if isinstance(label, dict) else None
        if isinstance(name, str) and name.strip():
            own = of_cluster[(pinned[of_cluster] == NOBODY) | (pinned[of_cluster] == cluster)]
            rows.setdefault(same_name(name), []).append(own)
    return {name: np.unique(np.concatenate(parts)) for name, parts in rows.items()}


def assigned_ids(
    earlier: EarlierRun,
    said: Said,
    groups: NDArray[np.int64],
    faces: EventFaces,
    places: FacePlaces,
    corrections: Sequence[Correction],
    present: PresentEvent,
    rule: GroupingRule,
    input_dir: str,
) -> ClusterIds:
    """The cluster id of each face, with all corrections applied.

    Args:
        earlier: What earlier runs left.
        said: All words, with where their photos and faces are now.
        groups: (N,) of the faces, -1 for none.
        faces: Of this run.
        places: Of `faces`.
        corrections: Of the user, with where their faces are now.
        present: The photos of this run.
        rule: How near faces of one person are, whatever the user's settings say.
        input_dir: Of this run, for messages.

    Raises:
        OtherEventError: If there are labels or corrections, and they belong to other photos.
    """
    keys = face_keys(_contents(faces))
    first, last = _known_ids(earlier.remembered, earlier, faces, keys)
    pinned = constraints(corrections, places).cluster
    shown = shown_rows(said, places)
    photos = faces.image_paths()
    # Names of people who are only in clips are about no photo.
    of_clips = said.labels.keys() & earlier.clips.people.keys()
    has_words = bool(said.labels.keys() - of_clips or said.corrections)
    is_new = all(map(present.is_new, faces.sha256))
    if is_new and not ((first >= 0).any() or shown or (pinned != NOBODY).any()):
        if has_words:
            raise _other_event(earlier, said, input_dir)
        # Another event, or the first run: nothing is known that has to stay.
        claims = Claims(pinned, first, last, {})
        next_id = earlier.clips.next_id if of_clips else 0
        ids, grouping = ids_of_groups(groups, photos, keys, claims, {}, next_id=next_id)
        remembered = RememberedIds()
    else:
        first, last = _undone(corrections, places, first, last)
        next_id = max(
            next_cluster_id(earlier.record),
            earlier.highest_id() + 1,
            max(said.labels, default=-1) + 1,
            next_free_id(corrections),
            earlier.remembered.ids.highest + 1,
            earlier.clips.next_id,
        )
        remembered = earlier.remembered.ids
        likeness = ShownLikeness(said, shown, present, faces, rule)
        shown = shown | likeness.found(groups, (first >= 0) | (last >= 0))
        claims = Claims(pinned, first, last, shown, likeness.looks_like)
        ids, grouping = ids_of_groups(groups, photos, keys, claims, remembered.groupings, next_id=next_id)
    as_grouped = np.array([ids[group] if group >= 0 else NOBODY for group in groups.tolist()], dtype=np.int64)
    corrected = table_clusters(as_grouped, [c for c in corrections if not c.undone], places)
    next_id = max(next_id, max(ids.values(), default=-1) + 1, next_free_id(corrections))
    return ClusterIds(np.maximum(corrected, NOBODY), next_id, remembered.with_run(keys, as_grouped, grouping))


def _contents(faces: EventFaces) -> list[tuple[str, Box]]:
    """SHA-256 of the photo and box of each face."""
    return [
        (faces.sha256[photo], Box(*box)) for photo, box in zip(faces.photo.tolist(), faces.boxes.tolist(), strict=True)
    ]


def _known_ids(
    remembered: Remembered, earlier: EarlierRun, faces: EventFaces, keys: NDArray[np.void]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last id of each face, -1 for none."""
    first, last = remembered.ids.find(keys)
    has_new = any(not remembered.has_seen(sha256) for sha256 in faces.sha256)
    if not (has_new or not earlier.is_comparable):
        return first, last
    rows, vectors = earlier.faces()
    places = faces.places()
    if vectors is None:
        # Only places can be compared, and those only of photos with the same content: another photo may have the path.
        contents = earlier.contents()
        rows = [row._replace(image_path=contents.get(row.image_path, "")) for row in rows]
        places = _contents(faces)
    # Of photos that were edited in place since the last run, of another engine, or of an older version's table.
    for face, old in matched_ids(EarlierFaces(rows, vectors), places, faces.embeddings).items():
        if first[face] < 0 <= old:
            first[face] = last[face] = old
    return first, last


def _undone(
    corrections: Sequence[Correction], places: FacePlaces, first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ids with the faces of corrections that were undone since the last run back where they came from."""
    for correction in corrections:
        if correction.undone and correction.applied:
            rows = places.find(correction.moved)
            for row, face in zip(rows.tolist(), correction.moved, strict=True):
                if row >= 0 and face.was >= 0:
                    first[row] = last[row] = face.was
    return first, last


def _other_event(earlier: EarlierRun, said: Said, input_dir: str) -> OtherEventError:
    what = "the labels" if said.labels else CORRECTIONS
    if not earlier.has_table and not said.photos:
        return OtherEventError(
            f"there are {what if said.labels else 'corrections'}, but the {FACE_DATA} that they belong to is missing: "
            "put it back, or move the labels away, or name another folder with --output"
        )
    return OtherEventError(
        f"{what} belong to other photos ({earlier.input_dir}): none of their faces is in {input_dir}. If they are on "
        "a disk that is not connected, connect it; else name another folder with --output, or move the labels and "
        "corrections away"
    )
