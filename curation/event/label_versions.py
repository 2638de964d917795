"""Versions of the labels that clients know, so that what others wrote meanwhile is noticed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from curation.api.http.conditional import matches_any
from curation.domain.labelling.labels import PersonLabel

__all__ = ["LabelVersions"]

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
        self, if_match: str | None, etag: str, present: Mapping[int, PersonLabel]
    ) -> Mapping[int, PersonLabel] | None:
        """What a client's change starts from.

        Args:
            if_match: The header of the request; without it the version that was sent last counts.
            etag: Of the present labels.
            present: The present labels.

        Returns:
            The labels; None if the client names a version that is neither present nor known.
        """
        with self._guard:
            if if_match is None:
                return next(reversed(self._kept.values()), present)
            if matches_any(if_match, etag):
                return present
            return next((self._kept[tag] for tag in reversed(self._kept) if matches_any(if_match, tag)), None)
