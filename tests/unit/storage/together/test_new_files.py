from __future__ import annotations

import errno
import hashlib
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from curation.errors import FaceDataError, StorageError
from curation.storage.atomic import write_bytes
from curation.storage.run_records import read_run_record
from curation.storage.said.labels_file import read_labels
from curation.storage.together.finishing import content_sha256, finish_pending, settle_new_files
from curation.storage.together.manifest import (
    MANIFEST,
    NEW_FILES,
    Manifest,
    NewFile,
    read_manifest,
    staged_name,
    write_manifest,
    write_staged,
)
from curation.storage.together.new_files import new_files, read_together
from tests.crash_points.killing import Ended, Kill, run_apart

NAMES = ("a.csv", "b.npy", "clustering_run.json")


def written(folder: Path, text: str) -> None:
    with new_files(folder) as new:
        for name in NAMES:
            write_bytes(new.folder / name, f'{{"of": "{text}"}}'.encode())
        new.publish(last=("clustering_run.json",))


def contents(folder: Path) -> list[str]:
    read_run_record(folder / "clustering_run.json")  # any reader does
    return [(folder / name).read_text() if (folder / name).exists() else "" for name in NAMES]


@pytest.mark.parametrize("is_first", [True, False])
def test_after_any_kill_all_files_are_old_or_all_are_new(tmp_path: Path, is_first: bool) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    notes = tmp_path / "notes"
    notes.mkdir()

    def forked(folder: Path, kill_at: int) -> Ended:
        return run_apart(lambda say: written(folder, "new"), folder, notes, Kill(kill_at))

    whole = forked(tmp_path / "count", 0)
    assert whole.code == 0, whole.output
    found = set()
    for kill_at in range(1, len(whole.changes) + 12):
        folder = tmp_path / str(kill_at)
        if not is_first:
            written(folder, "old")
        ended = forked(folder, kill_at)
        state = tuple(contents(folder))
        found.add((ended.was_killed, state))
        assert len(set(state)) == 1, kill_at
        settle_new_files(folder)
        assert not (folder / NEW_FILES).exists()
        written(folder, "next")
        assert contents(folder) == ['{"of": "next"}'] * 3
    assert len(found) == 3  # killed before it counts, killed after it counts, not killed


def test_what_is_the_same_stays_untouched(tmp_path: Path) -> None:
    written(tmp_path, "x")
    before = [(tmp_path / name).stat().st_ino for name in NAMES]
    written(tmp_path, "x")
    assert [(tmp_path / name).stat().st_ino for name in NAMES] == before
    assert not (tmp_path / NEW_FILES).exists()


def test_nothing_appears_if_the_block_fails(tmp_path: Path) -> None:
    written(tmp_path, "x")
    with pytest.raises(StorageError), new_files(tmp_path) as new:
        write_bytes(new.folder / "a.csv", b"half")
        raise StorageError("the disk is full")
    assert contents(tmp_path) == ['{"of": "x"}'] * 3
    assert not (tmp_path / NEW_FILES).exists()


def pending(folder: Path, *files: NewFile) -> None:
    """As a writer leaves it that was killed before it moved anything."""
    new = folder / NEW_FILES
    new.mkdir(parents=True)
    for file in files:
        (new / file.name).write_text("new")
    write_manifest(new, Manifest(files))


def test_a_word_that_was_edited_meanwhile_stays_and_the_change_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text("before")
    before = content_sha256(tmp_path / "labels.json")
    (tmp_path / "labels.json").write_text("by hand")
    pending(tmp_path, NewFile("labels.json", before), NewFile("a.csv", None))
    finish_pending(tmp_path)
    assert (tmp_path / "labels.json").read_text() == "by hand"
    assert not (tmp_path / "a.csv").exists()
    assert not (tmp_path / NEW_FILES).exists()


