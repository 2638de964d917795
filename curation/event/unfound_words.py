"""The user's words that find nobody: which they are, and how they are forgotten or given to somebody else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from curation.domain.faces.face import Box
from curation.domain.faces.index import EventIndex
from curation.domain.identity.said import Said
from curation.domain.identity.settling import Words, settled
from curation.domain.identity.unfound import Unfound, UnfoundKind
from curation.domain.judging.picks import Picks
from curation.domain.labelling.corrections import Correction, not_persons
from curation.domain.labelling.people_seen import PersonSeen
from curation.errors import (
    ClusterNotFoundError,
    NotAttachableError,
    PhotoNotFoundError,
    UnfoundWordNotFoundError,
)
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived, FileCache
from curation.event.people.edits import PeopleEdits
from curation.event.people.view import display_name
from curation.pipelines.said.words import labels_json, seen_words, words_unfound
from curation.settings import Settings
from curation.storage.video.remembered_clips import RememberedClips

__all__ = ["UNFOUND_ID_PATTERN", "UnfoundWords", "unfound_id"]

UNFOUND_ID_PATTERN = r"^[0-9A-Za-z._-]{1,100}$"
K = TypeVar("K")
_PLAIN_ID = re.compile(UNFOUND_ID_PATTERN)


def unfound_id(word: Unfound) -> str:
    """The id of a word in requests: of a cluster, correction or answer; 16 hex digits for a pick, whatever its path."""
    if word.kind is not UnfoundKind.PICK and _PLAIN_ID.fullmatch(word.id):
        return word.id
    text = "\0".join((word.id, *word.photos[:1]))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class UnfoundWords:
    """Lists and changes the labels, corrections and picks that find nobody. Thread-safe."""

    def __init__(self, settings: Settings, catalog: Catalog, edits: PeopleEdits) -> None:
        """Remember the parts; nothing is read yet.

        Args:
            settings: Name the folders.
            catalog: Of the event.
            edits: Through which labels and corrections are changed.
        """
        self._catalog = catalog
        self._edits = edits
        self._labels = FileCache(
            settings.io.output_dir / settings.scoring.labels_json, labels_json, output_dir=settings.io.output_dir
        )
        self._said: Derived[Said] = Derived()
        self._places: Derived[dict[tuple[str, Box], int]] = Derived()
        self._listed: Derived[tuple[Unfound, ...]] = Derived()

    def listed(self) -> tuple[Unfound, ...]:
        """The words that find nobody: labels, corrections, picks, answers; the same object until something changes.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If face_data.csv is not valid.
            LabelsError: If cluster_labels.json is not JSON.
            CorrectionsError: If corrections.json is not valid.
            PicksError: If picks.json is not valid.
            PeopleSeenError: If people_seen.json is not valid.
            StorageError: If a file cannot be read.
        """
        event, record = self._catalog.event(), self._catalog.clustering_record()
        corrections = self._catalog.faces.corrections()
        labels, picks = self._labels.get(), self._catalog.ranked.written_picks()
        seen = self._catalog.seen.written()
        said, clips = self._catalog.words.said(), self._catalog.faces.clips()
        sources = (event, record, corrections, labels, picks, seen, said, clips)
        return self._listed.get(
            sources, lambda: self._find(event, record, corrections, labels, picks, seen, said, clips)
        )

    def delete(self, kind: UnfoundKind, word_id: str) -> Unfound:
        """Forget a word that finds nobody. Labels and corrections can be brought back with `PeopleEdits.undo`.

        Args:
            kind: Of the word.
            word_id: See `unfound_id`.

        Returns:
            The word.

        Raises:
            UnfoundWordNotFoundError: If there is no such word, or if it does find somebody. Also what `listed` raises.
            BusyError: If another process has locked a file for long.
            StorageError: If a file cannot be read or written.
        """
        word = self._word(kind, word_id)
        if kind is UnfoundKind.LABEL:
            self._edits.move_label(int(word.id), None, f"forgot {word.name}, who was not found")
        elif kind is UnfoundKind.CORRECTION:
            self._edits.set_undone(word.id, undone=True, alone=True)
        elif kind is UnfoundKind.SEEN:
            self._edits.take_back_seen(word.id)
        else:
            self._catalog.ranked.drop(word)
        return word

    def attach(self, kind: UnfoundKind, word_id: str, target: int | str) -> Unfound:
        """Give a label that finds nobody to another person, or such a pick to another photo.

        Args:
            kind: Of the word.
            word_id: See `unfound_id`.
            target: The id of a cluster for a label, the `image_path` of a photo for a pick.

        Returns:
            The word.

        Raises:
            UnfoundWordNotFoundError: If there is no such word, or if it does find somebody. Also what `listed` raises.
            NotAttachableError: If it is a correction, or the target is of the wrong kind.
            ClusterNotFoundError: If the cluster has no faces.
            PhotoNotFoundError: If the event has no such photo.
            LabelTakenError: If that person has another name.
            PickTakenError: If that photo has a pick of its own.
            BusyError: If another process has locked a file for long.
            StorageError: If a file cannot be read or written.
        """
        word = self._word(kind, word_id)
        if kind is UnfoundKind.CORRECTION:
            raise NotAttachableError(
                "a correction is about its faces and cannot be given to others: forget it, and correct the faces that "
                "are there now"
            )
        if kind is UnfoundKind.SEEN:
            raise NotAttachableError("an answer about a person without a face is about its photo only: forget it")
        if kind is UnfoundKind.LABEL:
            if isinstance(target, str):
                raise NotAttachableError("a name goes to a person: give a cluster_id")
            if not self._catalog.has_cluster(target):
                raise ClusterNotFoundError(f"there is no person {target}")
            named = display_name(self._catalog.labels(), target)
            self._edits.move_label(int(word.id), target, f"gave {word.name} to {named}")
        else:
            if isinstance(target, int):
                raise NotAttachableError("a pick goes to a photo: give a photo_id")
            if target not in self._readable_photos(self._catalog.event(), self._catalog.clustering_record()):
                raise PhotoNotFoundError(f"there is no photo {target} that could be read")
            self._catalog.ranked.give(word, target)
        return word

    def _word(self, kind: UnfoundKind, word_id: str) -> Unfound:
        for word in self.listed():
            if word.kind is kind and unfound_id(word) == word_id:
                return word
        raise UnfoundWordNotFoundError(f"there is no {kind.value} {word_id} that finds nobody; it may be found now")

    def _find(
        self,
        event: EventIndex,
        record: Mapping[str, object],
        corrections: Sequence[Correction],
        labels: Mapping[int, object] | None,
        picks: Picks | None,
        seen: Mapping[str, PersonSeen],
        said: Said,
        clips: RememberedClips,
    ) -> tuple[Unfound, ...]:
        if labels is None and picks is None and not corrections and not seen:
            return ()
        words = Words(
            labels,
            {c.id: [(face.image_path, face.facial_area) for face in c.faces + c.others] for c in corrections},
            None,
            None if picks is None else dict(picks.to_json()),
            seen_words(seen),
        )
        places = self._places.get((event,), lambda: _clusters_by_place(event))
        return words_unfound(
            said if _has_all(said, words) else settled(said, words, self._catalog.faces.seen()),
            words,
            corrections,
            # What is not a person is found, too: the user said so.
            event.photo_counts.keys() | not_persons(corrections),
            places,
            self._readable_photos(event, record),
            clips,
        )

    @staticmethod
    def _readable_photos(event: EventIndex, record: Mapping[str, object]) -> frozenset[str]:
        without_faces = record.get("photos_without_faces")
        more = without_faces if isinstance(without_faces, list) else ()
        return frozenset(event.image_paths) | {path for path in more if isinstance(path, str)}


def _has_all(said: Said, words: Words) -> bool:
    """Whether all words were read before: what could be known of them is known then."""
    return (
        all(cluster in said.labels and said.labels[cluster].said == label for cluster, label in _items(words.labels))
        and all(path in said.picks and said.picks[path].said == pick for path, pick in _items(words.picks))
        and all(id_ in said.seen and said.seen[id_].said == word for id_, word in _items(words.seen))
        and said.corrections.keys() >= (words.corrections or {}).keys()
    )


def _items(words: Mapping[K, object] | None) -> Iterable[tuple[K, object]]:
    return () if words is None else words.items()


def _clusters_by_place(event: EventIndex) -> dict[tuple[str, Box], int]:
    faces = ((row.image_path, row.facial_area) for row in event.rows)
    return dict(zip(faces, event.cluster_ids.tolist(), strict=True))
