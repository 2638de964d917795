"""Open and closed eyes of held-out people, measured as the program does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.expressions import MeasuredFace, held_out_faces, is_judged
from benchmarks.evaluation.tables import Table
from ground_truth.evaluation import Evaluation
from ground_truth.labels.eyes import eye_label
from ground_truth.metrics.roc import auc, best_accuracy

__all__ = ["tables"]

SOURCES = ("cew_eyes", "lfw", "lfw_smile", "genki_crops", "utkface", "groups", "five_celebs", "deepface_pairs")
_OPEN_FROM = 0.5  # the default of scoring.thresholds.eyes_open
_CUT = _OPEN_FROM

Labelled = tuple[MeasuredFace, str]


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Accuracy by source, the same faces by other measures, and the results by label."""
    faces = [(face, eye_label(face.key)) for face in held_out_faces(evaluation, SOURCES) if is_judged(face)]
    measured = [(face, label) for face, label in faces if face.eyes.value is not None]
    closed = [face for face, label in measured if label == "closed"]
    rows = []
    for source in SOURCES:
        opened = [face for face, label in measured if label == "open" and face.source == source]
        shut = [face for face in closed if face.source == source]
        if opened or shut:  # a small set may have no held-out people
            rows.append([source, *_figures(opened, shut, closed)])
    opened = [face for face, label in measured if label == "open"]
    rows.append(["all", *_figures(opened, closed, closed)])
    yield Table(
        "Faces of held-out people, who are in no training data, both eyes in one measure, threshold 0.5. Where a "
        "source has few closed eyes, AUC and accuracy use those of all sources; the accuracy is balanced.",
        ("source", "open", "called closed", "closed", "found", "AUC", "accuracy"),
        rows,
    )
    yield _against_others(opened, closed)
    yield _other_labels(faces)


def _values(faces: Sequence[MeasuredFace]) -> NDArray[np.float64]:
    return np.array([face.eyes.value for face in faces], dtype=np.float64)


def _figures(opened: Sequence[MeasuredFace], shut: Sequence[MeasuredFace], closed: Sequence[MeasuredFace]) -> list[str]:
    counts = [
        str(len(opened)),
        f"{(_values(opened) < _CUT).mean():.1%}" if opened else "",
        str(len(shut)) if shut else "",
        f"{(_values(shut) < _CUT).mean():.1%}" if shut else "",
    ]
    others = shut if len(shut) >= 20 else closed
    if not opened or not others:
        return [*counts, "", ""]
    accuracy = ((_values(opened) >= _CUT).mean() + (_values(others) < _CUT).mean()) / 2
    return [*counts, f"{auc(_values(opened), _values(others)):.4f}", f"{accuracy:.1%}"]


def _against_others(opened: Sequence[MeasuredFace], closed: Sequence[MeasuredFace]) -> Table:
    faces = [*opened, *closed]
    truth = np.array([True] * len(opened) + [False] * len(closed))
    measures = {
        "ours": _values(faces),
        "OCEC, medium": np.array([face.ocec for face in faces]),
        "MediaPipe, eyeBlink": np.array([1 - face.blink for face in faces]),
        "aspect ratio of dlib's landmarks": np.array([face.aspect_ratio for face in faces]),
    }
    rows = []
    for name, values in measures.items():
        limit = np.quantile(values[truth], 0.02)
        cells = [name, f"{auc(values[truth], values[~truth]):.4f}", f"{best_accuracy(values, truth):.1%}"]
        rows.append([*cells, f"{(values[~truth] < limit).mean():.1%}"])
    return Table(
        f"The same {len(opened)} open and {len(closed)} closed faces by other measures, each with the "
        "threshold that is best on these faces.",
        ("measure", "AUC", "best accuracy", "closed found if 2 % of the open ones are called closed"),
        rows,
    )


def _other_labels(faces: Sequence[Labelled]) -> Table:
    rows = []
    for label, meaning in (
        ("open", "open"),
        ("closed", "closed"),
        ("down", "looking down, no iris visible"),
        ("hidden", "dark or mirroring glasses"),
        ("unclear", "not recognisable"),
    ):
        here = [face.eyes for face, given in faces if given == label]
        if here:
            answers = Counter("cannot tell" if m.value is None else m.value >= _OPEN_FROM for m in here)
            shares = [f"{answers[key] / len(here):.1%}" for key in (True, False, "cannot tell")]
            rows.append([meaning, str(len(here)), *shares])
    return Table(
        "Results for each label that was set by hand.",
        ("eyes", "faces", "open", "closed", "cannot tell"),
        rows,
    )
