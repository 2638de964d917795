"""The faces of an event in their clusters: face_data.csv with the user's corrections applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from curation.domain.faces.face import FaceRow
from curation.domain.faces.index import EventIndex, FaceEntry
from curation.domain.identity.said import FacePlace, Said
from curation.domain.labelling.corrections import (
    CorrectedFace,
    Correction,
    FacePlaces,
    corrected_clusters,
    cover_rows,
    drawn_faces,
    next_free_id,
    table_clusters,
)
from curation.errors import NotClusteredError, StorageError
from curation.event.file_cache import Derived, FileCache
from curation.event.people.drawn_rows import drawn_rows
from curation.event.said_words import SaidWords
from curation.pipelines.said.last_event import embeddings_of, last_contents, photos_without_faces
from curation.pipelines.said.seen_table import SeenTable
from curation.pipelines.said.words import placed
from curation.settings import Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_face_data
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record
from curation.storage.said.corrections_file import CORRECTIONS, corrections_content, read_corrections, with_applied
from curation.storage.together.new_files import NewFiles
from curation.storage.video.remembered_clips import NO_CLIPS, REMEMBERED_CLIPS, RememberedClips, read_clips

__all__ = ["ClusteredFaces"]


class ClusteredFaces:
    """The result of the last clustering and the user's corrections to it. Thread-safe."""

    def __init__(self, settings: Settings, words: SaidWords) -> None:
        """Remember the paths; nothing is read yet.

        Args:
            settings: Name the folders.
            words: What the corrections are about.
        """
        self._words = words
        self._last_corrections: tuple[Correction, ...] = ()
        output_dir = settings.io.output_dir
        self._state_dir = settings.io.state_dir
        self._embeddings = output_dir / EMBEDDINGS
        self.table_path = output_dir / FACE_DATA
        self._record = FileCache(output_dir / CLUSTERING_RUN, _read_record)
        self._rows = FileCache(self.table_path, self._read_rows)
        self._written_corrections = FileCache(output_dir / CORRECTIONS, lambda _: read_corrections(output_dir, {}))
        self._clips = FileCache(output_dir / REMEMBERED_CLIPS, lambda _: read_clips(output_dir))
        self._corrections: Derived[tuple[Correction, ...]] = Derived()
        self._last_drawn: tuple[FacePlace, ...] = ()
        self._all_rows: Derived[tuple[FaceRow, ...]] = Derived()
        self._places: Derived[FacePlaces] = Derived()
        self._paths: Derived[Mapping[str, None]] = Derived()
        self._as_clustered: Derived[EventIndex] = Derived()
        self._as_found: Derived[EventIndex] = Derived()
        self._corrected: Derived[EventIndex] = Derived()

    def index(self) -> EventIndex:
        """All faces, in their clusters with the user's corrections applied.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read.
        """
        table, corrections = self._rows.get(), self.corrections()
        while table is not (again := self._rows.get()):
            # A run ended in between: the corrections may be placed by another table than this one.
            table, corrections = again, self.corrections()
        if table is None:
            raise NotClusteredError
        rows = self._with_drawn(table)
        as_clustered = self._as_clustered.get((rows,), lambda: EventIndex(rows))
        if not corrections:
            return as_clustered
        places = self._places.get((rows,), lambda: FacePlaces((row.image_path, row.facial_area) for row in rows))
        return self._corrected.get(
            (as_clustered, corrections),
            lambda: as_clustered.regrouped(
                corrected_clusters(rows, corrections, places=places), cover_rows(corrections, places)
            ),
        )

    def paths(self) -> Mapping[str, None]:
        """The photos with faces by path, in order, as the last clustering found them; needs no file of words.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            StorageError: If a file cannot be read.
        """
        rows = self._table()
        return self._paths.get((rows,), lambda: dict.fromkeys(row.image_path for row in rows))

    def as_found(self) -> EventIndex:
        """All faces as the last clustering left them, whatever was corrected since. Raises what `paths` raises."""
        rows = self._table()
        return self._as_found.get((rows,), lambda: EventIndex(rows))

    def _table(self) -> tuple[FaceRow, ...]:
        rows = self._rows.get()
        if rows is None:
            raise NotClusteredError
        return rows

    def _with_drawn(self, rows: tuple[FaceRow, ...]) -> tuple[FaceRow, ...]:
        """The rows with the faces that the user drew since the last run, which are in no table yet."""
        drawn = tuple(drawn_faces(self.corrections()))
        if not drawn:
            return rows
        if drawn != self._last_drawn:
            self._last_drawn = drawn
        record, drawn = self.record(), self._last_drawn
        return self._all_rows.get(
            (rows, drawn, record),
            lambda: (*rows, *drawn_rows(rows, drawn, record, self._words.remembered().photos, self._state_dir)),
        )

    def corrections(self) -> tuple[Correction, ...]:
        """The user's corrections in the order in which they were made, with where their faces are now.

        Raises:
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read.
        """
        written = self._written_corrections.get()
        if not written:
            return _NO_CORRECTIONS
        record, said = self.record(), self._words.said()
        return self._corrections.get((written, record, said), lambda: self._placed_anew(written, record, said))

    def _placed_anew(
        self, written: tuple[Correction, ...], record: Mapping[str, Any], said: Said
    ) -> tuple[Correction, ...]:
        """The corrections; the same object as before unless one of them changed, as picks change more often."""
        corrections = placed(with_applied(written, record), said)
        if corrections != self._last_corrections:
            self._last_corrections = corrections
        return self._last_corrections

    def record(self) -> Mapping[str, Any]:
        """The run record of the last clustering; empty if there is no such file.

        Raises:
            StorageError: If it cannot be read.
        """
        return self._record.get() or _NO_RECORD

    def clusters_ignoring_exclusions(self, rows: Sequence[int]) -> list[int]:
        """The clusters of some rows with all corrections applied except "not a person" and "not a face".

        Raises what `index` raises.
        """
        event = self.index()
        clusters = table_clusters(
            [row.cluster_id for row in event.rows],
            self.corrections(),
            FacePlaces((row.image_path, row.facial_area) for row in event.rows),
        )
        return [int(clusters[row]) for row in rows]

    def find(self, faces: Sequence[CorrectedFace]) -> list[FaceEntry | None]:
        """The faces that corrections are about as they are now; None for those that are not there.

        Raises what `index` raises.
        """
        event = self.index()
        places = self._places.get(
            (event.rows,), lambda: FacePlaces((row.image_path, row.facial_area) for row in event.rows)
        )
        return [event.entry(int(row)) if row >= 0 else None for row in places.find(faces)]

    def write_corrections(self, new: NewFiles, corrections: Sequence[Correction]) -> None:
        """Write corrections.json among the new files of a change; the caller holds the lock of `hold_corrections`.

        Raises:
            StorageError: If it cannot be written.
        """
        new.add_word(self._written_corrections.path, corrections_content(corrections))

    def seen(self) -> SeenTable:
        """The event as the user sees it, for what is said about it now."""

        def others() -> list[str]:
            return photos_without_faces(self.record())

        def contents() -> Mapping[str, str]:
            paths = {*(row.image_path for row in self._rows.get() or ()), *others()}
            with closing(AnalysisStore(self._state_dir)) as store:
                return last_contents(self._words.remembered(), self.record(), paths, store)

        return SeenTable(
            lambda: (self._with_drawn(self._rows.get() or ()), self.corrections()),
            contents,
            others,
            lambda rows: embeddings_of(self._embeddings, rows),
        )

    def next_cluster_id(self) -> int:
        """The first cluster id that no run and no correction has used yet. Raises what `index` raises."""
        return max(
            next_cluster_id(self._record.get()),
            next_free_id(self.corrections()),
            int(self.index().cluster_ids.max(initial=-1)) + 1,
            self.clips().next_id,
        )

    def clips(self) -> RememberedClips:
        """The people of the clips, as the last run over them left them; the same object until the file changes.

        Raises:
            StorageError: If it cannot be read.
        """
        return self._clips.get() or NO_CLIPS

    def _read_rows(self, path: Path) -> tuple[FaceRow, ...]:
        try:
            written = self.record().get("face_data_sha256")
        except StorageError:
            written = None  # the hash only saves checks: the table can be read without it
        return tuple(read_face_data(path, written_sha256=written if isinstance(written, str) else None))


_NO_CORRECTIONS: tuple[Correction, ...] = ()
_NO_RECORD: Mapping[str, Any] = {}


def _read_record(path: Path) -> dict[str, Any]:
    return read_run_record(path) or {}
