from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.domain.grouping.check import GroupingCheck, Pair, Verdict


def _event(sizes: list[int], *, noise: float = 0.5, seed: int = 0) -> tuple[NDArray[np.float32], list[int]]:
    """Embeddings of people with so many faces each, and the person of each face."""
    random = np.random.default_rng(seed)
    people = [person for person, size in enumerate(sizes) for _ in range(size)]
    centres = random.normal(size=(len(sizes), 32))
    vectors = centres[people] + noise * random.normal(size=(len(people), 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), people


def _asked(check: GroupingCheck, people: list[int]) -> tuple[Verdict, dict[Pair, bool | None]]:
    answers: dict[Pair, bool | None] = {}
    while questions := check.questions(answers):
        answers |= {(first, second): people[first] == people[second] for first, second in questions}
    return check.verdict(answers), answers


def test_of_a_right_grouping_both_figures_are_one() -> None:
    embeddings, people = _event([30, 12, 5, 1, 1])
    verdict, answers = _asked(GroupingCheck(embeddings, people, count=50), people)

    assert verdict.precision is not None and verdict.recall is not None
    assert (verdict.precision.value, verdict.recall.value) == (1.0, 1.0)
    assert verdict.precision.low < 1.0 and verdict.recall.low < 1.0  # 25 answers cannot be sure
    assert len(answers) <= 50


@pytest.mark.parametrize("seed", range(5))
def test_estimates_come_near_the_truth_of_a_wrong_grouping(seed: int) -> None:
    # Persons 0 and 1 are merged, person 2 is in two pieces.
    embeddings, people = _event([20, 20, 40, 20], seed=seed)
    groups = [0 if person < 2 else person for person in people]
    for face in range(60, 80):
        groups[face] = 9
    # By hand: 40 faces have precision 1/2, of 100; 40 have recall 1/2.
    verdict, _ = _asked(GroupingCheck(embeddings, groups, count=400, seed=seed), people)

    assert verdict.precision is not None and verdict.recall is not None
    assert verdict.precision.value == pytest.approx(0.8, abs=0.08)
    assert verdict.recall.value == pytest.approx(0.8, abs=0.08)
    assert verdict.precision.low <= 0.8 <= verdict.precision.high
    assert verdict.recall.low <= 0.8 <= verdict.recall.high


def test_a_missing_group_leads_to_the_next_question() -> None:
    embeddings, people = _event([9, 9])
    groups = [face % 3 if person == 0 else 5 for face, person in enumerate(people)]
    check = GroupingCheck(embeddings, groups, count=18)
    (face, other), *_ = [pair for pair in check.questions({}) if groups[pair[0]] != groups[pair[1]]]
    before = set(check.questions({}))

    follow_ups = [pair for pair in check.questions({(face, other): True}) if pair not in before]

    assert [pair[0] for pair in follow_ups] == [face]
    assert groups[follow_ups[0][1]] not in (groups[face], groups[other])
    assert not [pair for pair in check.questions({(face, other): False}) if pair not in before]


def test_what_cannot_be_told_counts_for_nothing() -> None:
    embeddings, people = _event([10, 10])
    check = GroupingCheck(embeddings, people, count=20)
    unsure = dict.fromkeys(check.questions({}))

    assert not check.questions(unsure)
    assert check.verdict(unsure) == Verdict(None, None)


def test_faces_that_were_not_identified_are_never_asked_about() -> None:
    embeddings, people = _event([10, 10, 10])
    groups = [-1 if face % 4 == 0 else person for face, person in enumerate(people)]

    asked = {face for pair in GroupingCheck(embeddings, groups, count=60).questions({}) for face in pair}

    assert asked and all(groups[face] >= 0 for face in asked)


def test_faces_that_are_all_alone_have_nothing_impure() -> None:
    embeddings, people = _event([1, 1, 1])
    verdict, _ = _asked(GroupingCheck(embeddings, people, count=10), people)

    assert verdict.precision is not None and (verdict.precision.value, verdict.precision.answers) == (1.0, 0)


def test_one_group_has_nothing_missing() -> None:
    embeddings, people = _event([6])
    verdict, _ = _asked(GroupingCheck(embeddings, people, count=10), people)

    assert verdict.recall is not None and (verdict.recall.value, verdict.recall.answers) == (1.0, 0)


def test_the_same_seed_asks_the_same() -> None:
    embeddings, people = _event([30, 20, 10])

    def questions(seed: int) -> list[Pair]:
        return GroupingCheck(embeddings, people, count=30, seed=seed).questions({})

    assert questions(1) == questions(1) != questions(2)


def test_one_face_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="no two identified faces"):
        GroupingCheck(np.eye(2, dtype=np.float32), [0, -1], count=10)
