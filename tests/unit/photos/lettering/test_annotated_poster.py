from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.faces.face import Box
from curation.domain.film.people import PosterFace, PosterResult, PosterStatus, TrailerResult
from curation.errors import PhotoTooLargeError, PhotoUnreadableError
from curation.photos.lettering.annotated_poster import annotated_poster
from curation.photos.lettering.named_boxes import NOBODY_COLOUR, colour_of
from tests.film_values import made_film, made_result, made_track

GREY = 90


def a_face(index: int, box: Box, cluster: int | None) -> PosterFace:
    status = PosterStatus.UNMATCHED if cluster is None else PosterStatus.MATCHED
    return PosterFace(index, box, 0.9, status, cluster, 0.5, None, 0.5, 0.1, None, b"")


def a_trailer() -> TrailerResult:
    tracks = [made_track(0, 1, 0), made_track(2, 3, 1)]
    return made_result(made_film(tracks), [([0], "Anna"), ([1], "Ben")])


def a_poster(width: int = 400, height: int = 300) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (GREY, GREY, GREY)).save(file, "PNG")
    return file.getvalue()


FOUND = PosterResult(400, 300, (a_face(0, Box(30, 100, 60, 80), 1), a_face(1, Box(250, 100, 60, 80), None)), 1)


def opened(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


class TestAnnotatedPoster:
    def test_people_have_their_colours_and_strangers_none(self) -> None:
        picture = opened(annotated_poster(a_poster(), FOUND, a_trailer(), max_megapixels=1, as_png=True))
        assert picture.shape == (300, 400, 3)
        assert tuple(picture[180 - 1, 60]) == colour_of(1)  # lower edges
        assert tuple(picture[180 - 1, 280]) == NOBODY_COLOUR
        changed = np.abs(picture.astype(int) - GREY).max(axis=2) > 40
        assert changed[:95, :150].sum() > 200  # the name
        assert not changed[:95, 200:].any()  # none

    def test_jpeg_and_png_show_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "p.png"
        path.write_bytes(a_poster())
        jpeg = annotated_poster(path, FOUND, a_trailer(), max_megapixels=1)
        png = annotated_poster(path, FOUND, a_trailer(), max_megapixels=1, as_png=True)
        assert (jpeg[:2], png[:4]) == (b"\xff\xd8", b"\x89PNG")
        assert np.abs(opened(jpeg).astype(int) - opened(png)).mean() < 2
        assert jpeg == annotated_poster(path, FOUND, a_trailer(), max_megapixels=1)

    def test_a_character_that_the_film_does_not_have(self) -> None:
        found = replace(FOUND, faces=(a_face(0, Box(30, 100, 60, 80), 7),))
        picture = opened(annotated_poster(a_poster(), found, a_trailer(), max_megapixels=1, as_png=True))
        assert tuple(picture[180 - 1, 60]) == NOBODY_COLOUR

    def test_what_cannot_be_drawn_on(self) -> None:
        with pytest.raises(PhotoUnreadableError):
            annotated_poster(b"no picture", FOUND, a_trailer(), max_megapixels=1)
        with pytest.raises(PhotoTooLargeError):
            annotated_poster(a_poster(2000, 2000), FOUND, a_trailer(), max_megapixels=1)
