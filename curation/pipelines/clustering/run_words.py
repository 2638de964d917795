"""The user's words in one clustering run: where what they are about is now, and what finds nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.grouping.grouping_evidence import GroupingEvidence
from curation.domain.identity.names_apart import names_together
from curation.domain.identity.remembered import Remembered
from curation.domain.identity.remembered_ids import RememberedIds
from curation.domain.identity.said import NOTHING_SAID, Said
from curation.domain.identity.settling import with_contents
from curation.domain.identity.unfound import Unfound
from curation.domain.labelling.corrections import Constraints, Correction, FacePlaces
from curation.pipelines.clustering.cluster_ids import shown_names, shown_rows
from curation.pipelines.clustering.earlier_run import EarlierRun
from curation.pipelines.clustering.event_faces import EventFaces
from curation.pipelines.clustering.present_photos import PresentEvent, with_looks
from curation.pipelines.said.locating import located
from curation.pipelines.said.waiting import answers_told, labels_gone_told
from curation.pipelines.said.words import placed, read_words, words_unfound
from curation.settings import Settings
from curation.storage.said.corrections_file import read_corrections
from curation.storage.said.remembered_file import write_remembered
from curation.storage.said.said_file import hold_said, read_said, write_said

__all__ = ["RunWords"]

_MOST_TRIES = 5  # to group again with two names apart; more were never needed

Grouped = tuple[NDArray[np.int64], GroupingEvidence]


class RunWords:
    """Labels, corrections and picks during a run.

    Attributes:
        said: All words, with where their photos and faces are now.
    """

    def __init__(self, settings: Settings, earlier: EarlierRun, present: PresentEvent) -> None:
        """Look for everything that the words are about; nothing is written.

        Args:
            settings: Of the run.
            earlier: What earlier runs left.
            present: The photos of this run.

        Raises:
            StorageError: If something cannot be read.
        """
        self._settings = settings
        self._earlier = earlier
        self._present = present
        self.said = NOTHING_SAID
        self.said = self._located(earlier.said)

    def _located(self, said: Said) -> Said:
        settled = self._earlier.settle(said)
        return with_contents(located(settled, self._present, self.said), self._present.contents())

    def corrections(self) -> tuple[Correction, ...]:
        """The corrections in the file, with the places where their faces are now.

        Raises:
            CorrectionsError: If corrections.json is not valid.
            StorageError: If it cannot be read.
        """
        return placed(read_corrections(self._settings.io.output_dir, self._earlier.record), self.said)

    def read_again(self) -> None:
        """Look for what was said during the run, too.

        Raises:
            CurationError: If a file of the user is no longer valid.
        """
        self.said = self._located(read_said(self._settings.io.output_dir))

    @contextmanager
    def saved(self, folder: Path) -> Iterator[None]:
        """Write said.json into the folder of new files, and keep others from changing it until it has appeared.

        Args:
            folder: See `curation.storage.together.new_files`.

        Raises:
            BusyError: If another process holds the lock of said.json.
            CurationError: If a file of the user is no longer valid.
        """
        with hold_said(self._settings.lock_dir):
            before = read_said(self._settings.io.output_dir)
            self.said = self._located(before)
            if self.said is not before:
                write_said(folder, self.said)
            yield

    def grouped(
        self, group: Callable[[Constraints], Grouped], demanded: Constraints, places: FacePlaces
    ) -> tuple[Grouped, tuple[tuple[str, str], ...]]:
        """Group so that faces that were shown under different names are in different groups.

        Args:
            group: Groups the faces by constraints.
            demanded: By the corrections.
            places: Of the faces.

        Returns:
            The groups with what decided, and the pairs of names that had to be kept apart.
        """
        shown = shown_names(self.said, shown_rows(self.said, places), demanded.cluster)
        found = group(demanded)
        kept_apart: set[tuple[str, str]] = set()
        for _ in range(_MOST_TRIES):
            pairs, names = names_together(found[0], shown)
            if len(pairs) == 0:
                break
            kept_apart.update(names)
            demanded = replace(demanded, apart=np.unique(np.concatenate([demanded.apart, pairs]), axis=0))
            found = group(demanded)
        return found, tuple(sorted(kept_apart))

    def unfound(
        self, ids: NDArray[np.int64], faces: EventFaces, corrections: Sequence[Correction]
    ) -> tuple[Unfound, ...]:
        """The words that find nobody in this run; see `words_unfound`.

        Args:
            ids: (N,) the cluster of each face, with the corrections applied.
            faces: Of the run.
            corrections: Of the user.
        """
        clusters = set(ids[ids >= 0].tolist())
        words = read_words(self._settings)
        return words_unfound(
            self.said,
            words,
            corrections,
            clusters,
            dict(zip(faces.places(), ids.tolist(), strict=True)),
            self._present.contents().keys(),
            self._earlier.clips,
        )

    def more_told(self, faces: EventFaces) -> tuple[str, ...]:
        """What else does not count: answers about faces that this run did not find, and labels whose file is gone."""
        settings = self._settings
        return (
            *labels_gone_told(settings, self.said),
            *answers_told(settings.io.output_dir, self.said, frozenset(faces.places())),
        )

    def remember(self, folder: Path, ids: RememberedIds) -> None:
        """Write remembered.npz into the folder of new files.

        Args:
            folder: See `curation.storage.together.new_files`.
            ids: Of all faces.

        Raises:
            StorageError: If it cannot be written.
        """
        before, contents = self._earlier.remembered, self._present.contents()
        looks = with_looks(self.said, self._present, before.looks)
        write_remembered(folder, Remembered(ids, contents, before.with_seen(contents.values()), looks))
