"""An edit is made whole or not at all, wherever the service is killed, and undo knows which."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.domain.faces.face import Box
from curation.domain.faces.ids import photo_id
from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.domain.labelling.people_seen import SeenAnswer
from curation.errors import LabelsChangedError
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.event.people.seen import NewAnswer
from curation.storage.together.finishing import settle_new_files
from tests.crash_points.forks import run_forked
from tests.fake_workflow import FakeEvent, fake_event

FILES = ("cluster_labels.json", "corrections.json", "people_seen.json", "known_refused.json")


def edits(folder: Path) -> tuple[Catalog, PeopleEdits]:
    settings = FakeEvent(folder).settings(_sections(folder))
    catalog = Catalog(settings)
    return catalog, PeopleEdits(settings, catalog)


def _sections(folder: Path) -> dict[str, dict[str, str]]:
    """A folder `elsewhere` beside the output folder has the labels, if it is there."""
    elsewhere = folder / "elsewhere"
    return {"scoring": {"labels_json": str(elsewhere / "labels.json")}} if elsewhere.exists() else {}


def split_and_name(folder: Path) -> None:
    """One face of a person gets another name: a correction and a label, and the journal."""
    catalog, made = edits(folder)
    face = catalog.event().faces_of_photo(photo_id("b.png"))[0]
    request = CorrectionRequest(CorrectionKind.DIFFERENT_PEOPLE, face_ids=(face.face_id,), name="Cleo")
    made.correct(lambda next_id: plan_correction(catalog, request, next_id), "split")


def name(folder: Path) -> None:
    edits(folder)[1].change_labels(lambda _: (0,), LabelChange(name="Anna", category=Category.MAIN), "named")


def answer(folder: Path) -> None:
    new = NewAnswer("a.png", Box(1, 2, 30, 40), (200, 120), "Anna", SeenAnswer.ACCEPTED)
    edits(folder)[1].answer_seen(new, ())


def refuse(folder: Path) -> None:
    edits(folder)[1].refuse_known("p1", "Ben", 0)


def undo(folder: Path) -> None:
    edits(folder)[1].undo()


def said(folder: Path) -> dict[str, object]:
    """What the files of words say, and what undo would undo, as a service finds it that starts now."""
    catalog, made = edits(folder)
    undoable = made.undoable()
    out: dict[str, object] = {"undo": None if undoable is None else (undoable.what, undoable.left)}
    catalog.labels(), catalog.event(), catalog.seen.written(), catalog.refusals.written()
    for file in FILES:
        path = folder / "out" / file
        if path.exists():
            data = json.loads(path.read_text())
            for entry in [entry for value in data.values() if isinstance(value, list) for entry in value]:
                del entry["id"], entry["at"]  # by chance
            out[file] = data
    labels = folder / "elsewhere" / "labels.json"
    if labels.exists():
        out["labels"] = json.loads(labels.read_text())
    return out


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edited")
    with fake_event(folder) as event:
        event.add("a.png", 0, 1)
        event.add("b.png", 0, seed=1)
        event.add("c.png", 0, 2, seed=2)
        event.cluster()
    return folder


def _killed_everywhere(
    clustered: Path,
    tmp_path: Path,
    before: tuple[Callable[[Path], None], ...],
    edit: Callable[[Path], None],
    step: int,
) -> None:
    work, start = tmp_path / "work", tmp_path / "start"
    shutil.copytree(clustered, work)
    for earlier in before:
        earlier(work)
    old = said(work)
    shutil.move(work, start)
    shutil.copytree(start, work)
    whole = run_forked(lambda: edit(work), work)
    assert not whole.error
    new = said(work)
    assert old != new
    found = []
    for kill_at in sorted({*range(1, whole.changes + 1, step), whole.changes}):
        shutil.rmtree(work)
        shutil.copytree(start, work)
        run_forked(lambda: edit(work), work, kill_at=kill_at)
        found.append(said(work))
        assert found[-1] in (old, new), kill_at
        assert not list((work / "out").glob(".curation-new/manifest.json"))
        settle_new_files(work / "out")
        assert not list(work.glob("elsewhere/*.curation-new")), kill_at
    assert found[0] == old
    assert found[-1] == new


@pytest.mark.parametrize(
    ("before", "edit", "step"),
    [
        ((), split_and_name, 3),
        ((name,), split_and_name, 7),
        ((name, split_and_name), undo, 3),
        ((), name, 4),
        ((name,), answer, 5),
        ((), refuse, 5),
    ],
)
def test_an_edit_is_whole_or_not_there_after_any_kill(
    clustered: Path,
    tmp_path: Path,
    before: tuple[Callable[[Path], None], ...],
    edit: Callable[[Path], None],
    step: int,
) -> None:
    _killed_everywhere(clustered, tmp_path, before, edit, step)


@pytest.mark.parametrize(("before", "edit", "step"), [((), name, 5), ((name,), split_and_name, 7)])
def test_labels_that_lie_elsewhere_are_part_of_the_edit(
    clustered: Path,
    tmp_path: Path,
    before: tuple[Callable[[Path], None], ...],
    edit: Callable[[Path], None],
    step: int,
) -> None:
    start = tmp_path / "start"
    shutil.copytree(clustered, start)
    (start / "elsewhere").mkdir()
    _killed_everywhere(start, tmp_path / "killed", before, edit, step)


def test_what_was_not_finished_is_undone_like_any_change(clustered: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"

    def killed_at(change: int | None) -> int:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(clustered, work)
        return run_forked(lambda: split_and_name(work), work, kill_at=change).changes

    # The first change after which the edit counts is looked for between one that is too early and the last one.
    early, late = 0, killed_at(None)
    while late - early > 1:
        middle = (early + late) // 2
        killed_at(middle)
        early, late = (early, middle) if said(work)["undo"] else (middle, late)
    killed_at(late)
    undo(work)
    assert edits(work)[0].labels().by_cluster == {}
    assert all(entry["undone"] for entry in json.loads((work / "out/corrections.json").read_text())["corrections"])


def test_labels_that_are_edited_at_the_same_moment_stay(clustered: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(clustered, work)
    catalog, made = edits(work)
    labels = work / "out" / "cluster_labels.json"
    read = catalog.event_labels.checked

    def slowly(data: object, more_ids: object = (), *, is_read: bool = False) -> object:
        labels.write_text('{"1": "other"}')
        return read(data, is_read=is_read)

    catalog.event_labels.checked = slowly  # type: ignore[method-assign, assignment]
    with pytest.raises(LabelsChangedError):
        made.change_labels(lambda _: (0,), LabelChange(name="Anna", category=Category.MAIN), "named")
    assert labels.read_text() == '{"1": "other"}'
    assert made.undoable() is None
