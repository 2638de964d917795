"""What the user's words are about, while the service runs: each word gets its anchors when it is said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from curation.domain.identity.remembered import NOTHING_REMEMBERED, Remembered
from curation.domain.identity.said import NOTHING_SAID, Said
from curation.domain.identity.settling import Words, settled
from curation.domain.judging.picks import Picks
from curation.errors import CurationError, PhotoError
from curation.event.file_cache import FileCache
from curation.photos.files.content import content_sha256
from curation.photos.files.listing import photo_path
from curation.pipelines.originals import originals_of
from curation.pipelines.said.seen_table import SeenTable
from curation.pipelines.said.words import read_words
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import stamp_of
from curation.storage.said.remembered_file import REMEMBERED, read_remembered
from curation.storage.said.said_file import SAID, hold_said, read_said, write_said
from curation.storage.together.new_files import NewFiles

__all__ = ["SaidWords"]

logger = logging.getLogger(__name__)


class SaidWords:
    """said.json of one event. Thread-safe."""

    def __init__(self, settings: Settings, seen: Callable[[], SeenTable]) -> None:
        """Remember the paths; nothing is read yet.

        Args:
            settings: Of the service.
            seen: Returns the event as the user sees it.
        """
        self._settings = settings
        self._seen = seen
        output_dir = settings.io.output_dir
        self._said = FileCache(output_dir / SAID, lambda _: read_said(output_dir))
        self._remembered = FileCache(output_dir / REMEMBERED, lambda _: read_remembered(output_dir))

    def said(self) -> Said:
        """All words with their anchors, as the last run or change left them; the same object until something changes.

        Raises:
            StorageError: If said.json cannot be read.
        """
        return self._said.get() or NOTHING_SAID

    def settle(self) -> Said:
        """Give anchors to all words that have none yet: the user saw the result of the last clustering.

        Raises:
            CurationError: If a file of the user is not valid, or something cannot be read or written.
        """
        words = read_words(self._settings, is_strict=False)
        return self.change(lambda said: settled(said, words, self._seen()))

    def settle_picks(self, picks: Picks | None) -> Said:
        """Do what `settle` does for picks.json alone, which is quicker.

        Args:
            picks: As the file has them; None without one.

        Raises:
            BusyError: If another process holds the lock of said.json for half a minute.
            StorageError: If something cannot be read or written.
        """
        words = Words(picks=None if picks is None else dict(picks.to_json()))
        return self.change(lambda said: settled(said, words, self._seen()))

    def change(self, make: Callable[[Said], Said]) -> Said:
        """Change said.json under its lock. It is read only if another process wrote it.

        Args:
            make: Returns what is to be written; the same object leaves the file as it is.

        Raises:
            BusyError: If another process holds the lock for half a minute.
            StorageError: If the file cannot be read or written.
        """
        io = self._settings.io
        with hold_said(self._settings.lock_dir):
            before = self.said()
            after = make(before)
            if after is not before:
                write_said(io.output_dir, after)
                self._said.put(after)
        return after

    @contextmanager
    def changing(self, new: NewFiles, make: Callable[[Said], Said]) -> Iterator[None]:
        """Write said.json among the new files of a change, under its lock; these must be published within.

        Takes and raises what `change` does.
        """
        with hold_said(self._settings.lock_dir):
            before = self.said()
            after = make(before)
            if after is not before:
                write_said(new.folder, after)
            yield

    def try_settle(self) -> None:
        """Do what `settle` does, but log an error instead of raising it: the word itself is saved already."""
        try:
            self.settle()
        except CurationError as error:
            logger.warning("the change is saved, but not yet what it is about: %s", error)

    def remembered(self) -> Remembered:
        """What runs remember of the event.

        Raises:
            StorageError: If it cannot be read.
        """
        return self._remembered.get() or NOTHING_REMEMBERED

    def contents(self, image_paths: list[str]) -> Mapping[str, str]:
        """SHA-256 of photos by path as they are now; of photos that cannot be read, as the last clustering knew them.

        Raises:
            FaceDataError: If a path leads out of the folder.
            StorageError: If something cannot be read.
        """
        known = self.remembered()
        out = {path: known.photos[path] for path in image_paths if path in known.photos}
        folder = self._settings.io.input_dir
        stamps = {path: stamp for path in image_paths if (stamp := stamp_of(photo_path(folder, path))) is not None}
        with closing(AnalysisStore(self._settings.io.state_dir)) as store:
            hashes = store.known_hashes(stamps.values())
        originals = originals_of(self._settings)
        for path, stamp in stamps.items():
            try:
                if stamp.path in hashes:
                    out[path] = hashes[stamp.path]
                    continue
                with originals.at_hand(stamp.path) as opened:
                    out[path] = content_sha256(opened)
            except PhotoError as error:
                logger.info("%s is known by the last clustering only: %s", path, error)
        return out
