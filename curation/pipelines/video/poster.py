"""The faces of a poster, and which characters of a film they show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from curation.decoders import decoders_here
from curation.domain.faces.face import DetectedFace
from curation.domain.film.people import PosterFace, PosterResult, PosterStatus, TrailerResult
from curation.domain.film.posters import MatchRule, PosterMatch, PosterMatching, gallery_of, match_faces
from curation.engines.alignment import detail_scale
from curation.engines.base import EngineSpec, FaceEngine
from curation.engines.weights.poster_limits import poster_limits
from curation.photos.elsewhere import open_elsewhere
from curation.photos.files.content import read_content
from curation.photos.files.decoding import open_photo
from curation.photos.files.lazy_photo import OpenPhoto
from curation.photos.looks.thumbnails import face_chip_jpeg
from curation.pipelines.video.options import PosterOptions

__all__ = ["infer_on_poster", "poster_rule"]

_CHIP_PX = 256
_MAX_MEGAPIXELS = 120.0  # as io.max_photo_megapixels
_NOBODY = PosterMatch(None, None, None, None)
_CONFIDENCE_DIGITS = 4
_AREA_DIGITS = 6


def infer_on_poster(
    poster: Path | bytes,
    trailer: TrailerResult,
    *,
    engine: FaceEngine,
    options: PosterOptions,
    selected: Collection[int] | None = None,
    max_megapixels: float = _MAX_MEGAPIXELS,
) -> PosterResult:
    """Find the faces of a poster and match them with the characters of a film.

    Each face is looked at by itself: on a collage the same character may be seen several times. What the film knows of
    a character (age, sex, ethnicity) is carried over; nothing is read from the poster.

    Args:
        poster: A picture file in any format that photos may have, or its content.
        trailer: The film, embedded with the same weights.
        engine: As for photos, so that large posters are looked at in tiles.
        options: What counts as a face, and when it is a character.
        selected: Cluster ids of the characters that faces are compared with; None for all.
        max_megapixels: Larger pictures are refused, JPEGs are decoded at a smaller size instead.

    Returns:
        All faces that were found, also those that match nobody.

    Raises:
        PhotoError: If it is no picture, damaged or too large, or a network fails.
    """
    photo = _opened(poster, max_megapixels)
    found = engine.analyse(photo)
    area = photo.width * photo.height
    statuses = [_status(face, area, options) for face in found]
    rule, matching = poster_rule(options, engine.spec)
    compared = [number for number, status in enumerate(statuses) if status is PosterStatus.UNMATCHED]
    matches = dict(
        zip(
            compared,
            match_faces(
                [found[number].embedding for number in compared], gallery_of(trailer, selected), rule, matching
            ),
            strict=True,
        )
    )
    people = {person.cluster_id: person for person in trailer.people}
    faces = []
    for number, (face, status) in enumerate(zip(found, statuses, strict=True)):
        match = matches.get(number, _NOBODY)
        person = None if match.cluster_id is None else people[match.cluster_id]
        faces.append(
            PosterFace(
                face_index=number,
                box=face.box,
                confidence=round(float(face.confidence), _CONFIDENCE_DIGITS),
                status=status if person is None else PosterStatus.MATCHED,
                cluster_id=match.cluster_id,
                distance=match.distance,
                next_distance=match.next_distance,
                nearest_face_distance=match.nearest_face_distance,
                occupied_area=round(face.box.w * face.box.h / area, _AREA_DIGITS),
                attributes=None if person is None else person.attributes,
                chip_jpeg=_chip(photo, face),
            )
        )
    return PosterResult(
        width=photo.width,
        height=photo.height,
        faces=tuple(faces),
        unmatched=sum(face.status is PosterStatus.UNMATCHED for face in faces),
    )


def poster_rule(options: PosterOptions, spec: EngineSpec) -> tuple[MatchRule, PosterMatching]:
    """When a face is a character: as measured for the weights, with the distance that the options name, if they do."""
    matching = PosterMatching(options.match)
    limits = poster_limits(spec)
    rule = limits.person if matching is PosterMatching.PERSON else limits.nearest_face
    return (rule if options.distance is None else replace(rule, distance=options.distance)), matching


def _opened(poster: Path | bytes, max_megapixels: float) -> OpenPhoto:
    if isinstance(poster, bytes) or decoders_here() is not None:
        return open_elsewhere(poster, max_megapixels=max_megapixels, patient=True)
    _, content = read_content(poster)
    return open_photo(poster, max_megapixels=max_megapixels, content=content)


def _status(face: DetectedFace, area: int, options: PosterOptions) -> PosterStatus:
    """Whether a face is compared with anybody: `unmatched` until it is."""
    share = face.box.w * face.box.h / area
    if share < options.min_area:
        return PosterStatus.TOO_SMALL
    if share > options.max_area or face.confidence < options.min_conf:
        return PosterStatus.TOO_POOR
    return PosterStatus.UNMATCHED


def _chip(photo: OpenPhoto, face: DetectedFace) -> bytes:
    # The engine has decoded as much as the faces need; nothing is decoded again.
    pixels = photo.already_decoded(detail_scale([face.landmarks]))
    return face_chip_jpeg(pixels, face.box, long_side_px=_CHIP_PX)
