"""The functions that the job runner calls to run the stages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from curation.domain.choosing.export import ExportRequest
from curation.domain.choosing.sidecars import SidecarRequest
from curation.domain.report import Progress
from curation.jobs.job import Stage
from curation.jobs.job_run import StageRun
from curation.jobs.outcomes import JobOutcome, outcome_of, with_films
from curation.workflow import WorkflowOrchestrator

__all__ = ["stage_runs"]


def stage_runs(
    orchestrator: WorkflowOrchestrator,
    *,
    before_scoring: Callable[[], None] | None = None,
    after_run: Callable[[], None] | None = None,
    before_export: Callable[[], None] | None = None,
) -> Mapping[Stage, StageRun]:
    """The function that runs each stage. Clustering and scoring ignore the request: their options are the settings.

    Args:
        orchestrator: Runs the stages.
        before_scoring: Called before each scoring, to apply the current settings file.
        after_run: Called after each clustering and scoring, before its job ends, to read the new results.
        before_export: Called before each export, so that it takes the ranking that is shown.
    """

    def run_clustering(
        request: Mapping[str, Any], progress: Callable[[Progress], None], cancel: threading.Event
    ) -> JobOutcome:
        outcome = outcome_of(orchestrator.run_clustering(progress=progress, cancel=cancel))
        outcome = with_films(outcome, orchestrator.run_videos(progress=progress, cancel=cancel))
        if after_run is not None:
            after_run()
        return outcome

    def run_scoring(
        request: Mapping[str, Any], progress: Callable[[Progress], None], cancel: threading.Event
    ) -> JobOutcome:
        if before_scoring is not None:
            before_scoring()
        outcome = outcome_of(orchestrator.run_scoring(progress=progress, cancel=cancel))
        if after_run is not None:
            after_run()
        return outcome

    def run_export(
        request: Mapping[str, Any], progress: Callable[[Progress], None], cancel: threading.Event
    ) -> JobOutcome:
        if before_export is not None:
            before_export()
        report = orchestrator.run_export(ExportRequest.from_json(request), progress=progress, cancel=cancel)
        return replace(outcome_of(report), result={"name": report.name, "path": report.path})

    def run_sidecars(
        request: Mapping[str, Any], progress: Callable[[Progress], None], cancel: threading.Event
    ) -> JobOutcome:
        if before_export is not None:
            before_export()
        return outcome_of(
            orchestrator.run_sidecars(SidecarRequest.from_json(request), progress=progress, cancel=cancel)
        )

    return {
        Stage.CLUSTERING: run_clustering,
        Stage.SCORING: run_scoring,
        Stage.EXPORT: run_export,
        Stage.SIDECARS: run_sidecars,
    }
