"""People in films: who is on screen when, on labelled clips and on films assembled from photos; times; posters; sex.

Constants were chosen on the clips yakhyo and hamilton and on films of the other half of the people; wolfgang and the
films of the reported half were not used.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.evaluation.film_posters import posters_table
from benchmarks.evaluation.film_sexes import sexes_table
from benchmarks.evaluation.film_times import times_table
from benchmarks.evaluation.measured_film import MeasuredFilm
from benchmarks.evaluation.tables import Table
from benchmarks.harness.every_frame import every_face, whispered
from ground_truth.engines import small_engine
from ground_truth.evaluation import Evaluation
from ground_truth.films.assembled import assembled_films
from ground_truth.films.looking import FilmProgram
from ground_truth.films.results import right_boundaries, seen_in
from ground_truth.films.scoring import FilmScore, scored
from ground_truth.films.stills import Still
from ground_truth.films.truth import LABELLED_CLIPS, LabelledFilm, labelled_clip

__all__ = ["films_table", "tables"]

_TUNED_ON = ("yakhyo", "hamilton")
_DEFAULT = 1.1
_THRESHOLDS = (0.9, 1.0, 1.05, 1.1, 1.15, 1.2)
_REFERENCE_FILMS = ("dialogue", "crossings", "night", "phone", "web")
"""Assembled films on which the usual design runs too: it takes ten times as long."""


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Who is seen when, times of odd files, posters, sex."""
    clips = [labelled_clip(evaluation.data, name) for name in LABELLED_CLIPS]
    program = FilmProgram(
        evaluation.data, evaluation.models, evaluation.scratch, workers=evaluation.workers, sex="dlib"
    )
    engine = small_engine(evaluation.data)
    made = list(assembled_films(evaluation.data, evaluation.scratch, engine, test_half=True))
    films: list[tuple[LabelledFilm, Mapping[str, Sequence[Still]]]] = [*((clip, {}) for clip in clips), *made]
    compared = [film for film, _ in films if film.name in LABELLED_CLIPS or film.path.stem in _REFERENCE_FILMS]
    references = _references(evaluation, compared)
    measured = []
    for film, held_out in films:
        result = program.result(film.path)
        score = scored(film.pictures, seen_in(result, film.pictures))
        measured.append(MeasuredFilm(film, result, score, references.get(film.name, {}), held_out))
        if evaluation.verbose:
            print(film.name, *score.times, sep="\n    ")
    yield films_table(measured)
    yield times_table(evaluation.data, program)
    yield posters_table(evaluation.data, program, measured)
    yield sexes_table(measured)


def _references(evaluation: Evaluation, films: Sequence[LabelledFilm]) -> dict[str, Mapping[float, FilmScore]]:
    """Scores of the usual design, in processes of their own."""
    tasks = [(evaluation.data, evaluation.models, evaluation.scratch, film) for film in films]
    with get_context("spawn").Pool(evaluation.workers or None) as pool:
        return dict(zip([film.name for film in films], pool.starmap(_reference, tasks, chunksize=1), strict=True))


def _reference(data: Path, models: Path, scratch: Path, film: LabelledFilm) -> Mapping[float, FilmScore]:
    import cv2

    cv2.setNumThreads(1)
    program = FilmProgram(data, models, scratch)
    kept = scratch / "every face" / f"{film.path.parent.name} {film.path.stem}.pickle"
    if not kept.exists():
        faces = list(every_face(film.path, program.film_engine(), program.setup.looks))
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(pickle.dumps(faces))
    faces = pickle.loads(kept.read_bytes())
    return {threshold: scored(film.pictures, whispered(faces, threshold)) for threshold in _THRESHOLDS}


def films_table(measured: Sequence[MeasuredFilm]) -> Table:
    """One row for each film, and the means of what was not used for choosing."""
    rows = [_row(one) for one in measured]
    new = [one for one in measured if one.film.name not in _TUNED_ON]
    for name, some in (("all", measured), ("not used for choosing", new)):
        rows.append(_mean_row(name, some))
    return Table(
        "Who is on screen when: seconds per person, identities and people matched one to one, so that splits, merges "
        "and objects all cost. yakhyo, hamilton and wolfgang are labelled by hand; the others are assembled from "
        "photos of the half of the people that nothing was chosen on. Usual design: faces of every picture, Chinese "
        f"Whispers at its default of {_DEFAULT}, and at the threshold that is best for this very film; groups of fewer "
        "than ten faces dropped. Identities: people + objects and other false ones. Times right: of screen times "
        "within 0.25 s or 5 %. Ends right: of certain beginnings and ends of appearances within one picture.",
        (
            "film",
            "seconds",
            "people",
            "F",
            "precision",
            "recall",
            "identities",
            "found",
            "times right",
            "ends right",
            f"usual design F at {_DEFAULT}",
            "its identities",
            "at its best threshold",
        ),
        rows,
    )


def _row(one: MeasuredFilm) -> list[str]:
    score = one.score
    ends = right_boundaries(one.film, one.result, score)
    mark = " (used for choosing)" if one.film.name in _TUNED_ON else ""
    title = one.film.path.stem if one.film.name not in LABELLED_CLIPS else one.film.name
    return [
        f"{title}: {one.film.kind}{mark}",
        f"{one.film.duration_s:.0f}",
        str(score.people),
        f"{score.f:.3f}",
        f"{score.precision:.3f}",
        f"{score.recall:.3f}",
        f"{score.identities}+{score.false_identities}",
        str(score.found),
        f"{sum(time.is_right for time in score.times)}/{score.people}",
        f"{ends.within_one}/{ends.all}",
        *_reference_cells(one.reference),
    ]


def _reference_cells(scores: Mapping[float, FilmScore]) -> list[str]:
    if not scores:
        return ["", "", ""]
    default = scores[_DEFAULT]
    best = max(scores, key=lambda threshold: scores[threshold].f)
    return [
        f"{default.f:.3f}",
        f"{default.identities}+{default.false_identities}",
        f"{scores[best].f:.3f} ({best:g})",
    ]


def _mean_row(name: str, some: Sequence[MeasuredFilm]) -> list[str]:
    scores = [one.score for one in some]
    compared = [one for one in some if one.reference]
    people = sum(score.people for score in scores)
    right = sum(time.is_right for score in scores for time in score.times)
    ends = [right_boundaries(one.film, one.result, one.score) for one in some]
    best = np.mean([max(score.f for score in one.reference.values()) for one in compared])
    default = np.mean([one.reference[_DEFAULT].f for one in compared])
    ours = np.mean([one.score.f for one in compared])
    return [
        f"**{name}**, {len(some)} films",
        f"{sum(one.film.duration_s for one in some):.0f}",
        str(people),
        f"{np.mean([score.f for score in scores]):.3f} (least {min(score.f for score in scores):.3f})",
        f"{np.mean([score.precision for score in scores]):.3f}",
        f"{np.mean([score.recall for score in scores]):.3f}",
        f"{sum(score.identities for score in scores)}+{sum(score.false_identities for score in scores)}",
        str(sum(score.found for score in scores)),
        f"{right}/{people} = {right / people:.1%}",
        f"{sum(end.within_one for end in ends)}/{sum(end.all for end in ends)}",
        f"{default:.3f} (ours on these {len(compared)}: {ours:.3f})",
        "",
        f"{best:.3f}",
    ]
