"""The user's "no" to proposed names: the file's content, and which clusters the answers are about."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.domain.identity.said import FacePlace
from curation.domain.recognition.refusals import RefusedName, parse_refusals, refusals_json, refused_pairs
from curation.errors import RefusalsError

BOX = Box(1, 2, 30, 40)


def face(name: str) -> FacePlace:
    return name, BOX


def refusal(*names: str, id_: str = "a1", undone: bool = False) -> RefusedName:
    return RefusedName(id_, "2026-06-20", "p1", tuple(map(face, names)), undone)


def pairs(refusals: list[RefusedName], clusters: dict[str, int]) -> set[tuple[int, str]]:
    sizes = {cluster: list(clusters.values()).count(cluster) for cluster in clusters.values()}
    placed = {face(name): cluster for name, cluster in clusters.items()}
    return set(refused_pairs(refusals, lambda place: place, placed, sizes))


def test_an_answer_follows_most_of_its_faces() -> None:
    said = [refusal("a", "b", "c", "d")]
    assert pairs(said, {"a": 1, "b": 1, "c": 1, "d": 1}) == {(1, "p1")}
    # Merged with others, split in halves, and one face that went to the right person.
    assert pairs(said, dict.fromkeys("abcdefghi", 7)) == {(7, "p1")}
    assert pairs(said, {"a": 1, "b": 1, "c": 2, "d": 2}) == {(1, "p1"), (2, "p1")}
    assert pairs(said, {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2, "f": 2}) == {(1, "p1")}
    assert pairs(said, {"d": -1, "x": 3}) == set()


def test_an_answer_that_was_taken_back_counts_nowhere() -> None:
    assert pairs([refusal("a", undone=True)], {"a": 1}) == set()


def test_faces_that_are_not_found_do_not_count() -> None:
    placed = {face("new a"): 4}
    moved = refused_pairs([refusal("a", "b")], lambda place: face("new a") if place[0] == "a" else None, placed, {4: 1})
    assert moved == {(4, "p1")}


ids = st.text("abcdef0123456789", min_size=1, max_size=40)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
boxes = st.builds(Box, *[st.integers(0, 10**6)] * 4)
faces = st.lists(st.tuples(names, boxes), min_size=1, max_size=20).map(tuple)


@given(st.lists(st.builds(RefusedName, ids, names, ids, faces, st.booleans()), unique_by=lambda one: one.id))
def test_what_is_written_is_read_again(refusals: list[RefusedName]) -> None:
    by_id = {one.id: one for one in refusals}
    data = {"version": 1, "refused": refusals_json(by_id)}
    assert parse_refusals(json.loads(json.dumps(data))) == by_id


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "must be a JSON object"),
        ({"version": 2, "refused": []}, "version 2"),
        ({"version": 1, "refused": [], "more": 1}, "'more' is not a known key"),
        ({"version": 1, "refused": ["a"]}, "entry 1: write"),
        ({"version": 1, "refused": [{"id": "é", "person_id": "p", "faces": [["a", 1, 2, 3, 4]]}]}, "the id must be"),
        ({"version": 1, "refused": [{"id": "a", "person_id": "", "faces": [["a", 1, 2, 3, 4]]}]}, "person_id"),
        ({"version": 1, "refused": [{"id": "a", "person_id": "p", "faces": [["a", 1, 2, 3]]}]}, "faces"),
        ({"version": 1, "refused": [{"id": "a", "person_id": "p", "faces": [["a", 1, 2, 3, True]]}]}, "faces"),
        ({"version": 1, "refused": [{"id": "a", "person_id": "p", "faces": [], "undone": 1}]}, "undone"),
        ({"version": 1, "refused": [refusal("a").to_json()] * 2}, "is there twice"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_expected(data: object, told: str) -> None:
    with pytest.raises(RefusalsError, match=told):
        parse_refusals(data)
