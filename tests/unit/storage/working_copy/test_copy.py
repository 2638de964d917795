"""The working copy of outputs in object storage."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest

from curation.errors import BusyError, ObjectStorageUnavailableError
from curation.storage.working_copy.copy import WorkingCopy
from curation.storage.working_copy.journal import JOURNAL
from curation.storage.working_copy.run_lock import LOCK
from tests.fake_objects import MemoryStore

WORDS = ("picks.json", "cluster_labels.json", "said.json")


class _KilledError(BaseException):
    """As if the process ended here: nothing of ours is carried out afterwards."""


def _copy(store: MemoryStore, folder: Path) -> WorkingCopy:
    return WorkingCopy(store, folder / "output", words=WORDS)


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / "output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _run(store: MemoryStore, folder: Path, files: dict[str, str], removed: tuple[str, ...] = ()) -> None:
    with _copy(store, folder).running("clustering", caller="a test"):
        _write(folder, files)
        for name in removed:
            (folder / "output" / name).unlink(missing_ok=True)


def _here(folder: Path) -> dict[str, str]:
    root = folder / "output"
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith(".curation-copy")
    }


def _there(store: MemoryStore) -> dict[str, str]:
    return {key: content.decode() for key, (content, _) in sorted(store.objects.items())}


FIRST = {"face_data.csv": "1", "clustering_run.json": "run 1", "output_clusters/cluster_0.jpg": "a"}
SECOND = {"face_data.csv": "2", "clustering_run.json": "run 2", "output_clusters/cluster_1.jpg": "b"}
GONE = ("output_clusters/cluster_0.jpg",)


def test_outputs_of_one_machine_come_to_another(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", FIRST)
    assert _there(store) == FIRST
    assert _copy(store, tmp_path / "b").pull().changed
    assert _here(tmp_path / "b") == FIRST
    _run(store, tmp_path / "a", SECOND, GONE)
    _copy(store, tmp_path / "b").pull()
    assert _here(tmp_path / "b") == SECOND == _there(store)


def test_only_changed_files_are_pushed_and_fetched(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", FIRST)
    store.calls.clear()
    _run(store, tmp_path / "a", {"face_data.csv": "1", "clustering_run.json": "run 2"})
    assert [key for what, key in store.calls if what == "upload"] == ["clustering_run.json"]
    assert not [key for what, key in store.calls if what == "fetch"]


def test_the_run_record_is_written_last(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", {**FIRST, "picks.json": "{}"})
    written = [key for what, key in store.calls if what in ("upload", "create", "replace")]
    assert written[0] == JOURNAL
    assert written[-1] == "clustering_run.json"


def test_a_push_that_is_killed_anywhere_happened_wholly_or_not_at_all(tmp_path: Path) -> None:
    seen = set()
    for number in range(60):
        store = MemoryStore()
        machine = tmp_path / f"a{number}"
        _run(store, machine, {**FIRST, "picks.json": "mine"})
        left = [number]

        def killed(what: str, key: str, left: list[int] = left) -> None:
            if what != "list":
                left[0] -= 1
                if left[0] < 0:
                    raise _KilledError

        store.before = killed
        is_killed = False
        try:
            _run(store, machine, {**SECOND, "picks.json": "mine again"}, GONE)
        except _KilledError:
            is_killed = True
        store.before = lambda what, key: None
        store.objects.pop(LOCK, None)  # its lease ended
        other = tmp_path / f"b{number}"
        _copy(store, other).pull()
        old = {**FIRST, "picks.json": "mine"}
        new = {**SECOND, "picks.json": "mine again"}
        assert _here(other) in (old, new)
        assert JOURNAL not in store.objects
        seen.add(_here(other) == new)
        # The machine itself, started again, has its newer outputs whatever happened.
        _run(store, machine, {**SECOND, "clustering_run.json": "run 3", "picks.json": "mine again"}, GONE)
        _copy(store, other).pull()
        assert _here(other) == {**SECOND, "clustering_run.json": "run 3", "picks.json": "mine again"}
        if not is_killed:
            break
    else:
        raise AssertionError("the run was killed each time")
    assert seen == {True, False}


def test_words_that_two_people_change_at_once_are_both_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", {"picks.json": "old"})
    _copy(store, tmp_path / "b").pull()
    _write(tmp_path / "a", {"picks.json": "from a"})
    _write(tmp_path / "b", {"picks.json": "from b"})
    assert not _copy(store, tmp_path / "b").push_words().conflicts
    (told,) = _copy(store, tmp_path / "a").push_words().conflicts
    assert "picks.json.kept-1" in told
    both = {"picks.json": "from b", "picks.json.kept-1": "from a"}
    assert _here(tmp_path / "a") == both == _there(store)
    _copy(store, tmp_path / "b").pull()
    assert _here(tmp_path / "b") == both
    # A run does not overwrite words either, and says so.
    _write(tmp_path / "b", {"picks.json": "more from b"})
    with caplog.at_level(logging.WARNING), _copy(store, tmp_path / "a").running("scoring", caller=None):
        _write(tmp_path / "a", {"photo_scores.csv": "s", "scoring_run.json": "r", "picks.json": "more from a"})
        _copy(store, tmp_path / "b").push_words()
    assert "picks.json" in caplog.text
    assert _there(store)["picks.json"] == "more from b"
    assert _there(store)["picks.json.kept-2"] == "more from a"


def test_words_that_were_not_pushed_survive_a_pull(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", {"picks.json": "old"})
    _write(tmp_path / "a", {"picks.json": "mine", "said.json": "new"})
    _copy(store, tmp_path / "a").pull()
    assert _here(tmp_path / "a") == {"picks.json": "mine", "said.json": "new"}
    store.write("picks.json", b"theirs")
    (told,) = _copy(store, tmp_path / "a").pull_words().conflicts
    assert "kept-1" in told
    assert _here(tmp_path / "a") == {"picks.json": "theirs", "picks.json.kept-1": "mine", "said.json": "new"}


def test_words_are_never_removed_in_object_storage(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", {**FIRST, "picks.json": "mine"})
    (tmp_path / "a/output/picks.json").unlink()
    _run(store, tmp_path / "a", SECOND, GONE)
    assert _there(store) == _here(tmp_path / "a") == {**SECOND, "picks.json": "mine"}
    for file in (tmp_path / "a/output").rglob("*"):
        if file.is_file():
            file.unlink()  # the working copy was lost: nothing of it is taken for removed
    _run(store, tmp_path / "a", {})
    assert _there(store) == _here(tmp_path / "a") == {**SECOND, "picks.json": "mine"}


def test_words_that_were_removed_in_object_storage_stay_under_another_name(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", {**FIRST, "picks.json": "mine"})
    store.delete("picks.json")
    store.delete("face_data.csv")
    _copy(store, tmp_path / "a").pull()
    assert set(_here(tmp_path / "a")) == {
        "clustering_run.json", "output_clusters/cluster_0.jpg", ".picks.json.gone-1",
    }  # fmt: skip


def test_outputs_that_could_not_be_pushed_are_pushed_by_the_next_run(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", FIRST)

    def away(what: str, key: str) -> None:
        if what == "upload":
            raise ObjectStorageUnavailableError("no answer")

    store.before = away
    with pytest.raises(ObjectStorageUnavailableError):
        _run(store, tmp_path / "a", SECOND, GONE)
    assert _here(tmp_path / "a") == SECOND
    assert _there(store) == FIRST
    store.before = lambda what, key: None
    # What the user says in between does not take half of the outputs with it.
    _write(tmp_path / "a", {"picks.json": "mine"})
    _copy(store, tmp_path / "a").push_words()
    assert _there(store) == {**FIRST, "picks.json": "mine"}
    _run(store, tmp_path / "a", {})
    assert _there(store) == {**SECOND, "picks.json": "mine"}


def test_a_run_that_fails_pushes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", FIRST)
    with pytest.raises(ValueError, match="broken"), _copy(store, tmp_path / "a").running("scoring", caller=None):
        raise ValueError("broken")
    _write(tmp_path / "a", {"face_data.csv": "of the service"})
    assert _copy(store, tmp_path / "a").push_words().changed == ("face_data.csv",)
    with pytest.raises(ValueError, match="broken"), _copy(store, tmp_path / "a").running("scoring", caller=None):
        _write(tmp_path / "a", {"face_data.csv": "half"})
        raise ValueError("broken")
    assert not _copy(store, tmp_path / "a").push_words().changed
    assert _there(store)["face_data.csv"] == "of the service"


def test_one_run_at_a_time_and_the_holder_is_named(tmp_path: Path) -> None:
    store = MemoryStore()
    with _copy(store, tmp_path / "a").running("clustering", caller="the service"):
        with pytest.raises(BusyError, match=r"clustering by the service on .*process"):
            _run(store, tmp_path / "b", {})
        # The same machine: whoever has the lock of its folder knows that the earlier process is dead.
        _run(store, tmp_path / "a", FIRST)
    assert _there(store) == FIRST


def test_a_run_that_lost_its_lock_writes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", FIRST)
    with pytest.raises(BusyError, match="lost"), _copy(store, tmp_path / "a").running("scoring", caller=None):
        _write(tmp_path / "a", SECOND)
        store.leases_are_lost = True
    assert _there(store) == FIRST
    store.leases_are_lost = False
    _run(store, tmp_path / "a", {}, GONE)
    assert _there(store) == SECOND


def test_a_journal_whose_writer_lives_is_waited_for(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", FIRST)
    _copy(store, tmp_path / "b").pull()

    def looked(what: str, key: str) -> None:
        if what == "upload" and key == "face_data.csv":
            store.before = lambda what, key: None
            with pytest.raises(BusyError, match="just being written"):
                _copy(store, tmp_path / "b").pull()
            assert _here(tmp_path / "b") == FIRST

    store.before = looked
    _run(store, tmp_path / "a", SECOND, GONE)
    _copy(store, tmp_path / "b").pull()
    assert _here(tmp_path / "b") == SECOND


def test_a_reader_never_sees_a_mixture(tmp_path: Path) -> None:
    store = MemoryStore()
    _run(store, tmp_path / "a", FIRST)
    fetched = random.Random(3)

    def written_meanwhile(what: str, key: str) -> None:
        if what == "fetch" and fetched.random() < 0.6:
            store.before = lambda what, key: None
            _run(store, tmp_path / "a", SECOND, GONE)

    for number in range(10):
        _run(store, tmp_path / "a", FIRST)
        (tmp_path / "a/output/output_clusters/cluster_1.jpg").unlink(missing_ok=True)
        _run(store, tmp_path / "a", {})
        store.before = written_meanwhile
        _copy(store, tmp_path / f"b{number}").pull()
        store.before = lambda what, key: None
        assert _here(tmp_path / f"b{number}") in (FIRST, SECOND)


def test_other_objects_below_the_address_are_left_alone(tmp_path: Path) -> None:
    store = MemoryStore()
    others = ["notes.txt", "photos/a.jpg", "../x.json", "a//b.json", ".hidden.json", "output_clusters/../x.json", "x/"]
    for key in others:
        store.write(key, b"theirs")
    _run(store, tmp_path / "a", FIRST)
    _run(store, tmp_path / "a", SECOND, GONE)
    assert _here(tmp_path / "a") == SECOND
    assert set(_there(store)) == {*others, *SECOND}
