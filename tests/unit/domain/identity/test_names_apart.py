from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation.domain.identity import names_apart
from curation.domain.identity.names_apart import names_together


def groups(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def rows(*values: int) -> NDArray[np.intp]:
    return np.array(values, dtype=np.intp)


def pairs_of(found: tuple[NDArray[np.intp], Sequence[object]]) -> list[list[int]]:
    return [[int(one), int(other)] for one, other in found[0]]


def test_people_in_groups_of_their_own_need_no_pairs() -> None:
    pairs, names = names_together(groups(0, 0, 1, 1, -1), {"anna": rows(0, 1, 4), "ben": rows(2, 3)})
    assert pairs.shape == (0, 2)
    assert names == ()
    assert pairs_of(names_together(groups(0, 0), {})) == []
    assert pairs_of(names_together(groups(), {"anna": rows()})) == []


def test_two_names_in_one_group_are_kept_apart_face_by_face() -> None:
    pairs, names = names_together(groups(3, 3, 3, 3, 3), {"ben": rows(3, 1), "anna": rows(2, 0)})
    assert pairs.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
    assert names == (("anna", "ben"),)


def test_one_name_of_two_clusters_is_one_person() -> None:
    assert pairs_of(names_together(groups(0, 0, 0), {"anna": rows(0, 1, 2)})) == []


def test_three_names_in_one_group() -> None:
    pairs, names = names_together(groups(0, 0, 0), {"anna": rows(0), "ben": rows(1), "cleo": rows(2)})
    assert pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert names == (("anna", "ben"), ("anna", "cleo"), ("ben", "cleo"))


def test_faces_without_a_group_say_nothing() -> None:
    assert pairs_of(names_together(groups(-1, -1), {"anna": rows(0), "ben": rows(1)})) == []


def test_a_stray_face_does_not_keep_people_apart() -> None:
    # One of five shown faces of Ben is in Anna's group: it was shown under his name by mistake.
    shown = {"anna": rows(0, 1, 2), "ben": rows(3, 4, 5, 6, 7)}
    assert pairs_of(names_together(groups(0, 0, 0, 0, 1, 1, 1, 1), shown)) == []
    pairs, _ = names_together(groups(0, 0, 0, 0, 0, 1, 1, 1), shown)
    assert pairs.tolist() == [[0, 3], [0, 4], [1, 3], [1, 4], [2, 3], [2, 4]]


def test_a_face_shown_under_two_names_says_nothing() -> None:
    assert pairs_of(names_together(groups(0, 0), {"anna": rows(0, 1), "ben": rows(1)})) == []
    pairs, _ = names_together(groups(0, 0, 0), {"anna": rows(0, 1), "ben": rows(1, 2)})
    assert pairs.tolist() == [[0, 2]]


def test_of_many_faces_some_stand_for_each_name() -> None:
    count = 2000
    pairs, names = names_together(
        groups(*[0] * 2 * count), {"a": rows(*range(count)), "b": rows(*range(count, 2 * count))}
    )
    assert names == (("a", "b"),)
    assert 500_000 < len(pairs) <= names_apart._MOST_PAIRS
    for side, lowest in ((pairs[:, 0], 0), (pairs[:, 1], count)):
        assert (side.min(), side.max()) == (lowest, lowest + count - 1)


def test_many_names_in_one_group_stay_few_pairs() -> None:
    names = {f"person {name:03}": rows(*range(name * 20, name * 20 + 20)) for name in range(200)}
    pairs, together = names_together(groups(*[0] * 4000), names)
    assert len(together) == 200 * 199 // 2
    assert len(pairs) <= names_apart._MOST_PAIRS
    assert len({(int(one) // 20, int(other) // 20) for one, other in pairs}) == len(together)
