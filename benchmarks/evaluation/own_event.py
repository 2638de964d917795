"""What `python -m curation quality` reports to a user, when the labels of a set answer its questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from benchmarks.evaluation.tables import Table
from curation.domain.grouping.check import Estimate, GroupingCheck, Pair
from ground_truth.evaluation import ClusteredEvent, Evaluation
from ground_truth.metrics.b_cubed import b_cubed

__all__ = ["tables"]

_SETS = ("lfw", "codebasics_sports")
_QUESTIONS = 50
_USERS = 100
_HEADER = (
    "engine",
    "set",
    "faces",
    "figure",
    "true",
    "estimate, mean",
    "estimate, spread",
    "true value in the interval",
    "questions",
)


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """How close the estimates of many simulated users are to the true values."""
    rows = [
        row
        for engine in evaluation.engines
        for name in _SETS
        for row in _rows(evaluation.clustered(engine, evaluation.set_folder(name), name), evaluation, engine, name)
    ]
    yield Table(
        f"{_USERS} simulated users each answer {_QUESTIONS} questions and their follow-ups by the labels. Faces are "
        "those that were identified and are alone in a photo with one label; spread is the standard deviation.",
        _HEADER,
        rows,
    )


def _rows(event: ClusteredEvent, evaluation: Evaluation, engine: str, name: str) -> Iterator[list[str]]:
    labels = evaluation.labels(name)
    of_photo = Counter(row.image_path for row in event.rows)
    people: dict[int, str] = {
        place: next(iter(labels[row.image_path]))
        for place, row in enumerate(event.rows)
        if row.cluster_id >= 0 and of_photo[row.image_path] == 1 and len(labels.get(row.image_path, ())) == 1
    }
    groups = [row.cluster_id if place in people else -1 for place, row in enumerate(event.rows)]
    truth = b_cubed(list(people.values()), [groups[place] for place in people])
    estimates: dict[str, list[Estimate]] = {"precision": [], "recall": []}
    asked = []
    for seed in range(_USERS):
        check = GroupingCheck(event.embeddings, groups, count=_QUESTIONS, seed=seed)
        answers: dict[Pair, bool | None] = {}
        while questions := check.questions(answers):
            answers |= {(first, second): people[first] == people[second] for first, second in questions}
        verdict = check.verdict(answers)
        asked.append(len(answers))
        for figure, estimate in (("precision", verdict.precision), ("recall", verdict.recall)):
            if estimate is not None:
                estimates[figure].append(estimate)
    for figure, true in (("precision", truth.precision), ("recall", truth.recall)):
        values = [estimate.value for estimate in estimates[figure]]
        right = sum(estimate.low <= true <= estimate.high for estimate in estimates[figure])
        yield [
            engine,
            name,
            str(len(people)),
            figure,
            f"{true:.3f}",
            f"{np.mean(values):.3f}",
            f"{np.std(values):.3f}",
            f"{right} of {len(values)}",
            f"{np.mean(asked):.0f}",
        ]
