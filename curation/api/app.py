"""The REST service as an ASGI application."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

from anyio import to_thread
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation import __version__, bootstrap
from curation.api.context import ServiceContext
from curation.api.http.access import TokenGuard, refuse_open_binding
from curation.api.http.assets.desk import AssetDesk
from curation.api.http.assets.events import AssetFeed
from curation.api.http.assets.pictures import AssetPictures
from curation.api.http.assets.receiving import remove_abandoned
from curation.api.http.attributes.requests import AttributeRequests
from curation.api.http.body_limit import BodyLimit
from curation.api.http.errors import add_problem_handlers
from curation.api.http.log_output import log_output
from curation.api.http.metrics import RequestMeter, ServiceMetrics
from curation.api.http.mirrored_edits import MirroredEdits
from curation.api.http.openapi import DESCRIPTION, TAGS, openapi_of
from curation.api.http.pictures import PictureResponses
from curation.api.http.same_site import SameSiteGuard
from curation.api.http.video.desk import VideoDesk
from curation.api.pages.routers import PAGE_ROUTERS
from curation.api.routes import (
    attributes,
    choice,
    clusters,
    corrections,
    downloads,
    exports,
    faces,
    health,
    jobs,
    labels,
    metrics,
    people,
    photos,
    picks,
    pictures,
    rules,
    stages,
    suggestions,
    unfound,
    uploads,
)
from curation.api.routes.assets import events as asset_events
from curation.api.routes.assets import files as asset_files
from curation.api.routes.assets import finding as asset_finding
from curation.api.routes.assets import outfits
from curation.api.routes.assets import submitting as asset_submitting
from curation.api.routes.culling import scenes
from curation.api.routes.known_people import people as known_people
from curation.api.routes.known_people import proposals as known_proposals
from curation.api.routes.taking_home import sidecars
from curation.api.routes.video import characters as video_characters
from curation.api.routes.video import event_clips
from curation.api.routes.video import files as video_files
from curation.api.routes.video import films as videos
from curation.api.routes.video import posters as video_posters
from curation.api.routes.workers import weights, workers
from curation.errors import CurationError, ExtraMissingError
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.film.event_films import EventFilms
from curation.event.known_people.event_known import EventKnown
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.outfits.event_outfits import EventOutfits
from curation.event.people.edits import PeopleEdits
from curation.event.people.suggestions import MergeSuggester
from curation.event.pictures import EventPictures
from curation.event.rules.current_ranking import CurrentRanking
from curation.event.rules.judgement import Judgement
from curation.event.rules.rule_book import RuleBook
from curation.event.unfound_words import UnfoundWords
from curation.jobs.job import Stage
from curation.jobs.logs import JobLogs
from curation.jobs.runner import JobRunner
from curation.jobs.shutdown import on_shutdown_signal
from curation.jobs.stage_runs import stage_runs
from curation.jobs.store import MAX_STORED_JOBS, JobStore
from curation.jobs.video.film_known import FilmKnown
from curation.jobs.who_works import WhoWorks
from curation.pipelines.scoring.rescoring import Rescorer
from curation.services.viewer.face_services import FaceServices
from curation.settings import ServicesSettings, Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.working_copy.keeping import KeptCopy
from curation.storage.working_copy.opening import working_copy_of
from curation.workflow import WorkflowOrchestrator, event_listing

__all__ = ["JOBS_DATABASE", "create_app"]

JOBS_DATABASE = "jobs.sqlite3"
"""The name of the jobs database in `io.state_dir`."""


def _build(settings: Settings) -> WorkflowOrchestrator:
    return bootstrap.build(settings, allow_download=False, caller="the service")


def _open_assets(settings: Settings, catalog: Catalog) -> AssetDesk:
    if not settings.assets.enabled:
        return AssetDesk()
    # Only here: whoever does not work on assets pays nothing for them.
    from curation.event.outfits.search import OutfitSearch
    from curation.jobs.assets.building import build_asset_jobs
    from curation.storage.assets.opening import open_asset_store

    jobs, store = build_asset_jobs(settings), open_asset_store(settings)

    def missing() -> str:
        try:
            _ = jobs.work
        except CurationError as error:
            return str(error)
        return ""

    def close() -> None:
        jobs.close()
        store.close()

    return AssetDesk(jobs, OutfitSearch(settings, catalog, store), missing=missing, close=close)


def _open_videos(settings: Settings, catalog: Catalog, labels: PeopleEdits) -> VideoDesk:
    # Only here: without the extra none of it can be imported.
    from curation.jobs.video.building import build_films, demand_extra

    try:
        demand_extra()
    except ExtraMissingError as error:
        return VideoDesk(off=str(error))
    return VideoDesk(*build_films(settings, catalog, labels))


def create_app(
    load: Callable[[], Settings],
    build: Callable[[Settings], WorkflowOrchestrator] = _build,
    face_services: Callable[[ServicesSettings], FaceServices] = FaceServices,
    open_assets: Callable[[Settings, Catalog], AssetDesk] = _open_assets,
    open_videos: Callable[[Settings, Catalog, PeopleEdits], VideoDesk] = _open_videos,
    who_works: Callable[[Settings], WhoWorks] = WhoWorks,
    open_gallery: Callable[[Settings], OpenGallery] = OpenGallery,
) -> FastAPI:
    """Create the application; nothing is read or built before it starts.

    Args:
        load: Reads the settings.
        build: Builds the orchestrator; by default without downloading any weights.
        face_services: Makes the way to the attribute services, which are other processes.
        open_assets: Opens the assets; by default without downloading any weights.
        open_videos: Opens the films; likewise.
        who_works: Makes what asks who works on what.
        open_gallery: Makes what opens the gallery of known people.

    Returns:
        The application. Its startup raises a CurationError if the settings or the state folder cannot be used.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            settings = await to_thread.run_sync(load)
            refuse_open_binding(settings.service)
        except CurationError as error:
            app.state.start_refused = str(error)
            raise
        with log_output(settings.service.log_format):
            try:
                context, store = await to_thread.run_sync(
                    lambda: _start(settings, build, face_services, open_assets, open_videos, who_works, open_gallery)
                )
            except CurationError as error:
                app.state.start_refused = str(error)
                raise
            app.state.service = context
            try:
                with on_shutdown_signal(context.runner.request_stop):
                    yield
            finally:
                await to_thread.run_sync(context.runner.stop)
                await to_thread.run_sync(context.videos.stop)
                await to_thread.run_sync(context.assets.stop)
                await to_thread.run_sync(context.attributes.services.close)
                await to_thread.run_sync(context.who_works.close)
                await to_thread.run_sync(context.outfits.close)
                await to_thread.run_sync(context.known.close)
                await to_thread.run_sync(context.ranking.stop)
                await to_thread.run_sync(context.catalog.ranked.close)
                if context.mirror is not None:
                    await to_thread.run_sync(context.mirror.stop)
                store.close()

    # Serves the Swagger page's scripts itself, so that /docs works without a network.
    app = FastAPIOffline(
        title="Curation",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    for module in (
        stages,
        jobs,
        clusters,
        people,
        corrections,
        suggestions,
        outfits,
        unfound,
        # Addresses with a name of their own come before /known-people/{person_id}.
        known_proposals,
        known_people,
        faces,
        labels,
        photos,
        scenes,
        uploads,
        pictures,
        picks,
        rules,
        choice,
        exports,
        sidecars,
        downloads,
        attributes,
        # Addresses with a name of their own come before /assets/{asset_id}.
        asset_events,
        asset_files,
        asset_finding,
        asset_submitting,
        videos,
        video_characters,
        video_posters,
        video_files,
        event_clips,
        workers,
        weights,
        metrics,
        health,
    ):
        app.include_router(module.router)
    app.include_router(asset_submitting.upload_router)
    for router in PAGE_ROUTERS:
        app.include_router(router)
    add_problem_handlers(app)
    app.state.metrics = ServiceMetrics(lambda: cast(ServiceContext, app.state.service))
    # From the inside out: the middleware that is added last sees a request first.
    app.add_middleware(MirroredEdits)
    app.add_middleware(BodyLimit)
    app.add_middleware(TokenGuard)
    app.add_middleware(SameSiteGuard)
    app.add_middleware(RequestMeter, metrics=app.state.metrics)
    app.add_middleware(_ShortStartErrors)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]
    return app


