"""The user's "no" to names of the gallery: known_refused.json, and which clusters the answers are about now."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from curation.domain.faces.index import EventIndex
from curation.domain.identity.said import ANSWERS, FacePlace, Said
from curation.domain.labelling.answers import with_counting
from curation.domain.recognition.refusals import REFUSALS_VERSION, RefusedName, parse_refusals, refused_pairs
from curation.event.file_cache import Derived, FileCache
from curation.event.said_words import SaidWords
from curation.settings import Settings
from curation.storage.said.known_refused_file import KNOWN_REFUSED, read_refusals, refusals_content
from curation.storage.together.new_files import NewFiles

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

    def written(self) -> Mapping[str, RefusedName]:
        """All answers by id, also those that were undone or whose faces are not found.

        Raises:
            RefusalsError: If known_refused.json is not valid, or would not be with this answer.
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

    def added(self, person_id: str, faces: Sequence[FacePlace]) -> tuple[dict[str, RefusedName], dict[str, bool]]:
        """All answers with a new one; nothing is written.

        Args:
            person_id: Who it is not.
            faces: Some faces of the cluster, as they are shown now.

        Returns:
            The answers by id, and for each that changed whether it counted before.

        Raises:
            RefusalsError: If known_refused.json is not valid, or would not be with this answer.
            StorageError: If it cannot be read.
        """
        id_ = uuid.uuid4().hex[:12]
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        refused = RefusedName(id_, at, person_id, tuple(faces))
        # What the reader refuses is not written.
        checked = parse_refusals({"version": REFUSALS_VERSION, "refused": [refused.to_json()]})
        return {**self.written(), **checked}, {id_: False}

    def counting(self, counting: Mapping[str, bool]) -> tuple[dict[str, RefusedName], dict[str, bool]]:
        """All answers with some taken back, or given again; nothing is written.

        Args:
            counting: Whether each answer is to count, by id; ids that are not there are skipped.

        Returns:
            As of `added`. Raises what `added` raises.
        """
        return with_counting(self.written(), counting)

    def without(self, person_ids: Collection[str]) -> tuple[dict[str, RefusedName], frozenset[str]]:
        """All answers but those about some people, and the ids of those. Raises what `added` raises."""
        before = self.written()
        kept = {id_: one for id_, one in before.items() if one.person_id not in person_ids}
        return kept, frozenset(before.keys() - kept.keys())

    def write(self, new: NewFiles, refusals: Mapping[str, RefusedName]) -> None:
        """Write all answers among the new files of a change; call it while changes of the event are locked.

        Raises:
            StorageError: If they cannot be written.
        """
        new.add_word(self._file.path, refusals_content(refusals))


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
