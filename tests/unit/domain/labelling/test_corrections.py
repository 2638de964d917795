"""The overlay of corrections, and what they ask of a grouping, against references that go face by face."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.faces.face import Box
from curation.domain.labelling.corrections import (
    NOT_A_PERSON,
    CorrectedFace,
    Correction,
    CorrectionKind,
    FacePlaces,
    constraints,
    corrected_clusters,
    cover_rows,
    drawn_faces,
    next_free_id,
    not_persons,
    table_clusters,
)

SAME, DIFFERENT = CorrectionKind.SAME_PERSON, CorrectionKind.DIFFERENT_PEOPLE
NO_FACE, NO_PERSON = CorrectionKind.NOT_A_FACE, CorrectionKind.NOT_A_PERSON


@dataclass(frozen=True)
class Row:
    image_path: str
    facial_area: Box
    cluster_id: int


def box(index: int) -> Box:
    return Box(200 * index, 10, 100, 100)


def rows(*clusters: int, per_photo: int = 2) -> list[Row]:
    return [Row(f"{n // per_photo}.jpg", box(n % per_photo), cluster) for n, cluster in enumerate(clusters)]


def places(table: list[Row]) -> FacePlaces:
    return FacePlaces((row.image_path, row.facial_area) for row in table)


def faces(table: list[Row], *numbers: int) -> tuple[CorrectedFace, ...]:
    return tuple(CorrectedFace(table[n].image_path, table[n].facial_area, table[n].cluster_id) for n in numbers)


def said(
    kind: CorrectionKind,
    of: tuple[CorrectedFace, ...],
    others: tuple[CorrectedFace, ...] = (),
    cluster: int = -1,
    *,
    name: str = "c",
) -> Correction:
    return Correction(name, "2026-06-20T21:14:03+00:00", kind, of, others, cluster)


def test_says_nothing_without_corrections() -> None:
    assert corrected_clusters(rows(3, -1, 0), []).tolist() == [3, -1, 0]


def test_merges_splits_and_leaves_out_at_once() -> None:
    table = rows(0, 0, 1, 1, 2, 2, -1)
    merge = said(SAME, faces(table, 0, 1), faces(table, 2, 3), 0)
    split = said(DIFFERENT, faces(table, 3), faces(table, 0, 1, 2), 7)
    no_face = said(NO_FACE, faces(table, 6))
    statue = said(NO_PERSON, faces(table, 4), (), 2)
    assert corrected_clusters(table, [merge]).tolist() == [0, 0, 0, 0, 2, 2, -1]
    assert corrected_clusters(table, [merge, split]).tolist() == [0, 0, 0, 7, 2, 2, -1]
    # What is no person is so with all its faces, also those that came later.
    assert corrected_clusters(table, [merge, split, no_face, statue]).tolist() == [0, 0, 0, 7, -2, -2, -2]
    assert not_persons([statue]) == {2}


def test_what_was_undone_is_as_if_never_said() -> None:
    table = rows(0, 0, 1, 1)
    merge = said(SAME, faces(table, 0, 1), faces(table, 2, 3), 0)
    assert corrected_clusters(table, [replace(merge, undone=True)]).tolist() == [0, 0, 1, 1]


def test_faces_go_back_where_they_came_from_if_a_run_had_followed() -> None:
    table = rows(0, 0, 1, 1)
    merge = said(SAME, faces(table, 0, 1), faces(table, 2, 3), 0)
    clustered_again = [replace(row, cluster_id=0) for row in table]
    assert corrected_clusters(clustered_again, [replace(merge, undone=True, applied=True)]).tolist() == [0, 0, 1, 1]
    assert corrected_clusters(clustered_again, [replace(merge, applied=True)]).tolist() == [0, 0, 0, 0]


def test_a_face_is_found_again_at_nearly_the_same_place_only() -> None:
    table = rows(0, 0, 1)
    shifted = CorrectedFace("0.jpg", Box(15, 20, 100, 100))
    elsewhere = CorrectedFace("0.jpg", Box(90, 10, 100, 100))
    other_photo = CorrectedFace("9.jpg", box(0))
    assert places(table).find([shifted, elsewhere, other_photo]).tolist() == [0, -1, -1]


def test_two_boxes_of_a_correction_are_two_faces() -> None:
    table = [Row("a.jpg", Box(0, 0, 100, 100), 0), Row("a.jpg", Box(30, 0, 100, 100), 1)]
    near_both = [CorrectedFace("a.jpg", Box(10, 0, 100, 100)), CorrectedFace("a.jpg", Box(12, 0, 100, 100))]
    assert sorted(places(table).find(near_both).tolist()) == [0, 1]
    exact_first = [CorrectedFace("a.jpg", Box(1, 0, 100, 100)), CorrectedFace("a.jpg", Box(0, 0, 100, 100))]
    # 30 of 130 columns are not shared: the second row is the one that is left.
    assert places(table).find(exact_first).tolist() == [1, 0]


def test_constraints_join_what_was_merged_and_part_what_was_split() -> None:
    table = rows(0, 0, 1, 1, 2)
    merge = said(SAME, faces(table, 0, 1), faces(table, 2, 3), 0)
    split = said(DIFFERENT, faces(table, 3), faces(table, 0, 4), 7)
    found = constraints([merge, split], places(table))
    assert found.cluster.tolist() == [0, 0, 0, 7, -1]
    assert found.together.tolist() == [0, 0, 0, 7, -1]
    assert found.apart.tolist() == [[0, 3], [3, 4]]
    assert bool(found)
    assert not constraints([replace(merge, undone=True)], places(table))


def test_a_merge_takes_back_an_earlier_split() -> None:
    table = rows(0, 0, 0)
    split = said(DIFFERENT, faces(table, 2), faces(table, 0, 1), 5)
    merge = said(SAME, faces(table, 0), faces(table, 2), 0)
    found = constraints([split, merge], places(table))
    assert found.cluster.tolist() == [0, -1, 0]
    # Face 1 was never said to be the person of face 0.
    assert found.apart.tolist() == [[1, 2]]


def test_what_was_said_of_a_face_ends_when_it_is_split_off_again() -> None:
    table = rows(0, 0, 0, 0)
    first = said(DIFFERENT, faces(table, 3), faces(table, 0, 1), 5)
    # Face 1 was not of the person either, so nothing is known of 1 and 3.
    second = said(DIFFERENT, faces(table, 1), faces(table, 0, 2), 6)
    assert constraints([first, second], places(table)).apart.tolist() == [[0, 1], [0, 3], [1, 2]]


def test_what_is_no_face_is_apart_from_nobody() -> None:
    table = rows(0, 0, 0)
    split = said(DIFFERENT, faces(table, 2), faces(table, 0, 1), 5)
    no_face = said(NO_FACE, faces(table, 2))
    found = constraints([split, no_face], places(table))
    assert found.cluster.tolist() == [-1, -1, NOT_A_PERSON]
    assert found.apart.tolist() == []


def test_ids_are_never_free_again() -> None:
    table = rows(0, 8, 1)
    assert next_free_id([]) == 0
    assert next_free_id([replace(said(DIFFERENT, faces(table, 0), (), 5), undone=True)]) == 6
    assert next_free_id([said(SAME, faces(table, 0), faces(table, 1), 0)]) == 9


def test_covers_and_drawn_faces_move_nobody() -> None:
    table = rows(0, 0, 1)
    drawn = said(CorrectionKind.FACE, faces(table, 1), (), -1)
    cover = said(CorrectionKind.COVER, faces(table, 2), (), -1)
    assert corrected_clusters(table, [drawn, cover]).tolist() == [0, 0, 1]
    assert not constraints([drawn, cover], places(table))
    assert next_free_id([drawn, cover]) == 2
    assert drawn_faces([drawn, cover]) == [("0.jpg", box(1))]
    assert drawn_faces([replace(drawn, undone=True)]) == []


def test_the_last_cover_comes_first() -> None:
    table = rows(0, 0, 1)
    covers = [said(CorrectionKind.COVER, faces(table, number), (), -1, name=str(number)) for number in (1, 2, 0)]
    assert cover_rows(covers, places(table)) == [0, 2, 1]
    assert cover_rows([covers[0], replace(covers[2], undone=True)], places(table)) == [1]


def test_a_drawn_face_that_was_taken_back_counts_nowhere_although_the_table_has_it() -> None:
    table = rows(0, 0, 1)
    drawn = replace(said(CorrectionKind.FACE, faces(table, 1), (), -1), undone=True, applied=True)
    given = said(SAME, faces(table, 1), faces(table, 2), 1, name="given")
    assert corrected_clusters(table, [drawn, given]).tolist() == [0, NOT_A_PERSON, 1]
    # Drawn once more, it is there.
    again = said(CorrectionKind.FACE, faces(table, 1), (), -1, name="again")
    assert corrected_clusters(table, [drawn, given, again]).tolist() == [0, 1, 1]
    # What the engine finds by itself at nearly the same place is another face.
    moved = replace(drawn, faces=(CorrectedFace("0.jpg", Box(205, 12, 100, 100)),))
    assert corrected_clusters(table, [moved]).tolist() == [0, 0, 1]


@st.composite
def events(draw: st.DrawFn) -> tuple[list[Row], list[Correction]]:
    table = rows(*draw(st.lists(st.integers(-1, 4), min_size=1, max_size=12)), per_photo=draw(st.integers(1, 3)))
    corrections = []
    numbers = st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=5, unique=True)
    for name in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from([SAME, DIFFERENT, NO_FACE, NO_PERSON]))
        chosen = draw(numbers)
        others = [n for n in draw(numbers) if n not in chosen] if kind in (SAME, DIFFERENT) else []
        correction = said(kind, faces(table, *chosen), faces(table, *others), draw(st.integers(0, 9)), name=str(name))
        if kind is NO_FACE:
            correction = replace(correction, cluster=-1)
        corrections.append(replace(correction, undone=draw(st.booleans()), applied=draw(st.booleans())))
    return table, corrections


def reference(table: list[Row], corrections: list[Correction]) -> list[int]:
    """Face by face: the last word counts."""
    out = []
    statues = {c.cluster for c in corrections if c.kind is NO_PERSON and not c.undone}
    for row in table:
        cluster = row.cluster_id
        for c in corrections:
            moved = [*c.faces, *(c.others if c.kind is SAME else ())]
            found = [f for f in moved if (f.image_path, f.facial_area) == (row.image_path, row.facial_area)]
            if found and not c.undone:
                cluster = -2 if c.kind is NO_FACE else c.cluster
            elif found and c.applied:
                cluster = found[0].was
        out.append(-2 if cluster in statues else cluster)
    return out


@settings(max_examples=300, deadline=None)
@given(events())
def test_equals_the_reference(event: tuple[list[Row], list[Correction]]) -> None:
    table, corrections = event
    assert corrected_clusters(table, corrections).tolist() == reference(table, corrections)
    assert corrected_clusters(table, corrections, places=places(table)).tolist() == reference(table, corrections)


@settings(max_examples=300, deadline=None)
@given(events())
def test_a_table_that_has_the_corrections_shows_the_same(event: tuple[list[Row], list[Correction]]) -> None:
    table, corrections = event
    shown = corrected_clusters(table, corrections).tolist()
    # What a run writes: -1 for what is no face, and the ids of statues.
    kept = np.maximum(table_clusters([row.cluster_id for row in table], corrections, places(table)), -1).tolist()
    written = [replace(row, cluster_id=cluster) for row, cluster in zip(table, kept, strict=True)]
    assert corrected_clusters(written, corrections).tolist() == shown
    again = [replace(row, cluster_id=cluster) for row, cluster in zip(table, shown, strict=True)]
    assert corrected_clusters(again, corrections).tolist() == shown


@settings(max_examples=300, deadline=None)
@given(events())
def test_constraints_never_contradict_themselves(event: tuple[list[Row], list[Correction]]) -> None:
    table, corrections = event
    found = constraints(corrections, places(table))
    for first, second in found.apart.tolist():
        assert first < second
        assert not found.cluster[first] == found.cluster[second] >= 0
        assert NOT_A_PERSON not in (found.cluster[first], found.cluster[second])
    said_of = {n for c in corrections if not c.undone for n in places(table).find(c.moved).tolist()}
    assert {n for n, cluster in enumerate(found.cluster.tolist()) if cluster != -1} == said_of


@pytest.mark.parametrize("kind", list(CorrectionKind))
def test_faces_that_are_gone_change_nothing(kind: CorrectionKind) -> None:
    gone = (CorrectedFace("gone.jpg", box(0)),)
    cluster = -1 if kind is NO_FACE else 4
    assert corrected_clusters(rows(0, 1), [said(kind, gone, gone, cluster)]).tolist() == [0, 1]
    assert constraints([said(kind, gone, gone, cluster)], places(rows(0, 1))).apart.tolist() == []
