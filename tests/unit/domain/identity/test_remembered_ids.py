from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.identity import remembered_ids
from curation.domain.identity.remembered_ids import (
    KEY_BYTES,
    MAX_GROUPINGS,
    Claims,
    RememberedIds,
    face_keys,
    first_ids,
    group_keys,
    ids_of_groups,
)

NAMES = [f"{number:064x}" for number in range(12)]
KEYS = face_keys([(name, Box(10, 20, 30, 40)) for name in NAMES])
NOTHING = np.zeros(0, dtype=np.intp)

groupings = st.lists(st.integers(-1, 3), min_size=len(NAMES), max_size=len(NAMES))
"""The group of each face; -2 would be a face that is away, see `subsets`."""
subsets = st.tuples(groupings, st.sets(st.integers(0, len(NAMES) - 1)))
"""Groups, and the faces that are away."""


def array(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def raw(*names: bytes) -> NDArray[np.void]:
    return np.frombuffer(b"".join(name.ljust(KEY_BYTES, b"\0") for name in names), dtype=np.dtype((np.void, KEY_BYTES)))


class Runs:
    """What is carried from run to run."""

    def __init__(self) -> None:
        self.ids = RememberedIds()
        self.next_id = 0

    def run(
        self,
        groups: Sequence[int],
        faces: Sequence[int] | None = None,
        *,
        pinned: Mapping[int, int] | None = None,
        labelled: Mapping[int, Sequence[int]] | None = None,
    ) -> dict[int, int]:
        """Group some faces, given by their numbers, and return the id of each."""
        which = range(len(groups)) if faces is None else faces
        keys = KEYS[list(which)] if len(groups) else KEYS[:0]
        first, last = self.ids.find(keys)
        pins = np.full(len(groups), -1, dtype=np.int64)
        for row, id_ in (pinned or {}).items():
            pins[row] = id_
        rows = {id_: np.array(of_id, dtype=np.intp) for id_, of_id in (labelled or {}).items()}
        claims = Claims(pins, first, last, rows)
        photos = [NAMES[face] for face in which]
        ids, grouping = ids_of_groups(
            array(groups), photos, keys, claims, self.ids.groupings, next_id=max(self.next_id, self.ids.highest + 1)
        )
        assert len(set(ids.values())) == len(ids), "an id was given twice"
        assert ids.keys() == {group for group in groups if group >= 0}
        of_face = array([ids[group] if group >= 0 else -1 for group in groups])
        self.ids = self.ids.with_run(keys, of_face, grouping)
        self.next_id = max(self.next_id, self.ids.highest + 1)
        return dict(zip(which, of_face.tolist(), strict=True))


def subset(run: tuple[list[int], set[int]]) -> tuple[list[int], list[int]]:
    groups, away = run
    there = [face for face in range(len(NAMES)) if face not in away]
    return [groups[face] for face in there], there


@settings(deadline=None)
@given(st.lists(subsets, min_size=1, max_size=12))
def test_whatever_comes_in_between_the_same_groups_have_the_same_ids(
    sequence: list[tuple[list[int], set[int]]],
) -> None:
    runs = Runs()
    before = [runs.run(*subset(run)) for run in sequence]
    for run, ids in zip(sequence, before, strict=True):
        assert runs.run(*subset(run)) == ids


@settings(deadline=None)
@given(st.lists(subsets, min_size=1, max_size=8))
def test_the_numbers_of_the_groups_and_the_order_of_the_faces_mean_nothing(
    sequence: list[tuple[list[int], set[int]]],
) -> None:
    runs = Runs()
    before = [runs.run(*subset(run)) for run in sequence]
    for run, ids in zip(sequence, before, strict=True):
        groups, faces = subset(run)
        renamed = [group if group < 0 else 7 - group for group in groups]
        assert runs.run(renamed[::-1], faces[::-1]) == ids


@settings(deadline=None)
@given(st.lists(subsets, min_size=1, max_size=10), st.integers(1, 11))
def test_a_new_person_never_gets_an_id_that_was_used(sequence: list[tuple[list[int], set[int]]], known: int) -> None:
    # The faces from `known` on are first seen at the end.
    runs = Runs()
    used: set[int] = set()
    for run in sequence:
        groups, faces = subset((run[0], run[1] | set(range(known, len(NAMES)))))
        used |= set(runs.run(groups, faces).values())
    new = list(range(known, len(NAMES)))
    ids = set(runs.run([face % 3 for face in new], new).values())
    assert not ids & (used - {-1})


@settings(deadline=None)
@given(st.lists(subsets, max_size=6), subsets, st.randoms(use_true_random=False))
def test_the_order_of_faces_does_not_change_what_is_remembered(
    sequence: list[tuple[list[int], set[int]]], last: tuple[list[int], set[int]], random: object
) -> None:
    runs = Runs()
    for run in sequence:
        runs.run(*subset(run))
    groups, faces = subset(last)
    order = list(range(len(faces)))
    random.shuffle(order)  # type: ignore[attr-defined]
    keys, ids = KEYS[faces] if faces else KEYS[:0], array(groups)
    one = runs.ids.with_run(keys, ids, None)
    other = runs.ids.with_run(keys[order], ids[order], None)
    assert one.keys.tobytes() == other.keys.tobytes()
    assert one.first.tolist() == other.first.tolist()
    assert one.last.tolist() == other.last.tolist()
    # A group of faces has one key, whatever their order and the group's number.
    assert group_keys(ids, keys) == group_keys(ids[order], keys[order])
    assert set(group_keys(ids + 5, keys).values()) >= set(group_keys(ids, keys).values())


@settings(deadline=None)
@given(st.lists(st.binary(max_size=3), max_size=8), st.lists(st.binary(max_size=3), max_size=8))
def test_keys_are_found_whatever_bytes_they_have(known: list[bytes], asked: list[bytes]) -> None:
    # numpy drops trailing zeros of bytes, which must not make keys equal.
    names = [name.ljust(KEY_BYTES, b"\0") for name in known]
    ids = {name: number for number, name in enumerate(names)}
    remembered = RememberedIds().with_run(raw(*known), array([ids[name] for name in names]), None)
    first, last = remembered.find(raw(*asked))
    assert first.tolist() == [ids.get(name.ljust(KEY_BYTES, b"\0"), -1) for name in asked]
    assert last.tolist() == first.tolist()
    assert len(remembered.keys) == len(set(names))
    assert {key.tobytes() for key in remembered.keys} == set(names)


def test_a_face_is_known_by_content_and_box() -> None:
    box = Box(1, 2, 3, 4)
    keys = face_keys([("a", box), ("a", Box(1, 2, 3, 5)), ("b", box), ("a", box)])
    assert keys.shape == (4,)
    assert len({key.tobytes() for key in keys}) == 3
    assert keys[0].tobytes() == keys[3].tobytes()
    assert face_keys([]).shape == (0,)


def test_nothing_is_remembered_of_nothing() -> None:
    remembered = RememberedIds()
    assert remembered.highest == -1
    assert [ids.tolist() for ids in remembered.find(KEYS[:2])] == [[-1, -1], [-1, -1]]
    assert [ids.tolist() for ids in remembered.with_run(KEYS[:0], array([]), None).find(KEYS[:0])] == [[], []]
    # A face without a cluster is not remembered.
    after = remembered.with_run(KEYS[:2], array([-1, 4]), None)
    assert [ids.tolist() for ids in after.find(KEYS[:2])] == [[-1, 4], [-1, 4]]
    assert after.highest == 4


def test_the_highest_id_is_that_of_a_grouping_too() -> None:
    assert RememberedIds(groupings={b"a": (), b"b": (3, 9)}).highest == 9


def test_copies_of_one_photo_are_one_face() -> None:
    keys = KEYS[[0, 0, 1]]
    remembered = RememberedIds().with_run(keys, array([2, 2, 3]), None)
    assert len(remembered.keys) == 2
    assert remembered.find(KEYS[:2])[0].tolist() == [2, 3]
    # A copy more is another grouping, but everybody keeps the id.
    groups, claims = array([0, 0, 1]), Claims(array([-1, -1, -1]), *remembered.find(keys), {})
    ids, _ = ids_of_groups(groups, ["a", "b", "c"], keys, claims, {}, next_id=4)
    assert ids == {0: 2, 1: 3}


def test_copies_that_were_grouped_apart_have_an_id_each() -> None:
    keys = KEYS[[0, 0]]
    remembered, ids = RememberedIds(), dict[int, int]()
    for _ in range(3):
        claims = Claims(array([-1, -1]), *remembered.find(keys), {})
        before = ids
        ids, grouping = ids_of_groups(array([0, 1]), ["a", "b"], keys, claims, remembered.groupings, next_id=5)
        assert len(set(ids.values())) == 2
        assert before in ({}, ids)
        remembered = remembered.with_run(keys, array([ids[0], ids[1]]), grouping)


def test_a_mixed_cluster_does_not_make_a_new_face_one_of_them() -> None:
    runs = Runs()
    assert runs.run([0, 0, 0, 1, 1, 1]) == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 1}
    mixed = runs.run([0] * 7)  # with a large threshold: face 6 comes when both people are one
    assert set(mixed.values()) == {0}
    first, last = runs.ids.find(KEYS[:7])
    assert first.tolist() == [0, 0, 0, 1, 1, 1, -1]
    assert last.tolist() == [0] * 7
    # As usual again: it is one of the second person, as the faces around it say.
    assert runs.run([0, 0, 0, 1, 1, 1, 1]) == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 1, 6: 1}
    assert runs.ids.find(KEYS[6:7])[0].tolist() == [1]


