"""Events composed of labelled faces: one person, two, one among few others, a crowd, people who look alike."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ground_truth.labelled_faces import LabelledFaces
from ground_truth.splits import in_test_half

__all__ = ["KINDS", "composed_events"]

KINDS = {
    "one": "one person, 8 photos and more",
    "two": "two people",
    "80 %": "one person in 80 % of the photos, strangers in the others",
    "crowd": "up to 150 people, most of them once",
    "alike": "the 8 most similar people, together in each photo",
    "album": "10 people, together in each photo",
}
"""The kinds of events, with descriptions."""
_SEED = 1
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


def _together(faces: LabelledFaces, people: list[list[int]]) -> LabelledFaces:
    """Put the nth faces of all people on the nth photo."""
    rows = [face for of_person in people for face in of_person[:10]]
    photos = np.array([number for of_person in people for number in range(len(of_person[:10]))])
    chosen = faces[rows]
    return LabelledFaces(chosen.vectors, chosen.people, photos, chosen.clusters)


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
