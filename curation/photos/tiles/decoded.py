"""The decoded photos of which tiles were asked for last, within a limit of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from curation.photos.tiles.cutting import DecodedPhoto
from curation.turns import Turns

__all__ = ["DecodedPhotos"]

_IDLE_S = 90.0
"""So long nobody looks closely at a photo; then its memory is given back."""


class DecodedPhotos:
    """Keeps decoded photos. May be used from several threads."""

    def __init__(self, max_bytes: int, *, idle_s: float = _IDLE_S) -> None:
        """Set the limits; nothing is kept yet.

        Args:
            max_bytes: Of all kept photos together; those that nobody asked for longest go first.
            idle_s: After so many seconds without any use, all of them go.
        """
        self._max_bytes = max_bytes
        self._idle_s = idle_s
        self._guard = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], DecodedPhoto] = OrderedDict()
        self.turns = Turns()
        """Only one thread decodes a photo, by its key."""
        self._uses = 0
        self._timer: threading.Timer | None = None

    @property
    def size_bytes(self) -> int:
        """How much memory the kept photos take."""
        with self._guard:
            return self._size_bytes()

    def fits(self, size_bytes: int) -> bool:
        """Whether a photo of this size can be kept at all."""
        return size_bytes <= self._max_bytes

    def find(self, key: str, level: int) -> DecodedPhoto | None:
        """A kept photo from which tiles of a level can be cut, the coarsest that there is; None without one.

        Args:
            key: Of the photo, which changes with its file.
            level: Of the tiles.
        """
        with self._guard:
            found = max((place for place in self._kept if place[0] == key and place[1] <= level), default=None)
            if found is None:
                return None
            self._uses += 1
            self._kept.move_to_end(found)
            return self._kept[found]

    def keep(self, key: str, photo: DecodedPhoto) -> bool:
        """Keep a photo; False if it is too large for that."""
        if not self.fits(photo.size_bytes):
            return False
        with self._guard:
            self._uses += 1
            self._kept[key, photo.level] = photo
            self._kept.move_to_end((key, photo.level))
            while self._size_bytes() > self._max_bytes:
                self._kept.popitem(last=False)
            if self._timer is None:
                self._watch()
        return True

    def give_back(self, size_bytes: int) -> None:
        """Let go of those that nobody asked for longest, until so much memory is free."""
        with self._guard:
            left = self._size_bytes() - size_bytes
            while self._kept and self._size_bytes() > left:
                self._kept.popitem(last=False)

    def _size_bytes(self) -> int:
        return sum(photo.size_bytes for photo in self._kept.values())

    def _watch(self) -> None:
        self._timer = threading.Timer(self._idle_s, self._let_go, args=(self._uses,))
        self._timer.daemon = True
        self._timer.start()

    def _let_go(self, uses: int) -> None:
        with self._guard:
            self._timer = None
            if uses == self._uses:
                self._kept.clear()
            elif self._kept:
                self._watch()
