"""When photos that came into a folder are looked through: pure logic over times that are handed in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Decision", "Pacing", "Seen", "Wait"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A photo of the folder as one look found it.

    Attributes:
        image_path: Its path in the folder.
        size_bytes: Of the file.
        mtime_ns: When its content was last changed.
    """

    image_path: str
    size_bytes: int
    mtime_ns: int


class Wait(StrEnum):
    """What is waited for."""

    NOTHING = "nothing"
    """There are no new photos."""
    COPYING = "copying"
    """New photos are still coming, or still being written."""
    PAUSE = "pause"
    """New photos keep coming, and the last run was a short while ago."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to look through the photos now.

    Attributes:
        starts: Whether to.
        new: Photos that were not looked through.
        waits: What is waited for, if not.
    """

    starts: bool
    new: int
    waits: Wait


class Pacing:
    """Decides after each look at the folder. Not thread-safe.

    A photo is whole once its size and time stayed the same for `still_s`. When all new photos are whole, copying has
    ended, and one run takes them all. While photos keep coming, a run takes those that are whole every `every_s`.
    """

    def __init__(self, *, still_s: float, every_s: float) -> None:
        """Begin with an empty folder.

        Args:
            still_s: For so many seconds size and time of a photo stay the same before it counts as whole.
            every_s: While photos keep coming, runs begin at least so many seconds after each other.
        """
        self._still_s = still_s
        self._every_s = every_s
        self._since: dict[Seen, float] = {}
        self._tried: frozenset[Seen] = frozenset()
        self._waiting_since: float | None = None

    def look(self, photos: Iterable[Seen], looked_through: frozenset[str], now_s: float) -> Decision:
        """Take what one look at the folder found.

        Args:
            photos: All photos in the folder.
            looked_through: The paths of those that the last run took, failed ones among them.
            now_s: A clock that only goes forward.
        """
        new = [photo for photo in photos if photo.image_path not in looked_through and photo not in self._tried]
        self._since = {photo: self._since.get(photo, now_s) for photo in new}
        if not new:
            self._waiting_since = None
            return Decision(starts=False, new=0, waits=Wait.NOTHING)
        if self._waiting_since is None:
            self._waiting_since = now_s
        whole = [photo for photo in new if photo.size_bytes and now_s - self._since[photo] >= self._still_s]
        if len(whole) == len(new):
            return Decision(starts=True, new=len(new), waits=Wait.NOTHING)
        if whole and now_s - self._waiting_since >= self._every_s:
            return Decision(starts=True, new=len(new), waits=Wait.NOTHING)
        waits = Wait.PAUSE if whole else Wait.COPYING
        return Decision(starts=False, new=len(new), waits=waits)

    def forget(self) -> None:
        """The folder is away: what a run could not use may be there again when the folder is."""
        self._since, self._tried, self._waiting_since = {}, frozenset(), None

    def started(self, now_s: float) -> None:
        """A run has begun: what it took is not tried again by itself, even if the run fails."""
        self._tried |= {photo for photo, since in self._since.items() if now_s - since >= self._still_s}
        self._waiting_since = now_s
