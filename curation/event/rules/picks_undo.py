"""Undoing picks and stars, and making them again: also after the page was loaded anew, or the service was killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from curation.domain.judging.picks import PhotoPick, Picks
from curation.errors import NothingToUndoError
from curation.event.ranked_photos import RankedPhotos
from curation.settings import Settings
from curation.storage.said.picks_journal import PickChange, PickChanges, PicksJournal

__all__ = ["PicksUndo", "Undone"]


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone, or made again.

    Attributes:
        what: The change in words, as it was first made.
        photos: What is said now of the photos that it changed, with what was said just before, by image path.
    """

    what: str
    photos: Mapping[str, tuple[PhotoPick, PhotoPick]]


_Found = tuple[PickChange | None, PickChanges | None, Mapping[str, PhotoPick]]
"""The change, the journal after it (None leaves it as it is), and what is to be said of its photos."""
_Find = Callable[[Picks, PickChanges], _Found]


class PicksUndo:
    """Goes back and forth through the last changes of picks. Thread-safe.

    A photo that was changed since, by another change or in the file, is left alone. The journal is written before the
    picks; if the service is killed in between, the next undo finds the picks as they were and finishes the work.
    """

    def __init__(self, settings: Settings, ranked: RankedPhotos) -> None:
        """Set the folders; nothing is read yet."""
        self._ranked = ranked
        self._journal = PicksJournal(settings.event_dir, settings.io.output_dir)

    def undo(self) -> Undone:
        """Undo the last change that is still there.

        Raises:
            NothingToUndoError: If there is none.
            PicksError: If picks.json is not valid; it is then unchanged.
            BusyError: If another process has locked it.
            StorageError: If a file cannot be read or written.
        """
        return self._go(self._find_back, "there is no pick to undo")

    def redo(self) -> Undone:
        """Make the change again that was undone last. Raises what `undo` raises."""
        return self._go(self._find_again, "there is no undone pick to make again")

    def _go(self, find: _Find, nothing: str) -> Undone:
        found: list[PickChange] = []

        def make(picks: Picks) -> Mapping[str, PhotoPick]:
            change, changes, said = find(picks, self._journal.read())
            if changes is not None:
                self._journal.write(changes)
            if change is None:
                raise NothingToUndoError(nothing)
            found.append(change)
            return said

        before, after = self._ranked.change(make, is_new=False)
        return Undone(found[0].what, {path: (before.of(path), after.of(path)) for path in found[0].photos})

    @staticmethod
    def _find_back(picks: Picks, changes: PickChanges) -> _Found:
        pending = changes.undone[-1] if changes.undone else None
        if pending is not None and (said := _fitting(pending, picks, back=True)):
            return _part(pending, said), None, said  # the service was killed before it could undo it
        made = changes.made
        while made:
            last, made = made[-1], made[:-1]
            said = _fitting(last, picks, back=True)
            if said:
                part = _part(last, said)
                return part, PickChanges(made, (*changes.undone, part)), said
        return None, PickChanges((), changes.undone) if changes.made else None, {}

    @staticmethod
    def _find_again(picks: Picks, changes: PickChanges) -> _Found:
        undone = changes.undone
        while undone:
            last, undone = undone[-1], undone[:-1]
            said = _fitting(last, picks, back=False)
            if said:
                part = _part(last, said)
                return part, PickChanges((*changes.made, part), undone), said
        return None, PickChanges(changes.made) if changes.undone else None, {}


def _fitting(change: PickChange, picks: Picks, *, back: bool) -> dict[str, PhotoPick]:
    """What to say of the photos that are as the change left them (`back`), or as they were before it."""
    out = {}
    for path, (before, after) in change.photos.items():
        now, then = (after, before) if back else (before, after)
        if picks.of(path) == now:
            out[path] = then
    return out


def _part(change: PickChange, said: Mapping[str, PhotoPick]) -> PickChange:
    return PickChange(change.what, {path: both for path, both in change.photos.items() if path in said})