def test_a_word_that_was_edited_when_half_was_moved_stays_and_the_other_is_kept_beside(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text("by hand")
    pending(tmp_path, NewFile("a.csv", None), NewFile("labels.json", ""))
    (tmp_path / NEW_FILES / "a.csv").rename(tmp_path / "a.csv")
    finish_pending(tmp_path)
    assert (tmp_path / "labels.json").read_text() == "by hand"
    assert (tmp_path / "labels.json.kept-1").read_text() == "new"


def test_a_change_that_comes_too_late_writes_nothing(tmp_path: Path) -> None:
    with new_files(tmp_path) as new:
        new.add_word(tmp_path / "labels.json", b"new")
        (tmp_path / "labels.json").write_text("by hand")
        assert not new.publish()
    assert (tmp_path / "labels.json").read_text() == "by hand"


def elsewhere(folder: Path, before: str | None = "", content: str = "new") -> NewFile:
    """As a writer leaves a word outside of the output folder that was killed before it was moved."""
    place = folder / "labels.json"
    folder.mkdir(exist_ok=True)
    (folder / staged_name(place, "0" * 16)).write_text(content)
    return NewFile(staged_name(place, "0" * 16), before, place, hashlib.sha256(b"new").hexdigest())


def pending_elsewhere(output: Path, file: NewFile) -> None:
    new = output / NEW_FILES
    new.mkdir(parents=True)
    (new / "journal.json").write_text("of the change")
    write_manifest(new, Manifest((file, NewFile("journal.json", None))))


def test_a_word_elsewhere_is_finished_with_the_others(tmp_path: Path) -> None:
    pending_elsewhere(tmp_path / "out", elsewhere(tmp_path / "other"))
    finish_pending(tmp_path / "out")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["labels.json"]
    assert (tmp_path / "other" / "labels.json").read_text() == "new"
    assert (tmp_path / "out" / "journal.json").exists()


def test_a_word_elsewhere_that_was_edited_meanwhile_stays(tmp_path: Path) -> None:
    file = elsewhere(tmp_path / "other")
    (tmp_path / "other" / "labels.json").write_text("by hand")
    pending_elsewhere(tmp_path / "out", file)
    write_staged(tmp_path / "out" / NEW_FILES, [tmp_path / "other" / file.name])
    finish_pending(tmp_path / "out")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["labels.json"]
    assert (tmp_path / "other" / "labels.json").read_text() == "by hand"
    assert not (tmp_path / "out" / "journal.json").exists(), "the change is dropped as a whole"


def test_a_word_elsewhere_that_was_edited_when_half_was_moved_stays_and_the_other_is_kept_beside(
    tmp_path: Path,
) -> None:
    file = elsewhere(tmp_path / "other")
    (tmp_path / "other" / "labels.json").write_text("by hand")
    pending_elsewhere(tmp_path / "out", file)
    (tmp_path / "out" / NEW_FILES / "journal.json").rename(tmp_path / "out" / "journal.json")
    finish_pending(tmp_path / "out")
    assert (tmp_path / "other" / "labels.json").read_text() == "by hand"
    assert (tmp_path / "other" / "labels.json.kept-1").read_text() == "new"


def test_a_word_elsewhere_waits_for_its_disk(tmp_path: Path) -> None:
    pending_elsewhere(tmp_path / "out", elsewhere(tmp_path / "other"))
    (tmp_path / "other").rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(StorageError, match="connect its disk"):
            finish_pending(tmp_path / "out")
    (tmp_path / "away").rename(tmp_path / "other")
    finish_pending(tmp_path / "out")
    assert (tmp_path / "other" / "labels.json").read_text() == "new"


@pytest.mark.parametrize("what", ["link", "pipe", "another content", "another name", "no word"])
def test_a_folder_from_elsewhere_writes_nowhere_else(tmp_path: Path, what: str) -> None:
    other, theirs = tmp_path / "other", tmp_path / "theirs"
    file = elsewhere(other, None if what == "no word" else "", "evil" if what == "another content" else "new")
    (other / "labels.json").write_text("mine")
    theirs.write_text("new")
    staged = other / file.name
    if what in ("link", "pipe"):
        staged.unlink()
        staged.symlink_to(theirs) if what == "link" else os.mkfifo(staged)
    if what == "another name":
        file = replace(file, name="theirs", elsewhere=tmp_path / "other")
    pending_elsewhere(tmp_path / "out", file)
    write_staged(tmp_path / "out" / NEW_FILES, [theirs, other / "labels.json"])
    finish_pending(tmp_path / "out")
    settle_new_files(tmp_path / "out")
    assert (other / "labels.json").read_text() == "mine"
    assert theirs.read_text() == "new"
    assert not (tmp_path / "out" / "journal.json").exists()


def test_what_was_staged_elsewhere_by_a_killed_writer_is_removed(tmp_path: Path) -> None:
    staged = tmp_path / "other" / elsewhere(tmp_path / "other").name
    new = tmp_path / "out" / NEW_FILES
    new.mkdir(parents=True)
    write_staged(new, [staged])
    settle_new_files(tmp_path / "out")
    assert not staged.exists()


@pytest.mark.parametrize("what", ["folder", "file", "pipe", "manifest"])
def test_links_and_pipes_lead_nowhere(tmp_path: Path, what: str) -> None:
    outside, output = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    (outside / "a.csv").write_text("theirs")
    mode = (outside / "a.csv").stat().st_mode
    pending(output, NewFile("a.csv", None))
    (output / "a.csv").write_text("mine")
    (output / "a.csv").chmod(0o640)
    new = output / NEW_FILES
    if what == "folder":
        new.rename(outside / "new")
        new.symlink_to(outside / "new")
    elif what == "manifest":
        (new / MANIFEST).unlink()
        os.mkfifo(new / MANIFEST)
    else:
        (new / "a.csv").unlink()
        (new / "a.csv").symlink_to(outside / "a.csv") if what == "file" else os.mkfifo(new / "a.csv")
    finish_pending(output)
    settle_new_files(output)
    assert (output / "a.csv").read_text() == "mine"
    assert not (output / "a.csv").is_symlink()
    assert (outside / "a.csv").read_text() == "theirs"
    assert (outside / "a.csv").stat().st_mode == mode
    if what == "folder":
        assert (outside / "new" / "a.csv").read_text() == "new"


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{}",
        '{"version": 9, "files": []}',
        '{"version": 1, "files": [["../x", null]]}',
        '{"version": 1, "files": [["/etc/x", null]]}',
        '{"version": 1, "files": [["x", 3]]}',
        '{"version": 1, "files": [["x"]]}',
        "\0" * 30,
        "[" * 100_000,
    ],
)
def test_a_damaged_manifest_is_moved_away_with_its_files(tmp_path: Path, manifest: str) -> None:
    new = tmp_path / NEW_FILES
    new.mkdir()
    (new / "a.csv").write_text("new")
    (new / MANIFEST).write_text(manifest)
    assert read_labels(tmp_path / "labels.json") is None
    assert not new.exists()
    assert (tmp_path / f"{NEW_FILES}.damaged-1" / "a.csv").read_text() == "new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_keeps_its_owner_and_its_mode(tmp_path: Path) -> None:
    place = tmp_path / "cluster_labels.json"
    place.write_bytes(b"{}")
    os.chown(place, 12345, 23456)
    place.chmod(0o640)
    with new_files(tmp_path) as new:
        new.add_word(place, b'{"0": "Anna"}')
        assert new.publish()
    status = place.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 23456, 0o640)
    assert place.read_bytes() == b'{"0": "Anna"}'


