"""One movie: trailer and poster, each with its own errors; memory; the key of its results."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipStatus
from curation.domain.film.movies import Movie
from curation.errors import RunInterruptedError, StorageError
from curation.pipelines.video.inference import VideoInference, device_name
from curation.pipelines.video.options import PosterOptions
from tests.fake_inference import FakeLook, fake_inference, film_of, text_film
from tests.fakes import FakeEngine, fake_spec
from tests.unit.pipelines.video.test_poster import poster_of


@pytest.fixture
def look() -> FakeLook:
    return FakeLook()


@pytest.fixture
def inference(tmp_path: Path, look: FakeLook) -> VideoInference:
    (tmp_path / "good.mp4").write_bytes(text_film(3, 5))
    (tmp_path / "cut.mp4").write_bytes(text_film(3) + b" cut")
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    (tmp_path / "poster.png").write_bytes(poster_of([(Box(20, 30, 60, 80), 5), (Box(200, 30, 60, 80), 7)]))
    return fake_inference(tmp_path, look)


def test_a_movie_with_both(inference: VideoInference, tmp_path: Path) -> None:
    result = inference.predict_one_item(
        {"movie_id": "m", "trailer": "good.mp4", "poster": "poster.png"}, folders=[tmp_path]
    )
    assert (result.status, result.problems, result.has_failure) == (ClipStatus.OK, (), False)
    assert result.trailer is not None and len(result.trailer.people) == 2
    assert result.poster is not None and result.poster.unmatched == 1
    assert result.poster.faces[0].cluster_id == 1
    assert result.device == "cpu"


@pytest.mark.parametrize(
    ("trailer", "poster", "status", "has_failure", "problem"),
    [
        ("good.mp4", "", ClipStatus.OK, False, ""),
        ("", "poster.png", ClipStatus.OK, False, ""),
        ("cut.mp4", "", ClipStatus.PARTIAL, False, "trailer: the film breaks off after 2.0 s"),
        ("bad.mp4", "poster.png", ClipStatus.PARTIAL, True, "trailer: bad.mp4 is no film"),
        ("good.mp4", "none.png", ClipStatus.PARTIAL, True, "poster: there is no file"),
        ("bad.mp4", "", ClipStatus.FAILED, True, "trailer: bad.mp4 is no film"),
        ("bad.mp4", "bad.mp4", ClipStatus.FAILED, True, "poster: "),
        ("https://films.example/a.mp4", "", ClipStatus.FAILED, True, "set video.urls to public"),
    ],
)
def test_what_is_wrong_with_one_does_not_end_the_other(
    inference: VideoInference,
    tmp_path: Path,
    trailer: str,
    poster: str,
    status: ClipStatus,
    has_failure: bool,
    problem: str,
) -> None:
    result = inference.predict_one_item(Movie("m", trailer, poster), folders=[tmp_path])
    assert (result.status, result.has_failure) == (status, has_failure)
    assert problem in "\n".join(result.problems)
    assert bool(result.problems) == (status is not ClipStatus.OK)


def test_a_poster_without_a_film_shows_nobody_known(inference: VideoInference, tmp_path: Path) -> None:
    result = inference.predict_one_item(Movie("m", "", "poster.png"), folders=[tmp_path])
    assert result.poster is not None and result.poster.unmatched == 2


def test_errors_of_the_program_cost_one_movie(inference: VideoInference, look: FakeLook, tmp_path: Path) -> None:
    for error, told in (
        (ValueError("bug"), "unexpected error (ValueError: bug)"),
        (MemoryError(), "not enough memory"),
    ):
        look.errors[text_film(3, 5)] = error
        result = inference.predict_one_item(Movie("m", "good.mp4", ""), folders=[tmp_path])
        assert result.problems == (f"trailer: {told}",)


@pytest.mark.parametrize("error", [StorageError("disk full"), RunInterruptedError("stopped"), KeyboardInterrupt()])
def test_errors_of_the_machine_end_the_run(
    inference: VideoInference, look: FakeLook, tmp_path: Path, error: BaseException
) -> None:
    look.errors[text_film(3, 5)] = error
    with pytest.raises(type(error)):
        inference.predict_one_item(Movie("m", "good.mp4", ""), folders=[tmp_path])


def test_cancelling_between_trailer_and_poster(inference: VideoInference, look: FakeLook, tmp_path: Path) -> None:
    cancel = threading.Event()
    look.before = cancel.set
    with pytest.raises(RunInterruptedError):
        inference.predict_one_item(Movie("m", "good.mp4", "poster.png"), folders=[tmp_path], cancel=cancel)


def test_memory_is_freed_after_each_movie_and_each_error(tmp_path: Path, look: FakeLook) -> None:
    freed: list[str] = []
    engines: list[FakeEngine] = []
    inference = fake_inference(
        tmp_path,
        look,
        providers=("CUDAExecutionProvider",),
        free_memory=lambda: freed.append("freed"),
        engines=engines,
    )
    (tmp_path / "poster.png").write_bytes(poster_of([]))
    for _ in range(2):
        inference.predict_one_item(Movie("m", "", "poster.png"), folders=[tmp_path])
    assert (len(freed), len(engines)) == (2, 2)  # on a GPU only closing the engine gives its memory back
    inference.predict_one_item(Movie("m", "none.mp4", "none.png"), folders=[tmp_path])
    assert len(freed) == 5


def test_on_a_processor_the_engine_stays(tmp_path: Path) -> None:
    engines: list[FakeEngine] = []
    inference = fake_inference(tmp_path, engines=engines)
    for _ in range(2):
        inference.infer_on_poster(poster_of([]), film_of(3))
    assert len(engines) == 1


def test_the_key_of_settings() -> None:
    here = Path("here")
    key = fake_inference(here).settings_key
    assert key == fake_inference(Path("elsewhere")).settings_key
    assert key != fake_inference(here, providers=("CUDAExecutionProvider",)).settings_key
    assert key != fake_inference(here, posters=PosterOptions(distance=0.5)).settings_key
    assert key != fake_inference(here, posters=PosterOptions(match="nearest_face")).settings_key


@pytest.mark.parametrize(
    ("providers", "name"),
    [(("CPUExecutionProvider",), "cpu"), (("CUDAExecutionProvider", "CPUExecutionProvider"), "cuda"), ((), "cpu")],
)
def test_the_device_by_its_name(providers: tuple[str, ...], name: str) -> None:
    assert device_name(replace(fake_spec(), providers=providers)) == name


def test_a_mapping_without_an_id(inference: VideoInference) -> None:
    with pytest.raises(ValueError, match="needs an item_id"):
        inference.predict_one_item({"trailer": "x"})