@pytest.mark.parametrize(("own", "others", "is_pure"), [(4, 1, True), (3, 1, False), (1, 0, True), (0, 0, True)])
def test_a_cluster_is_pure_if_four_of_five_known_faces_had_its_id(own: int, others: int, is_pure: bool) -> None:
    first = array([5] * own + [6] * others + [-1])
    found = remembered_ids._is_pure(first, np.full(len(first), 5))
    assert found.tolist() == [is_pure] * len(first)


def test_only_so_many_groupings_are_remembered_and_the_last_ones_stay() -> None:
    remembered = RememberedIds()
    for number in range(MAX_GROUPINGS + 3):
        remembered = remembered.with_run(KEYS[:1], array([0]), (number.to_bytes(2), (number,)))
        remembered = remembered.with_run(KEYS[:1], array([0]), ((0).to_bytes(2), (0,)))
    assert len(remembered.groupings) == MAX_GROUPINGS
    assert list(remembered.groupings)[-2:] == [(MAX_GROUPINGS + 2).to_bytes(2), (0).to_bytes(2)]


def test_labelled_people_keep_their_ids_where_most_shown_faces_are() -> None:
    runs = Runs()
    runs.run([0, 0, 0, 0, 1, 1, 1])
    # Two of three shown faces of person 0 are in the small group, most other faces of theirs are not.
    ids = runs.run([0, 0, 1, 1, 1, 2, 2], labelled={0: [0, 1, 2]})
    assert ids[0] == 0
    assert len({ids[0], ids[2], ids[5]}) == 3