def test_a_disk_that_does_not_answer_for_a_moment_costs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_files(tmp_path) as new:
        write_bytes(new.folder / "a.csv", b"new")
        write_manifest(new.folder, Manifest((NewFile("a.csv", None),)))  # and there it was killed
    really = os.lstat

    def failing(path: str) -> os.stat_result:
        if str(path).endswith(MANIFEST):
            raise OSError(errno.EIO, "Input/output error")
        return really(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", failing)
        with pytest.raises(StorageError), new_files(tmp_path):
            pytest.fail("the files that count already would be removed")
    finish_pending(tmp_path)
    assert (tmp_path / "a.csv").read_bytes() == b"new"


def test_without_a_manifest_nothing_counts(tmp_path: Path) -> None:
    (tmp_path / NEW_FILES).mkdir()
    (tmp_path / NEW_FILES / "a.csv").write_text("new")
    assert read_manifest(tmp_path / NEW_FILES) is None
    finish_pending(tmp_path)
    settle_new_files(tmp_path)
    assert not (tmp_path / "a.csv").exists()
    assert not (tmp_path / NEW_FILES).exists()


def test_reading_together_never_sees_a_mix(tmp_path: Path) -> None:
    written(tmp_path, "0")
    stop = threading.Event()

    def write() -> None:
        for number in range(40):
            written(tmp_path, str(number))
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not stop.is_set():
        state = read_together(tmp_path, NAMES, lambda: tuple(contents(tmp_path)))
        assert len(set(state)) == 1
        seen.add(state)
    writer.join()
    assert len(seen) > 1


def test_reading_together_raises_what_stays_wrong(tmp_path: Path) -> None:
    def read() -> None:
        raise FaceDataError("wrong")

    with pytest.raises(FaceDataError):
        read_together(tmp_path, NAMES, read)


@pytest.mark.parametrize("is_edited", [True, False])
def test_a_word_that_lies_outside_of_the_folder_is_written_there(tmp_path: Path, is_edited: bool) -> None:
    output, labels = tmp_path / "out", tmp_path / "mine" / "labels.json"
    labels.parent.mkdir()
    labels.write_text("before")
    with new_files(output) as new:
        new.add_word(labels, b"new")
        if is_edited:
            labels.write_text("by hand")
        assert new.publish() is not is_edited
    assert labels.read_text() == ("by hand" if is_edited else "new")
    assert not (output / "labels.json").exists()
