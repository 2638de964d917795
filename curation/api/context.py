"""The objects that the routes work with, created when the service starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from curation.api.http.assets.desk import AssetDesk
from curation.api.http.assets.events import AssetFeed
from curation.api.http.assets.pictures import AssetPictures
from curation.api.http.attributes.requests import AttributeRequests
from curation.api.http.guests.desk import GuestDesk
from curation.api.http.pictures import PictureResponses
from curation.api.http.video.desk import VideoDesk
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.film.event_films import EventFilms
from curation.event.known_people.event_known import EventKnown
from curation.event.outfits.event_outfits import EventOutfits
from curation.event.people.edits import PeopleEdits
from curation.event.people.suggestions import MergeSuggester
from curation.event.rules.current_ranking import CurrentRanking
from curation.event.rules.judgement import Judgement
from curation.event.rules.rule_book import RuleBook
from curation.event.told.event_offers import EventOffers
from curation.event.unfound_words import UnfoundWords
from curation.jobs.following.follower import Follower
from curation.jobs.logs import JobLogs
from curation.jobs.look_through import LookThrough
from curation.jobs.runner import JobRunner
from curation.jobs.video.film_known import FilmKnown
from curation.jobs.who_works import WhoWorks
from curation.pipelines.scoring.rescoring import Rescorer
from curation.settings import Settings
from curation.storage.working_copy.keeping import KeptCopy
from curation.workflow import WorkflowOrchestrator

__all__ = ["EVENT_CONTEXT", "Context", "ServiceContext", "service_of"]

EVENT_CONTEXT = "curation.event"
"""The key of a request's scope with the parts of its event, see `curation.api.http.events.switch`."""


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """The settings and the parts that the service consists of."""

    settings: Settings
    orchestrator: WorkflowOrchestrator
    runner: JobRunner
    catalog: Catalog
    job_logs: JobLogs
    analysis: AnalysisLookup
    pictures: PictureResponses
    people: PeopleEdits
    merge_suggester: MergeSuggester
    rules: RuleBook
    rescorer: Rescorer
    ranking: CurrentRanking
    judgement: Judgement
    unfound: UnfoundWords
    offers: EventOffers
    attributes: AttributeRequests
    outfits: EventOutfits
    assets: AssetDesk
    asset_feed: AssetFeed
    asset_pictures: AssetPictures
    videos: VideoDesk
    event_films: EventFilms
    who_works: WhoWorks
    known: EventKnown
    film_known: FilmKnown
    look_through: LookThrough
    follower: Follower
    guests: GuestDesk
    mirror: KeptCopy | None = None


# A coroutine, so that it never waits for a free thread.
async def _context(request: Request) -> ServiceContext:
    return service_of(request)


def service_of(request: Request) -> ServiceContext:
    """The parts of the event that a request is about: that of its address, or that of the settings."""
    return cast(ServiceContext, request.scope.get(EVENT_CONTEXT) or request.app.state.service)


Context = Annotated[ServiceContext, Depends(_context)]