def test_a_stray_shown_face_among_others_gives_them_no_name() -> None:
    runs = Runs()
    runs.run([0, 1, 1, 1, 1, 1, 1, 1, 1])  # person 1, alone on one photo, was labelled
    assert runs.ids.find(KEYS[:2])[0].tolist() == [1, 0]
    ids = runs.run([0] * 9, labelled={1: [0]})
    assert set(ids.values()) == {0}


def test_a_stray_shown_face_gives_no_name_to_a_part_of_somebody_else() -> None:
    runs = Runs()
    runs.run([0, 1, 1, 1, 1, 1, 1, 1, 1])
    # Person 0 falls into two groups: the larger one keeps the id, the other one must not get that of the stray face.
    ids = runs.run([0, 0, 0, 0, 1, 1, 1, 1, 1], labelled={1: [0]})
    assert ids[8] == 0
    assert ids[1] not in (0, 1)


def test_a_labelled_person_whose_shown_faces_are_in_many_groups_is_where_most_of_them_are() -> None:
    runs = Runs()
    runs.run([0, 0, 0, 0, 0, 0, 1])
    ids = runs.run([0, 0, 1, 1, 1, 2, 3], labelled={0: [0, 2, 5]})
    assert ids[2] == 0
    assert ids[6] == 1


