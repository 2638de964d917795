"""What the routes work with; made when the service starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from curation.api.http.pictures import PictureAnswers
from curation.event.analysis_lookup import KeptResults
from curation.event.catalog import Catalog
from curation.event.judgement import Judgement
from curation.event.merge_suggestions import MergeQuestions
from curation.event.people_edits import PeopleEdits
from curation.event.rule_book import RuleBook
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
    kept: KeptResults
    pictures: PictureAnswers
    people: PeopleEdits
    merges: MergeQuestions
    rules: RuleBook
    rescorer: Rescorer
    judgement: Judgement


# Asynchronous, so that it never waits for a free thread.
async def _context(request: Request) -> ServiceContext:
    return cast(ServiceContext, request.app.state.service)


Context = Annotated[ServiceContext, Depends(_context)]
