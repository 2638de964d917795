"""What the routes work with; made when the service starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from curation.api.http.pictures import PictureAnswers
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.people.edits import PeopleEdits
from curation.event.people.suggestions import MergeSuggester
from curation.event.rules.judgement import Judgement
from curation.event.rules.rule_book import RuleBook
from curation.jobs.logs import JobLogs
from curation.jobs.runner import JobRunner
from curation.pipelines.scoring.rescoring import Rescorer
from curation.settings import Settings
from curation.workflow import WorkflowOrchestrator

__all__ = ["Context", "ServiceContext"]


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """The settings and the parts that the service was built of."""

    settings: Settings
    orchestrator: WorkflowOrchestrator
    runner: JobRunner
    catalog: Catalog
    job_logs: JobLogs
    kept: AnalysisLookup
    pictures: PictureAnswers
    people: PeopleEdits
    merges: MergeSuggester
    rules: RuleBook
    rescorer: Rescorer
    judgement: Judgement


# Asynchronous, so that it never waits for a free thread.
async def _context(request: Request) -> ServiceContext:
    return cast(ServiceContext, request.app.state.service)


Context = Annotated[ServiceContext, Depends(_context)]
