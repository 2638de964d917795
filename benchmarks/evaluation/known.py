"""Known people in a new event: who is named, who is asked about, and whether strangers stay strangers.

The people of lfw are halved: limits were chosen on one half, and figures of the other are reported. Each split of a
half enrols people with a part of their photos, as the gallery does; the rest of their photos and all photos of the
others are the new event, which the program groups; its clusters are recognised.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.recognition.known import ClusterFaces, KnownFaces, Recognition
from curation.domain.recognition.policy import FEWEST_EXEMPLARS, RecognitionRule, recognise
from curation.domain.recognition.varied import varied
from curation.engines.weights.grouping_rules import DLIB_RESNET, EDGEFACE_XS, MEASURED
from curation.gallery.recognition_rules import recognition_rule
from ground_truth.errors import Unavailable
from ground_truth.evaluation import ClusteredEvent, Evaluation
from ground_truth.grouping import grouped
from ground_truth.labelled_faces import single_face_people
from ground_truth.splits import in_test_half

__all__ = ["tables"]

_WEIGHTS = {"retinaface-arcface": EDGEFACE_XS, "dlib": DLIB_RESNET}
_SPLITS = 20
_SIZE_SPLITS = 10
_FEWEST_PHOTOS = 4  # of who is enrolled: three faces, and one in the new event
_MAX_EXEMPLARS = 12
_SIZES = (10, 25, 50, 100)
_STRANGERS = ("utkface", "five_celebs", "groups")
_IN_BOTH = ("madonna", "tom_cruise")  # whom these sets name, and lfw too
_BINS = (0.0, 0.05, 0.3, 0.7, 0.95, 0.99, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Face:
    """A labelled face; what `varied` looks at."""

    person: str
    photo_sha256: str
    vector: NDArray[np.float32]
    quality: float
    yaw_deg: float | None = None


class _Outcome(NamedTuple):
    """A cluster, what is true of it, and the answer."""

    person: str
    is_known: bool
    faces: int
    answer: Recognition

    @property
    def is_right(self) -> bool:
        return self.answer.person_id == self.person


class _Split(NamedTuple):
    """Who is enrolled with which faces, and the clusters of the new event with their people."""

    enrolled: dict[str, list[_Face]]
    clusters: list[tuple[str, ClusterFaces]]


class _World(NamedTuple):
    """An engine's faces of lfw, and its rules."""

    faces: list[_Face]
    grouping: GroupingRule
    rule: RecognitionRule


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    worlds: dict[str, _World] = {}
    for engine in evaluation.engines:
        event = evaluation.clustered(engine, evaluation.set_folder("lfw"), "lfw")
        grouping = MEASURED[_WEIGHTS[engine]].rule
        rule = recognition_rule(_WEIGHTS[engine], grouping)
        worlds[engine] = _World(_faces(evaluation, event), grouping, rule)
    splits = {engine: _splits(world, in_test=True) for engine, world in worlds.items()}
    reported = {engine: _outcomes(splits[engine], world.rule) for engine, world in worlds.items()}
    yield _answers_table(worlds, reported)
    yield _sizes_table(worlds)
    yield _few_table(worlds, splits)
    yield _strangers_table(evaluation, worlds)
    yield _certainty_table(reported)


def _faces(evaluation: Evaluation, event: ClusteredEvent) -> list[_Face]:
    people = single_face_people(evaluation, "lfw", event)
    return [
        _Face(person, row.image_path, event.embeddings[row.embedding_row], row.face_quality)
        for row, person in zip(event.rows, people, strict=True)
        if person is not None and row.cluster_id >= 0
    ]


