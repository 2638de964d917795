"""Named regions of files name the clusters whose faces they lie over, if enough of them agree."""

from __future__ import annotations

import pytest

from curation.domain.faces.face import Box
from curation.domain.told.file_told import FileTold, ToldRegion
from curation.domain.told.votes import PlacedFace, matched, votes

LEFT, RIGHT = Box(10, 10, 40, 50), Box(100, 10, 40, 50)


def region(name: str, box: Box) -> ToldRegion:
    return ToldRegion(name, box, "digiKam")


def counted(*photos: tuple[list[ToldRegion], list[tuple[Box, int]]]) -> list[tuple[int, str, int, int]]:
    told = {f"{number}.jpg": FileTold(regions=tuple(regions)) for number, (regions, _) in enumerate(photos)}
    faces = {f"{n}.jpg": [PlacedFace(*face) for face in of_photo] for n, (_, of_photo) in enumerate(photos)}
    clusters: dict[int, set[str]] = {}
    for path, of_photo in faces.items():
        for face in of_photo:
            clusters.setdefault(face.cluster_id, set()).add(path)
    found = votes(told, faces, {cluster: frozenset(paths) for cluster, paths in clusters.items()})
    return [(one.cluster_id, one.name, len(one.photos), one.against) for one in found]


Photo = tuple[list[ToldRegion], list[tuple[Box, int]]]

ANNA: Photo = ([region("Anna", LEFT)], [(LEFT, 3)])
BEN: Photo = ([region("Ben", LEFT)], [(LEFT, 3)])
NOBODY: Photo = ([], [(LEFT, 3)])


def test_a_name_needs_two_photos_unless_there_is_one_only() -> None:
    assert counted(ANNA, ANNA, NOBODY) == [(3, "Anna", 2, 0)]
    assert counted(ANNA, NOBODY) == []
    assert counted(ANNA) == [(3, "Anna", 1, 0)]


def test_a_wrong_tag_does_not_hide_a_clear_majority_but_a_mixed_person_gets_no_name() -> None:
    assert counted(ANNA, ANNA, ANNA, BEN) == [(3, "Anna", 3, 1)]
    assert counted(ANNA, ANNA, BEN) == []
    assert counted(ANNA, BEN, ANNA, BEN) == []


def test_twins_and_people_of_one_name_in_one_photo_are_not_named() -> None:
    both = ([region("Anna", LEFT), region("Anna", RIGHT)], [(LEFT, 3), (RIGHT, 4)])
    assert counted(both, both) == []
    # One wrong tag of the other one does not take the name away.
    mostly = ([region("Anna", LEFT)], [(LEFT, 3), (RIGHT, 4)])
    assert counted(both, both, mostly, mostly, mostly, mostly) == [(3, "Anna", 6, 0)]


def test_one_person_in_two_clusters_gets_the_name_twice() -> None:
    other = ([region("anna", LEFT)], [(LEFT, 7)])
    assert counted(ANNA, ANNA, other, other) == [(3, "Anna", 2, 0), (7, "anna", 2, 0)]


@pytest.mark.parametrize(
    ("box", "is_it"),
    [
        (LEFT, True),
        (Box(0, 0, 60, 80), True),  # a head with hair
        (Box(20, 22, 20, 25), True),  # eyes to mouth
        (Box(0, 0, 120, 160), False),  # the whole person
        (Box(60, 10, 40, 50), False),  # beside it
        (Box(25, 30, 8, 8), False),  # a nose
    ],
)
def test_which_regions_belong_to_a_face(box: Box, is_it: bool) -> None:
    assert bool(matched([region("Anna", box)], [LEFT])) is is_it


def test_a_region_has_one_face_and_a_face_one_region() -> None:
    wide = Box(20, 10, 40, 50)
    assert matched([region("Ben", wide), region("Anna", LEFT)], [LEFT]) == {1: 0}
    assert matched([region("Ben", wide), region("Anna", LEFT)], [LEFT, wide]) == {0: 1, 1: 0}


def test_what_is_no_person_takes_its_region_but_gets_no_name() -> None:
    assert counted(([region("Anna", LEFT)], [(LEFT, -1)]), ([region("Anna", LEFT)], [(LEFT, -2)])) == []


@pytest.mark.parametrize(
    ("names", "faces", "named"),
    [
        (("Anna",), [LEFT], True),
        (("Anna",), [LEFT, RIGHT], False),
        (("Anna", "Ben"), [LEFT], False),
        ((), [LEFT], False),
    ],
)
def test_a_name_without_a_place_counts_where_there_is_one_face(
    names: tuple[str, ...], faces: list[Box], named: bool
) -> None:
    told = {f"{n}.jpg": FileTold(names=names, programs=("Google Photos",)) for n in range(2)}
    placed = {path: [PlacedFace(box, 3) for box in faces] for path in told}
    found = votes(told, placed, {3: frozenset(told)})
    assert [(one.name, one.programs) for one in found] == ([("Anna", ("Google Photos",))] if named else [])