def test_the_faces_of_a_label_on_new_photos_are_the_person() -> None:
    # The first run of a folder that was exported again: only the words know anybody.
    runs = Runs()
    assert runs.run([0, 0, 1, 1], labelled={7: [2]}) == {0: 0, 1: 0, 2: 7, 3: 7}


def test_pinned_ids_win() -> None:
    runs = Runs()
    before = runs.run([0, 0, 0, 1, 1, 1])
    assert before[0] == 0
    # The same groups as before, but a correction says who the second group is.
    ids = runs.run([0, 0, 0, 1, 1, 1], pinned={3: 0}, labelled={0: [0, 1, 2]})
    assert ids[3] == 0
    assert ids[0] not in (0, 1), "the first group has no id of its own left, and is not person 1"


def test_the_id_that_most_pinned_faces_have_is_taken() -> None:
    runs = Runs()
    assert runs.run([0, 0, 0, 1], pinned={0: 4, 1: 5, 2: 5, 3: 4}) == {0: 5, 1: 5, 2: 5, 3: 4}


def test_who_does_not_look_like_an_absent_person_does_not_get_their_id() -> None:
    runs = Runs()
    runs.run([0, 0, 1, 1])
    claims = Claims(np.full(4, -1), *runs.ids.find(KEYS[:4]), {}, lambda id_, rows: id_ != 0 or 0 not in rows.tolist())
    ids, _ = ids_of_groups(array([0, 0, 1, 1]), NAMES[:4], KEYS[:4], claims, runs.ids.groupings, next_id=2)
    assert ids == {0: 2, 1: 1}


def test_new_ids_go_by_photos_then_faces_then_the_first_face() -> None:
    groups = array([3, 1, 1, 2, 2, 2, -1, 0])
    photos = ["a", "a", "b", "a", "a", "b", "c", "z"]
    assert first_ids(groups, photos, next_id=10) == {2: 10, 1: 11, 3: 12, 0: 13}
    assert first_ids(array([]), []) == {}
    assert first_ids(array([-1, -1]), ["a", "b"]) == {}


def test_an_event_without_faces() -> None:
    runs = Runs()
    assert runs.run([]) == {}
    assert runs.run([-1, -1]) == {0: -1, 1: -1}
    assert runs.ids.highest == -1


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.integers(-1, 3), min_size=1, max_size=12),
    st.lists(st.integers(-1, 3), min_size=12, max_size=12),
    st.lists(st.integers(-1, 3), min_size=12, max_size=12),
    st.lists(st.sets(st.integers(0, 11)), min_size=3, max_size=3),
)
def test_a_name_goes_only_to_a_group_of_the_person(
    groups: list[int], first: list[int], last: list[int], shown: list[set[int]]
) -> None:
    count = len(groups)
    rows = {id_: [face for face in sorted(of) if face < count] for id_, of in enumerate(shown)}
    labelled = {id_: np.array(of, dtype=np.intp) for id_, of in rows.items() if of}
    known_first = array(first[:count])
    known_last = np.where(known_first >= 0, array(last[:count]), -1)
    claims = Claims(np.full(count, -1), known_first, known_last, labelled)
    ids, _ = ids_of_groups(array(groups), NAMES[:count], KEYS[:count], claims, {}, next_id=4)
    assert len(set(ids.values())) == len(ids)
    for group, id_ in ids.items():
        if id_ not in labelled:
            continue
        members = [face for face in range(count) if groups[face] == group]
        own = [face for face in members if face in rows[id_]]
        had = [face for face in members if id_ in (known_first[face], known_last[face])]
        known = [face for face in members if known_first[face] >= 0]
        is_most_shown = len(own) >= 3 and 2 * len(own) >= len([face for face in rows[id_] if groups[face] >= 0])
        assert is_most_shown or 2 * len(had) >= len(known)
