"""The user's "no" to names of the gallery: known_refused.json, and which clusters the answers are about now."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from curation.domain.faces.index import EventIndex
from curation.domain.identity.said import ANSWERS, FacePlace, Said
from curation.domain.labelling.answers import with_counting
from curation.domain.recognition.refusals import RefusedName, refused_pairs
from curation.event.file_cache import Derived, FileCache
from curation.event.said_words import SaidWords
from curation.settings import Settings
from curation.storage.said.known_refused_file import KNOWN_REFUSED, read_refusals, write_refusals

__all__ = ["KnownRefusals"]


class KnownRefusals:
    """known_refused.json of one event. Thread-safe, but changes need the lock of the corrections."""

    def __init__(self, settings: Settings, words: SaidWords) -> None:
        """Remember the paths; nothing is read yet.

        Args:
            settings: Name the folders.
            words: What the answers are about.
        """
        self._words = words
        self._file = FileCache(settings.io.output_dir / KNOWN_REFUSED, read_refusals)
        self._pairs: Derived[frozenset[tuple[int, str]]] = Derived()
        self._writer = threading.Lock()

    def written(self) -> Mapping[str, RefusedName]:
        """All answers by id, also those that were undone or whose faces are not found.

        Raises:
            RefusalsError: If known_refused.json is not valid.
            StorageError: If it cannot be read.
        """
        return self._file.get() or _NO_ANSWERS

    def pairs(self, event: EventIndex) -> frozenset[tuple[int, str]]:
        """Which people are not to be proposed for which clusters of an event; see `refused_pairs`.

        Raises what `written` raises.
        """
        written = self.written()
        if not written:
            return _NO_PAIRS
        said = self._words.said()
        return self._pairs.get((written, said, event), lambda: _placed(written, said, event))

    def add(self, person_id: str, faces: Sequence[FacePlace]) -> dict[str, bool]:
        """Write an answer; call it while changes of the event are locked.

        Args:
            person_id: Who it is not.
            faces: Some faces of the cluster, as they are shown now.

        Returns:
            For each answer that changed whether it counted before.

        Raises:
            RefusalsError: If known_refused.json is not valid; it is then unchanged.
            StorageError: If it cannot be read or written.
        """
        with self._writer:
            refusals = dict(self.written())
            id_ = uuid.uuid4().hex[:12]
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            refusals[id_] = RefusedName(id_, at, person_id, tuple(faces))
            self._write(refusals)
        return {id_: False}

    def set_counting(self, counting: Mapping[str, bool]) -> dict[str, bool]:
        """Take answers back, or give them again; call it while changes of the event are locked.

        Args:
            counting: Whether each answer is to count, by id; ids that are not there are skipped.

        Returns:
            For each answer that changed whether it counted before. Raises what `add` raises.
        """
        with self._writer:
            refusals, changed = with_counting(self.written(), counting)
            if changed:
                self._write(refusals)
        return changed

    def remove(self, person_ids: Collection[str]) -> frozenset[str]:
        """Remove all answers about people who are forgotten; call it while changes of the event are locked.

        Returns:
            The ids of those that were removed. Raises what `add` raises.
        """
        with self._writer:
            before = self.written()
            kept = {id_: one for id_, one in before.items() if one.person_id not in person_ids}
            if len(kept) < len(before):
                self._write(kept)
        return frozenset(before.keys() - kept.keys())

    def _write(self, refusals: Mapping[str, RefusedName]) -> None:
        write_refusals(self._file.path, refusals)
        self._file.put(dict(refusals))


def _placed(written: Mapping[str, RefusedName], said: Said, event: EventIndex) -> frozenset[tuple[int, str]]:
    anchors = said.corrections.get(ANSWERS, {})

    def place_now(face: FacePlace) -> FacePlace | None:
        anchor = anchors.get(face)
        # Said since the last run or change: it is about what the table shows.
        return face if anchor is None else said.face_now(anchor)

    clusters = {
        (row.image_path, row.facial_area): cluster
        for row, cluster in zip(event.rows, event.cluster_ids.tolist(), strict=True)
    }
    sizes = {cluster: event.face_count(cluster) for cluster in set(clusters.values()) if cluster >= 0}
    return refused_pairs(written.values(), place_now, clusters, sizes)


_NO_ANSWERS: dict[str, RefusedName] = {}
_NO_PAIRS: frozenset[tuple[int, str]] = frozenset()
