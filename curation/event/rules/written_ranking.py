"""photo_scores.csv and scoring_run.json of a ranking that was made in memory: the bytes that a run would write."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from curation.domain.report import ScoringReport
from curation.event.ranked_photos import RankedPhotos
from curation.event.rules.current_ranking import RankedEvent
from curation.event.said_words import SaidWords
from curation.pipelines.scoring.event import event_unfound
from curation.pipelines.scoring.report import scoring_report, scoring_warnings, write_scoring_record
from curation.pipelines.scoring.sources import RankingSources
from curation.settings import Settings
from curation.storage.run_records import SCORING_RUN, VIDEO_RUN, read_run_record

__all__ = ["RankingRuns", "ranking_writer"]


class RankingRuns(Protocol):
    """What holds the output folder while a ranking is written: `WorkflowOrchestrator`, which is above this room."""

    @property
    def settings(self) -> Settings:
        """Those that rankings are made by now."""

    def run_scoring(self, *, only_known: bool = False) -> ScoringReport:
        """Rank in a run of its own, here of what is known alone."""

    def write_ranking(self, write: Callable[[], None]) -> None:
        """Call `write` while nobody else uses the output folder."""


def ranking_writer(
    orchestrator: RankingRuns,
    ranked: RankedPhotos,
    words: SaidWords,
    list_photos: Callable[[], Collection[str]],
) -> Callable[[RankedEvent], None]:
    """What writes a ranking.

    Args:
        orchestrator: Holds the output folder, and ranks the clips of events that have some.
        ranked: Writes the table, with the picks.
        words: What the user said.
        list_photos: Returns the image paths of all photos of the folder.

    Returns:
        A function that writes a ranking, unless something changed since it was made. It raises what
        `WorkflowOrchestrator.run_scoring` raises.
    """

    def write(shown: RankedEvent) -> None:
        settings = orchestrator.settings
        clips = settings.video.event_clips != "off" and (settings.io.output_dir / VIDEO_RUN).exists()
        if clips or shown.rules.composition_asked_for:
            orchestrator.run_scoring(only_known=True)
        else:
            orchestrator.write_ranking(lambda: _write(orchestrator.settings, shown, ranked, words, list_photos))

    return write


def _write(
    settings: Settings,
    shown: RankedEvent,
    ranked: RankedPhotos,
    words: SaidWords,
    list_photos: Callable[[], Collection[str]],
) -> None:
    began_s = time.monotonic()
    event, source, sources = shown.event, shown.event.source, RankingSources(settings)
    is_past = sources.ranking(shown.scoring) != shown.digest or sources.run() != shown.run
    if source is None or is_past:
        return
    said = words.settle()
    known = event.faces.keys() | event.failures.keys()
    new = tuple(path for path in list_photos() if path not in known)
    unfound = event_unfound(settings, said, source)
    warnings = scoring_warnings(settings, source, unfound, new, shown.waiting, has_ages=event.has_ages)
    photos = ranked.ranked_by(shown)
    labels, is_labelled = event.labels
    report = scoring_report(
        photos,
        [shot.measures for shot in event.shots.values()],
        {photo.image_path: photo.error for photo in photos if photo.error},
        reused=len(event.shots),
        labels=labels,
        is_labelled=is_labelled,
        new=new,
        warnings=warnings,
        seconds=time.monotonic() - began_s,
    )
    record = read_run_record(settings.io.output_dir / SCORING_RUN) or {}

    def write_record(folder: Path) -> None:
        write_scoring_record(
            folder,
            settings,
            report,
            labels,
            source.engine,
            unfound,
            landmark_model=str(record.get("landmark_model")),
            weights=record.get("weights") or {},
            ranked_from=shown.digest,
            waiting=shown.waiting,
        )

    ranked.flush_with(write_record, last=SCORING_RUN)
