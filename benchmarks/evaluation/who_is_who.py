"""Faces grouped by person: B-cubed over labelled photos and over composed events, at the default settings."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.engines.selection import select_engine
from ground_truth.composed_events import ALIKE_KINDS, KINDS, composed_events
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.grouping import grouped
from ground_truth.labelled_faces import (
    CHILDREN_YEARS,
    LabelledFaces,
    children_faces,
    main_face_people,
    people_by_position,
    single_face_people,
)
from ground_truth.metrics.b_cubed import BCubed, adjusted_rand, b_cubed
from ground_truth.splits import in_test_half

__all__ = ["tables"]

EASY_SETS = ("five_celebs", "deepface_pairs", "codebasics_sports", "groups", "lfw")
WHOLE_SETS = ("codebasics_sports", "groups")
_HEADER = ("photos", "faces", "people", "clusters", "precision", "recall", "F", "judged faces")
_SCORES = ("precision", "recall", "F")
_SUBSET_SHARE = 0.95
UNKNOWN_WEIGHTS = GroupingRule(0.68, 0.68, 0.68 / 3, follows_strangers=True)
"""The rule for weights that were not measured, with the distance published for ArcFace."""


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Six tables per engine."""
    for engine in evaluation.engines:
        easy, whole, faces_of = [], [], {}
        for name in EASY_SETS:
            event = evaluation.clustered(engine, evaluation.set_folder(name), name)
            people = main_face_people if name == "lfw" else single_face_people
            faces = faces_of[name] = LabelledFaces.of(event, people(evaluation, name, event))
            easy.append([name, str(event.report.total), *_row(faces)])
            if name in WHOLE_SETS:
                all_faces = faces_of[name] = LabelledFaces.of(event, people_by_position(evaluation, name, event))
                whole.append([f"{name}, all faces", str(event.report.total), *_row(all_faces)])
                for what, part in (("several people", _with_others(all_faces)), ("recurring", _recurring(all_faces))):
                    whole.append([f"{name}, {what}", str(len(set(part.photos.tolist()))), *_row(part)])
        yield Table(f"`{engine}`, photos with one labelled person (lfw: the middle face):", ("set", *_HEADER), easy)
        yield Table(f"`{engine}`, every labelled face:", ("set", *_HEADER), whole)
        settings = evaluation.settings(engine)
        spec = select_engine(settings, pinned=engine, allow_download=False)
        rule = spec.grouping or GroupingRule(spec.distance_threshold, spec.distance_threshold)
        composed = [
            [KINDS[kind], str(count), *_figures(mean)] for kind, count, mean in _composed(faces_of["lfw"], rule)
        ]
        children = children_faces(evaluation, engine, test_half=True)
        found = _figures(b_cubed(children.people, children.clusters.tolist()))
        unknown = [
            [KINDS[kind], str(count), *_figures(mean)]
            for kind, count, mean in _composed(faces_of["lfw"], UNKNOWN_WEIGHTS)
            if kind in ALIKE_KINDS
        ]
        composed.append([f"children of {CHILDREN_YEARS[0]} to {CHILDREN_YEARS[-1]} years, no child twice", "1", *found])
        yield Table(f"`{engine}`, composed events, mean over the events:", ("event", "events", *_SCORES), composed)
        yield Table(
            f"`{engine}`, events of people who look alike, as if the weights were unknown:",
            ("event", "events", *_SCORES),
            unknown,
        )
        yield Table(
            f"`{engine}`, what each step adds (all labelled faces of both sets, test half of lfw):",
            ("step", *(f"{name} {score}" for name in (*WHOLE_SETS, "lfw") for score in ("precision", "recall"))),
            [[step, *cells] for step, cells in _steps(faces_of, rule)],
        )
        yield Table(
            f"`{engine}`, adjusted Rand index between the clusters of 95 % and of all photos, lowest of 5 draws:",
            ("set", "index"),
            [[name, f"{_stability(faces, rule):.3f}"] for name, faces in faces_of.items()],
        )