def _splits(world: _World, *, in_test: bool, people: int | None = None, count: int = _SPLITS) -> list[_Split]:
    """Splits of one half of the people."""
    by_person: dict[str, list[_Face]] = defaultdict(list)
    for face in world.faces:
        if in_test_half(face.person) == in_test:
            by_person[face.person].append(face)
    able = [person for person in sorted(by_person) if len(by_person[person]) >= _FEWEST_PHOTOS]
    splits = []
    for number in range(count):
        random = np.random.default_rng(number)
        chosen = {able[place] for place in random.permutation(len(able))[: people or len(able) // 2]}
        enrolled: dict[str, list[_Face]] = {}
        event: list[_Face] = []
        for person, all_faces in sorted(by_person.items()):
            faces = [all_faces[place] for place in random.permutation(len(all_faces))]
            first = max(FEWEST_EXEMPLARS, len(faces) // 2) if person in chosen else 0
            if first:
                enrolled[person] = faces[:first]
            event += faces[first:]
        splits.append(_Split(enrolled, _grouped(event, world.grouping)))
    return splits


def _grouped(event: list[_Face], grouping: GroupingRule) -> list[tuple[str, ClusterFaces]]:
    """The clusters that the program makes, each with the person of most of its faces."""
    vectors = np.stack([face.vector for face in event]).astype(np.float32)
    photos = [face.photo_sha256 for face in event]
    numbers = np.unique(np.array(photos, dtype=object), return_inverse=True)[1].astype(np.int64)
    labels = grouped(vectors, numbers, grouping)
    clusters = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        person = Counter(event[row].person for row in rows.tolist()).most_common(1)[0][0]
        clusters.append((person, ClusterFaces(int(label), vectors[rows], tuple(photos[row] for row in rows.tolist()))))
    return clusters


def _outcomes(splits: Sequence[_Split], rule: RecognitionRule, exemplars: int = _MAX_EXEMPLARS) -> list[_Outcome]:
    outcomes = []
    for split in splits:
        known = _known({person: varied(faces, exemplars) for person, faces in split.enrolled.items()})
        outcomes += _recognised(known, split.clusters, rule)
    return outcomes


def _known(gallery: Mapping[str, Sequence[_Face]]) -> KnownFaces:
    people = tuple(sorted(gallery))
    starts = np.zeros(len(people) + 1, dtype=np.int64)
    np.cumsum([len(gallery[person]) for person in people], out=starts[1:])
    vectors = np.stack([face.vector for person in people for face in gallery[person]]).astype(np.float16)
    return KnownFaces(people, people, starts, vectors.astype(np.float32), "")


def _recognised(
    known: KnownFaces, clusters: Sequence[tuple[str, ClusterFaces]], rule: RecognitionRule
) -> list[_Outcome]:
    there = set(known.person_ids)
    answers = recognise([cluster for _, cluster in clusters], known, rule)
    return [
        _Outcome(person, person in there, len(cluster.vectors), answer)
        for (person, cluster), answer in zip(clusters, answers, strict=True)
    ]


def _row(what: Sequence[str], outcomes: Sequence[_Outcome]) -> list[str]:
    known = [one for one in outcomes if one.is_known]
    strangers = [one for one in outcomes if not one.is_known]
    named = [one for one in known if one.answer.answer == "name"]
    asked = [one for one in known if one.answer.answer == "ask"]
    return [
        *what,
        str(len(known)),
        _share(sum(one.is_right for one in named), len(known)),
        _share(sum(one.is_right for one in asked), len(known)),
        _share(sum(not one.is_right for one in named), len(known)),
        _share(sum(not one.is_right for one in asked), len(known)),
        str(len(strangers)),
        _share(sum(one.answer.answer == "name" for one in strangers), len(strangers)),
        _share(sum(one.answer.answer == "ask" for one in strangers), len(strangers)),
    ]


_COLUMNS = (
    "known clusters",
    "named rightly",
    "asked rightly",
    "named as another",
    "asked as another",
    "clusters of strangers",
    "named",
    "asked",
)


def _share(part: int, of: int) -> str:
    return f"{part} = {part / of:.2%}" if of else ""


def _answers_table(worlds: dict[str, _World], reported: dict[str, list[_Outcome]]) -> Table:
    rows = []
    for engine, world in worlds.items():
        outcomes = reported[engine]
        rows.append(_row([engine, "all"], outcomes))
        rows.append(_row([engine, "of one face"], [one for one in outcomes if one.faces == 1]))
        rows.append(_row([engine, "of several faces"], [one for one in outcomes if one.faces > 1]))
        chosen_on = _outcomes(_splits(world, in_test=False), world.rule)
        rows.append(_row([engine, "people on whom limits were chosen"], chosen_on))
    return Table(
        f"{_SPLITS} random splits of the half of lfw's people that no limit was chosen on: half of those with "
        f"{_FEWEST_PHOTOS} photos or more are enrolled with half of their photos, at least {FEWEST_EXEMPLARS}; "
        "clusters as the program makes them of the rest and of everybody else. The same photos come back in many "
        "splits, so shares are less certain than so many clusters suggest; some photos of lfw have a wrong name.",
        ("engine", "clusters", *_COLUMNS),
        rows,
    )


def _sizes_table(worlds: dict[str, _World]) -> Table:
    rows = []
    for engine, world in worlds.items():
        for size in _SIZES:
            splits = _splits(world, in_test=True, people=size, count=_SIZE_SPLITS)
            rows.append(_row([engine, str(size), f"{world.rule.limit(size, 9):.3f}"], _outcomes(splits, world.rule)))
        for times in (10, 100):
            rule = replace(world.rule, measured_people=world.rule.measured_people // times)
            what = [engine, f"{size}, at the limits for {size * times}", f"{rule.limit(size, 9):.3f}"]
            rows.append(_row(what, _outcomes(splits, rule)))
    return Table(
        f"{_SIZE_SPLITS} splits with galleries of several sizes. The limit is that of a name, for a cluster of nine "
        "faces; in the last rows limits are as low as those of larger galleries, which shows what known people lose.",
        ("engine", "people in the gallery", "limit", *_COLUMNS),
        rows,
    )


def _few_table(worlds: dict[str, _World], splits: dict[str, list[_Split]]) -> Table:
    rows = [
        _row([engine, str(count)], _outcomes(splits[engine], world.rule, count))
        for engine, world in worlds.items()
        for count in (1, 2, 3, 6)
    ]
    return Table(
        "The first splits with fewer exemplars of each person; who has less than three is never named.",
        ("engine", "exemplars", *_COLUMNS),
        rows,
    )


def _strangers_table(evaluation: Evaluation, worlds: dict[str, _World]) -> Table:
    rows = []
    for engine, world in worlds.items():
        by_person: dict[str, list[_Face]] = defaultdict(list)
        for face in world.faces:
            if in_test_half(face.person):
                by_person[face.person].append(face)
        known = _known(
            {
                person: varied(faces, _MAX_EXEMPLARS)
                for person, faces in by_person.items()
                if len(faces) >= _FEWEST_PHOTOS
            }
        )
        for name in _STRANGERS:
            try:
                event = evaluation.clustered(engine, evaluation.set_folder(name), name)
            except Unavailable:
                continue
            faces = [
                _Face(
                    "a stranger",
                    hashlib.sha256(row.image_path.encode()).hexdigest(),
                    event.embeddings[row.embedding_row],
                    row.face_quality,
                )
                for row in event.rows
                if row.cluster_id >= 0
                and in_test_half(row.image_path)
                and not any(both in row.image_path.lower() for both in _IN_BOTH)
            ]
            row = _row(
                [engine, name, str(len(known.person_ids))],
                _recognised(known, _grouped(faces, world.grouping), world.rule),
            )
            rows.append([*row[:3], *row[8:]])
    return Table(
        "The test half of the photos of other sets, none of whose named people is enrolled, against everybody of that "
        "half of lfw with enough photos. utkface has no names: its photos that are named here were compared by eye "
        "with the enrolled ones, and look like the same people.",
        ("engine", "set", "people in the gallery", *_COLUMNS[5:]),
        rows,
    )


def _certainty_table(reported: dict[str, list[_Outcome]]) -> Table:
    rows = []
    for engine, outcomes in reported.items():
        found = [one for one in outcomes if one.answer.answer != "unknown"]
        for low, high in pairwise(_BINS):
            here = [one for one in found if low <= one.answer.certainty < high + (high == 1.0)]
            if here:
                mean = sum(one.answer.certainty for one in here) / len(here)
                right = sum(one.is_right for one in here)
                rows.append([engine, f"{low:g} to {high:g}", str(len(here)), f"{mean:.3f}", f"{right / len(here):.3f}"])
    return Table(
        "The certainty that is told with a name or a question, and how often it was the person (splits of the first "
        "table, where about a quarter of the clusters are of known people).",
        ("engine", "certainty", "clusters", "mean certainty", "right"),
        rows,
    )
