"""A folder of photos that goes away while a stage is at work: the stage ends with its reason, the old outputs stay."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from curation.domain.report import ClusteringReport, ScoringReport
from curation.errors import PhotosMissingError
from tests.fake_workflow import FakeEvent, fake_event
from tests.mounts import cannot_mount, cannot_mount_fuse, dead_disk, small_disk, unplug


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Three photos, two more on a second card, labels, a correction and a pick; both stages ran."""
    with fake_event(tmp_path / "event") as made:
        fill(made)
        yield made


def fill(made: FakeEvent) -> None:
    for number, people in enumerate(((0, 1), (0, 1), (1, 2))):
        made.add(f"a{number}.png", *people, seed=number)
    made.add("card/b0.png", 0, 3, seed=7)
    made.add("card/b1.png", 3, 1, seed=8)
    made.cluster()
    ids = {person: min(found) for person, found in made.ids().items()}
    made.label(
        {str(ids[0]): {"category": "main", "name": "Anna"}, str(ids[3]): {"category": "important", "name": "Ben"}}
    )
    made.score()


def everything(event: FakeEvent) -> dict[str, bytes]:
    return event.snapshot() | {
        name: (event.output / name).read_bytes() for name in ("clustering_run.json", "scoring_run.json")
    }


def tables(files: dict[str, bytes]) -> dict[str, bytes]:
    """All but what is remembered of earlier runs, which is more with each."""
    return {name: content for name, content in files.items() if name not in ("remembered.npz", "said.json")}


def after_photos(event: FakeEvent, number: int, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something happen when this many photos were begun, in either stage."""
    begun = 0
    analyse, predict = event.engine.analyse, event.predictor.predict

    def count() -> None:
        nonlocal begun
        begun += 1
        if begun == number:
            act()

    def analysing(*args: object) -> object:
        count()
        return analyse(*args)  # type: ignore[arg-type]

    def predicting(*args: object) -> object:
        count()
        return predict(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(event.engine, "analyse", analysing)
    monkeypatch.setattr(event.predictor, "predict", predicting)


def forget(event: FakeEvent, table: str) -> None:
    with closing(sqlite3.connect(event.folder / "state" / "analysis.sqlite")) as store, store:
        store.execute(f"DELETE FROM {table}")


def clustering(event: FakeEvent) -> ClusteringReport:
    forget(event, "analyses")
    return event.cluster()


def scoring(event: FakeEvent) -> ScoringReport:
    forget(event, "measures")
    return event.score()


def moved(folder: Path) -> Callable[[], object]:
    return lambda: folder.rename(folder.parent / "moved away")


def replaced(folder: Path) -> Callable[[], object]:
    def replace() -> None:
        folder.rename(folder.parent / "moved away")
        folder.mkdir()

    return replace


def deleted(folder: Path) -> Callable[[], object]:
    return lambda: shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("stage", "how", "which"),
    [(clustering, moved, "."), (clustering, replaced, "card"), (scoring, deleted, "."), (scoring, moved, "card")],
)
def test_a_folder_that_vanishes_ends_the_stage(
    event: FakeEvent,
    stage: Callable[[FakeEvent], object],
    how: Callable[[Path], Callable[[], object]],
    which: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = everything(event)
    folder = event.photos / which
    after_photos(event, 2, how(event.photos if which == "." else folder), monkeypatch)
    with pytest.raises(PhotosMissingError, match="vanished during the run") as refused:
        stage(event)
    assert refused.value.exit_code == 3
    assert everything(event) == before


@pytest.mark.parametrize("stage", [clustering, scoring])
def test_what_was_seen_before_is_kept_and_all_is_as_before_when_it_is_back(
    event: FakeEvent, stage: Callable[[FakeEvent], ClusteringReport | ScoringReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = event.snapshot()
    with monkeypatch.context() as patch:
        after_photos(event, 3, moved(event.photos / "card"), patch)
        with pytest.raises(PhotosMissingError):
            stage(event)
    (event.photos / "moved away").rename(event.photos / "card")
    report = event.cluster() if stage is clustering else event.score()
    assert report.failed == 0 and report.reused >= 3
    assert tables(event.snapshot()) == tables(before)


@pytest.mark.parametrize("stage", [clustering, scoring])
def test_photos_that_are_deleted_one_by_one_fail_alone(
    event: FakeEvent, stage: Callable[[FakeEvent], ClusteringReport | ScoringReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete() -> None:
        (event.photos / "a2.png").unlink()
        (event.photos / "card" / "b1.png").unlink()

    after_photos(event, 1, delete, monkeypatch)
    report = stage(event)
    assert sorted(failure.image_path for failure in report.failures) == ["a2.png", "card/b1.png"]
    assert all("is gone" in failure.reason for failure in report.failures)


@pytest.mark.skipif(bool(cannot_mount()), reason=cannot_mount())
@pytest.mark.parametrize("stage", [clustering, scoring])
def test_a_card_that_is_unplugged(
    tmp_path: Path, stage: Callable[[FakeEvent], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_event(tmp_path / "event") as event, small_disk(event.photos / "card", "4m"):
        fill(event)
        before = everything(event)
        after_photos(event, 2, lambda: unplug(event.photos / "card"), monkeypatch)
        with pytest.raises(PhotosMissingError, match=r"card vanished during the run .another disk"):
            stage(event)
        assert everything(event) == before


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
def test_what_was_said_of_a_folder_on_a_dead_disk_waits_and_comes_back(event: FakeEvent) -> None:
    before, labels = event.snapshot(), (event.output / "cluster_labels.json").read_bytes()
    card = event.photos / "card"
    card.rename(event.folder / "away")
    with dead_disk(card):
        report = event.cluster()
        assert [failure.image_path for failure in report.failures] == ["card/"]
        assert report.total == 4 and report.broken_files == 0
        told = "\n".join(report.warnings)
        assert "1 folder could not be looked into" in told and "card/ (the folder cannot be read: Transport" in told
        assert "1 name finds nobody: their photos could not be read in the last run" in told and "Ben" in told
        scored = event.score()
        assert {failure.image_path for failure in scored.failures} == {"card/"}
    card.rmdir()
    (event.folder / "away").rename(card)
    assert event.cluster().failed == event.score().failed == 0
    assert (event.output / "cluster_labels.json").read_bytes() == labels
    assert tables(event.snapshot()) == tables(before)


@pytest.mark.skipif(bool(cannot_mount_fuse()), reason=cannot_mount_fuse())
def test_scores_of_photos_on_a_dead_disk_say_what_is_away(event: FakeEvent) -> None:
    card = event.photos / "card"
    card.rename(event.folder / "away")
    with dead_disk(card):
        failures = event.score().failures
    assert [failure.image_path for failure in failures] == ["card/b0.png", "card/b1.png"]
    assert all("the folder cannot be read: Transport endpoint" in failure.reason for failure in failures)
