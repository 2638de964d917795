"""`python -m curation gallery`: adding, listing, changing and forgetting, over the embedded gallery on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.cli.main import main
from curation.event.known_people.after_clustering import recognise_event
from curation.event.known_people.open_gallery import OpenGallery
from tests.known_world import ANNA, BEN, CARA, KnownEvent, known_event

CONFIG = """\
io: {{input_dir: photos, output_dir: out, state_dir: state}}
gallery: {{enabled: {enabled}, path: gallery}}
"""


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownEvent]:
    """Anna and Ben have names; a config.yaml names the folders."""
    with known_event(tmp_path) as event:
        event.event.label(
            {
                str(event.cluster_of(ANNA)): {"name": "Anna", "category": "main"},
                str(event.cluster_of(BEN)): {"name": "Ben Ööö", "category": "other"},
            }
        )
        (tmp_path / "config.yaml").write_text(CONFIG.format(enabled="true"), encoding="ascii")
        yield event


def gallery(known: KnownEvent, *words: str) -> int:
    return main(["--config", str(known.event.folder / "config.yaml"), "gallery", *words])


def answer(known: KnownEvent, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert gallery(known, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_add_list_and_show(known: KnownEvent, capsys: pytest.CaptureFixture[str]) -> None:
    assert gallery(known, "list") == 0
    assert "the gallery is empty" in capsys.readouterr().out
    assert gallery(known, "add", "anna") == 0
    assert capsys.readouterr().out == "Anna: 5 faces in the gallery, 0 before\n"
    (anna,) = answer(known, capsys, "list")["people"]
    assert (anna["name"], anna["category"], anna["faces"], anna["events"]) == ("Anna", "main", 5, ["photos"])
    added = answer(known, capsys, "add")["people"]
    assert [(one["name"], one["faces_before"]) for one in added] == [("Anna", 5), ("Ben Ööö", 0)]
    shown = answer(known, capsys, "show", "BEN ÖÖÖ")
    assert len(shown["faces"]) == 3
    assert "vector" not in shown["faces"][0]
    assert gallery(known, "show", anna["person_id"]) == 0
    assert capsys.readouterr().out.startswith("Anna (")


def test_rename_merge_and_a_wrong_face(known: KnownEvent, capsys: pytest.CaptureFixture[str]) -> None:
    gallery(known, "add")
    assert gallery(known, "rename", "Anna", "Annabel") == 0
    assert "Anna is called Annabel now" in capsys.readouterr().out
    assert gallery(known, "rename", "Annabel", "ben ööö") == 3
    face = answer(known, capsys, "show", "Annabel")["faces"][0]["face_id"]
    assert answer(known, capsys, "remove-face", "Annabel", face)["faces"] == 4
    assert gallery(known, "remove-face", "Annabel", face) == 3
    assert answer(known, capsys, "merge", "Annabel", "Ben Ööö")["name"] == "Ben Ööö"
    assert gallery(known, "merge", "Ben Ööö", "ben ööö") == 2
    assert gallery(known, "show", "Annabel") == 3
    assert "nobody called 'Annabel'" in capsys.readouterr().err


def test_who_is_forgotten_is_in_no_file_but_those_that_are_told(
    known: KnownEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = known.event.folder
    gallery(known, "add")
    with_vectors = OpenGallery(known.event.settings({"gallery": {"enabled": True, "path": folder / "gallery"}}))
    person = with_vectors.store().find("Ben Ööö")
    assert person is not None
    faces = with_vectors.store().exemplars(person.person_id)
    vectors = [face.vector.astype(kind).tobytes() for face in faces for kind in (np.float32, np.float16)]
    searched = [*vectors, *(face.chip_jpeg for face in faces), "Ben Ööö".encode(), person.person_id.encode()]
    with_vectors.close()
    # The next run proposes the name for the cluster, which has lost its label.
    known.event.label({})
    recognise_event(known.event.settings({"gallery": {"enabled": True, "path": folder / "gallery"}}))
    assert "Ben Ööö" in (known.event.output / "recognised.json").read_text(encoding="utf-8")
    assert gallery(known, "forget", "ben ööö") == 2
    assert "--yes" in capsys.readouterr().err
    done = answer(known, capsys, "forget", "ben ööö", "--yes")
    told = {Path(one["path"]) for one in done["left"]}
    assert all(one["todo"] for one in done["left"])
    in_gallery = 0
    for path in folder.rglob("*"):
        if path.is_file() and any(text in path.read_bytes() for text in searched):
            in_gallery += path.is_relative_to(folder / "gallery")
            assert told & {path, *path.parents}, path
    assert in_gallery == 0
    assert "Ben" not in (known.event.output / "recognised.json").read_text(encoding="utf-8")
    assert [one["name"] for one in answer(known, capsys, "list")["people"]] == ["Anna"]
    assert gallery(known, "forget", "ben ööö", "--yes") == 3


def test_export_and_check(known: KnownEvent, capsys: pytest.CaptureFixture[str]) -> None:
    gallery(known, "add")
    place = Path(answer(known, capsys, "export", "Anna", "--to", str(known.event.folder / "copy"))["folder"])
    assert len(list(place.rglob("*.jpg"))) == 5
    assert answer(known, capsys, "export", "--to", str(known.event.folder / "copy"))["people"] == 2
    found = answer(known, capsys, "check")
    assert (found["people"], found["faces"], found["few_faces"], found["other_weights"]) == (2, 8, [], [])


def test_with_the_gallery_off_people_can_be_listed_and_forgotten_but_not_added(
    known: KnownEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    (known.event.folder / "config.yaml").write_text(CONFIG.format(enabled="false"), encoding="ascii")
    assert gallery(known, "list") == 3
    assert gallery(known, "add") == 3
    assert "gallery.enabled: true" in capsys.readouterr().err
    assert not (known.event.folder / "gallery").exists()
    (known.event.folder / "config.yaml").write_text(CONFIG.format(enabled="true"), encoding="ascii")
    gallery(known, "add")
    (known.event.folder / "config.yaml").write_text(CONFIG.format(enabled="false"), encoding="ascii")
    assert gallery(known, "add") == 3
    assert gallery(known, "forget", "Anna", "--yes") == 0
    assert [one["name"] for one in answer(known, capsys, "list")["people"]] == ["Ben Ööö"]


def test_a_person_without_a_name_is_not_added(known: KnownEvent, capsys: pytest.CaptureFixture[str]) -> None:
    known.event.label({str(known.cluster_of(CARA)): "main"})
    assert gallery(known, "add") == 0
    assert "nobody of this event has a name" in capsys.readouterr().out
    assert gallery(known, "add", "Cara") == 3


def test_a_damaged_gallery_is_saved_by_the_command_that_the_error_names(
    known: KnownEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gallery(known, "add") == 0
    folder = known.event.folder
    path = folder / "gallery" / "gallery.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole.replace("Ben Ööö".encode(), "Ben Äöö".encode()))
    damaged = path.read_bytes()
    for command in ("list", "check"):
        assert gallery(known, command) == 5
        assert "gallery rescue --to NEW" in capsys.readouterr().err
    assert gallery(known, "rescue", "--to", str(folder / "saved")) == 1
    told = capsys.readouterr().out
    assert "1 people by name, 8 faces" in told
    assert "whose 3 faces these are is lost: look at them, and rename or forget 'Name lost 1'" in told
    assert path.read_bytes() == damaged
    (folder / "gallery").rename(folder / "old")
    (folder / "saved").rename(folder / "gallery")
    assert gallery(known, "rename", "Name lost 1", "Ben Ööö") == 0
    assert {(one["name"], one["faces"]) for one in answer(known, capsys, "list")["people"]} == {
        ("Anna", 5),
        ("Ben Ööö", 3),
    }
    assert gallery(known, "check") == 0
    assert answer(known, capsys, "rescue", "--to", str(folder / "again"))["complete"]
