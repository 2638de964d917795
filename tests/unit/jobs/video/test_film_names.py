"""Names of characters follow their faces when a film is looked at again."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.film.people import TrailerResult
from curation.errors import StorageError
from curation.jobs.video.film_names import FilmName, anchors_of, followed, names_version, read_names, write_names
from tests.fake_films import SECOND_BOX, two_characters
from tests.film_values import made_film, made_result, made_track


def said(result: TrailerResult, cluster: int, name: str) -> FilmName:
    person = next(person for person in result.people if person.cluster_id == cluster)
    return FilmName(name, "main", anchors_of(result, person))


def other_look() -> TrailerResult:
    """The same film with other settings: the second character comes first, and boxes are a little off."""
    tracks = (
        made_track(0, 5, 0, step_s=0.25),
        made_track(5, 9.6, 0, shot=1, step_s=0.25),
        made_track(5.2, 9.4, 1, shot=1, box=SECOND_BOX._replace(x=SECOND_BOX.x + 12)),
    )
    return made_result(made_film(tracks, cuts=(5,)), (((2,), ""), ((0, 1), "")))


def test_names_go_to_the_faces_that_they_were_typed_for() -> None:
    before = two_characters()
    names = {0: said(before, 0, "Anna"), 1: said(before, 1, "Ben")}
    now = followed(names, other_look())
    assert {cluster: name.name for cluster, name in now.items()} == {1: "Anna", 0: "Ben"}


def test_a_name_whose_face_is_nobody_any_more_is_lost_and_of_two_for_one_the_longer_wins() -> None:
    before = two_characters()
    names = {0: said(before, 0, "Anna"), 1: said(before, 1, "Ben")}
    only_second = made_result(made_film((made_track(5.4, 9, 1, box=SECOND_BOX),)), (((0,), ""),))
    assert {cluster: name.name for cluster, name in followed(names, only_second).items()} == {0: "Ben"}
    merged = two_characters()
    together = made_result(merged.film, (((0, 1, 2), ""),))
    assert {cluster: name.name for cluster, name in followed(names, together).items()} == {0: "Anna"}
    assert followed(names, made_result(made_film(()))) == {}


def test_names_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    assert read_names(path) == {}
    names = {3: said(two_characters(), 0, "Zoë \udcff".encode("utf-8", "replace").decode())}
    write_names(path, names)
    assert read_names(path) == names
    assert names_version(names) != names_version({})
    path.write_text('{"names": {"3": {"name": "Anna", "category": "mian", "anchors": []}}}')
    with pytest.raises(StorageError, match="damaged"):
        read_names(path)
    path.write_text("[")
    with pytest.raises(StorageError, match="type the names again"):
        read_names(path)
