"""photo_scores.csv and scoring_run.json of a ranking that was made in memory: the bytes that a run would write."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Protocol

from curation.event.ranked_photos import RankedPhotos
from curation.event.rules.current_ranking import RankedEvent
from curation.event.said_words import SaidWords
from curation.pipelines.scoring.event import event_unfound
from curation.pipelines.scoring.report import scoring_report, scoring_warnings, write_scoring_record
from curation.pipelines.scoring.sources import RankingSources
from curation.settings import Settings
from curation.storage.run_records import SCORING_RUN, VIDEO_RUN, read_run_record

__all__ = ["ranking_writer"]


class _Runs(Protocol):
    """What ranks and holds the output folder: `curation.workflow.WorkflowOrchestrator`."""

    settings: Settings

    def run_scoring(self, *, only_known: bool = False) -> object:
        """See there."""

    def write_ranking(self, write: Callable[[], None]) -> None:
        """See there."""


def ranking_writer(
    orchestrator: _Runs,
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
        the orchestrator's `run_scoring` raises.
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
    ranked.flush()
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
    write_scoring_record(
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
