"""The REST service as an ASGI application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import cast

from anyio import to_thread
from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation import __version__
from curation.api.context import ServiceContext
from curation.api.http.access import TokenGuard, refuse_open_binding
from curation.api.http.assets.desk import AssetDesk
from curation.api.http.body_limit import BodyLimit
from curation.api.http.errors import add_problem_handlers
from curation.api.http.events.open_events import Events
from curation.api.http.events.switch import EventSwitch
from curation.api.http.log_output import log_output
from curation.api.http.metrics import RequestMeter, ServiceMetrics
from curation.api.http.mirrored_edits import MirroredEdits
from curation.api.http.openapi import DESCRIPTION, TAGS, openapi_of
from curation.api.http.requests.allowed_methods import AllowedMethods, MethodGuard
from curation.api.http.requests.head import HeadRequests
from curation.api.http.requests.to_pages import GoToPage, redirect_to_page, show_page_to_browsers
from curation.api.http.requests.unknown_query import refuse_unknown_query
from curation.api.http.same_site import SameSiteGuard
from curation.api.http.server.carrier import bound_server
from curation.api.http.server.limits import limits_of
from curation.api.http.server.sound_requests import SoundRequests
from curation.api.http.sharing.fair_requests import FairRequests
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
from curation.api.routes.events import events as event_list
from curation.api.routes.events import folders, look_through
from curation.api.routes.files import health as file_health
from curation.api.routes.files import words
from curation.api.routes.known_people import people as known_people
from curation.api.routes.known_people import proposals as known_proposals
from curation.api.routes.one_photo import bursts as photo_bursts
from curation.api.routes.one_photo import tiles as photo_tiles
from curation.api.routes.opening import engine, following, sample
from curation.api.routes.taking_home import find_me, guest_links, sidecars
from curation.api.routes.told import told
from curation.api.routes.video import characters as video_characters
from curation.api.routes.video import event_clips
from curation.api.routes.video import files as video_files
from curation.api.routes.video import films as videos
from curation.api.routes.video import posters as video_posters
from curation.api.routes.workers import weights, workers
from curation.api.starting_event import (
    JOBS_DATABASE,
    EventParts,
    build_orchestrator,
    decoders_of,
    open_configured_assets,
    open_configured_videos,
    start_event,
)
from curation.decoders import decoders_set
from curation.errors import CurationError
from curation.event.catalog import Catalog
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.people.edits import PeopleEdits
from curation.jobs.shutdown import Ending, on_shutdown_signal
from curation.jobs.who_works import WhoWorks
from curation.services.viewer.face_services import FaceServices
from curation.settings import ServicesSettings, Settings
from curation.workers.decoders.pool import DecoderPool
from curation.workflow import WorkflowOrchestrator

__all__ = ["JOBS_DATABASE", "create_app"]

logger = logging.getLogger(__name__)

_UNBOUNDED = (
    "this server is not uvicorn, so that its connections have no limits: slow clients are held, and large headers are "
    "read; start the service with `make serve` or `uvicorn main_api:app`, or put a proxy before it"
)


def create_app(
    load: Callable[[], Settings],
    build: Callable[[Settings], WorkflowOrchestrator] = build_orchestrator,
    face_services: Callable[[ServicesSettings], FaceServices] = FaceServices,
    open_assets: Callable[[Settings, Catalog], AssetDesk] = open_configured_assets,
    open_videos: Callable[[Settings, Catalog, PeopleEdits], VideoDesk] = open_configured_videos,
    who_works: Callable[[Settings], WhoWorks] = WhoWorks,
    open_gallery: Callable[[Settings], OpenGallery] = OpenGallery,
    make_decoders: Callable[[Settings], DecoderPool | None] = decoders_of,
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
        make_decoders: Makes the processes that decode pictures; None decodes them in this process.

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
        parts = EventParts(build, face_services, open_assets, open_videos, who_works, open_gallery)
        opened = _Opened(make_decoders(settings))
        with log_output(settings.service.log_format), opened.decoding(), on_shutdown_signal(opened.stop, opened.end):
            try:
                own = await to_thread.run_sync(start_event, settings, parts)
            except CurationError as error:
                app.state.start_refused = str(error)
                raise
            app.state.service = own.context
            app.state.events = opened.events = Events(settings, own, lambda other: start_event(other, parts))
            try:
                yield
            finally:
                await to_thread.run_sync(opened.end)

    # Serves the Swagger page's scripts itself, so that /docs works without a network.
    app = FastAPIOffline(
        title="Curation",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        dependencies=[Depends(show_page_to_browsers), Depends(refuse_unknown_query)],
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    # What the function above makes is always a FastAPI, and this is one, too.
    app.__class__ = _Application
    modules = (
        sample,
        event_list,
        folders,
        look_through,
        engine,
        following,
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
        told,
        known_people,
        faces,
        labels,
        photos,
        scenes,
        uploads,
        pictures,
        photo_tiles,
        photo_bursts,
        picks,
        rules,
        choice,
        exports,
        sidecars,
        guest_links,
        find_me,
        downloads,
        file_health,
        words,
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
    )
    routers = (*(module.router for module in modules), asset_submitting.upload_router, *PAGE_ROUTERS)
    for router in routers:
        app.include_router(router)
    add_problem_handlers(app)
    app.add_exception_handler(GoToPage, redirect_to_page)
    app.state.metrics = ServiceMetrics(
        lambda: cast(ServiceContext, app.state.service), lambda: cast(Events, app.state.events).contexts()[1:]
    )
    # From the inside out: the middleware that is added last sees a request first.
    app.add_middleware(MirroredEdits)
    app.add_middleware(BodyLimit)
    app.add_middleware(MethodGuard, methods=AllowedMethods(routers))
    app.add_middleware(EventSwitch)
    app.add_middleware(FairRequests)
    app.add_middleware(TokenGuard)
    app.add_middleware(SoundRequests)
    app.add_middleware(SameSiteGuard)
    app.add_middleware(HeadRequests)
    app.add_middleware(RequestMeter, metrics=app.state.metrics)
    app.add_middleware(_Starting)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]
    return app


class _Opened:
    """What the service has open, which ends once."""

    def __init__(self, decoders: DecoderPool | None) -> None:
        self.events: Events | None = None
        self._decoders = decoders
        self._ending = Ending(self._close)
        self.end = self._ending.end

    def decoding(self) -> AbstractContextManager[None]:
        """A block in which pictures are decoded in the service's decoders."""
        return nullcontext() if self._decoders is None else decoders_set(self._decoders)

    def stop(self) -> None:
        """Begin nothing more; does not wait."""
        if self.events is not None:
            self.events.request_stop()
        if self._decoders is not None:
            self._decoders.request_stop()

    def _close(self) -> None:
        self.stop()
        if self.events is not None:
            self.events.close()
        if self._decoders is not None:
            self._decoders.close()


class _Application(FastAPI):
    """Knows the server that starts it; what stands between them wraps what it gives."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self.state.server_receive = receive
        await super().__call__(scope, receive, send)


class _Starting:
    """The start as the server sees it: a refused one in one sentence, where Starlette sends a traceback.

    The server gets its limits before it listens.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        state = scope["app"].state

        async def send_shortened(message: Message) -> None:
            refused = getattr(state, "start_refused", None)
            if message["type"] == "lifespan.startup.failed" and refused is not None:
                message = {**message, "message": refused}
            if message["type"] == "lifespan.startup.complete":
                state.connections = bound_server(state.server_receive, limits_of(state.service.settings.service))
                if state.connections is None:
                    logger.warning("%s", _UNBOUNDED)
            await send(message)

        await self._app(scope, receive, send_shortened)
