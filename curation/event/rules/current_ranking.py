"""The ranking of now: it follows labels, corrections and rules by itself, in memory at once and on the disk soon after.

There is one ranking at a time, and everybody is shown the same: lists, choices, coverage, reasons, downloads, exports.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from curation.domain.judging.photo_score import SCORE_DIGITS, PhotoScore
from curation.domain.judging.scoring_rules import ScoringRules
from curation.errors import BusyError, CurationError, FaceDataError
from curation.event.file_cache import FileCache
from curation.event.ranked_photos import RankedPhotos
from curation.event.rules.rule_book import RuleBook
from curation.pipelines.scoring.kept import kept_scores
from curation.pipelines.scoring.rescoring import MeasuredEvent, Rescorer
from curation.pipelines.scoring.sources import RankingSources
from curation.settings import ScoringSettings, Settings
from curation.storage.face_data_file import FACE_DATA

__all__ = ["CurrentRanking", "RankedEvent", "RankingState"]

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_RANK_AFTER_S = 0.7  # without a further change: a user who labels presses about one key a second
_WRITE_AFTER_S = 2.0
_AGAIN_AFTER_S = 5.0  # when somebody else uses the output folder
_GIVE_UP_S = 60.0
_READER_WAITS_S = 0.3
_MANY_PHOTOS = 5000
_LIST_EVERY_S = 15.0
_LISTING_SHARE = 100.0  # a listing that takes a second is repeated after so many seconds
_LISTED_FOR_S = 60.0  # after the last time that somebody asked

_SCORES = ("final_score", "eyes_score", "smile_score", "focus_score", "exposure_score", "people_score", "picture_score")


@dataclass(frozen=True, slots=True, eq=False)
class RankedEvent:
    """An event as labels, corrections and rules judge it.

    Attributes:
        digest: Of all that it was made from.
        event: Its photos, with their faces and measures.
        scoring: The settings of the rules.
        rules: The rules.
        scores: Of all photos, without picks, rounded as in photo_scores.csv.
        waiting: Image paths of the photos that have to be looked at before they can be ranked anew. Until then those
            that had a place keep their old score.
        run: The run of the scoring that measured the photos.
    """

    digest: str
    event: MeasuredEvent
    scoring: ScoringSettings
    rules: ScoringRules
    scores: tuple[PhotoScore, ...]
    waiting: tuple[str, ...]
    run: object


@dataclass(frozen=True, slots=True)
class RankingState:
    """What is shown, and whether it is what it should be.

    Attributes:
        current: Whether the ranking that is shown is made from what is said now. If not, it will be in a moment.
        version: Changes with the ranking, but not with picks.
        waiting: How many photos have to be looked at before they can be ranked anew.
        new_photos: How many photos of the folder no run has seen; None if that is not known.
        problem: Why the ranking cannot follow, in a sentence; empty if it can.
    """

    current: bool
    version: str
    waiting: int
    new_photos: int | None
    problem: str


class CurrentRanking:
    """Keeps the ranking current. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        rules: RuleBook,
        rescorer: Rescorer,
        ranked: RankedPhotos,
        *,
        write: Callable[[RankedEvent], object] = lambda _: None,
        list_photos: Callable[[], Collection[str]] | None = None,
    ) -> None:
        """Take the parts; nothing is read yet. Until `start`, the ranking is made when it is asked for.

        Args:
            settings: Of the service.
            rules: Of the event.
            rescorer: Ranks it.
            ranked: Is told the ranking, and shows it with the picks.
            write: Writes the ranking as a run of the scoring does, see `curation.event.rules.written_ranking`.
            list_photos: Returns the image paths of all photos of the folder; None if they are not listed here.
        """
        self._rules = rules
        self._rescorer = rescorer
        self._ranked = ranked
        self._write = write
        self._list_photos = list_photos
        self._sources = RankingSources(settings)
        self._has_faces = FileCache(settings.io.output_dir / FACE_DATA, lambda _: True)
        self._changed = threading.Condition()
        self._making = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._shown: RankedEvent | None = None
        self._refused: tuple[str, object, CurationError] | None = None  # digest and run that it failed for, and why
        self._seen: tuple[str, float] = ("", 0.0)
        self._unknown = 0
        self._written = ""
        self._writing: threading.Thread | None = None
        self._not_before_s = 0.0
        self._new: int | None = None
        self._list_again_s = 0.0
        self._asked_s = 0.0

    def start(self) -> None:
        """Follow in the background from now on."""
        self._thread = threading.Thread(target=self._follow, name="curation-ranking", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what is not written yet is written by whoever comes next."""
        self._ended.set()
        self._wake.set()
        for thread in (self._thread, self._writing):
            if thread is not None:
                thread.join(5.0)

    def shown(self) -> RankedEvent | None:
        """What everybody is shown now; None while photo_scores.csv is all that is known. Takes no time."""
        return self._shown

    def settle(self, wait_s: float = _READER_WAITS_S) -> bool:
        """Wait a moment for a ranking that is just being made.

        Args:
            wait_s: So long at most.

        Returns:
            Whether the ranking that is shown is current.
        """
        if self._thread is None:
            try:
                self.demand()
            except CurationError as error:
                logger.debug("not ranked again: %s", error)
            return self.state().current
        digest = self._digest()
        if digest is None or self._is_decided(digest):
            return digest is not None and self._is_shown(digest)
        self._wake.set()
        with self._changed:
            self._changed.wait_for(lambda: self._is_decided(digest), wait_s)
        return self._is_shown(digest)

    def demand(self) -> RankedEvent:
        """The ranking of now, however long it takes.

        Raises:
            NotScoredError: If there was no scoring yet.
            SettingsFileError: If config.yaml is not valid.
            FaceDataError: If a table is not valid.
            LabelsError: If cluster_labels.json is not valid.
            CorrectionsError: If corrections.json is not valid.
            StorageError: If a file cannot be read.
        """
        _, scoring = self._rules.current()
        digest = self._sources.ranking(scoring)
        shown = self._shown
        if shown is not None and self._is_shown(digest):
            return shown
        with self._making:
            # Others may have made it meanwhile; what the file alone says does not suffice.
            if self._shown is None or not self._is_shown(digest):
                self._make(digest, scoring)
            assert self._shown is not None
            return self._shown

    def state(self) -> RankingState:
        """What is shown, and whether it is current; quick."""
        self._asked_s = time.monotonic()
        digest, shown = self._digest(), self._shown
        return RankingState(
            current=digest is not None and self._is_shown(digest),
            version=(self._sources.recorded() or "" if shown is None else shown.digest)[:16],
            waiting=self._unknown if shown is None else len(shown.waiting),
            new_photos=self._new,
            problem=self._problem(digest or ""),
        )

    def catch_up(self) -> None:
        """Make the ranking and write its table now, before others read the file. Logs what goes wrong."""
        try:
            self.demand()
        except CurationError as error:
            logger.info("the ranking cannot follow: %s", error)
        self._ranked.try_flush()

    def _digest(self) -> str | None:
        """Of what the ranking should be made from now; None if that cannot be told."""
        try:
            _, scoring = self._rules.current()
        except CurationError as error:
            self._refused = ("", None, error)
            return None
        return self._sources.ranking(scoring)

    def _is_shown(self, digest: str) -> bool:
        shown = self._shown
        if shown is None:
            return self._sources.recorded() == digest
        return shown.digest == digest and shown.run == self._sources.run()

    def _is_decided(self, digest: str) -> bool:
        """Whether there is nothing to wait for: it is shown, or cannot be made."""
        return self._is_shown(digest) or self._problem(digest) != ""

    def _problem(self, digest: str) -> str:
        """Why a ranking from this cannot be made; empty if it can, as far as is known."""
        refused = self._refused
        is_so = refused is not None and refused[0] == digest and refused[1] == (self._sources.run() if digest else None)
        return str(refused[2]) if refused is not None and is_so else ""

    def _make(self, digest: str, scoring: ScoringSettings) -> None:
        try:
            shown = self._made(digest, scoring)
        except CurationError as error:
            with self._changed:
                self._refused = (digest, self._sources.run(), error)
                self._changed.notify_all()
            raise
        self._ranked.follow(shown)
        with self._changed:
            self._shown, self._refused = shown, None
            self._changed.notify_all()
        if len(shown.scores) >= _MANY_PHOTOS:
            gc.freeze()  # see `Catalog.read_ahead`: a full collection would delay requests by seconds

    def _made(self, digest: str, scoring: ScoringSettings) -> RankedEvent:
        run = self._sources.run()
        event, marked = self._rescorer.marked(scoring)
        table = self._ranked.table() or ()
        self._unknown = len(event.unmeasured) if table and not event.shots else 0
        if self._unknown:
            raise FaceDataError(
                "the photos were copied or changed since they were ranked, and have to be looked at again"
            )
        kept, waiting = kept_scores(table, frozenset(event.unmeasured))
        return RankedEvent(
            digest=digest,
            event=event,
            scoring=scoring,
            rules=ScoringRules.from_mapping(scoring.model_dump()),
            scores=(*map(_as_in_the_table, marked), *kept),
            waiting=waiting,
            run=run,
        )

    def _follow(self) -> None:
        while not self._ended.is_set():
            is_asked = self._wake.wait(_LOOK_EVERY_S)
            self._wake.clear()
            if self._ended.is_set():
                return
            try:
                self._look(is_asked=is_asked)
            except CurationError as error:
                logger.debug("the ranking cannot follow: %s", error)

    def _look(self, *, is_asked: bool) -> None:
        if self._ranked.table() is None or self._has_faces.get() is None:
            return
        digest, now_s = self._digest(), time.monotonic()
        if digest is None:
            return
        if self._seen[0] != digest:
            self._seen = (digest, now_s)
        since_s = now_s - self._seen[1]
        if self._shown is None or not self._is_shown(digest):
            if not self._problem(digest) and (is_asked or since_s > _RANK_AFTER_S):
                self.demand()
        elif digest not in (self._written, self._sources.recorded()):
            is_writing = self._writing is not None and self._writing.is_alive()
            if since_s > _WRITE_AFTER_S and now_s > self._not_before_s and not is_writing:
                # In a thread of its own: the next change is shown at once all the same.
                self._writing = threading.Thread(
                    target=self._write_again, args=(self._shown,), name="curation-ranking-file", daemon=True
                )
                self._writing.start()
        elif self._list_photos is not None and now_s < self._asked_s + _LISTED_FOR_S and now_s > self._list_again_s:
            self._count_new(self._list_photos)

    def _write_again(self, shown: RankedEvent) -> None:
        try:
            self._write(shown)
            self._written = shown.digest
            with self._making:
                now = self._shown
                if now is not None and now.digest == shown.digest and not now.waiting:
                    self._rescorer.knows_last_run()
                    self._shown = replace(now, run=self._sources.run())
                    self._ranked.live = self._shown
        except BusyError as error:
            self._not_before_s = time.monotonic() + _AGAIN_AFTER_S
            logger.debug("the ranking is written later: %s", error)
        except CurationError as error:
            self._not_before_s = time.monotonic() + _GIVE_UP_S
            logger.warning("the ranking is shown, but not written yet: %s", error)

    def _count_new(self, list_photos: Callable[[], Collection[str]]) -> None:
        began_s = time.monotonic()
        try:
            listed = list_photos()
        except CurationError as error:
            logger.debug("the folder cannot be listed: %s", error)
            listed = ()
        shown = self._shown
        if shown is not None and listed:
            known = shown.event
            self._new = sum(path not in known.faces and path not in known.failures for path in listed)
        now_s = time.monotonic()
        self._list_again_s = now_s + max(_LIST_EVERY_S, _LISTING_SHARE * (now_s - began_s))


def _as_in_the_table(score: PhotoScore) -> PhotoScore:
    """The same, with scores rounded as in photo_scores.csv."""
    rounded = {name: round(value, SCORE_DIGITS) for name in _SCORES if (value := getattr(score, name)) is not None}
    return replace(score, **rounded)
