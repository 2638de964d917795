from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipStatus
from curation.domain.film.track import FilmAnalysis
from curation.domain.report import Progress
from curation.errors import ClipRefusedError, ClipUnreadableError, RunInterruptedError
from curation.pipelines.video import analysis
from curation.pipelines.video.analysis import FilmAnalyser, looks_key
from tests.fake_film_engine import Actor, CountingEngine, acted_film, fake_analyser, fake_video_setup
from tests.film_files import cut_off, plain, write_film
from tests.film_run import film_hash

pytest.importorskip("av")

PICTURE = Fraction(1, 25)


def person_of(film: FilmAnalysis, track: int) -> int:
    return int(film.tracks[track].mean.argmax())


def spans(film: FilmAnalysis) -> list[tuple[int, float, float]]:
    """Person, begin and end of each track, in pictures."""
    return [
        (person_of(film, number), float(track.span.start * 25), float(track.span.end * 25))
        for number, track in enumerate(film.tracks)
    ]


def test_faces_are_followed_and_shots_end_tracks(tmp_path: Path) -> None:
    path = acted_film(
        tmp_path / "film.mp4",
        (30, [Actor(0, 0, 29), Actor(4, 0, 29, Box(120, 30, 30, 40))]),
        (25, [Actor(4, 0, 24)]),
    )

    film = fake_analyser(tmp_path / "state").analyse(path)

    assert film.status is ClipStatus.OK
    assert [shot.span for shot in film.shots] == [(0, 30 * PICTURE), (30 * PICTURE, 55 * PICTURE)]
    assert spans(film) == [(0, 0, 30), (4, 0, 30), (4, 30, 55)]
    assert all(track.start_tolerance_s == track.end_tolerance_s == 0 for track in film.tracks)
    assert film.facts.duration == 55 * PICTURE
    assert film.frames_decoded == 55


def test_begin_and_end_are_found_to_the_tolerance(tmp_path: Path) -> None:
    path = acted_film(
        tmp_path / "film.mp4",
        (75, [Actor(2, 17, 52, Box(40, 30, 18, 24), (1, 0)), Actor(7, 0, 74, Box(140, 20, 30, 40))]),
    )

    film = fake_analyser(tmp_path / "state").analyse(path)

    assert [person for person, *_ in spans(film)] == [7, 2]
    assert spans(film)[0] == (7, 0, 75)
    track = next(track for number, track in enumerate(film.tracks) if person_of(film, number) == 2)
    assert abs(float(track.span.start) - 17 / 25) <= track.start_tolerance_s + 1e-9 <= 0.12
    assert abs(float(track.span.end) - 53 / 25) <= track.end_tolerance_s + 1e-9 <= 0.12
    assert film.frames_looked_at < 20


def test_without_a_tolerance_they_are_found_to_the_picture(tmp_path: Path) -> None:
    path = acted_film(tmp_path / "film.mp4", (75, [Actor(2, 17, 52)]))

    film = fake_analyser(tmp_path / "state", boundary_tolerance_s=0.0).analyse(path)

    assert spans(film) == [(2, 17, 53)]
    assert film.tracks[0].start_tolerance_s == 0


def test_every_picture_and_few_pictures_agree(tmp_path: Path) -> None:
    path = acted_film(
        tmp_path / "film.mp4",
        (40, [Actor(0, 5, 31, step=(1.5, 0)), Actor(3, 0, 39, Box(150, 50, 30, 40))]),
        (35, [Actor(5, 12, 34, step=(-1, 1), start=Box(120, 10, 24, 30))]),
    )

    every = fake_analyser(tmp_path / "every", sample_step_s=0.0).analyse(path)
    sparse = fake_analyser(tmp_path / "sparse").analyse(path)

    assert every.frames_looked_at == 75
    assert sparse.frames_looked_at < 25
    assert len(every.tracks) == len(sparse.tracks) == 3
    assert spans(every) == [(3, 0, 40), (0, 5, 32), (5, 52, 75)]
    for one, other in zip(every.tracks, sparse.tracks, strict=True):
        assert one.mean.argmax() == other.mean.argmax()
        assert abs(float(one.span.start - other.span.start)) <= other.start_tolerance_s + 1e-9
        assert abs(float(one.span.end - other.span.end)) <= other.end_tolerance_s + 1e-9
    assert all(track.end_tolerance_s == 0 for track in every.tracks)


