"""The gallery of known people as an event uses it: opened when first needed, and off unless the settings say so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from curation.domain.recognition.known import ClusterFaces, KnownFaces, Recognition
from curation.errors import GalleryOffError
from curation.gallery.store import GalleryStore
from curation.settings import GallerySettings, Settings

__all__ = ["OFF", "OpenGallery", "Recognise", "open_configured", "recognise_known"]

OFF = (
    "the gallery of known people is off; to recognise people who were named in other events, set gallery.enabled: true "
    "in config.yaml, and read docs/gallery.md first: faces are sensitive data"
)

Recognise = Callable[[Sequence[ClusterFaces], KnownFaces], Sequence[Recognition]]


def open_configured(settings: GallerySettings) -> GalleryStore:
    """Open the gallery that the settings name. Raises GalleryError if that fails."""
    # Only here: whoever has no gallery pays nothing for it.
    from curation.gallery.opening import open_gallery

    return open_gallery(settings)


def recognise_known(clusters: Sequence[ClusterFaces], known: KnownFaces) -> Sequence[Recognition]:
    """Who clusters are, by the rule that was measured for the embedder."""
    # Only here, as it builds tables of rules.
    from curation.domain.grouping.grouping_rule import GroupingRule
    from curation.domain.recognition.policy import recognise
    from curation.engines.weights.grouping_rules import grouping_rule
    from curation.gallery.recognition_rules import recognition_rule

    distance, measured, _ = grouping_rule(known.embedder)
    return recognise(clusters, known, recognition_rule(known.embedder, measured or GroupingRule(distance, distance)))


class OpenGallery:
    """The gallery that the settings name, opened once. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        open_store: Callable[[GallerySettings], GalleryStore] = open_configured,
        recognise: Recognise = recognise_known,
        *,
        needs_on: bool = True,
    ) -> None:
        """Take the settings; nothing is opened yet.

        Args:
            settings: The section `gallery`.
            open_store: Opens the gallery.
            recognise: Says who clusters are.
            needs_on: Whether the settings must switch the gallery on; who was put into it can be listed and forgotten
                while it is off, too.
        """
        self._settings = settings.gallery
        self._needs_on = needs_on
        self._open_store = open_store
        self._guard = threading.Lock()
        self._opened: GalleryStore | None = None
        self.recognise = recognise

    @property
    def is_on(self) -> bool:
        """Whether the settings switch the gallery on."""
        return self._settings.enabled

    def store(self) -> GalleryStore:
        """The gallery.

        Raises:
            GalleryOffError: If the settings do not switch it on.
            GalleryError: If it cannot be opened.
        """
        if not self.is_on and (self._needs_on or not self._is_there()):
            raise GalleryOffError(OFF)
        with self._guard:
            if self._opened is None:
                self._opened = self._open_store(self._settings)
            return self._opened

    def _is_there(self) -> bool:
        return self._settings.url is not None or self._settings.path.exists()

    def close(self) -> None:
        """Close the gallery, if it was opened."""
        with self._guard:
            if self._opened is not None:
                self._opened.close()
            self._opened = None
