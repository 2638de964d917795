"""The ranked photos in the order that the user's picks give them, and photo_scores.csv, which follows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from curation.domain.bursts.finding import BurstRules
from curation.domain.identity.said import Said, content_of, known_by_path
from curation.domain.identity.settling import with_new_pick
from curation.domain.identity.unfound import Unfound
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.pick_words import change_words
from curation.domain.judging.picks import NO_PICKS, UNJUDGED, PhotoPick, Picks, parse_pick
from curation.domain.judging.ranking import with_picks
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.told.file_told import FileTold, columns_of, with_told
from curation.errors import CurationError, PickTakenError, StorageError, UnfoundWordNotFoundError
from curation.event.file_cache import Derived, FileCache
from curation.event.reattaching import with_pick_of, without_pick
from curation.event.said_words import SaidWords
from curation.pipelines.said.words import picks_now
from curation.pipelines.told.event_told import kept_told
from curation.settings import ScoringSettings, Settings
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores, write_photo_scores
from curation.storage.run_records import SCORING_RUN, read_run_record
from curation.storage.said.last_good import keep_good
from curation.storage.said.picks_file import PICKS, hold_picks, hold_scores, read_picks, write_picks
from curation.storage.said.picks_journal import PickChange, PicksJournal
from curation.storage.together.new_files import new_files
from curation.storage.told.told_file import TOLD

__all__ = ["LiveScores", "RankedPhotos", "ranking_rules"]

logger = logging.getLogger(__name__)

_NOTHING_TOLD: Mapping[str, FileTold] = {}

RankingRules = tuple[ScoringRules, BurstRules]
"""The rules that the order and the bursts of photo_scores.csv depend on."""


class LiveScores(Protocol):
    """Scores of an event as they are judged now."""

    @property
    def scores(self) -> tuple[PhotoScore, ...]:
        """In any order, without picks, rounded as in the table."""

    @property
    def rules(self) -> ScoringRules:
        """The rules that they were made with."""


WRITE_AFTER_S = 1.0  # without a change: a user who goes through photos presses about one key a second


class RankedPhotos:
    """photo_scores.csv with the current picks. Thread-safe.

    A pick is written to picks.json at once and is effective in `photos`. The table on disk is rewritten when the user
    pauses, when it is downloaded, and when the service stops.
    """

    def __init__(self, settings: Settings, words: SaidWords) -> None:
        """Remember the paths; nothing is read yet.

        Args:
            settings: Of the service.
            words: What the picks are about.
        """
        output_dir = settings.io.output_dir
        self._words = words
        self._lock_dir = settings.lock_dir
        self._table = FileCache(output_dir / PHOTO_SCORES, lambda path: tuple(read_photo_scores(path)))
        self._picks = FileCache(output_dir / PICKS, read_picks)
        self._told = FileCache(settings.event_dir / TOLD, lambda _: kept_told(settings))
        self._rules = FileCache(output_dir / SCORING_RUN, lambda path: _recorded_rules(read_run_record(path)))
        self._rules_of_settings, _ = ranking_rules(settings.scoring)
        self._ranked: Derived[tuple[PhotoScore, ...]] = Derived()
        self._placed: Derived[Picks] = Derived()
        self._journal = PicksJournal(settings.event_dir, output_dir)
        self._guard = threading.Lock()
        self._timer: threading.Timer | None = None
        self._closed = False
        self.live: LiveScores | None = None
        """What the photos are ranked by instead of the table, which follows; None for the table. See `follow`."""

    def table(self) -> tuple[PhotoScore, ...] | None:
        """The rows of photo_scores.csv as they were written; None before scoring. Raises what `photos` raises."""
        return self._table.get()

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
        if self.live is not None:
            return self.ranked_by(self.live)
        picks = self.picks()
        recorded = self.table_rules()
        rules = self._rules_of_settings if recorded is None else recorded[0]
        told = self.told()
        return self._ranked.get((table, picks, rules, told), lambda: self._rank(table, table, picks, rules))

    def follow(self, live: LiveScores) -> None:
        """Rank the photos by these scores from now on; nobody waits for it. Raises what `photos` raises."""
        table, picks = self._table.get() or (), self.picks()
        ranked = self._rank(table, live.scores, picks, live.rules)
        self._ranked.put((table, live.scores, picks, self.told()), ranked)
        self.live = live

    def ranked_by(self, live: LiveScores) -> tuple[PhotoScore, ...]:
        """All photos with the current picks, best first, ranked by these scores. Raises what `photos` raises."""
        table, picks = self._table.get() or (), self.picks()
        scores, rules = live.scores, live.rules
        told = self.told()
        return self._ranked.get((table, scores, picks, told), lambda: self._rank(table, scores, picks, rules))

    def told(self) -> Mapping[str, FileTold]:
        """What the files of the photos say, by image path, as they were read last. Raises what `photos` raises."""
        return self._told.get() or _NOTHING_TOLD

    def _with_told(self, scores: Sequence[PhotoScore], table: Sequence[PhotoScore]) -> Sequence[PhotoScore]:
        told = self._told.get()
        # Where the files were never read, the table stands: another machine may have read them.
        return columns_of(scores, table) if told is None else with_told(scores, told)

    def picks(self) -> Picks:
        """The user's picks and ratings by the paths that the photos have now, without those of photos that are missing.

        Raises:
            PicksError: If picks.json is not valid.
            StorageError: If a file cannot be read.
        """
        written, said = self._picks.get(), self._words.said()
        if written is None:
            return NO_PICKS  # also of those that were put aside: the user deleted the file to begin anew
        return self._placed.get((written, said), lambda: picks_now(written, said))

    def all_picks(self) -> Picks:
        """The same with those of photos that are missing, by the paths that picks.json has for them."""
        written, now = self._picks.get() or NO_PICKS, self.picks()
        said = self._words.said()
        missing = {
            path: pick
            for path, pick in written.by_path.items()
            if path not in now.by_path and path in said.picks and said.photo_now(said.picks[path].photo) is None
        }
        return Picks({**missing, **now.by_path})

    def change(self, make: Callable[[Picks], Mapping[str, PhotoPick]], *, is_new: bool = True) -> tuple[Picks, Picks]:
        """Change the picks of some photos; all other entries of picks.json stay, also those edited by hand.

        What the new picks are about is saved first: if the service is killed in between, the old picks stay. A pick
        that goes, and that picks.json has under another name than its photo has now, leaves that file before all else:
        it must not come to the photo that has the name now.

        Args:
            make: Gets the current picks and returns the changed ones, by image path.
            is_new: Whether the change can be undone; undoing itself is no new change.

        Returns:
            The picks before and after.

        Raises:
            PicksError: If picks.json is not valid; it is then unchanged.
            BusyError: If another process has locked it.
            StorageError: If it cannot be read or written.
        """
        with hold_picks(self._lock_dir):
            self._words.settle_picks(self.written_picks())
            before = self.picks()
            changes = make(before)
            real = {path: (before.of(path), pick) for path, pick in changes.items() if before.of(path) != pick}
            if is_new and real:
                self._journal.add(PickChange(change_words(real), real))
            self._forget_renamed({path for path, pick in changes.items() if pick == UNJUDGED})
            contents = self._words.contents(list(changes))
            copied = set(contents.values())
            photos = self._words.said().photos.items()
            elsewhere = [photo.now for key, photo in photos if photo.now is not None and content_of(key) in copied]
            others = self._words.contents(elsewhere)

            def changed(said: Said) -> Said:
                if not self._picks.path.exists():
                    said = replace(said, picks={}, aside=())  # the user deleted the file to begin anew
                for path, pick in changes.items():
                    word = Picks({path: pick}).to_json().get(path)
                    said = with_new_pick(said, path, word, contents.get(path, known_by_path(path)), others)
                return said

            self._write(self._words.change(changed))
        return before, before.changed(changes)

    def written_picks(self) -> Picks | None:
        """The picks as picks.json has them; None if there is no such file. Raises what `picks` raises."""
        return self._picks.get()

    def drop(self, word: Unfound) -> None:
        """Forget a pick that finds nobody.

        Raises:
            UnfoundWordNotFoundError: If it is not there any more.
            PicksError: If picks.json is not valid; it is then unchanged.
            BusyError: If another process has locked it.
            StorageError: If it cannot be read or written.
        """
        with hold_picks(self._lock_dir):
            self._words.settle_picks(self.written_picks())
            self._rewrite(word, lambda said: without_pick(said, word))

    def give(self, word: Unfound, image_path: str) -> None:
        """Give a pick that finds nobody to a photo that has none of its own.

        Args:
            word: The pick.
            image_path: Of a photo of the event.

        Raises:
            PickTakenError: If that photo is picked, rejected or rated already. Also what `drop` raises.
        """
        with hold_picks(self._lock_dir):
            self._words.settle_picks(self.written_picks())
            if self.picks().of(image_path) != UNJUDGED:
                raise PickTakenError(
                    f"{image_path} has a pick or stars of its own; nothing was changed. Remove these first, or choose "
                    "another photo"
                )
            content = self._words.contents([image_path]).get(image_path, known_by_path(image_path))
            self._rewrite(word, lambda said: with_pick_of(said, word, image_path, content))

    def _rewrite(self, word: Unfound, make: Callable[[Said], Said]) -> None:
        """Change a pick that finds nobody.

        picks.json is written first: if the service is killed in between, the pick must not come to the photo that has
        its path now.
        """

        def changed(said: Said) -> Said:
            after = make(said)
            if after is said:
                raise UnfoundWordNotFoundError(f"there is no pick of {word.photos[0]} any more that finds nobody")
            self._write(after)
            return after

        self._words.change(changed)

    def _forget_renamed(self, image_paths: Collection[str]) -> None:
        """Take picks out of picks.json that it has under other names than these, which their photos have now."""
        said, written = self._words.said(), self._picks.get()
        renamed = {
            path
            for path, pick in said.picks.items()
            if (now := said.photo_now(pick.photo)) in image_paths and now != path
        }
        if written is not None and renamed & written.by_path.keys():
            kept = Picks({path: pick for path, pick in written.by_path.items() if path not in renamed})
            write_picks(self._picks.path, kept)
            self._picks.put(kept)

    def _write(self, said: Said) -> None:
        # A pick that says nothing is not in the file.
        written = Picks({path: parse_pick(pick.said) for path, pick in said.picks.items()})
        write_picks(self._picks.path, written)
        self._picks.put(written)
        keep_good(self._picks.path)

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
        with hold_scores(self._lock_dir):
            ranked = self._to_write()
            if ranked is not None:
                write_photo_scores(self._table.path, ranked)
                self._written(ranked)

    def flush_with(self, write_more: Callable[[Path], None], *, last: str) -> None:
        """Write the table with files that belong to it, so that they appear together.

        Args:
            write_more: Writes the other files into the folder that it gets.
            last: Which of them is moved to its place last.

        Raises:
            CurationError: If a file is not valid, or cannot be read or written.
        """
        with new_files(self._table.path.parent) as new, hold_scores(self._lock_dir):
            ranked = self._to_write()
            if ranked is not None:
                write_photo_scores(new.folder / PHOTO_SCORES, ranked)
            write_more(new.folder)
            new.publish(last=(last,))
            if ranked is not None:
                self._written(ranked)

    def _to_write(self) -> tuple[PhotoScore, ...] | None:
        """What the table should be; None if that is what it is."""
        table, ranked = self._table.get(), self.photos()
        return ranked if table is not None and ranked != table else None

    def _written(self, ranked: tuple[PhotoScore, ...]) -> None:
        self._table.put(ranked)
        if self.live is not None:
            self._ranked.put((ranked, self.live.scores, self.picks(), self.told()), ranked)

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

    def _rank(
        self, table: tuple[PhotoScore, ...], scores: tuple[PhotoScore, ...], picks: Picks, rules: ScoringRules
    ) -> tuple[PhotoScore, ...]:
        ranked = tuple(with_picks(self._with_told(scores, table), picks, rules))
        if ranked == table:
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