def test_several_pictures_at_once_give_the_same(tmp_path: Path) -> None:
    path = acted_film(
        tmp_path / "film.mp4",
        (60, [Actor(0, 5, 41, step=(1, 0)), Actor(3, 0, 59, Box(150, 50, 30, 40))]),
        (35, [Actor(5, 12, 34)]),
    )

    for number, step in enumerate((0.0, 0.2)):
        alone = fake_analyser(tmp_path / f"alone{number}", sample_step_s=step).analyse(path)
        together = fake_analyser(tmp_path / f"together{number}", sample_step_s=step, batch_size=4).analyse(path)
        assert film_hash(alone) == film_hash(together)


def test_a_fast_face_is_known_again_by_its_embedding(tmp_path: Path) -> None:
    path = acted_film(tmp_path / "film.mp4", (25, [Actor(1, 0, 24, Box(0, 30, 24, 32), step=(6, 0))]))

    film = fake_analyser(tmp_path / "state").analyse(path)

    assert spans(film) == [(1, 0, 25)]
    assert film.frames_looked_at == 3


def test_a_track_is_split_where_another_person_takes_its_place(tmp_path: Path) -> None:
    path = acted_film(tmp_path / "film.mp4", (50, [Actor(1, 0, 21), Actor(8, 22, 49)]))

    film = fake_analyser(tmp_path / "state").analyse(path)

    assert [person for person, *_ in spans(film)] == [1, 8]
    assert film.tracks[0].span.end == film.tracks[1].span.start
    assert abs(float(film.tracks[0].span.end) - 22 / 25) <= film.tracks[0].end_tolerance_s + 1e-9


def test_segments_of_one_shot_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = acted_film(
        tmp_path / "film.mp4",
        (60, [Actor(0, 0, 59, step=(1, 0)), Actor(6, 0, 24, Box(140, 10, 30, 40))]),
        (40, [Actor(6, 0, 39)]),
    )
    whole = fake_analyser(tmp_path / "whole").analyse(path)

    monkeypatch.setattr(analysis, "SEGMENT_S", 1)
    parts = fake_analyser(tmp_path / "parts").analyse(path)

    near = pytest.approx(25, abs=2)
    assert spans(parts) == [(0, 0, 60), (6, 0, near), (6, 60, 100)]
    assert spans(whole) == [(0, 0, 60), (6, 0, near), (6, 60, 100)]
    assert parts.shots == whole.shots
    assert parts.frames_decoded == 100
    assert [sighting.frame_index for sighting in parts.tracks[0].sightings][-1] == 59
    assert len(parts.tracks[0].faces) == 3
    for track in parts.tracks:
        assert all(sighting.time == sighting.frame_index * PICTURE for sighting in track.sightings)
        assert all(face.time == face.frame_index * PICTURE for face in track.faces)


def test_a_second_run_looks_at_nothing(tmp_path: Path) -> None:
    path = acted_film(tmp_path / "film.mp4", (50, [Actor(0, 0, 49)]))
    analyser = fake_analyser(tmp_path / "state")
    first = analyser.analyse(path)
    asked = CountingEngine.found
    moved = path.rename(tmp_path / "other name.mp4")

    second = analyser.analyse(moved)

    assert asked == CountingEngine.found
    assert spans(second) == spans(first)
    assert second.tracks[0].mean.tobytes() == first.tracks[0].mean.tobytes()
    fake_analyser(tmp_path / "state", min_conf=0.7).analyse(moved)
    assert asked < CountingEngine.found


