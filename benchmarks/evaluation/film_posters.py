"""Stills and posters against the characters of films."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.measured_film import MeasuredFilm
from benchmarks.evaluation.tables import Table
from curation.domain.film.people import TrailerResult
from curation.domain.film.posters import MatchRule, PosterMatching, gallery_of, match_faces
from curation.engines.base import FaceEngine
from curation.photos.files.decoding import open_photo
from curation.pipelines.video.options import PosterOptions
from curation.pipelines.video.poster import poster_rule
from ground_truth.films.looking import FilmProgram
from ground_truth.films.stills import portrait_stills

__all__ = ["posters_table"]

_STILLS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "yakhyo": tuple(
            (name, f"yakhyo_friends/faces/{name}.png")
            for name in ("Chandler", "Joey", "Monica", "Phoebe", "Rachel", "Ross")
        ),
        "hamilton": (
            ("Obama", "hamilton/obama.jpg"),
            ("Lin", "hamilton/lin-manuel-miranda.png"),
            ("Lacamoire", "hamilton/alex-lacamoire.png"),
        ),
    }
)
_STRANGERS, _EACH = 100, 2
_MAX_MEGAPIXELS = 120.0


class _Case(NamedTuple):
    """A still of somebody: of the film, or a stranger."""

    film: MeasuredFilm
    person: str | None
    embedding: NDArray[np.float32]


def posters_table(data: Path, program: FilmProgram, measured: Sequence[MeasuredFilm]) -> Table:
    """Nearest right, accepted right, strangers accepted, by kind of still and by way of matching."""
    engine = program.poster_engine()
    clips = list(_of_clips(data, engine, measured))
    made = [
        _Case(film, person, still.vector)
        for film in measured
        for person, stills in film.held_out.items()
        for still in stills
    ]
    strangers = _strangers(data, engine, measured)
    foreign = [_Case(film, None, vector) for film in measured for vector in strangers]
    crossed = [_Case(film, None, case.embedding) for case in clips for film in measured if film is not case.film]
    rows = []
    for way in PosterMatching:
        rule, _ = poster_rule(PosterOptions(match=way.value), program.setup.poster_engine)
        for title, cases in (("stills of the clips' people", clips), ("stills held out of assembled films", made)):
            rows.append(_known_row(f"{way.value}: {title}", cases, rule, way))
        for title, cases in (("strangers of lfw", foreign), ("people of the other clips", crossed)):
            rows.append(_stranger_row(f"{way.value}: {title}", cases, rule, way))
    return Table(
        "Stills and posters: is the nearest character the right one, is it accepted, and how often is a stranger "
        "accepted? `person` (the default) compares with the mean of each character and asks for a lead over the second "
        "nearest; `nearest_face` compares with every face, as the usual design does. Stills of people whom the film "
        "shows; of assembled films, other photos of the same people. yakhyo and hamilton were used for choosing.",
        ("way and stills", "cases", "nearest right", "accepted and right", "accepted and wrong", "strangers accepted"),
        rows,
    )


def _of_clips(data: Path, engine: FaceEngine, measured: Sequence[MeasuredFilm]) -> Iterator[_Case]:
    for film in measured:
        for person, name in _STILLS.get(film.film.name, ()):
            path = data / "photos" / "videos" / name
            faces = engine.analyse(open_photo(path, max_megapixels=_MAX_MEGAPIXELS)) if path.is_file() else ()
            if faces:
                largest = max(faces, key=lambda face: face.box.w * face.box.h)
                yield _Case(film, person, largest.embedding)


def _strangers(data: Path, engine: FaceEngine, measured: Sequence[MeasuredFilm]) -> list[NDArray[np.float32]]:
    """One portrait each of people who are in no film of the reported half."""
    shown = {person for film in measured for person in film.film.people}
    people = portrait_stills(data / "photos", engine, test_half=True, people=_STRANGERS + len(shown), each=_EACH)
    return [stills[0].vector for person, stills in people.items() if person not in shown][:_STRANGERS]


def _character(film: MeasuredFilm, person: str | None) -> str | None:
    """The identity that shows a person."""
    return next((time.identity for time in film.score.times if time.person == person), None)


def _nearest(result: TrailerResult, embedding: NDArray[np.float32], way: PosterMatching) -> str | None:
    (match,) = match_faces([embedding], gallery_of(result), MatchRule(distance=2.0, margin=0.0), way)
    return None if match.cluster_id is None else str(match.cluster_id)


def _accepted(result: TrailerResult, case: _Case, rule: MatchRule, way: PosterMatching) -> str | None:
    (match,) = match_faces([case.embedding], gallery_of(result), rule, way)
    return None if match.cluster_id is None else str(match.cluster_id)


def _known_row(title: str, cases: Sequence[_Case], rule: MatchRule, way: PosterMatching) -> list[str]:
    nearest = right = wrong = 0
    for case in cases:
        character = _character(case.film, case.person)
        nearest += character is not None and _nearest(case.film.result, case.embedding, way) == character
        accepted = _accepted(case.film.result, case, rule, way)
        right += accepted is not None and accepted == character
        wrong += accepted is not None and accepted != character
    count = max(len(cases), 1)
    return [title, str(len(cases)), f"{nearest / count:.3f}", f"{right / count:.3f}", str(wrong), ""]


def _stranger_row(title: str, cases: Sequence[_Case], rule: MatchRule, way: PosterMatching) -> list[str]:
    accepted = sum(_accepted(case.film.result, case, rule, way) is not None for case in cases)
    return [title, str(len(cases)), "", "", "", f"{accepted} = {accepted / max(len(cases), 1):.2%}"]
