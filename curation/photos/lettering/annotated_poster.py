"""A poster with boxes, and the names of the characters that its faces show."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import simplejpeg

from curation.domain.film.exchange.names import shown_people
from curation.domain.film.people import PosterResult, TrailerResult
from curation.photos.files.decoding import open_photo, open_photo_bytes
from curation.photos.lettering.named_boxes import NOBODY_COLOUR, BoxDrawer, NamedBox, colour_of
from curation.photos.lettering.words import writable
from curation.photos.looks.png_writing import colour_png

__all__ = ["annotated_poster"]

_QUALITY: Final = 92
_SUBSAMPLING: Final = "444"  # thin lines in colours would smear otherwise
_MAX_JPEG_PX: Final = 65_500  # the largest side of a JPEG


def annotated_poster(
    poster: Path | bytes,
    found: PosterResult,
    trailer: TrailerResult,
    *,
    max_megapixels: float,
    as_png: bool = False,
) -> bytes:
    """Draw on a poster.

    Args:
        poster: Its file, or the content of it.
        found: Its faces; those that are no character's get a grey box without a name.
        trailer: The film, for names and colours: they are those of its annotated version.
        max_megapixels: Larger posters are refused.
        as_png: PNG instead of JPEG.

    Returns:
        The picture, upright, at full size, without metadata.

    Raises:
        PhotoUnreadableError: If it cannot be decoded completely.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    if isinstance(poster, bytes):
        photo = open_photo_bytes(poster, max_megapixels=max_megapixels)
    else:
        photo = open_photo(poster, max_megapixels=max_megapixels)
    pixels = photo.full() if max(photo.width, photo.height) <= _MAX_JPEG_PX else photo.reduced(_MAX_JPEG_PX)
    canvas = np.array(pixels.array, dtype=np.uint8, order="C")
    height, width = canvas.shape[:2]
    named = {
        cluster: (number, writable(person.name, f"Person {person.cluster_ids[0]}"))
        for number, person in enumerate(shown_people(trailer))
        for cluster in person.cluster_ids
    }
    faces = []
    for face in found.faces:
        x, y, w, h = (value * pixels.scale for value in face.box)
        number, name = (None, "") if face.cluster_id is None else named.get(face.cluster_id, (None, ""))
        colour = NOBODY_COLOUR if number is None else colour_of(number)
        faces.append(NamedBox(face.face_index, (x, y, w, h), name, colour))
    BoxDrawer(width, height).draw(canvas, sorted(faces, key=lambda each: -each.box[2] * each.box[3]))
    if as_png:
        return colour_png([canvas], width, height, has_alpha=False)
    jpeg: bytes = simplejpeg.encode_jpeg(canvas, quality=_QUALITY, colorspace="RGB", colorsubsampling=_SUBSAMPLING)
    return jpeg
