"""What the routes work with; made when the service starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from curation.api.catalog import Catalog
from curation.api.event_pictures import EventPictures
from curation.api.job_logs import JobLogs
from curation.api.judgement import Judgement
from curation.api.kept_results import KeptResults
from curation.api.merge_questions import MergeQuestions
from curation.api.people_edits import PeopleEdits
from curation.api.rule_book import RuleBook
from curation.api.runner import JobRunner
from curation.pipelines.rescoring import Rescorer
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
    pictures: EventPictures
    people: PeopleEdits
    merges: MergeQuestions
    rules: RuleBook
    rescorer: Rescorer
    judgement: Judgement


# Asynchronous, so that it never waits for a free thread.
async def _context(request: Request) -> ServiceContext:
    return cast(ServiceContext, request.app.state.service)


Context = Annotated[ServiceContext, Depends(_context)]
