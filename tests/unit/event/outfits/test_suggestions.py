"""Suggestions who a person without a face is, and answers that last, follow the photo and can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from curation.domain.identity.unfound import UnfoundKind
from curation.domain.labelling.people_seen import SeenAnswer
from curation.errors import NotAttachableError, NothingToUndoError, PeopleSeenError, SuggestionNotFoundError
from curation.event.unfound_words import UnfoundWords
from curation.storage.said.people_seen_file import PEOPLE_SEEN
from curation.storage.said.said_file import SAID
from tests.outfit_world import BEHIND, RED, OutfitWorld, outfit_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OutfitWorld]:
    with outfit_world(tmp_path / "event") as made:
        yield made


def file(world: OutfitWorld) -> Path:
    return world.settings.io.output_dir / PEOPLE_SEEN


def accept(world: OutfitWorld, answer: SeenAnswer = SeenAnswer.ACCEPTED) -> str:
    one = world.suggester.suggestions().found[0]
    world.suggester.answer(one.id, answer)
    return one.id


def test_a_suggestion_says_whom_it_was_learnt_from_and_writes_nothing(world: OutfitWorld) -> None:
    found = world.suggester.suggestions()
    assert [(one.image_path, one.person_index, one.name) for one in found.found] == [("d.png", 0, "Anna")]
    one = found.found[0]
    assert tuple(one.box) == BEHIND
    assert one.learnt_from.image_path in ("a.png", "b.png", "e.png")
    assert one.learnt_from.face_id is not None
    face = world.catalog.face(one.learnt_from.face_id)
    assert face is not None
    assert face.cluster_id == world.cluster_on("b.png")
    assert (found.without_face, found.spread.wrong, found.spread.off) == (1, 0, "")
    assert not file(world).exists()
    assert world.suggester.suggestions() is found


def test_accepted_lasts_names_the_body_and_can_be_undone(world: OutfitWorld) -> None:
    asset = world.suggester.suggestions().found[0].asset_id
    accept(world)
    world.restart()
    assert world.suggester.suggestions().found == ()
    assert world.search.name_of(world.store.rows[asset], 0) == "Anna"
    assert (asset, 0) in world.search.named_people("anna")
    assert world.catalog.seen.now().names("d.png") == ("Anna",)
    undoable = world.edits.undoable()
    assert undoable is not None
    assert "Anna" in undoable.what
    world.edits.undo()
    assert world.catalog.seen.now().names("d.png") == ()
    assert (asset, 0) not in world.search.named_people("anna")
    assert len(world.suggester.suggestions().found) == 1
    # The answer stays in the file, as a correction does.
    assert [entry["undone"] for entry in json.loads(file(world).read_text())["people"]] == [True]


def test_refused_is_not_asked_again(world: OutfitWorld) -> None:
    id_ = accept(world, SeenAnswer.REFUSED)
    world.restart()
    assert world.suggester.suggestions().found == ()
    assert world.catalog.seen.now().names("d.png") == ()
    with pytest.raises(SuggestionNotFoundError):
        world.suggester.answer(id_, SeenAnswer.ACCEPTED)


def test_an_answer_follows_its_photo_and_not_the_path(world: OutfitWorld) -> None:
    accept(world)
    folder = world.settings.io.input_dir
    (folder / "d.png").rename(folder / "moved.png")
    (folder / "b.png").rename(folder / "d.png")
    world.event.cluster()
    world.restart()
    assert world.catalog.seen.now().names("moved.png") == ("Anna",)
    assert world.catalog.seen.now().names("d.png") == ()
    assert json.loads(file(world).read_text())["people"][0]["image_path"] == "d.png"


def test_an_answer_about_a_photo_that_is_away_finds_nobody_and_comes_back(world: OutfitWorld, tmp_path: Path) -> None:
    accept(world)
    photo, kept = world.settings.io.input_dir / "d.png", tmp_path / "kept.png"
    photo.rename(kept)
    world.event.cluster()
    world.restart()
    unfound = UnfoundWords(world.settings, world.catalog, world.edits)
    (word,) = unfound.listed()
    assert (word.kind, word.name, word.photos) == (UnfoundKind.SEEN, "Anna without a face", ("d.png",))
    record = json.loads((world.settings.io.output_dir / "clustering_run.json").read_text())
    assert [each["kind"] for each in record["unfound"]] == ["seen"]
    with pytest.raises(NotAttachableError):
        unfound.attach(UnfoundKind.SEEN, word.id, "a.png")
    kept.rename(photo)
    world.event.cluster()
    world.restart()
    assert UnfoundWords(world.settings, world.catalog, world.edits).listed() == ()
    assert world.catalog.seen.now().names("d.png") == ("Anna",)


def test_what_finds_nobody_can_be_forgotten(world: OutfitWorld, tmp_path: Path) -> None:
    accept(world)
    (world.settings.io.input_dir / "d.png").rename(tmp_path / "kept.png")
    world.event.cluster()
    world.restart()
    unfound = UnfoundWords(world.settings, world.catalog, world.edits)
    unfound.delete(UnfoundKind.SEEN, unfound.listed()[0].id)
    assert unfound.listed() == ()


def test_a_smaller_version_of_the_photo_keeps_its_answer(world: OutfitWorld) -> None:
    accept(world)
    photo = world.settings.io.input_dir / "d.png"
    with Image.open(photo) as opened:
        smaller = opened.convert("RGB").resize((opened.width // 2, opened.height // 2))
    photo.unlink()
    smaller.save(photo.with_name("web.png"))
    world.event.cluster()
    world.restart()
    names = world.catalog.seen.now()
    if names.by_photo:  # a painted photo without faces may be too plain to be recognised; then it finds nobody
        assert names.names("web.png") == ("Anna",)
    else:
        assert [word.kind for word in UnfoundWords(world.settings, world.catalog, world.edits).listed()] == ["seen"]


def test_answers_by_hand_are_kept_and_a_broken_file_is_left_alone(world: OutfitWorld) -> None:
    accept(world)
    data = json.loads(file(world).read_text())
    data["people"].append(data["people"][0] | {"id": "byhand", "image_path": "a.png", "name": "Tom"})
    file(world).write_text(json.dumps(data))
    assert world.catalog.seen.now().names("a.png") == ("Tom",)
    world.edits.take_back_seen("byhand")
    assert [entry["id"] for entry in json.loads(file(world).read_text())["people"]][1] == "byhand"
    file(world).write_text("{")
    with pytest.raises(PeopleSeenError, match="line 1"):
        world.suggester.suggestions()
    assert file(world).read_text() == "{"


def test_deleting_a_record_takes_its_suggestions_along_but_not_the_answers(world: OutfitWorld) -> None:
    asset = world.suggester.suggestions().found[0].asset_id
    row = world.store.rows[asset]
    world.store.delete(asset)
    assert world.suggester.suggestions().found == ()
    assert asset not in world.search.bodies.pictures().by_id
    world.store.rows[asset] = row
    world.restart()
    accept(world)
    world.store.delete(asset)
    assert world.catalog.seen.now().names("d.png") == ("Anna",)


def test_signatures_are_written_nowhere(world: OutfitWorld) -> None:
    accept(world)
    for path in world.settings.io.output_dir.rglob("*"):
        if path.suffix in (".json", ".csv"):
            assert '"signature"' not in path.read_text(encoding="utf-8", errors="replace"), path
    assert set(json.loads(file(world).read_text())["people"][0]) == {
        "id",
        "at",
        "image_path",
        "body",
        "size",
        "name",
        "answer",
        "undone",
    }
    assert "seen" in json.loads((world.settings.io.output_dir / SAID).read_text())


def test_it_can_be_switched_off(world: OutfitWorld) -> None:
    assets = world.settings.assets.model_copy(update={"outfit_suggestions": False})
    world.suggester._is_on = assets.outfit_suggestions
    found = world.suggester.suggestions()
    assert found.found == ()
    assert "assets.outfit_suggestions" in found.spread.off


def test_two_in_the_same_clothes_switch_each_other_off(world: OutfitWorld) -> None:
    clothes = {world.cluster_on("b.png"): RED, world.cluster_on("c.png"): RED}
    for path in ("a.png", "b.png", "c.png", "e.png", "f.png"):
        world.take_apart(path, clothes)
    found = world.suggester.suggestions()
    assert found.found == ()
    assert found.spread.alike == {"Anna": ("Tom",), "Tom": ("Anna",)}
    assert "people dress alike" in found.spread.off


def test_nothing_to_undo_before_any_answer(world: OutfitWorld) -> None:
    while world.edits.undoable():
        world.edits.undo()
    with pytest.raises(NothingToUndoError):
        world.edits.undo()
