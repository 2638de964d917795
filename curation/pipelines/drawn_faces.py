"""Faces that the user drew where the engine saw none: how they are kept, and how they join those that were found.

Each drawn face is an analysis of its own in the analysis store, of one face, under a key of its box. So taking one back
leaves all others as they are, and a run computes only those that the service has not embedded already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from curation.domain.faces.face import Box
from curation.domain.faces.geometry import box_iou
from curation.domain.identity.said import Said, content_of
from curation.domain.labelling.corrections import SAME_PLACE_IOU, Correction, CorrectionKind
from curation.pipelines.stage import content_key
from curation.storage.analysis_rows import CachedPhoto
from curation.storage.analysis_store import AnalysisStore

__all__ = ["drawn_boxes", "drawn_key", "is_there", "stored_face"]

DRAWN_VERSION = 1
"""Raise it when the same box may give another embedding, quality or chip."""


def drawn_key(analysis_key: str, box: Box) -> str:
    """The key of the analysis of a drawn face.

    Args:
        analysis_key: Of the faces that the engine finds by itself.
        box: Of the face, in pixels of the upright full-size photo.
    """
    return content_key([DRAWN_VERSION, analysis_key, list(box)])


def is_there(box: Box, found: Iterable[Box]) -> bool:
    """Whether a drawn face was found by the engine, too, and needs no place of its own."""
    return any(box_iou(box, other) >= SAME_PLACE_IOU for other in found)


def stored_face(store: AnalysisStore, sha256: str, analysis_key: str, box: Box) -> tuple[str, int, CachedPhoto] | None:
    """Where the store has a face: the key, its number there and the analysis; None if it has not.

    Args:
        store: Has the analyses.
        sha256: Of the content of the photo.
        analysis_key: Of the faces that the engine finds by itself.
        box: Of the face.

    Raises:
        StorageError: If the store fails.
    """
    for key in (analysis_key, drawn_key(analysis_key, box)):
        analysis = store.analysis(sha256, key)
        number = next((n for n, face in enumerate(analysis.faces) if face.box == box), None) if analysis else None
        if analysis is not None and number is not None:
            return key, number, analysis
    return None


def drawn_boxes(
    corrections: Sequence[Correction], said: Said, contents: Mapping[str, str]
) -> dict[str, tuple[Box, ...]]:
    """The drawn faces by the SHA-256 of their photo, in the order in which they were drawn.

    Args:
        corrections: Of the user.
        said: What they are about, as the last run left it.
        contents: SHA-256 by path of the photos of this run.
    """
    there = set(contents.values())
    boxes: dict[str, list[Box]] = {}
    for correction in corrections:
        if correction.kind is not CorrectionKind.FACE or correction.undone:
            continue
        face = correction.faces[0]
        anchor = said.corrections.get(correction.id, {}).get((face.image_path, face.facial_area))
        places: list[tuple[str | None, Box | None]]
        if anchor is None:
            places = [(contents.get(face.image_path), face.facial_area)]
        else:
            photo = said.photos.get(anchor[0])
            places = [(content_of(anchor[0]), anchor[1])]
            if photo is not None and photo.versions:
                places.append((photo.versions[-1], photo.faces.get(anchor[1])))
        for sha256, box in places:
            if sha256 in there and box is not None and box not in boxes.setdefault(str(sha256), []):
                boxes[str(sha256)].append(box)
    return {sha256: tuple(of_photo) for sha256, of_photo in boxes.items()}
