"""The characters of films compared with the gallery of known people."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.recognition.known import ClusterFaces, Recognition
from curation.engines.base import DLIB
from curation.engines.weights.registry import DLIB_DESCRIPTOR_FILE
from curation.errors import CurationError
from curation.event.known_people.open_gallery import OpenGallery
from curation.pipelines.recognition.clusters import MOST_FACES
from curation.settings import Settings

__all__ = ["recognised_characters", "try_recognised_characters"]

logger = logging.getLogger(__name__)


def recognised_characters(settings: Settings, gallery: OpenGallery, result: TrailerResult) -> dict[int, Recognition]:
    """Who the characters of a film may be, with or without a name, by cluster id; nobody unknown is in it.

    Args:
        settings: Name the embedder's file.
        gallery: Of known people.
        result: The film.

    Raises:
        GalleryOffError: If the settings do not switch the gallery on.
        GalleryError: If it cannot be read.
    """
    known = gallery.store().known_faces(_embedder(settings, result))
    faces = [one for person in result.people if (one := _faces(result, person)) is not None]
    if not faces or not len(known.person_ids):
        return {}
    return {one.cluster_id: one for one in gallery.recognise(faces, known) if one.answer != "unknown"}


def try_recognised_characters(settings: Settings, result: TrailerResult) -> Mapping[int, Recognition]:
    """The same for characters without a name, if the settings ask for it; an error is logged, as the film matters more.

    Args:
        settings: The section `gallery`.
        result: The film.
    """
    if not settings.gallery.enabled or settings.gallery.propose_for != "all":
        return {}
    gallery = OpenGallery(settings)
    try:
        found = recognised_characters(settings, gallery, result)
    except CurationError as error:
        logger.warning("known people were not recognised in the film: %s", error)
        return {}
    finally:
        gallery.close()
    named = {person.cluster_id for person in result.people if person.name}
    return {cluster: one for cluster, one in found.items() if cluster not in named}


def _embedder(settings: Settings, result: TrailerResult) -> str:
    """SHA-256 of the embedder of a film, among its weights."""
    weights = dict(result.weights)
    if len(weights) == 1:
        return next(iter(weights.values()))
    file = Path(settings.engine.retinaface_arcface.embedder_weights).name
    return weights.get(DLIB_DESCRIPTOR_FILE if result.engine == DLIB else file, "")


def _faces(result: TrailerResult, person: FilmPerson) -> ClusterFaces | None:
    """The best faces of a character; None without any."""
    faces = [face for index in person.tracks for face in result.film.tracks[index].faces]
    best = sorted(faces, key=lambda face: (-face.face.quality.score, face.frame_index))[:MOST_FACES]
    if not best:
        return None
    vectors = np.stack([face.face.detected.embedding for face in best]).astype(np.float32)
    return ClusterFaces(person.cluster_id, vectors, tuple(str(face.frame_index) for face in best))
