"""The faces of posters: filtered, matched, counted."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.decoders import decoders_set
from curation.domain.attributes.values import AgeEstimate, FaceAttributes
from curation.domain.faces.face import Box
from curation.domain.film.people import PosterStatus, TrailerResult
from curation.errors import PhotoUnreadableError
from curation.pipelines.video.options import PosterOptions
from curation.pipelines.video.poster import infer_on_poster, poster_rule
from curation.workers.decoders.pool import DecoderPool
from tests import fake_inference
from tests.fakes import FakeEngine, fake_spec, painted_photo

OLD = FaceAttributes(age=AgeEstimate(40, 30, 50, 0.7, True, (40.0,), (1.0,), "made"))


def film_of(*people: int) -> TrailerResult:
    """A film with these painted people, who are about forty."""
    result = fake_inference.film_of(*people)
    return replace(result, people=tuple(replace(person, attributes=OLD) for person in result.people))


def png(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(array).save(content, "PNG")
    return content.getvalue()


def poster_of(faces: Sequence[tuple[Box, int]]) -> bytes:
    return png(painted_photo(400, 600, faces))


def test_characters_strangers_and_what_is_carried_over() -> None:
    poster = poster_of([(Box(20, 30, 60, 80), 3), (Box(200, 30, 60, 80), 7), (Box(300, 300, 40, 60), 5)])
    result = infer_on_poster(poster, film_of(3, 5), engine=FakeEngine(), options=PosterOptions())
    assert (result.width, result.height, result.unmatched) == (400, 600, 1)
    assert [face.status for face in result.faces] == [
        PosterStatus.MATCHED,
        PosterStatus.UNMATCHED,
        PosterStatus.MATCHED,
    ]
    assert [face.cluster_id for face in result.faces] == [0, None, 1]
    assert result.faces[0].attributes == OLD
    assert result.faces[1].attributes is None
    assert result.faces[0].occupied_area == pytest.approx(60 * 80 / (400 * 600), abs=1e-6)
    assert all(face.chip_jpeg.startswith(b"\xff\xd8") for face in result.faces)
    assert [face.face_index for face in result.faces] == [0, 1, 2]


def test_a_collage_may_show_a_character_twice() -> None:
    poster = poster_of([(Box(20, 30, 60, 80), 3), (Box(200, 30, 60, 80), 3)])
    result = infer_on_poster(poster, film_of(3), engine=FakeEngine(), options=PosterOptions())
    assert [face.cluster_id for face in result.faces] == [0, 0]


def test_faces_that_do_not_qualify_are_told_and_not_compared() -> None:
    poster = poster_of([(Box(20, 30, 6, 8), 3), (Box(100, 30, 60, 80), 3)])
    small = infer_on_poster(poster, film_of(3), engine=FakeEngine(), options=PosterOptions(min_area=0.01))
    assert [face.status for face in small.faces] == [PosterStatus.TOO_SMALL, PosterStatus.MATCHED]
    assert small.faces[0].distance is None
    assert small.unmatched == 0
    for options in (PosterOptions(max_area=0.01), PosterOptions(min_conf=0.995)):
        poor = infer_on_poster(poster, film_of(3), engine=FakeEngine(), options=options)
        assert poor.faces[1].status is PosterStatus.TOO_POOR


def test_only_selected_characters() -> None:
    poster = poster_of([(Box(20, 30, 60, 80), 3), (Box(200, 30, 60, 80), 5)])
    result = infer_on_poster(poster, film_of(3, 5), engine=FakeEngine(), options=PosterOptions(), selected={1})
    assert [face.cluster_id for face in result.faces] == [None, 1]
    assert result.unmatched == 1


def test_a_poster_without_anybody_and_a_film_without_anybody() -> None:
    empty = infer_on_poster(poster_of([]), film_of(3), engine=FakeEngine(), options=PosterOptions())
    assert (empty.faces, empty.unmatched) == ((), 0)
    poster = poster_of([(Box(20, 30, 60, 80), 3)])
    nobody = infer_on_poster(poster, film_of(), engine=FakeEngine(), options=PosterOptions())
    assert nobody.faces[0].status is PosterStatus.UNMATCHED
    assert nobody.faces[0].distance is None


def test_from_a_file_that_lies_on_its_side(tmp_path: Path) -> None:
    array = painted_photo(400, 600, [(Box(20, 30, 60, 80), 3)])
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    path = tmp_path / "poster.png"
    Image.fromarray(np.rot90(array).copy()).save(path, exif=exif)
    result = infer_on_poster(path, film_of(3), engine=FakeEngine(), options=PosterOptions())
    assert (result.width, result.height) == (400, 600)
    assert result.faces[0].box == Box(20, 30, 60, 80)


def test_what_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(PhotoUnreadableError):
        infer_on_poster(b"no picture", film_of(3), engine=FakeEngine(), options=PosterOptions())
    with pytest.raises(PhotoUnreadableError):
        infer_on_poster(tmp_path / "none.png", film_of(3), engine=FakeEngine(), options=PosterOptions())


def test_a_distance_of_the_options_goes_before_the_measured_one() -> None:
    rule, _ = poster_rule(PosterOptions(distance=0.3), fake_spec())
    assert rule.distance == 0.3
    rule, matching = poster_rule(PosterOptions(match="nearest_face"), fake_spec())
    assert (rule.margin, matching.value) == (0.0, "nearest_face")


@pytest.mark.parametrize("as_file", [True, False])
def test_a_poster_that_is_decoded_elsewhere_gives_the_same(tmp_path: Path, as_file: bool) -> None:
    poster: Path | bytes = poster_of([(Box(20, 30, 60, 80), 3), (Box(200, 30, 60, 80), 7)])
    if as_file:
        (tmp_path / "original").write_bytes(poster)  # type: ignore[arg-type]
        poster = tmp_path / "original"
    here = infer_on_poster(poster, film_of(3, 5), engine=FakeEngine(), options=PosterOptions())
    with DecoderPool() as pool, decoders_set(pool):
        there = infer_on_poster(poster, film_of(3, 5), engine=FakeEngine(), options=PosterOptions())
        assert pool.pids
    assert [astuple(face) for face in there.faces] == [astuple(face) for face in here.faces]
    assert (there.width, there.height, there.unmatched) == (here.width, here.height, here.unmatched)
