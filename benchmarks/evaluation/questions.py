"""How often the answer to "same person?" is yes, by the probability that the program gives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from benchmarks.evaluation.tables import Table
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.suggestions import MergeSuggestion, PersonMeans, ranked_suggestions, similar_pairs
from curation.domain.labelling.labels import Category, Labels
from curation.engines.selection import select_engine
from ground_truth.composed_events import KINDS, composed_events
from ground_truth.evaluation import Evaluation
from ground_truth.grouping import grouped_with_rule
from ground_truth.labelled_faces import LabelledFaces, main_face_people, people_by_position

__all__ = ["tables"]

_SETS = ("codebasics_sports", "groups", "lfw")
_FIRST = 10
_BINS = (0.2, 0.35, 0.5, 0.65, 0.8, 0.951)
_WEIGHTS = {Category.MAIN: 1.0, Category.IMPORTANT: 0.6, Category.OTHER: 0.1}

Answers = list[tuple[float, bool]]


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Two tables per engine."""
    for engine in evaluation.engines:
        settings = evaluation.settings(engine)
        spec = select_engine(settings, pinned=engine, allow_download=False)
        rule = spec.grouping or GroupingRule(spec.distance_threshold, spec.distance_threshold)
        rows, every = [], list[tuple[float, bool]]()
        lfw = None
        for name in _SETS:
            event = evaluation.clustered(engine, evaluation.set_folder(name), name)
            people = main_face_people if name == "lfw" else people_by_position
            faces = LabelledFaces.of(event, people(evaluation, name, event))
            if name == "lfw":
                lfw = faces
            asked = _answers(faces[np.flatnonzero(faces.clusters >= 0).tolist()], rule)
            rows.append(_row(name, [asked]))
            every += asked
        made: dict[str, list[Answers]] = defaultdict(list)
        if lfw is not None:
            for kind, event_faces in composed_events(lfw, test_half=True):
                made[kind].append(_answers(event_faces, rule))
        for kind, of_kind in made.items():
            rows.append(_row(f"{KINDS[kind]} ({len(of_kind)} events)", of_kind))
            every += [answer for answers in of_kind for answer in answers]
        yield Table(
            f"`{engine}`, questions before anything was labelled or answered; made events of the test half of lfw:",
            ("event", "asked", "yes", f"asked first (up to {_FIRST} an event)", "yes of these"),
            rows,
        )
        yield Table(
            f"`{engine}`, all of these questions by the probability that the program gave:",
            ("probability", "questions", "yes"),
            [_bin(every, low, high) for low, high in pairwise(_BINS)],
        )


def _answers(faces: LabelledFaces, rule: GroupingRule) -> Answers:
    """The questions about these faces in order: the probability that was given, and whether the answer is yes.

    Questions about somebody who is not labelled are left out.
    """
    vectors = rule.compared(faces.vectors)
    labels, found = grouped_with_rule(faces.vectors, faces.photos, rule)
    members = [np.flatnonzero(labels == cluster) for cluster in range(int(labels.max()) + 1)]
    means = np.array([vectors[rows].mean(axis=0) for rows in members])
    sizes = np.array([len(rows) for rows in members], dtype=np.int64)
    pairs = similar_pairs(PersonMeans(np.arange(len(members)), sizes, means), found.rule)
    photos = {cluster: {str(photo) for photo in faces.photos[rows]} for cluster, rows in enumerate(members)}
    asked = ranked_suggestions(pairs, Labels({}, Category.OTHER), photos, {}, _WEIGHTS)
    who = [_person(faces, rows.tolist()) for rows in members]
    return [(one.probability, who[one.keep] == who[one.other]) for one in asked if _is_known(who, one)]


def _person(faces: LabelledFaces, rows: Sequence[int]) -> str | None:
    """Whom most of the labelled faces show."""
    named = Counter(person for row in rows if (person := faces.people[row]) is not None)
    return named.most_common(1)[0][0] if named else None


def _is_known(who: Sequence[str | None], asked: MergeSuggestion) -> bool:
    return who[asked.keep] is not None and who[asked.other] is not None


def _row(name: str, events: Sequence[Answers]) -> list[str]:
    every = [is_same for answers in events for _, is_same in answers]
    first = [is_same for answers in events for _, is_same in answers[:_FIRST]]
    return [name, str(len(every)), str(sum(every)), str(len(first)), str(sum(first))]


def _bin(answers: Answers, low: float, high: float) -> list[str]:
    within = [is_same for probability, is_same in answers if low <= probability < high]
    share = f"{100 * sum(within) / len(within):.0f}%" if within else "-"
    return [f"{low:.2f} to {min(high, 0.95):.2f}", str(len(within)), share]
