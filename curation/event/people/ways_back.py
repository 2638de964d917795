"""Files of the user's words that cannot be read, and going back to their last good versions, if the user says so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from curation.errors import CurationError, NotClusteredError, NoWayBackError, StorageError
from curation.event.catalog import Catalog
from curation.settings import Settings
from curation.storage.said.corrections_file import CORRECTIONS, hold_corrections, read_corrections
from curation.storage.said.grouping_answers import GROUPING_ANSWERS, read_grouping_answers
from curation.storage.said.known_refused_file import KNOWN_REFUSED, read_refusals
from curation.storage.said.labels_file import read_labels
from curation.storage.said.last_good import GoodVersion, go_back, good_version
from curation.storage.said.people_seen_file import PEOPLE_SEEN, read_people_seen
from curation.storage.said.picks_file import PICKS, hold_picks, read_picks

__all__ = ["RefusedFile", "WaysBack", "WordFile"]


class WordFile(StrEnum):
    """A file of the user's words."""

    LABELS = "labels"
    CORRECTIONS = "corrections"
    PICKS = "picks"
    PEOPLE_SEEN = "people_seen"
    KNOWN_REFUSED = "known_refused"
    GROUPING_ANSWERS = "grouping_answers"


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that cannot be read.

    Attributes:
        file: Which one.
        name: Of the file.
        problem: Why, and what to do.
        code: The stable code of the problem.
        good: The last version that could be read; None if there is none.
    """

    file: WordFile
    name: str
    problem: str
    code: str
    good: GoodVersion | None


class WaysBack:
    """The files of words of one event. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        """Remember the paths; nothing is read yet."""
        output = settings.io.output_dir
        self._lock_dir = settings.lock_dir
        self._catalog = catalog
        self._files: dict[WordFile, tuple[Path, Callable[[Path], object]]] = {
            WordFile.LABELS: (output / settings.scoring.labels_json, self._labels),
            WordFile.CORRECTIONS: (output / CORRECTIONS, lambda path: read_corrections(path.parent, {})),
            WordFile.PICKS: (output / PICKS, read_picks),
            WordFile.PEOPLE_SEEN: (output / PEOPLE_SEEN, read_people_seen),
            WordFile.KNOWN_REFUSED: (output / KNOWN_REFUSED, read_refusals),
            WordFile.GROUPING_ANSWERS: (output / GROUPING_ANSWERS, read_grouping_answers),
        }

    def refused(self) -> tuple[RefusedFile, ...]:
        """The files that cannot be read; those that are not there are no trouble."""
        found = (self._refused(file) for file in WordFile)
        return tuple(one for one in found if one is not None)

    def go_back(self, file: WordFile, version: str) -> Path:
        """Use the last version of a file that could be read.

        Args:
            file: That cannot be read.
            version: `GoodVersion.version`, to which the user has agreed.

        Returns:
            Where the damaged file is kept.

        Raises:
            NoWayBackError: If the file can be read, or there is no such version (any more).
            BusyError: If another process writes words for half a minute.
            StorageError: If something cannot be read or written.
        """
        path, _ = self._files[file]
        with ExitStack() as held:
            held.enter_context(hold_corrections(self._lock_dir))
            held.enter_context(hold_picks(self._lock_dir))
            if self._refused(file) is None:
                raise NoWayBackError(f"{path.name} can be read: nothing was changed")
            aside = go_back(path, version)
        self._catalog.words.try_settle()
        return aside

    def _refused(self, file: WordFile) -> RefusedFile | None:
        path, read = self._files[file]
        try:
            read(path)
        except StorageError:
            raise
        except CurationError as error:
            return RefusedFile(file, path.name, str(error), error.code, good_version(path))
        return None

    def _labels(self, path: Path) -> object:
        try:
            return self._catalog.labels()
        except NotClusteredError:
            return read_labels(path)
