"""Open and closed eyes of held-out people, measured as the program does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.expressions import MeasuredFace, held_out_faces, is_judged
from benchmarks.evaluation.tables import Table
from curation.domain.measuring.closed_eyes import is_laugh
from ground_truth.evaluation import Evaluation
from ground_truth.labels.eyes import eye_label
from ground_truth.metrics.roc import auc, best_accuracy

__all__ = ["tables"]

SOURCES = ("cew_eyes", "lfw", "lfw_smile", "genki_crops", "utkface", "groups", "five_celebs", "deepface_pairs")
_OPEN_FROM = 0.5  # the default of scoring.thresholds.eyes_open
_CUT = _OPEN_FROM
_SMILES = ((0.0, 0.75, "no strong smile"), (0.75, 0.92, "strong smile"), (0.92, 1.01, "laugh"))

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
    yield _joined(opened, closed)
    yield _other_labels(faces)
    yield _blinks(faces)


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


def _joined(opened: Sequence[MeasuredFace], closed: Sequence[MeasuredFace]) -> Table:
    """Ways to make one measure of two eyes, and winks made of an open and a closed eye of two faces."""

    def pairs(faces: Sequence[MeasuredFace]) -> NDArray[np.float64]:
        both = [(f.measures.right_eye.value, f.measures.left_eye.value) for f in faces]
        return np.array([pair for pair in both if None not in pair], dtype=np.float64)

    of_open, of_closed = pairs(opened), pairs(closed)
    shut = of_closed[np.arange(len(of_open)) % len(of_closed), 1]
    winks = np.column_stack([of_open[:, 0], shut])
    ways: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
        "the mean (ours)": lambda eyes: eyes.mean(axis=1),
        "the mean, at most 0.35 above the less open one": lambda eyes: np.minimum(
            eyes.mean(axis=1), eyes.min(axis=1) + 0.35
        ),
        "the less open one": lambda eyes: eyes.min(axis=1),
        "the more open one": lambda eyes: eyes.max(axis=1),
    }
    rows = [
        [name, *(f"{(way(eyes) < _CUT).mean():.1%}" for eyes in (of_open, of_closed, winks))]
        for name, way in ways.items()
    ]
    return Table(
        f"Both eyes in one measure, by rule: {len(of_open)} open and {len(of_closed)} closed faces both of whose eyes "
        "can be told, and winks made of an open and a closed eye of two faces.",
        ("rule", "open called closed", "closed found", "winks called closed"),
        rows,
    )


def _blinks(faces: Sequence[Labelled]) -> Table:
    """What the excuse for laughs changes, by how much the face smiles."""
    rows = []
    for label in ("open", "closed"):
        for low, high, smile in _SMILES:
            here = [
                face
                for face, given in faces
                if given == label and low <= (face.measures.smile.value or 0.0) < high and face.eyes.value is not None
            ]
            shut = [face for face in here if (face.eyes.value or 0.0) < _OPEN_FROM]
            blinks = [face for face in shut if not is_laugh(face.eyes.value, face.measures.smile.value)]
            rows.append([label, smile, str(len(here)), str(len(shut)), str(len(blinks))])
    return Table(
        "Blinks: what is called closed, and what of it remains a blink when laughs are excused.",
        ("eyes", "mouth", "faces", "called closed", "called a blink"),
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
