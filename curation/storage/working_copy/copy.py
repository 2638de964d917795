"""The working copy: pulled, pushed, and what happens where somebody else wrote the same file in the meantime."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from curation.errors import BusyError, ObjectChangedError, ObjectMissingError
from curation.storage.atomic import explained
from curation.storage.locks import hold_file_lock
from curation.storage.objects.store import ObjectInfo, ObjectStore
from curation.storage.working_copy.copy_files import CopyFiles, CopyState, file_sha256, is_mirrored, is_record
from curation.storage.working_copy.journal import JOURNAL, Journal, JournalFile, read_journal, write_journal
from curation.storage.working_copy.run_lock import hold_run
from curation.storage.working_copy.transfers import at_once, sweep_transfers, transfer_folder

__all__ = ["Synced", "WorkingCopy"]

logger = logging.getLogger(__name__)

_TRIES = 6  # of a pull while others write
PAUSE_S = 0.5
_LOCK_NAME = "output.lock"


@dataclass(frozen=True, slots=True)
class Synced:
    """What a pull or push did.

    Attributes:
        changed: Files that were written or removed, here or in object storage.
        conflicts: Sentences about words of the user that somebody else changed at the same time; both are kept.
    """

    changed: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


class WorkingCopy:
    """The output folder of this machine for an output address. Safe to use from several threads and processes."""

    def __init__(self, store: ObjectStore, folder: Path, *, words: Collection[str]) -> None:
        """Take the parts; nothing is read or connected yet.

        Args:
            store: Of the output address.
            folder: The folder of this machine; created when it is needed.
            words: Names of the files that hold what the user said. They are never overwritten unseen.
        """
        self._store = store
        self._files = CopyFiles(folder)
        self._words = frozenset(words)

    @property
    def address(self) -> str:
        """Of the outputs."""
        return self._store.address

    @contextmanager
    def running(self, run: str, *, caller: str | None) -> Iterator[None]:
        """Hold the output address for a run: pull before it, push after it. The caller holds `hold_output`.

        If the run fails, nothing is pushed; what it wrote stays here, and the next run goes on from there.

        Args:
            run: Such as "clustering", for the messages of others.
            caller: As for `hold_output`.

        Raises:
            BusyError: If a run of another machine holds it, or took it over because this one was away for too long.
            StorageError: If object storage cannot be reached or refuses, or a file cannot be read or written.
        """
        with self._locked():
            sweep_transfers(self._files.folder.parent)
            state = self._files.state()
            self._files.save(state)  # with its id, which the lock names
        with hold_run(self._store, run=run, caller=caller, owner=state.id) as still_held:
            _tell(self.pull(holds_lock=True))
            self._set_pending(run)
            done = False
            try:
                yield
                done = True
            finally:
                if not done and not self._has_new_outputs():
                    self._set_pending("")
            still_held()
            _tell(self._push_all())

    def pull(self, *, holds_lock: bool = False) -> Synced:
        """Make the files here those of object storage, but for those that were changed here and not pushed yet.

        What is fetched belongs together: it is that of one moment between the pushes of others.

        Args:
            holds_lock: Whether the caller holds the lock of the output address.

        Raises:
            BusyError: If another machine is just writing, and does not end.
            StorageError: If object storage cannot be reached or refuses, or a file cannot be written.
        """
        with self._locked():
            for attempt in range(_TRIES):
                found = {info.key: info for info in self._store.list()}
                if JOURNAL in found:
                    self._finish_push(found[JOURNAL], holds_lock=holds_lock)
                    continue
                try:
                    synced = self._pull({key: info for key, info in found.items() if is_mirrored(key)})
                except (ObjectChangedError, ObjectMissingError):
                    synced = None
                if synced is not None:
                    return synced
                time.sleep(PAUSE_S * attempt)  # somebody wrote in the meantime
        raise BusyError(f"{self.address} is being written all the time; try again in a minute")

    def pull_words(self) -> Synced:
        """Fetch what the user said elsewhere: quicker than `pull`, as only these files are looked at.

        Raises:
            StorageError: If object storage cannot be reached or refuses, or a file cannot be written.
        """
        with self._locked():
            state = self._files.state()
            words = sorted(self._words)
            there = {key: info for key, info in zip(words, at_once(self._head, words), strict=True) if info is not None}
            try:
                synced = self._taken_over(state, self._to_fetch(state, there))
            except (ObjectChangedError, ObjectMissingError):
                synced = None  # somebody writes just now: the push will tell
            finally:
                self._files.save(state)
            return synced or Synced()

    def push_words(self) -> Synced:
        """Write what the user said here, and the ranking by it, if no run has outputs that are to be pushed first.

        Raises:
            StorageError: If object storage cannot be reached or refuses, or a file cannot be read.
        """
        with self._locked():
            state = self._files.state()
            wanted = self._files.present(is_top_only=True)
            if state.pending:
                wanted = [key for key in wanted if key in self._words]
            changed = [key for key in wanted if not is_record(key) and self._files.is_changed(key, state.files)]
            if not changed:
                return Synced()
            try:
                return self._published(state, [self._journal_file(state, key) for key in changed], self._files.folder)
            finally:
                self._files.save(state)

    def _push_all(self) -> Synced:
        """Write all that changed, as one; the caller holds the lock of the output address."""
        with self._locked():
            state = self._files.state()
            present = self._files.present()
            changed = [key for key in present if self._files.is_changed(key, state.files)]
            changed.sort(key=lambda key: (is_record(key), key))
            removed = tuple(sorted(state.files.keys() - set(present) - self._words))
            journal = Journal(tuple(self._journal_file(state, key) for key in changed), removed)
            needs_journal = len(changed) + len(removed) > 1
            if needs_journal:
                with transfer_folder(self._files.folder.parent) as folder:
                    archive = folder / "push.zip"
                    write_journal(archive, journal, self._files.folder)
                    self._store.upload(JOURNAL, archive)
            try:
                synced = self._published(state, journal.files, self._files.folder)
                at_once(self._store.delete, removed)
                for key in removed:
                    del state.files[key]
            finally:
                self._files.save(state)
            if needs_journal:
                self._store.delete(JOURNAL)
            self._files.save(replace(state, pending=""))
            return replace(synced, changed=(*synced.changed, *removed))

    def _finish_push(self, found: ObjectInfo, *, holds_lock: bool) -> None:
        """Do what a killed push was about to do."""
        if holds_lock:
            self._redo(found)
            return
        try:
            with hold_run(self._store, run="finishing a push", caller=None):
                self._redo(found)
        except BusyError as error:
            raise BusyError(f"outputs are just being written to {self.address}: {error}") from error

    def _redo(self, found: ObjectInfo) -> None:
        logger.info("an earlier push to %s was interrupted; it is finished now", self.address)
        with transfer_folder(self._files.folder.parent) as folder:
            archive = folder / "push.zip"
            try:
                self._store.fetch(JOURNAL, archive, etag=found.etag)
            except (ObjectChangedError, ObjectMissingError):
                return  # its writer lives and is done
            files = folder / "files"
            files.mkdir()
            journal = read_journal(archive, files)
            # What this copy knows stays as it is: the pull compares.
            _tell(self._published(CopyState(""), journal.files, files))
            at_once(self._store.delete, journal.removed)
            self._store.delete(JOURNAL)

    def _journal_file(self, state: CopyState, key: str) -> JournalFile:
        sha256 = file_sha256(self._files.path(key))
        if key not in self._words:
            return JournalFile(key, sha256, None)
        known = state.files.get(key)
        return JournalFile(key, sha256, "" if known is None else known.etag)

    def _published(self, state: CopyState, files: Sequence[JournalFile], folder: Path) -> Synced:
        """Write files into object storage: words first, then outputs, run records last."""
        conflicts: list[str] = []
        outputs = [file for file in files if file.etag is None and not is_record(file.key)]
        records = [file for file in files if file.etag is None and is_record(file.key)]

        def write(file: JournalFile) -> None:
            self._note(state, file.key, folder, self._store.upload(file.key, folder / file.key))

        for file in files:
            if file.etag is not None:
                self._publish_word(state, file, folder, conflicts)
        at_once(write, outputs)
        at_once(write, records)
        return Synced(tuple(file.key for file in files), tuple(conflicts))

    def _publish_word(self, state: CopyState, file: JournalFile, folder: Path, conflicts: list[str]) -> None:
        content = (folder / file.key).read_bytes()
        try:
            if file.etag:
                info = self._store.replace(file.key, content, etag=file.etag)
            else:
                info = self._store.create(file.key, content)
        except (ObjectChangedError, ObjectMissingError):
            try:
                theirs, info = self._store.read(file.key)
            except ObjectMissingError:  # removed by somebody: what was said here stays
                theirs, info = content, self._store.create(file.key, content)
            if theirs != content:
                conflicts.append(self._both_kept(state, file.key, folder, content))
                return
        self._note(state, file.key, folder, info)

    def _both_kept(self, state: CopyState, key: str, folder: Path, content: bytes) -> str:
        """Keep both versions of a word, theirs under its name; returns what the user is told."""
        number = 1
        while True:
            name = f"{key}.kept-{number}"
            try:
                kept = self._store.create(name, content)
                break
            except ObjectChangedError:
                number += 1
        if folder == self._files.folder:
            self._files.put_aside(key, name)
            self._note(state, name, folder, kept)
            with transfer_folder(folder.parent) as temporary:
                info = self._store.fetch(key, temporary / "theirs")
                _moved(temporary / "theirs", self._files.path(key))
            self._note(state, key, folder, info)
        return _told(key, name, self.address)

    def _note(self, state: CopyState, key: str, folder: Path, info: ObjectInfo) -> None:
        if folder == self._files.folder:
            state.files[key] = self._files.synced(key, info.etag)

    def _pull(self, there: Mapping[str, ObjectInfo]) -> Synced | None:
        """One try; None if somebody wrote while it fetched."""
        state = self._files.state()
        wanted = self._to_fetch(state, there)

        def is_same() -> bool:
            if not wanted:
                return True
            now = {info.key: info.etag for info in self._store.list() if is_mirrored(info.key) or info.key == JOURNAL}
            return now == {key: info.etag for key, info in there.items()}

        try:
            synced = self._taken_over(state, wanted, is_same)
            if synced is None:
                return None
            gone = self._removed_here(state, there)
        finally:
            self._files.save(state)
        return replace(synced, changed=(*synced.changed, *gone))

    def _to_fetch(self, state: CopyState, there: Mapping[str, ObjectInfo]) -> list[ObjectInfo]:
        """What is not here as it is there; an output that was removed here goes there at the next push."""
        wanted = []
        for key, info in there.items():
            known = state.files.get(key)
            if known is None or known.etag != info.etag or (key in self._words and not self._files.path(key).is_file()):
                wanted.append(info)
        return sorted(wanted, key=lambda info: (is_record(info.key), info.key))

    def _taken_over(
        self, state: CopyState, wanted: Sequence[ObjectInfo], is_same: Callable[[], bool] = lambda: True
    ) -> Synced | None:
        """Fetch files, all before the first is put in its place; None if they may not belong together."""
        if not wanted:
            return Synced()
        conflicts: list[str] = []
        with transfer_folder(self._files.folder.parent) as folder:
            places = {info.key: folder / str(number) for number, info in enumerate(wanted)}
            at_once(lambda info: self._store.fetch(info.key, places[info.key], etag=info.etag), wanted)
            if not is_same():
                return None
            for info in wanted:
                key, target = info.key, self._files.path(info.key)
                if not target.is_file() or file_sha256(target) != file_sha256(places[key]):
                    if key in self._words and target.is_file() and self._files.is_changed(key, state.files):
                        conflicts.append(_told(key, self._files.put_aside(key), self.address))
                    _moved(places[key], target)
                state.files[key] = self._files.synced(key, info.etag)
        return Synced(tuple(info.key for info in wanted), tuple(conflicts))

    def _removed_here(self, state: CopyState, there: Mapping[str, ObjectInfo]) -> tuple[str, ...]:
        """Remove the files that object storage has no more, unless they were changed here since."""
        gone = tuple(key for key in state.files if key not in there)
        for key in gone:
            if not self._files.is_changed(key, state.files):
                if key in self._words:
                    self._files.hide(key)
                else:
                    self._files.path(key).unlink(missing_ok=True)
            del state.files[key]
        return gone

    def _head(self, key: str) -> ObjectInfo | None:
        try:
            return self._store.head(key)
        except ObjectMissingError:
            return None

    def _set_pending(self, run: str) -> None:
        with self._locked():
            self._files.save(replace(self._files.state(), pending=run))

    def _has_new_outputs(self) -> bool:
        with self._locked():
            state = self._files.state()
            present = self._files.present()
            if state.files.keys() - set(present) - self._words:
                return True
            return any(self._files.is_changed(key, state.files) for key in present if key not in self._words)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        folder = self._files.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, folder, "written into") from error
        with hold_file_lock(folder.parent / _LOCK_NAME):
            yield


def _tell(synced: Synced) -> None:
    for sentence in synced.conflicts:
        logger.warning("%s", sentence)


def _moved(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)  # noqa: PTH105 - the file of the target may exist
    except OSError as error:
        raise explained(error, target, "written") from error


def _told(key: str, kept: str, address: str) -> str:
    return (
        f"{key} was changed at the same time by somebody else: theirs counts now, and yours is kept as {kept} beside "
        f"it in {address}; compare them, and enter again what is missing"
    )
