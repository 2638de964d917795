"""A stage that is killed anywhere leaves its files old or new as one, and the next run ends like one nobody killed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.domain.labelling.corrections import CorrectionKind
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category
from curation.event.catalog import Catalog
from curation.event.people.correction_requests import CorrectionRequest, plan_correction
from curation.event.people.edits import PeopleEdits
from curation.storage.run_records import read_run_record
from tests.crash_points.forks import run_forked
from tests.fake_workflow import FakeEvent

CLUSTERING = (
    "clustering_run.json",
    "embeddings.npy",
    "face_data.csv",
    "file_health.csv",
    "remembered.npz",
    "said.json",
)
SCORING = ("photo_scores.csv", "scoring_run.json")


def stages(folder: Path) -> None:
    event = FakeEvent(folder)
    event.cluster()
    event.score()


def said(folder: Path) -> None:
    """A name, and a face that is none."""
    event = FakeEvent(folder)
    stages(folder)
    settings = event.settings()
    catalog = Catalog(settings)
    edits = PeopleEdits(settings, catalog)
    edits.change_labels(lambda _: (0,), LabelChange(name="Anna", category=Category.MAIN), "named")
    face = catalog.event().faces_of_cluster(1)[0]
    request = CorrectionRequest(CorrectionKind.NOT_A_FACE, face_ids=(face.face_id,))
    edits.correct(lambda next_id: plan_correction(catalog, request, next_id), "no face")


def renamed(folder: Path) -> None:
    for path in sorted((folder / "photos").glob("*.png")):
        path.rename(path.with_name(f"new {path.name}"))


def moved(folder: Path) -> None:
    (folder / "photos" / "trip").mkdir()
    for path in sorted((folder / "photos").glob("*.png")):
        path.rename(path.parent / "trip" / path.name)
    FakeEvent(folder).add("came.png", 3, 0, seed=9)


def relabelled(folder: Path) -> None:
    (folder / "out" / "cluster_labels.json").write_text('{"0": {"name": "Annabel", "category": "main"}}')


def seen(folder: Path, names: tuple[str, ...]) -> dict[str, object]:
    """The files as any reader finds them, without what differs from run to run."""
    read_run_record(folder / "out" / "clustering_run.json")
    out: dict[str, object] = {}
    for name in names:
        path = folder / "out" / name
        out[name] = path.read_bytes() if path.exists() else None
        if path.exists() and name.endswith("_run.json"):
            record = json.loads(path.read_text())
            # The share of the event that was looked at again, and times.
            out[name] = {key: record[key] for key in record if key not in ("seconds", "ranked_from", "counts")}
    return out


@pytest.mark.parametrize("before", [(), (said, renamed, moved, relabelled)])
def test_files_are_old_or_new_as_one(tmp_path: Path, before: tuple[Callable[[Path], None], ...]) -> None:
    work, start = tmp_path / "work", tmp_path / "start"
    event = FakeEvent(work)
    for number, people in enumerate(((0, 1), (0, 2), (1,), ())):
        event.add(f"{number}.png", *people, seed=number)
    for action in before:
        assert not run_forked(lambda action=action: action(work), work).error  # type: ignore[misc]
    shutil.copytree(work, start)
    old = [seen(work, CLUSTERING), seen(work, SCORING)]
    whole = run_forked(lambda: stages(work), work)
    assert not whole.error
    new = [seen(work, CLUSTERING), seen(work, SCORING)]
    outputs = FakeEvent(work).snapshot()
    words = {name: outputs.get(name) for name in ("cluster_labels.json", "corrections.json")}
    between = _around_publishing(work, start)
    for kill_at in (*between, whole.changes - 3):
        shutil.rmtree(work)
        shutil.copytree(start, work)
        assert run_forked(lambda: stages(work), work, kill_at=kill_at).killed
        assert seen(work, CLUSTERING) in (old[0], new[0]), kill_at
        assert seen(work, SCORING) in (old[1], new[1]), kill_at
        again = run_forked(lambda: stages(work), work)
        assert not again.error, (kill_at, again.error)
        found = FakeEvent(work).snapshot()
        assert {name: found.get(name) for name in words} == words
        assert {name for name in outputs | found if outputs.get(name) != found.get(name)} == set(), kill_at


def _around_publishing(work: Path, start: Path) -> list[int]:
    """The changes at which some files of the clustering are at their places and others are not."""
    low, high = 1, 400
    # The manifest is there from one change on: found by halving, as nothing else is known of the order.
    while low < high:
        middle = (low + high) // 2
        shutil.rmtree(work)
        shutil.copytree(start, work)
        run_forked(lambda: stages(work), work, kill_at=middle)
        has_begun = (work / "out" / ".curation-new" / "manifest.json").exists() or _is_new(work, start)
        low, high = (low, middle) if has_begun else (middle + 1, high)
    return list(range(max(1, low - 1), low + 6))


def _is_new(work: Path, start: Path) -> bool:
    name = "clustering_run.json"
    new, old = work / "out" / name, start / "out" / name
    return new.exists() and (not old.exists() or new.read_bytes() != old.read_bytes())
