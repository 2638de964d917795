"""Find the distances at which faces are one person for the weights of an engine, on the tuning half of the people.

    python -m training.grouping ../shared --engine dlib [--models DIR] [--scratch DIR] [--parts 0 0.3 1]

Prints the common direction of small children, and for each part of it that is removed the distances with the best
mean B-cubed F0.5 (precision counts twice): over composed events and all faces of half of the people of lfw,
five_celebs, deepface_pairs, and half of the small children of UTKFace (with a weight of one third, since each child is
there once). The chosen values go into curation/engines/weights/grouping_rules.py by hand; the other halves,
codebasics_sports and groups are for `make eval`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.face_groups import group_faces
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.engines.weights.grouping_rules import direction_text
from ground_truth.composed_events import composed_events
from ground_truth.data_folder import SMALL_WEIGHTS
from ground_truth.evaluation import ENGINES, Evaluation
from ground_truth.labelled_faces import LabelledFaces, children_faces, main_face_people, single_face_people
from ground_truth.metrics.b_cubed import BCubed, b_cubed
from ground_truth.splits import in_test_half

_CHILDREN_WEIGHT = 1 / 3
_SHOWN = 3
# In mean distances of strangers: what is tried for single faces, and what is added to it for large clusters.
_SINGLE = np.arange(0.36, 0.72, 0.02)
_WIDER = np.arange(0.0, 0.30, 0.04)
_SAME_PHOTO = 0.25  # in the same unit: added to the distance of faces of one photo


def common_direction(faces: LabelledFaces, children: LabelledFaces) -> NDArray[np.float64]:
    """First principal component of the mean embeddings of people and children, about the mean of the people.

    It is orthogonal to the mean of the people of `faces`, so that most people have no component along it.
    """
    of: dict[str, list[int]] = defaultdict(list)
    for face, person in enumerate(faces.people):
        if person is not None and faces.clusters[face] >= 0 and not in_test_half(person):
            of[person].append(face)
    means = np.array([faces.vectors[rows].mean(axis=0, dtype=np.float64) for rows in of.values()])
    mean = means.mean(axis=0)
    away = np.concatenate([means, children.vectors.astype(np.float64)]) - mean
    direction: NDArray[np.float64] = np.linalg.eigh(away.T @ away)[1][:, -1]
    direction -= (direction @ mean) / (mean @ mean) * mean
    direction /= np.linalg.norm(direction)
    return direction if float(children.vectors.mean(axis=0) @ direction) > 0 else -direction


def _score(found: BCubed) -> float:
    return 1.25 * found.precision * found.recall / (0.25 * found.precision + found.recall)


def _events(evaluation: Evaluation, engine: str) -> Iterator[tuple[str, LabelledFaces]]:
    for name in ("five_celebs", "deepface_pairs"):
        event = evaluation.clustered(engine, evaluation.set_folder(name), name)
        yield name, LabelledFaces.of(event, single_face_people(evaluation, name, event))
    event = evaluation.clustered(engine, evaluation.set_folder("lfw"), "lfw")
    lfw = LabelledFaces.of(event, main_face_people(evaluation, "lfw", event))
    yield "all lfw", lfw
    rows = [f for f, person in enumerate(lfw.people) if person is None or not in_test_half(person)]
    yield "lfw", lfw[rows]
    yield from composed_events(lfw, test_half=False)
    yield "children", children_faces(evaluation, engine, test_half=False)


def _mean_score(events: dict[str, list[LabelledFaces]], rule: GroupingRule) -> float:
    total, weights = 0.0, 0.0
    for kind, of_kind in events.items():
        scores = []
        for faces in of_kind:
            labels = group_faces(rule.compared(faces.vectors), faces.photos, rule).tolist()
            known = [face for face, person in enumerate(faces.people) if person is not None]
            scores.append(_score(b_cubed([faces.people[f] for f in known], [labels[f] for f in known])))
        weight = _CHILDREN_WEIGHT if kind == "children" else 1.0
        total += weight * float(np.mean(scores))
        weights += weight
    return total / weights


def main() -> None:
    """Print the direction and the best rules."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--models", type=Path, help="folder with the ONNX weights (default: of DATA/weights)")
    parser.add_argument("--scratch", type=Path, help="cache analyses here")
    parser.add_argument(
        "--parts", type=float, nargs="+", default=[0.0, 0.3, 1.0], help="parts of the direction to remove"
    )
    options = parser.parse_args()
    models = options.models or options.data / SMALL_WEIGHTS
    with tempfile.TemporaryDirectory() as folder:
        evaluation = Evaluation(options.data, models, [options.engine], options.scratch or Path(folder))
        found = list(_events(evaluation, options.engine))
    lfw = dict(found)["all lfw"]
    direction = common_direction(lfw, dict(found)["children"])
    print(f"direction: {direction_text(tuple(direction.tolist()))}")
    labelled = lfw[[face for face, person in enumerate(lfw.people) if person is not None]]
    people = np.array([str(person) for person in labelled.people])
    is_stranger = people[:, None] != people[None]
    strangers = float(1.0 - (labelled.vectors @ labelled.vectors.T)[is_stranger].mean())
    print(f"strangers are {strangers:.3f} apart on average")
    events: dict[str, list[LabelledFaces]] = defaultdict(list)
    for kind, faces in found:
        if kind != "all lfw":
            good = (
                np.flatnonzero(faces.clusters >= 0).tolist() if kind not in ("children",) else range(len(faces.people))
            )
            events[kind].append(faces[list(good)])
    for part in options.parts:
        plain = GroupingRule(0.0, 0.0, _SAME_PHOTO * strangers, tuple(direction.tolist()), part)
        rules = [
            replace(plain, single_distance=single * strangers, group_distance=(single + wider) * strangers)
            for single, wider in product(_SINGLE.tolist(), _WIDER.tolist())
        ]
        scored = sorted(((_mean_score(events, rule), place) for place, rule in enumerate(rules)), reverse=True)
        for score, place in scored[:_SHOWN]:
            rule = rules[place]
            print(
                f"part {part:.2f}: single {rule.single_distance:.3f}, group {rule.group_distance:.3f}, "
                f"same photo {rule.same_photo_penalty:.3f}: mean F0.5 {score:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
