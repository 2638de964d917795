"""The ranked photos in the order that the user's picks give them, and photo_scores.csv, which follows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from curation.domain.bursts.finding import BurstRules
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import NO_PICKS, PhotoPick, Picks
from curation.domain.judging.ranking import with_picks
from curation.domain.judging.scoring_rules import ScoringRules
from curation.errors import CurationError, StorageError
from curation.event.file_cache import Derived, FileCache
from curation.settings import ScoringSettings, Settings
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores, write_photo_scores
from curation.storage.run_records import SCORING_RUN, read_run_record
from curation.storage.said.picks_file import PICKS, hold_picks, hold_scores, read_picks, write_picks

__all__ = ["RankedPhotos", "ranking_rules"]

logger = logging.getLogger(__name__)

RankingRules = tuple[ScoringRules, BurstRules]
"""The rules that the order and the bursts of photo_scores.csv depend on."""

WRITE_AFTER_S = 1.0  # without a change: a user who goes through photos presses about one key a second


class RankedPhotos:
    """photo_scores.csv with the current picks. Thread-safe.

    A pick is written to picks.json at once and is effective in `photos`. The table on disk is rewritten when the user
    pauses, when it is downloaded, and when the service stops.
    """

    def __init__(self, settings: Settings) -> None:
        """Remember the paths; nothing is read yet."""
        output_dir = settings.io.output_dir
        self._state_dir = settings.io.state_dir
        self._table = FileCache(output_dir / PHOTO_SCORES, lambda path: tuple(read_photo_scores(path)))
        self._picks = FileCache(output_dir / PICKS, read_picks)
        self._rules = FileCache(output_dir / SCORING_RUN, lambda path: _recorded_rules(read_run_record(path)))
        self._rules_of_settings, _ = ranking_rules(settings.scoring)
        self._ranked: Derived[tuple[PhotoScore, ...]] = Derived()
        self._guard = threading.Lock()
        self._timer: threading.Timer | None = None
        self._closed = False

    def photos(self) -> tuple[PhotoScore, ...] | None:
        """All photos, best first; None before scoring. The same object until something changes.

        Raises:
            FaceDataError: If photo_scores.csv is not valid.
            PicksError: If picks.json is not valid.
            StorageError: If a file cannot be read.
        """
        table = self._table.get()
        if table is None:
            return None
        picks = self.picks()
        recorded = self.table_rules()
        rules = self._rules_of_settings if recorded is None else recorded[0]
        return self._ranked.get((table, picks, rules), lambda: self._rank(table, picks, rules))

    def picks(self) -> Picks:
        """The user's picks and ratings.

        Raises:
            PicksError: If picks.json is not valid.
            StorageError: If it cannot be read.
        """
        return self._picks.get() or NO_PICKS

    def change(self, make: Callable[[Picks], Mapping[str, PhotoPick]]) -> tuple[Picks, Picks]:
        """Change the picks of some photos; all other entries of picks.json stay, also those edited by hand.

        Args:
            make: Gets the current picks and returns the changed ones, by image path.

        Returns:
            The picks before and after.

        Raises:
            PicksError: If picks.json is not valid; it is then unchanged.
            BusyError: If another process has locked it.
            StorageError: If it cannot be read or written.
        """
        with hold_picks(self._state_dir):
            before = self.picks()
            after = before.changed(make(before))
            write_picks(self._picks.path, after)
            self._picks.put(after)
        return before, after

    def flush(self) -> None:
        """Write the table now if it does not match the picks; does nothing before scoring.

        Raises:
            CurationError: If a file is not valid, or cannot be read or written.
        """
        with self._guard:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if self._table.get() is None:
            return
        with hold_scores(self._state_dir):
            table, ranked = self._table.get(), self.photos()
            if table is not None and ranked is not None and ranked != table:
                write_photo_scores(self._table.path, ranked)
                self._table.put(ranked)

    def try_flush(self) -> None:
        """Do what `flush` does, but log an error instead of raising it."""
        try:
            self.flush()
        except CurationError as error:
            logger.warning("the picks are saved, but %s is not updated yet: %s", PHOTO_SCORES, error)

    def close(self) -> None:
        """Write a pending change of the table; afterwards the table is not written any more."""
        with self._guard:
            is_pending = self._timer is not None
            self._closed = True
        if is_pending:
            self.try_flush()

    def _rank(self, table: tuple[PhotoScore, ...], picks: Picks, rules: ScoringRules) -> tuple[PhotoScore, ...]:
        ranked = tuple(with_picks(table, picks, rules))
        if all(new is old for new, old in zip(ranked, table, strict=True)):
            return table
        with self._guard:
            if self._timer is not None:
                self._timer.cancel()
            if not self._closed:
                self._timer = threading.Timer(WRITE_AFTER_S, self.try_flush)
                self._timer.daemon = True
                self._timer.start()
        return ranked

    def table_rules(self) -> RankingRules | None:
        """The rules that the table was made with; None if the run record does not say."""
        try:
            return self._rules.get()
        except StorageError:
            return None


def ranking_rules(scoring: ScoringSettings) -> RankingRules:
    """The rules in some settings that the order and the bursts of photo_scores.csv depend on."""
    return ScoringRules.from_mapping(scoring.model_dump()), BurstRules(**scoring.bursts.model_dump())


def _recorded_rules(record: Mapping[str, object] | None) -> RankingRules | None:
    settings = (record or {}).get("settings")
    scoring = settings.get("scoring") if isinstance(settings, dict) else None
    try:
        return ranking_rules(ScoringSettings.model_validate(scoring)) if isinstance(scoring, dict) else None
    except ValidationError:
        return None  # written by another version
