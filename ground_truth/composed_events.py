"""Events composed of labelled faces: one person, two, one among few others, a crowd, people of one look."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ground_truth.labelled_faces import LabelledFaces
from ground_truth.splits import in_test_half

__all__ = ["ALIKE_KINDS", "KINDS", "composed_events"]

KINDS = {
    "one": "one person, 8 photos and more",
    "two": "two people",
    "80 %": "one person in 80 % of the photos, strangers in the others",
    "crowd": "up to 150 people, most of them once",
    "alike": "the 8 most similar people, together in each photo",
    "album": "10 people, together in each photo",
    "class": "8 people of one look, 3 to 6 on each photo",
    "nearer class": "8 people of one look, strangers nearer than the limit of large clusters, 3 to 6 on each photo",
    "large class": "30 people of one look, 4 to 9 on each photo",
    "pairs": "12 people of one look, 1 to 3 on each photo",
    "siblings": "2 people of one look, 1 or 2 on each photo",
    "siblings apart": "2 people of one look, never on one photo",
    "mirrors": "2 people of one look, 1 or 2 on each photo, half of the photos with mirrors",
}
"""The kinds of events, with descriptions."""
ALIKE_KINDS = ("class", "nearer class", "large class", "pairs", "siblings", "siblings apart", "mirrors")
"""Those of people of one look: their mean embeddings are drawn towards each other, their faces vary as they do."""
_SEED = 1
_REPEATS = 6
# Of the kinds of people of one look: number of people, part of the way to their centre, faces per photo, share of
# photos with mirrors.
_ALIKE: dict[str, tuple[int, float, tuple[int, int], float]] = {
    "class": (8, 0.4, (3, 6), 0.0),
    "nearer class": (8, 0.55, (3, 6), 0.0),
    "large class": (30, 0.45, (4, 9), 0.0),
    "pairs": (12, 0.45, (1, 3), 0.0),
    "siblings": (2, 0.5, (1, 2), 0.0),
    "siblings apart": (2, 0.35, (1, 1), 0.0),
    "mirrors": (2, 0.5, (1, 2), 0.5),
}
_LARGE = 8  # faces per person
_SEVERAL = 4  # faces per person


def composed_events(faces: LabelledFaces, *, test_half: bool) -> Iterator[tuple[str, LabelledFaces]]:
    """Events composed of the faces that were good enough to be clustered, of one half of the people.

    Args:
        faces: Faces of many people, with several photos each.
        test_half: Which half of the people, see `in_test_half`.

    Yields:
        The kind, a key of `KINDS`, and the faces of each event.
    """
    of: dict[str, list[int]] = defaultdict(list)
    for face, person in enumerate(faces.people):
        if person is not None and faces.clusters[face] >= 0 and in_test_half(person) == test_half:
            of[person].append(face)
    rng = random.Random(_SEED)
    large = sorted(person for person in of if len(of[person]) >= _LARGE)
    several = sorted(person for person in of if len(of[person]) >= _SEVERAL)
    for person in large:
        yield "one", faces[of[person]]
    for _ in range(30):
        a, b = rng.sample(large, 2)
        yield "two", faces[of[a] + of[b]]
    for _ in range(20):
        person = rng.choice(large)
        strangers = [other for other in rng.sample(sorted(of), len(of[person]) // 4 + 1) if other != person]
        yield "80 %", faces[of[person] + [of[other][0] for other in strangers[: max(2, len(of[person]) // 4)]]]
    for _ in range(4):
        crowd = rng.sample(sorted(of), min(150, len(of)))
        yield "crowd", faces[[face for person in crowd for face in of[person][: rng.choice([1, 1, 1, 2, 5])]]]
    for group in _alike(faces, {person: of[person] for person in several}):
        yield "alike", _together(faces, [of[person] for person in group])
    for _ in range(12):
        yield "album", _together(faces, [of[person] for person in rng.sample(several, 10)])
    often = sorted(of, key=lambda person: (-len(of[person]), person))
    for kind, (people, drawn, beside, mirrors) in _ALIKE.items():
        for repeat in range(_REPEATS):
            chosen = rng.sample(often[: max(2 * people, 16)], min(people, len(often)))
            seed = int.from_bytes(hashlib.sha256(f"{kind} {repeat}".encode()).digest()[:4], "big")
            yield kind, _of_one_look(faces, [of[person] for person in chosen], drawn, beside, mirrors, seed)


def _together(faces: LabelledFaces, people: list[list[int]]) -> LabelledFaces:
    """Put the nth faces of all people on the nth photo."""
    rows = [face for of_person in people for face in of_person[:10]]
    photos = np.array([number for of_person in people for number in range(len(of_person[:10]))])
    chosen = faces[rows]
    return LabelledFaces(chosen.vectors, chosen.people, photos, chosen.clusters)


def _of_one_look(
    faces: LabelledFaces,
    people: list[list[int]],
    drawn: float,
    beside: tuple[int, int],
    mirrors: float,
    seed: int,
) -> LabelledFaces:
    """Draw the means of people towards each other, and put their faces on photos, nobody twice but in mirrors.

    What distinguishes the faces of a person stays as it is; only what distinguishes the people shrinks.
    """
    rng = np.random.default_rng(seed)
    means = np.array([faces.vectors[rows].mean(axis=0, dtype=np.float64) for rows in people])
    centre = means.mean(axis=0)
    moved = centre + (1.0 - drawn) * (means - centre)
    moved *= np.linalg.norm(means, axis=1, keepdims=True) / np.linalg.norm(moved, axis=1, keepdims=True)
    left = []
    for rows, mean, new in zip(people, means, moved, strict=True):
        vectors = faces.vectors[rows].astype(np.float64) - mean + new
        left.append(list(vectors[rng.permutation(len(rows))]))
    vectors_out, people_out, photos_out = [], [], []
    photo = 0
    while any(left):
        there = [number for number, of_person in enumerate(left) if of_person]
        weights = np.array([len(left[number]) for number in there], dtype=np.float64)
        count = min(len(there), int(rng.integers(beside[0], beside[1] + 1)))
        chosen = rng.choice(there, size=count, replace=False, p=weights / weights.sum()).tolist()
        with_mirror = rng.random() < mirrors
        for number in chosen:
            face = left[number].pop()
            for copy in range(2 if with_mirror else 1):
                noise = 0.15 * copy * rng.normal(size=face.shape) / np.sqrt(len(face))
                vectors_out.append(face + noise * np.linalg.norm(face))
                people_out.append(faces.people[people[number][0]])
                photos_out.append(photo)
        photo += 1
    out = np.array(vectors_out)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    clusters = np.zeros(len(out), dtype=np.int64)
    return LabelledFaces(out.astype(np.float32), people_out, np.array(photos_out, dtype=np.int64), clusters)


def _alike(faces: LabelledFaces, of: dict[str, list[int]]) -> Iterator[list[str]]:
    """Groups of 8, around the 12 pairs of people whose mean embeddings are most similar."""
    people = sorted(of)
    means = np.array([faces.vectors[of[person]].mean(axis=0) for person in people])
    means -= means.mean(axis=0)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    similarity = means @ means.T
    np.fill_diagonal(similarity, -9.0)
    used: set[int] = set()
    groups = 0
    for flat in np.argsort(-similarity, axis=None):
        pair = [int(i) for i in np.unravel_index(int(flat), similarity.shape)]
        if groups == 12:
            return
        if used & set(pair):
            continue
        used |= set(pair)
        groups += 1
        while len(pair) < 8:
            rest = [i for i in range(len(people)) if i not in pair]
            pair.append(max(rest, key=lambda i: float(similarity[i, pair].mean())))
        yield [people[i] for i in pair]