def test_weak_small_and_large_faces_do_not_count(tmp_path: Path) -> None:
    path = acted_film(
        tmp_path / "film.mp4", (25, [Actor(0, 0, 24, Box(20, 20, 12, 16)), Actor(3, 0, 24, Box(60, 10, 80, 90))])
    )

    assert len(fake_analyser(tmp_path / "all").analyse(path).tracks) == 2
    assert [p for p, *_ in spans(fake_analyser(tmp_path / "s", min_area=0.02).analyse(path))] == [3]
    assert [p for p, *_ in spans(fake_analyser(tmp_path / "l", max_area=0.3).analyse(path))] == [0]
    assert not fake_analyser(tmp_path / "c", track_min_conf=0.999).analyse(path).tracks


def test_a_cut_off_film_is_partial(tmp_path: Path) -> None:
    whole = write_film(
        tmp_path / "whole.mp4",
        [*plain((80, 80, 80), 200)],
        container_options={"movflags": "faststart"},
        options={"crf": "1"},
    )
    path = cut_off(whole, tmp_path / "cut.mp4", share=0.6)

    film = fake_analyser(tmp_path / "state").analyse(path)

    assert film.status is ClipStatus.PARTIAL
    assert film.problem
    assert 0 < film.frames_decoded < 200


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    analyser = fake_analyser(tmp_path / "state")

    with pytest.raises(ClipUnreadableError):
        analyser.analyse(text)
    with pytest.raises(ClipUnreadableError):
        analyser.analyse(tmp_path / "missing.mp4")


def test_a_film_that_is_too_long_is_refused_even_if_it_is_known(tmp_path: Path) -> None:
    path = acted_film(tmp_path / "film.mp4", (50, []))
    fake_analyser(tmp_path / "state").analyse(path)
    setup = fake_video_setup(tmp_path / "state")
    object.__setattr__(setup, "max_minutes", 0.01)

    with pytest.raises(ClipRefusedError):
        FilmAnalyser(setup, fake_analyser(tmp_path)._make_pool).analyse(path)


def test_several_films_in_one_run(tmp_path: Path) -> None:
    first = acted_film(tmp_path / "first.mp4", (25, [Actor(0, 0, 24)]))
    second = acted_film(tmp_path / "second.mp4", (25, [Actor(5, 0, 24)]))
    missing = tmp_path / "missing.mp4"
    told: list[Progress] = []

    results = list(
        fake_analyser(tmp_path / "state").analyse_many([first, missing, second, first], progress=told.append)
    )

    assert [path for path, _ in results] == [first, missing, second, first]
    assert isinstance(results[1][1], ClipUnreadableError)
    people = [person_of(film, 0) for _, film in results if isinstance(film, FilmAnalysis)]
    assert people == [0, 5, 0]
    assert (told[-1].done, told[-1].total, told[-1].failed) == (2, 2, 1)


def test_a_cancelled_run_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "SEGMENT_S", 1)
    path = acted_film(tmp_path / "film.mp4", (100, [Actor(0, 0, 99)]))
    cancel = threading.Event()
    analyser = fake_analyser(tmp_path / "state")

    with pytest.raises(RunInterruptedError):
        analyser.analyse(path, progress=lambda told: cancel.set() if told.done else None, cancel=cancel)
    asked = CountingEngine.found
    film = analyser.analyse(path)

    assert spans(film) == [(0, 0, 100)]
    assert CountingEngine.found - asked < film.frames_looked_at


def test_the_key_names_all_that_findings_depend_on(tmp_path: Path) -> None:
    usual = looks_key(fake_video_setup(tmp_path))

    assert looks_key(fake_video_setup(tmp_path / "elsewhere", batch_size=8)) == usual
    for name, value in (("sample_step_s", 0.4), ("faces_per_track", 4), ("min_conf", 0.7), ("min_sharpness_cla", 0.2)):
        assert looks_key(fake_video_setup(tmp_path, **{name: value})) != usual
