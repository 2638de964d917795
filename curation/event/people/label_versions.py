"""Versions of the labels that clients know, so that what others wrote meanwhile is noticed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from curation.domain.labelling.labels import PersonLabel

__all__ = ["IsKnown", "LabelVersions"]

IsKnown = Callable[[str], bool]
"""Tells of the entity tag of a version whether it is the one that a client knows."""

_KEPT = 50  # versions that a page may still show


class LabelVersions:
    """The labels behind the entity tags that were sent to clients. May be used from any thread."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, Mapping[int, PersonLabel]] = OrderedDict()

    def sent(self, etag: str, labels: Mapping[int, PersonLabel]) -> None:
        """Note what goes to a client."""
        with self._guard:
            self._kept[etag] = labels
            self._kept.move_to_end(etag)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def base(
        self, is_known: IsKnown | None, etag: str, present: Mapping[int, PersonLabel]
    ) -> Mapping[int, PersonLabel] | None:
        """What a client's change starts from.

        Args:
            is_known: Tells of an entity tag whether the client knows that version; without it the version that was
                sent last counts.
            etag: Of the present labels.
            present: The present labels.

        Returns:
            The labels; None if the client names a version that is neither present nor known.
        """
        with self._guard:
            if is_known is None:
                return next(reversed(self._kept.values()), present)
            if is_known(etag):
                return present
            return next((self._kept[tag] for tag in reversed(self._kept) if is_known(tag)), None)
