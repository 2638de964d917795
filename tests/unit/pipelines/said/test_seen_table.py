from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.identity.said import known_by_path
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind
from curation.pipelines.said.seen_table import SHOWN_FACES, SeenTable

HERE, THERE = Box(0, 0, 100, 100), Box(300, 0, 100, 100)


class Row(NamedTuple):
    image_path: str
    facial_area: Box
    cluster_id: int
    embedding_row: int = 0
    face_quality: float = 0.5


def table(
    rows: Sequence[Row],
    corrections: Sequence[Correction] = (),
    *,
    contents: Mapping[str, str] | None = None,
    others: Sequence[str] = (),
    vectors: NDArray[np.float32] | None = None,
) -> SeenTable:
    return SeenTable(
        lambda: (rows, corrections),
        lambda: contents or {},
        lambda: others,
        lambda wanted: None if vectors is None else vectors[wanted],
    )


def unread(*_: object) -> None:
    raise AssertionError("this is not needed")


def test_nothing_is_read_before_it_is_needed() -> None:
    SeenTable(unread, unread, unread, unread)  # type: ignore[arg-type]
    known = SeenTable(unread, lambda: {"a": "A"}, unread, unread)  # type: ignore[arg-type]
    assert known.photo_key("a") == "A"


def test_photos_are_known_by_content_or_path() -> None:
    event = table([Row("a.jpg", HERE, 0), Row("b.jpg", HERE, 0)], contents={"a.jpg": "A"}, others=["c.jpg"])
    assert event.photo_key("a.jpg") == "A"
    assert event.photo_key("b.jpg") == known_by_path("b.jpg")
    assert event.photo_key("c.jpg") == known_by_path("c.jpg")
    assert event.photo_key("d.jpg") is None


def test_the_face_at_a_place() -> None:
    event = table([Row("a.jpg", HERE, 0), Row("a.jpg", THERE, 1)])
    assert event.box_at("a.jpg", HERE) == HERE
    assert event.box_at("a.jpg", Box(310, 5, 100, 100)) == THERE
    assert event.box_at("a.jpg", Box(150, 0, 100, 100)) is None
    assert event.box_at("a.jpg", Box(60, 0, 100, 100)) is None, "less than half of it"
    assert event.box_at("b.jpg", HERE) is None


def shown(event: SeenTable, cluster: int) -> list[str]:
    return [path for path, _ in event.shown_faces(cluster)]


def test_all_faces_of_a_small_cluster_are_shown() -> None:
    event = table([Row("a", HERE, 0), Row("b", HERE, 1), Row("c", HERE, 0), Row("d", HERE, -1)])
    assert shown(event, 0) == ["a", "c"]
    assert event.shown_faces(1) == [("b", HERE)]
    assert shown(event, 7) == []
    assert shown(event, -1) == [], "nobody is no person"
    assert shown(event, -2) == []
    assert shown(table([]), 0) == []


def names(count: int) -> list[Row]:
    return [Row(f"{number:03}", HERE, 0, number) for number in range(count)]


def test_of_a_large_cluster_typical_faces_are_shown_spread_over_the_event() -> None:
    count = 100
    vectors = np.tile(np.array([1, 0], dtype=np.float32), (count, 1))
    strays = [3, 50, 51, 99]
    vectors[strays] = (0, 1)
    found = shown(table(names(count), vectors=vectors), 0)
    assert len(found) == SHOWN_FACES
    assert len(set(found)) == SHOWN_FACES
    assert not {f"{number:03}" for number in strays} & set(found)
    assert found == sorted(found)
    # Of faces that are equally near the first ones are typical.
    assert found[0] == "000"


def test_a_part_that_is_far_from_the_mean_does_not_stand_for_the_person() -> None:
    # A third of the cluster is somebody else.
    vectors = np.tile(np.array([1, 0], dtype=np.float32), (60, 1))
    vectors[::3] = (0.2, 0.98)
    found = shown(table(names(60), vectors=vectors), 0)
    assert all(int(name) % 3 for name in found)


def test_without_vectors_the_best_faces_are_typical() -> None:
    rows = [row._replace(face_quality=0.1 if number % 2 else 0.9) for number, row in enumerate(names(60))]
    found = shown(table(rows), 0)
    assert len(found) == SHOWN_FACES
    assert sum(int(name) % 2 for name in found) <= SHOWN_FACES // 5


def moved(path: str, cluster: int, was: int, *, applied: bool, undone: bool = False) -> Correction:
    face = CorrectedFace(path, HERE, was)
    return Correction(
        "c", "2024", CorrectionKind.DIFFERENT_PEOPLE, (face,), cluster=cluster, undone=undone, applied=applied
    )


def test_faces_brought_by_a_correction_are_not_the_persons_own() -> None:
    rows = [Row("a", HERE, 0), Row("b", HERE, 0), Row("c", HERE, 1)]
    new = table(rows, [moved("c", 0, 1, applied=False)])
    assert shown(new, 0) == ["a", "b"]
    # Who was merged into somebody else is still the same faces.
    assert shown(new, 1) == ["c"]
    # Also when the last run followed it, so that it is in the table.
    rows[2] = rows[2]._replace(cluster_id=0)
    assert shown(table(rows, [moved("c", 0, 1, applied=True)]), 0) == ["a", "b"]


def test_faces_that_a_correction_took_away_are_not_shown() -> None:
    rows = [Row("a", HERE, 0), Row("b", HERE, 0)]
    wrong = Correction("c", "2024", CorrectionKind.NOT_A_FACE, (CorrectedFace("b", HERE, 0),))
    assert shown(table(rows, [wrong]), 0) == ["a"]


def test_a_person_made_by_a_correction_is_shown_by_its_faces() -> None:
    rows = [Row("a", HERE, 0), Row("b", HERE, 0)]
    assert shown(table(rows, [moved("b", 5, 0, applied=False)]), 5) == ["b"]
    assert shown(table(rows, [moved("b", 5, 0, applied=False, undone=True)]), 5) == []
