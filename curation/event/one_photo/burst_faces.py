"""The people of a burst, photo by photo: where their faces are, and which frame is best for most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.domain.bursts.best_faces import (
    BurstFrame,
    FaceLimits,
    GroupBurst,
    SeenFace,
    burst_sentence,
    group_burst,
)
from curation.domain.faces.ids import photo_id
from curation.domain.faces.index import FaceEntry
from curation.domain.labelling.labels import Category, Person
from curation.domain.measuring.measures import FaceMeasures
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog, PhotoEntry

__all__ = ["BurstFaces", "burst_faces"]


@dataclass(frozen=True, slots=True, eq=False)
class BurstFaces:
    """The people of the burst that a photo belongs to.

    Attributes:
        burst_id: Its number; None for a photo outside of bursts.
        photos: Its photos, best first; the photo alone outside of bursts.
        people: Everybody in it by key, the most important first.
        frames: The face of each person in each photo, by path and by key.
        group: Who looks best where.
        sentence: What there is to say of it in words; may be empty.
    """

    burst_id: int | None
    photos: tuple[PhotoEntry, ...]
    people: Mapping[str, Person]
    frames: Mapping[str, Mapping[str, SeenFace]]
    group: GroupBurst
    sentence: str


def burst_faces(catalog: Catalog, analyses: AnalysisLookup, entry: PhotoEntry, limits: FaceLimits) -> BurstFaces:
    """Compare the faces of the burst of a photo.

    Those who count are the main and important people; if nobody in the burst matters that much, everybody who is in
    more than one of its photos.

    Raises:
        FaceDataError: If a table is not valid.
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If a file or the analysis store cannot be read.
    """
    photos = _photos(catalog, entry)
    labels = catalog.labels()
    people: dict[str, Person] = {}
    frames: dict[str, dict[str, SeenFace]] = {}
    for photo in photos:
        measures = analyses.facts(photo).measures or (None,) * len(photo.faces)
        seen: dict[str, SeenFace] = {}
        for face, measured in zip(photo.faces, measures, strict=True):
            person = labels.person(face.cluster_id) if face.cluster_id >= 0 else None
            if person is None:
                continue
            people.setdefault(person.key, person)
            one = _seen(face, measured)
            if person.key not in seen or one.size_px > seen[person.key].size_px:
                seen[person.key] = one
        frames[photo.image_path] = seen
    order = list(Category)
    counts = {key: sum(key in seen for seen in frames.values()) for key in people}
    ordered = dict(sorted(people.items(), key=lambda item: (order.index(item[1].category), -counts[item[0]], item[0])))
    matter = [key for key, person in ordered.items() if person.category is not Category.OTHER]
    group = group_burst(
        [BurstFrame(photo.image_path, frames[photo.image_path]) for photo in photos],
        counted=matter or [key for key in ordered if counts[key] > 1],
        main=frozenset(key for key, person in ordered.items() if person.category is Category.MAIN),
        limits=limits,
    )
    names = {key: person.display_name for key, person in ordered.items()}
    burst_id = None if entry.score is None else entry.score.burst_id
    return BurstFaces(burst_id, photos, ordered, frames, group, burst_sentence(group, len(photos), names))


def _photos(catalog: Catalog, entry: PhotoEntry) -> tuple[PhotoEntry, ...]:
    score = entry.score
    if score is None or score.burst_id is None:
        return (entry,)
    found = (catalog.photo(photo_id(photo.image_path)) for photo in catalog.bursts().get(score.burst_id, ()))
    return tuple(photo for photo in found if photo is not None)


def _seen(face: FaceEntry, measures: FaceMeasures | None) -> SeenFace:
    box = face.row.facial_area
    if measures is None:
        return SeenFace(face.face_id, None, None, None, min(box.w, box.h))
    return SeenFace(face.face_id, measures.eyes.value, measures.smile.value, measures.focus.value, min(box.w, box.h))
