"""Smiles of held-out people, measured as the program does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.expressions import MeasuredFace, held_out_faces, is_judged
from benchmarks.evaluation.tables import Table
from ground_truth.evaluation import Evaluation
from ground_truth.labels.smiles import smile_grade, smiles
from ground_truth.metrics.roc import auc, best_accuracy

__all__ = ["tables"]

SOURCES = ("lfw_smile", "genki_crops", "lfw", "utkface", "groups", "five_celebs", "codebasics_sports")
_SMILE_FROM = 0.5  # the default of scoring.thresholds.smile
_NAMES = {0: "no smile", 1: "slight smile", 2: "smile with teeth", 3: "laugh"}

Labelled = tuple[MeasuredFace, bool]


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Accuracy by source, the same faces by MediaPipe, and the order of the grades."""
    faces = [face for face in held_out_faces(evaluation, SOURCES) if is_judged(face)]
    measured = [
        (face, smiling)
        for face in faces
        if (smiling := smiles(evaluation.data, face.key)) is not None and face.measures.smile.value is not None
    ]
    rows = []
    for source in SOURCES:
        here = [(face, smile) for face, smile in measured if face.source == source]
        if here:
            rows.append([source, *_figures(here)])
    rows.append(["all", *_figures(measured)])
    yield Table(
        "Faces of held-out people, who are in no training data, threshold 0.5. lfw_smile and genki_crops come "
        "with labels; the others were labelled by hand, mostly faces that an early network was uncertain about.",
        ("source", "smiling", "found", "not smiling", "called smile", "AUC", "accuracy"),
        rows,
    )
    yield _against_mediapipe(measured)
    graded = [(face, grade) for face in faces if (grade := smile_grade(face.key)) is not None]
    yield _grades([(f, g) for f, g in graded if f.measures.smile.value is not None])


def _values(faces: Sequence[MeasuredFace]) -> NDArray[np.float64]:
    return np.array([face.measures.smile.value for face in faces], dtype=np.float64)


def _figures(measured: Sequence[Labelled]) -> list[str]:
    values, truth = _values([face for face, _ in measured]), np.array([smile for _, smile in measured])
    yes, no = values[truth], values[~truth]
    found, wrong = (f"{(part >= _SMILE_FROM).mean():.1%}" if len(part) else "" for part in (yes, no))
    cells = [str(len(yes)), found, str(len(no)), wrong]
    if not len(yes) or not len(no):
        return [*cells, "", ""]
    return [*cells, f"{auc(yes, no):.4f}", f"{((values >= _SMILE_FROM) == truth).mean():.1%}"]


def _against_mediapipe(measured: Sequence[Labelled]) -> Table:
    rows = []
    for sources in (("lfw_smile",), ("genki_crops",), ("lfw", "utkface", "groups", "five_celebs", "codebasics_sports")):
        here = [(face, smile) for face, smile in measured if face.source in sources]
        truth = np.array([smile for _, smile in here], dtype=np.bool_)
        for name, values in (
            ("ours", _values([face for face, _ in here])),
            ("MediaPipe, mouthSmile", np.array([face.smile for face, _ in here])),
        ):
            if truth.any() and not truth.all():
                cells = [f"{auc(values[truth], values[~truth]):.4f}", f"{best_accuracy(values, truth):.1%}"]
                rows.append([", ".join(sources), name, *cells])
    return Table(
        "The same faces by MediaPipe, each measure with the threshold that is best on these faces.",
        ("sources", "measure", "AUC", "best accuracy"),
        rows,
    )


def _grades(graded: Sequence[tuple[MeasuredFace, int]]) -> Table:
    grade = np.array([g for _, g in graded])
    ours, theirs = _values([face for face, _ in graded]), np.array([face.smile for face, _ in graded])
    rows = []
    for number, name in _NAMES.items():
        here = ours[grade == number]
        if len(here):
            quarter, middle, three = np.quantile(here, [0.25, 0.5, 0.75])
            cells = [name, str(len(here)), f"{middle:.2f} ({quarter:.2f} to {three:.2f})"]
            order = [f"{_order(values, grade, number):.1%}" if number else "" for values in (ours, theirs)]
            rows.append([*cells, *order])
    return Table(
        "The scale, on faces graded by hand: median and quartiles of the measure, and how often a face of this grade "
        "has a higher value than one of the grade before.",
        ("grade", "faces", "measure", "above the grade before", "the same, MediaPipe"),
        rows,
    )


def _order(values: NDArray[np.float64], grade: NDArray[np.int_], number: int) -> float:
    return auc(values[grade == number], values[grade == number - 1])
