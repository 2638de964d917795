"""The outputs of the last version, which kept the words of the user but not what they are about."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from curation.domain.faces.ids import photo_id
from curation.domain.identity.said import Said
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.labelling.corrections import NOT_A_PERSON, CorrectionKind
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.pipelines.said.words import read_picks_now
from curation.storage.analysis_store import STORE_NAME
from curation.storage.said.corrections_file import CORRECTIONS
from curation.storage.said.picks_file import PICKS, write_picks
from curation.storage.said.remembered_file import REMEMBERED
from curation.storage.said.said_file import SAID, read_said
from tests.fake_workflow import FakeEvent

ANNA = {"name": "Anna", "category": "main"}
USER_FILES = ("cluster_labels.json", CORRECTIONS, PICKS)


def forget(event: FakeEvent) -> None:
    """Leave the outputs as the last version does."""
    for name in (SAID, REMEMBERED):
        (event.output / name).unlink(missing_ok=True)
    with closing(sqlite3.connect(event.folder / "state" / STORE_NAME)) as connection:
        connection.execute("DELETE FROM looks")
        connection.commit()


def correct(event: FakeEvent, path: str, person: int) -> None:
    """Say that the face of a person on a photo is no face."""
    catalog = Catalog(event.settings())
    faces = catalog.faces_of_photo(photo_id(path))
    (face,) = [face for face in faces if face.cluster_id == person]
    request = CorrectionRequest(CorrectionKind.NOT_A_FACE, face_ids=(face.face_id,))
    PeopleEdits(event.settings(), catalog).correct(
        lambda next_id: plan_correction(catalog, request, next_id), "corrected"
    )


@pytest.fixture
def older(wedding: FakeEvent) -> FakeEvent:
    """Person 1 is Anna, the face of person 2 on c.png is none, and b.png and e.png have stars."""
    wedding.cluster()
    wedding.label({"1": ANNA, "3": "other"})
    correct(wedding, "c.png", 2)
    picks = {"b.png": PhotoPick(Pick.PICKED, 5), "e.png": PhotoPick(None, 2), "sub/d.png": PhotoPick(Pick.REJECTED)}
    write_picks(wedding.output / PICKS, Picks(picks))
    wedding.cluster()
    forget(wedding)
    return wedding


def files(event: FakeEvent) -> dict[str, bytes]:
    return {name: (event.output / name).read_bytes() for name in USER_FILES}


def clusters(event: FakeEvent) -> dict[str, list[int]]:
    """The clusters of the faces of each photo, from left to right, with the corrections applied."""
    index = Catalog(event.settings()).event()
    out: dict[str, list[int]] = {}
    for number, row in enumerate(index.rows):
        out.setdefault(row.image_path, []).append(int(index.cluster_ids[number]))
    return out


WHOLE = {"a.png": [0, 1, 2], "b.png": [0, 1], "c.png": [0, 1, NOT_A_PERSON], "sub/d.png": [3, 0]}


def test_everything_stays_in_the_next_run(older: FakeEvent) -> None:
    before, was = files(older), clusters(older)
    assert was == WHOLE
    older.cluster()
    assert clusters(older) == WHOLE
    assert files(older) == before
    assert older.record()["unfound"] == []
    said = read_said(older.output)
    assert {cluster: label.said for cluster, label in said.labels.items()} == {1: ANNA, 3: "other"}
    assert len(said.labels[1].faces) == 3
    assert said.picks.keys() == {"b.png", "e.png", "sub/d.png"}
    assert all(len(key) == 64 for key in said.photos), "photos are known by their content"


def test_photos_that_were_renamed_before_the_next_run(older: FakeEvent) -> None:
    before = files(older)
    for name in ("a", "b", "c", "e"):
        (older.photos / f"{name}.png").rename(older.photos / f"renamed {name}.png")
    older.cluster()
    renamed = {path if "/" in path else f"renamed {path}": ids for path, ids in WHOLE.items()}
    assert clusters(older) == renamed
    assert files(older) == before
    assert read_picks_now(older.output).by_path == {
        "renamed b.png": PhotoPick(Pick.PICKED, 5),
        "renamed e.png": PhotoPick(None, 2),
        "sub/d.png": PhotoPick(Pick.REJECTED),
    }
    assert older.record()["unfound"] == []


def test_photos_that_were_renamed_while_the_last_version_ran(wedding: FakeEvent) -> None:
    wedding.cluster()
    correct(wedding, "c.png", 2)
    (wedding.photos / "c.png").rename(wedding.photos / "z.png")
    wedding.cluster()
    # The last version wrote the new names into corrections.json.
    path = wedding.output / CORRECTIONS
    path.write_text(path.read_text().replace("c.png", "z.png"))
    forget(wedding)
    wedding.cluster()
    assert clusters(wedding)["z.png"] == [0, 1, NOT_A_PERSON]
    assert wedding.record()["unfound"] == []


def away(event: FakeEvent, folder: Path) -> None:
    (event.photos / "sub").rename(folder)


def test_a_folder_that_is_away_in_that_very_run(older: FakeEvent, tmp_path: Path) -> None:
    before = files(older)
    away(older, tmp_path / "unplugged")
    older.add("new.png", 5)
    older.cluster()
    assert clusters(older) == {path: ids for path, ids in WHOLE.items() if "/" not in path} | {"new.png": [4]}
    unfound = {(word["kind"], word["id"], word["why"]) for word in older.record()["unfound"]}
    assert unfound == {("label", "3", "away"), ("pick", "sub/d.png", "away")}
    assert files(older) == before
    (tmp_path / "unplugged").rename(older.photos / "sub")
    older.cluster()
    assert clusters(older) == WHOLE | {"new.png": [4]}
    assert older.record()["unfound"] == []
    assert files(older) == before
    assert read_picks_now(older.output).by_path["sub/d.png"] == PhotoPick(Pick.REJECTED)


def test_a_folder_that_is_away_in_that_very_run_and_comes_back_under_another_name(
    older: FakeEvent, tmp_path: Path
) -> None:
    away(older, tmp_path / "unplugged")
    older.cluster()
    (tmp_path / "unplugged").rename(older.photos / "disk")
    older.cluster()
    assert clusters(older) == {path.replace("sub/", "disk/"): ids for path, ids in WHOLE.items()}
    assert read_picks_now(older.output).by_path["disk/d.png"] == PhotoPick(Pick.REJECTED)


def test_everything_is_away_in_that_very_run_but_a_photo(older: FakeEvent, tmp_path: Path) -> None:
    before = files(older)
    (tmp_path / "unplugged").mkdir()
    for name in ("a.png", "b.png", "c.png", "sub"):
        (older.photos / name).rename(tmp_path / "unplugged" / name)
    older.add("new.png", 0, seed=9)
    older.cluster()
    for path in (tmp_path / "unplugged").iterdir():
        path.rename(older.photos / path.name)
    older.cluster()
    assert clusters(older) == WHOLE | {"new.png": [0]}
    assert files(older) == before
    assert older.record()["unfound"] == []


def test_the_service_knows_what_is_there_before_the_next_run(older: FakeEvent) -> None:
    catalog = Catalog(older.settings())
    catalog.read_ahead()
    said: Said = read_said(older.output)
    assert said.labels.keys() == {1, 3}
    assert all(len(key) == 64 for key in said.photos)
    assert catalog.ranked.picks().by_path["b.png"] == PhotoPick(Pick.PICKED, 5)


def test_a_photo_that_is_away_in_that_very_run_is_no_other_one(older: FakeEvent, tmp_path: Path) -> None:
    # b.png shows the same two people at the same places as c.png does, as photos of a burst do.
    (older.photos / "b.png").rename(tmp_path / "b.png")
    older.cluster()
    assert "b.png" not in read_picks_now(older.output).by_path
    assert len(read_picks_now(older.output).by_path) == 2
    assert [word["id"] for word in older.record()["unfound"]] == ["b.png"]


def test_without_the_store_photos_are_known_by_their_names_until_the_next_run(older: FakeEvent) -> None:
    before = files(older)
    (older.folder / "state" / STORE_NAME).unlink()
    Catalog(older.settings()).read_ahead()
    older.cluster()
    assert clusters(older) == WHOLE
    assert files(older) == before
    assert older.record()["unfound"] == []
    assert all(len(key) == 64 for key in read_said(older.output).photos)


@pytest.mark.parametrize("damaged", [(SAID,), (REMEMBERED,), (SAID, REMEMBERED)])
@pytest.mark.parametrize("is_away", [True, False])
def test_files_of_ours_that_are_damaged_lose_nothing(
    older: FakeEvent, tmp_path: Path, damaged: tuple[str, ...], is_away: bool
) -> None:
    older.cluster()
    before = files(older)
    for name in damaged:
        (older.output / name).write_bytes(b"damaged")
    if is_away:
        away(older, tmp_path / "unplugged")
        (older.photos / "a.png").rename(tmp_path / "a.png")
        older.cluster()
        (tmp_path / "unplugged").rename(older.photos / "sub")
        (tmp_path / "a.png").rename(older.photos / "again.png")
    older.cluster()
    assert clusters(older) == {
        (path.replace("a.png", "again.png") if is_away else path): i for path, i in WHOLE.items()
    }
    assert files(older) == before
    assert older.record()["unfound"] == []
    assert len(read_picks_now(older.output).by_path) == 3
    assert {path.name for path in older.output.glob("*.damaged-1")} == {f"{name}.damaged-1" for name in damaged}
