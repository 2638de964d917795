"""What a ranking is made from besides photos and picks, as one digest: two rankings from the same are equal."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.domain.judging.presets import with_preset
from curation.errors import CurationError
from curation.pipelines.said.words import read_placed_corrections
from curation.pipelines.stage import content_key
from curation.settings import ScoringSettings, Settings
from curation.storage.face_data_file import FACE_DATA
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN, landmark_model_sha256, read_run_record
from curation.storage.said.corrections_file import CORRECTIONS
from curation.storage.said.said_file import SAID

__all__ = ["RANKED_FROM", "RankingSources"]

RANKED_FROM = "ranked_from"
"""The key of the digest in the run record of the scoring."""

_Stamp = tuple[int, int, int]


class RankingSources:
    """The files that a ranking is made from. A file is read again only when it changed. Thread-safe."""

    def __init__(self, settings: Settings, landmark_model: str | None = None) -> None:
        """Remember the paths; nothing is read yet.

        Args:
            settings: Name the folders.
            landmark_model: SHA-256 of the model that a run measures with; None takes that of the last run.
        """
        self._settings = settings
        self._measured_with = landmark_model
        self._output = settings.io.output_dir
        self._guard = threading.Lock()
        self._known: dict[str, tuple[tuple[_Stamp | None, ...], str]] = {}
        self._rules: tuple[ScoringSettings, str] | None = None

    def event(self) -> str:
        """A digest of what the measured event is made from: faces, labels, corrections, the landmark model."""
        labels = self._settings.scoring.labels_json.as_posix()
        with self._guard:
            return content_key(
                [
                    self._of_files([FACE_DATA], self._content),
                    self._of_files([CLUSTERING_RUN], self._content),
                    self._of_files([labels], self._content),
                    # Picks stand in said.json, too; only where the faces of corrections are now is of interest here.
                    self._of_files([CORRECTIONS, SAID, CLUSTERING_RUN], lambda _: self._corrections()),
                    self._of_files([SCORING_RUN], lambda _: self._landmark_model()),
                    self._settings.clustering.min_cluster_photos,
                    self._settings.attributes.age,
                    self._settings.clocks.model_dump(mode="json"),
                ]
            )

    def ranking(self, scoring: ScoringSettings) -> str:
        """A digest of all that a ranking is made from.

        Args:
            scoring: The rules.
        """
        event = self.event()
        with self._guard:
            if self._rules is None or self._rules[0] is not scoring:
                values = scoring.model_dump(mode="json", exclude={"labels_json"})
                self._rules = (scoring, content_key(values | with_preset(values)))
            return content_key([event, self._rules[1]])

    def run(self) -> tuple[int, int, int] | None:
        """Another value after each run of the scoring; None before the first."""
        return _stamp(self._output / SCORING_RUN)

    def recorded(self) -> str | None:
        """The digest of what photo_scores.csv was made from; None if that is not known."""
        with self._guard:
            return self._of_files([SCORING_RUN, ""], lambda _: self._ranked_from()) or None

    def _of_files(self, names: list[str], read: Callable[[str], str]) -> str:
        stamps = tuple(_stamp(self._output / name) if name else None for name in names)
        key = "/".join(names)
        known = self._known.get(key)
        if known is None or known[0] != stamps:
            known = self._known[key] = (stamps, read(names[0]))
        return known[1]

    def _content(self, name: str) -> str:
        try:
            return hashlib.sha256((self._output / name).read_bytes()).hexdigest()
        except OSError:
            return ""  # who needs the file tells why it cannot be read

    def _corrections(self) -> str:
        try:
            return content_key(repr(read_placed_corrections(self._output)))
        except CurationError as error:
            return f"not valid: {error}"

    def _landmark_model(self) -> str:
        return self._measured_with or landmark_model_sha256(self._record()) or ""

    def _ranked_from(self) -> str:
        digest = (self._record() or {}).get(RANKED_FROM)
        return digest if isinstance(digest, str) else ""

    def _record(self) -> dict[str, Any] | None:
        try:
            return read_run_record(self._output / SCORING_RUN)
        except CurationError:
            return None


def _stamp(path: Path) -> _Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
