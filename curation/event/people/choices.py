"""Whom a face may be given to: the people of the event with pictures, those who look like it first."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.faces.index import FaceEntry
from curation.domain.labelling.labels import Category
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.people.suggestions import MergeSuggester
from curation.event.people.view import display_name

__all__ = ["PersonChoice", "person_choices"]


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """A person to choose.

    Attributes:
        cluster: The id; of several clusters of one name that with the most photos.
        title: The name, or `person N`.
        name: None without a name.
        category: None without a label.
        photos: Number of photos of the cluster.
        face_id: Of the person's picture.
        likeness: Average cosine similarity to the face in question; None if there is none, or it cannot be told.
    """

    cluster: int
    title: str
    name: str | None
    category: Category | None
    photos: int
    face_id: str
    likeness: float | None


def person_choices(
    catalog: Catalog, suggester: MergeSuggester, analyses: AnalysisLookup, query: str, face: FaceEntry | None
) -> list[PersonChoice]:
    """The people whose name or number begins like this, or a word in it.

    Args:
        catalog: Of the event.
        suggester: Knows how alike people are.
        analyses: Knows the vectors of faces.
        query: What was typed; empty for everybody.
        face: The face that is to be given to somebody; its own person is left out, and likeness orders the others.

    Raises:
        NotClusteredError: If there was no clustering yet.
        FaceDataError: If a table is not valid.
        CorrectionsError: If corrections.json is not valid.
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If a file cannot be read.
    """
    labels = catalog.labels()
    vector = None if face is None else analyses.vector(face)
    alike = {} if vector is None else suggester.likeness(vector)
    wanted = " ".join(query.split()).casefold()
    best: dict[str, PersonChoice] = {}
    for person in catalog.clusters():
        known = labels.person(person.id)
        if known is None or (face is not None and person.id == face.cluster_id):
            continue
        title = display_name(labels, person.id)
        if not _begins(title.casefold(), wanted):
            continue
        likeness, label = alike.get(person.id), person.label
        choice = PersonChoice(
            person.id,
            title,
            None if label is None else label.name,
            None if label is None else label.category,
            person.photos,
            person.best_face,
            likeness,
        )
        before = best.get(known.key)
        if before is None:
            best[known.key] = choice
        elif likeness is not None and likeness > (before.likeness or -1.0):
            best[known.key] = _liker(before, likeness)
    if not alike:
        return list(best.values())
    return sorted(best.values(), key=lambda one: -1.0 if one.likeness is None else one.likeness, reverse=True)


def _liker(choice: PersonChoice, likeness: float) -> PersonChoice:
    """The same person, who looks more like the face in another cluster of the name."""
    return PersonChoice(
        choice.cluster, choice.title, choice.name, choice.category, choice.photos, choice.face_id, likeness
    )


def _begins(title: str, wanted: str) -> bool:
    return title.startswith(wanted) or any(word.startswith(wanted) for word in title.split())
