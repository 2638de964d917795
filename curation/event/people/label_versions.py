"""The versions of the labels that clients have, to detect what others changed since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

from curation.domain.labelling.labels import PersonLabel

__all__ = ["IsKnown", "LabelVersions"]

IsKnown = Callable[[str], bool]
"""Returns whether an entity tag is that of the client's version."""

_MAX_VERSIONS = 50  # a page that is still open has one of these


class LabelVersions:
    """Stores the labels by the entity tags that were sent to clients. Thread-safe."""

    def __init__(self) -> None:
        """Begin empty."""
        self._guard = threading.Lock()
        self._versions: OrderedDict[str, Mapping[int, PersonLabel]] = OrderedDict()

    def sent(self, etag: str, labels: Mapping[int, PersonLabel]) -> None:
        """Remember a version that is sent to a client."""
        with self._guard:
            self._versions[etag] = labels
            self._versions.move_to_end(etag)
            while len(self._versions) > _MAX_VERSIONS:
                self._versions.popitem(last=False)

    def base(
        self, is_known: IsKnown | None, etag: str, current: Mapping[int, PersonLabel]
    ) -> Mapping[int, PersonLabel] | None:
        """The labels that a client's change starts from.

        Args:
            is_known: Whether an entity tag is that of the client's version; None for the version that was sent last.
            etag: The entity tag of the current labels.
            current: The current labels.

        Returns:
            The labels; None if the client's version is neither the current nor a stored one.
        """
        with self._guard:
            if is_known is None:
                return next(reversed(self._versions.values()), current)
            if is_known(etag):
                return current
            return next((self._versions[tag] for tag in reversed(self._versions) if is_known(tag)), None)
