"""Attributes of all people of an event, from the rows of face_data.csv."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from curation.domain.attributes.face_rows import attributes_of_row
from curation.domain.attributes.people import aggregated
from curation.domain.attributes.values import FaceAttributes
from curation.domain.faces.face import FaceRow

__all__ = ["people_attributes"]

K = TypeVar("K", bound=Hashable)


def people_attributes(faces: Iterable[tuple[K | None, FaceRow]]) -> dict[K, FaceAttributes]:
    """The attributes of each person, weighted by the quality of the faces.

    Args:
        faces: The key of the person of each face, None for nobody, and the face's row.

    Returns:
        By key, for the people of whose faces anything was read.
    """
    read: dict[K, list[tuple[FaceAttributes, float]]] = {}
    for key, row in faces:
        if key is not None and row.attributes is not None:
            read.setdefault(key, []).append((attributes_of_row(row.attributes), row.face_quality))
    return {key: aggregated(told) for key, told in read.items()}