def _row(faces: LabelledFaces) -> list[str]:
    labelled = [face for face, person in enumerate(faces.people) if person is not None]
    if not labelled:
        raise Unavailable("there is no labelled face")
    judged = faces[labelled]
    found = b_cubed(judged.people, judged.clusters.tolist())
    clusters = len({cluster for cluster in judged.clusters.tolist() if cluster >= 0})
    return [str(len(faces.people)), str(len(set(judged.people))), str(clusters), *_figures(found), str(found.faces)]


def _figures(found: BCubed) -> list[str]:
    return [f"{value:.3f}" for value in (found.precision, found.recall, found.f)]


def _with_others(faces: LabelledFaces) -> LabelledFaces:
    """Faces on photos with two labelled faces or more."""
    labelled = Counter(photo for photo, person in zip(faces.photos.tolist(), faces.people, strict=True) if person)
    return faces[[face for face, photo in enumerate(faces.photos.tolist()) if labelled[photo] > 1]]


def _recurring(faces: LabelledFaces) -> LabelledFaces:
    """Faces of people with two faces or more, with all other faces in their clusters."""
    often = {person for person, count in Counter(faces.people).items() if person and count > 1}
    shared = {c for c, person in zip(faces.clusters.tolist(), faces.people, strict=True) if person in often and c >= 0}
    return faces[
        [
            face
            for face, (person, c) in enumerate(zip(faces.people, faces.clusters.tolist(), strict=True))
            if person in often or c in shared
        ]
    ]


def _composed(faces: LabelledFaces, rule: GroupingRule) -> Iterator[tuple[str, int, BCubed]]:
    found: dict[str, list[BCubed]] = defaultdict(list)
    for kind, event in composed_events(faces, test_half=True):
        found[kind].append(b_cubed(event.people, _grouped(event, rule)))
    for kind, scores in found.items():
        precision, recall = (float(np.mean([getattr(s, what) for s in scores])) for what in ("precision", "recall"))
        yield kind, len(scores), BCubed(precision, recall, sum(s.faces for s in scores))


def _grouped(faces: LabelledFaces, rule: GroupingRule, *, second_look: bool = True) -> list[int]:
    labels = grouped(faces.vectors, faces.photos, rule, second_look=second_look)
    return [int(label) for label in labels]


def _steps(faces_of: dict[str, LabelledFaces], rule: GroupingRule) -> Iterator[tuple[str, list[str]]]:
    single = GroupingRule(rule.single_distance, rule.single_distance)
    middle = (rule.single_distance + rule.group_distance) / 2
    steps = {
        "one distance for all, the strict one": single,
        "one distance for all, half way": GroupingRule(middle, middle),
        "larger distance for larger clusters": replace(single, group_distance=rule.group_distance),
        "and what photos with both tell": replace(rule, common=(), common_part=0.0),
        "and without the common direction of children": rule,
        "and a second look at faces that are left over": rule,
    }
    for what, step in steps.items():
        cells = []
        for name in (*WHOLE_SETS, "lfw"):
            faces = faces_of[name]
            kept = [
                face
                for face, (person, c) in enumerate(zip(faces.people, faces.clusters.tolist(), strict=True))
                if c >= 0 and (name != "lfw" or person is None or in_test_half(person))
            ]
            event = faces[kept]
            found = _judged(event.people, _grouped(event, step, second_look="second look" in what))
            cells += _figures(found)[:2]
        yield what, cells


def _judged(people: Sequence[str | None], clusters: Sequence[int]) -> BCubed:
    labelled = [face for face, person in enumerate(people) if person is not None]
    return b_cubed([people[face] for face in labelled], [clusters[face] for face in labelled])


def _stability(faces: LabelledFaces, rule: GroupingRule) -> float:
    good = faces[np.flatnonzero(faces.clusters >= 0).tolist()]
    everything: NDArray[np.int64] = np.array(_grouped(good, rule))
    indices = []
    for seed in range(5):
        photos = sorted(set(good.photos.tolist()))
        left = set(random.Random(seed).sample(photos, int(_SUBSET_SHARE * len(photos))))
        rows = [face for face, photo in enumerate(good.photos.tolist()) if photo in left]
        indices.append(adjusted_rand(_grouped(good[rows], rule), everything[rows].tolist()))
    return min(indices)
