from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluation.b_cubed import adjusted_rand, b_cubed
from benchmarks.evaluation.base import Evaluation, Table, Unavailable
from benchmarks.evaluation.document import with_tables
from benchmarks.evaluation.labelled_faces import Faces, is_reserved
from benchmarks.evaluation.made_events import KINDS, made_events


def test_b_cubed_of_the_worked_example() -> None:
    # One cluster of a, a, b and one of b: precisions 2/3, 2/3, 1/3, 1; recalls 1, 1, 1/2, 1/2.
    found = b_cubed(["a", "a", "b", "b"], [0, 0, 0, 1])
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(3 / 4)
    assert found.f == pytest.approx(2 * (2 / 3) * (3 / 4) / (2 / 3 + 3 / 4))


def test_faces_without_a_cluster_are_clusters_of_their_own() -> None:
    found = b_cubed(["a", "a", "b"], [-1, -1, -1])
    assert found.precision == 1.0
    assert found.recall == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)


def test_the_adjusted_rand_index_is_one_for_the_same_groups_by_other_names() -> None:
    assert adjusted_rand([0, 0, 1, 2], ["x", "x", "y", "z"]) == 1.0
    assert adjusted_rand([0, 0, 1, 1], [0, 1, 0, 1]) < 0.0
    # As sklearn.metrics.adjusted_rand_score says.
    assert adjusted_rand([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]) == pytest.approx(0.2424, abs=1e-4)


def test_tables_replace_what_stands_between_their_markers_only() -> None:
    text = "# A\n<!-- tables: one -->\nold\n<!-- end: one -->\nby hand\n<!-- tables: two -->\n<!-- end: two -->\n"
    table = Table("Figures:", ("what", "value"), [["this", "1"]])
    out = with_tables(text, "one", "Measured today.", [table])
    assert "old" not in out and "| this | 1 |" in out and "by hand" in out
    assert out.endswith("<!-- tables: two -->\n<!-- end: two -->\n")
    assert with_tables(out, "one", "Measured today.", [table]) == out


def test_a_section_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="tables: three"):
        with_tables("text", "three", "", [])


def test_absent_sets_are_unavailable(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, tmp_path, (), tmp_path)
    with pytest.raises(Unavailable, match="five_celebs"):
        evaluation.labels("five_celebs")


def test_made_events_use_one_half_of_the_people_and_good_faces_only() -> None:
    rng = np.random.default_rng(1)
    names = [f"person {number}" for number in range(60)]
    people: list[str | None] = [name for name in names for _ in range(9)]
    vectors = rng.normal(size=(len(people), 8)).astype(np.float32)
    clusters = np.zeros(len(people), dtype=np.int64)
    clusters[::9] = -1
    faces = Faces(vectors, people, np.arange(len(people)), clusters)
    events = list(made_events(faces, reserved=True))
    assert {kind for kind, _ in events} == set(KINDS)
    for kind, event in events:
        assert all(person is not None and is_reserved(person) for person in event.people)
        assert (event.clusters >= 0).all()
        if kind in ("alike", "album"):
            # Nobody is on a photo twice.
            assert len(set(zip(event.photos.tolist(), event.people, strict=True))) == len(event.people)
    assert {len(set(event.people)) for kind, event in events if kind == "two"} == {2}