class _ShortStartErrors:
    """Reports a refused start to the server in one sentence, where Starlette sends a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_shortened(message: Message) -> None:
            refused = getattr(scope["app"].state, "start_refused", None)
            if message["type"] == "lifespan.startup.failed" and refused is not None:
                message = {**message, "message": refused}
            await send(message)

        await self._app(scope, receive, send_shortened)


def _start(
    settings: Settings,
    build: Callable[[Settings], WorkflowOrchestrator],
    face_services: Callable[[ServicesSettings], FaceServices],
    open_assets: Callable[[Settings, Catalog], AssetDesk],
    open_videos: Callable[[Settings, Catalog, PeopleEdits], VideoDesk],
    who_works: Callable[[Settings], WhoWorks],
    open_gallery: Callable[[Settings], OpenGallery],
) -> tuple[ServiceContext, JobStore]:
    orchestrator = build(settings)
    store = JobStore(settings.io.state_dir / JOBS_DATABASE)
    logs = JobLogs(settings.io.state_dir)
    logs.delete_except({job.id for job in store.list(limit=2 * MAX_STORED_JOBS)})
    mirror = _mirror(settings)
    if mirror is not None:
        mirror.start()  # before anything reads the outputs
    rule_book = RuleBook(orchestrator)
    catalog = Catalog(settings)
    people_edits = PeopleEdits(settings, catalog)
    videos = open_videos(settings, catalog, people_edits)
    rescorer = Rescorer(settings)
    ranking = CurrentRanking(
        settings,
        rule_book,
        rescorer,
        catalog.ranked,
        write=lambda: orchestrator.run_scoring(only_known=True),
        list_photos=_listed(settings),
    )
    runs = stage_runs(
        orchestrator,
        before_scoring=rule_book.refresh,
        after_run=catalog.read_ahead,
        before_export=ranking.catch_up,
    )
    runner = JobRunner(store, {**runs, Stage.VIDEO: videos.run}, log_context=logs.recording)
    analysis = AnalysisLookup(settings, catalog)
    pictures = PictureResponses(EventPictures(settings, catalog, analysis))
    judgement = Judgement(catalog, ranking)

    def read_ahead() -> None:
        catalog.read_ahead()
        rescorer.read_ahead()

    if mirror is not None:
        mirror.after_change = read_ahead
    remove_abandoned(settings.io.state_dir)
    assets = open_assets(settings, catalog)
    assets.start()
    videos.start(runner)
    threading.Thread(target=read_ahead, name="curation-read-ahead", daemon=True).start()
    ranking.start()
    merge_suggester = MergeSuggester(settings, catalog)
    outfits = EventOutfits(settings, catalog, people_edits)
    assets.name_people(outfits)
    known = EventKnown(settings, catalog, people_edits, open_gallery(settings))
    context = ServiceContext(
        settings,
        orchestrator,
        runner,
        catalog,
        logs,
        analysis,
        pictures,
        people_edits,
        merge_suggester,
        rule_book,
        rescorer,
        ranking,
        judgement,
        UnfoundWords(settings, catalog, people_edits),
        AttributeRequests(face_services(settings.services)),
        outfits,
        assets,
        AssetFeed(assets),
        AssetPictures(assets, max_megapixels=settings.io.max_photo_megapixels),
        videos,
        EventFilms(settings, catalog),
        who_works(settings),
        known,
        FilmKnown(settings, known),
        mirror,
    )
    return context, store


def _listed(settings: Settings) -> Callable[[], tuple[str, ...]] | None:
    """What lists the photos of the folder; None if they lie in object storage, where the mirror does that."""
    if settings.input_address:
        return None
    return lambda: tuple(photo.image_path for photo in event_listing(settings, needs_photos=False).photos)


def _mirror(settings: Settings) -> KeptCopy | None:
    """What keeps the places of the event in object storage; None if both are folders."""
    if not (settings.input_address or settings.output_address):
        return None
    # What is known of photos; on a machine that has made no run it is nothing yet.
    AnalysisStore(settings.io.state_dir).close()
    list_photos = partial(event_listing, settings, needs_photos=False) if settings.input_address else None
    return KeptCopy(working_copy_of(settings), list_photos=list_photos)
