"""The REST service as an ASGI application."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation import __version__, bootstrap
from curation.api.catalog import Catalog
from curation.api.context import ServiceContext
from curation.api.ending import told_of_the_end
from curation.api.errors import add_problem_handlers
from curation.api.event_pictures import EventPictures
from curation.api.guard import SameSiteGuard
from curation.api.job_logs import JobLogs
from curation.api.kept_results import KeptResults
from curation.api.pages.routers import PAGE_ROUTERS
from curation.api.people_edits import PeopleEdits
from curation.api.routes import (
    clusters,
    corrections,
    downloads,
    exports,
    faces,
    health,
    jobs,
    labels,
    people,
    photos,
    picks,
    pictures,
    stages,
)
from curation.api.runner import JobRunner
from curation.api.schemas import Problem, ProblemItem
from curation.api.stage_runs import stage_runs
from curation.errors import CurationError
from curation.settings import Settings
from curation.storage.jobs import KEPT_JOBS, JobStore
from curation.workflow import WorkflowOrchestrator

__all__ = ["JOBS_DATABASE", "create_app"]

JOBS_DATABASE = "jobs.sqlite3"
"""The name of the jobs database in `io.state_dir`."""

_DESCRIPTION = """
Finds the people in a folder of photos and ranks the photos, best first.

1. `POST /cluster` finds the people. `GET /jobs/{id}` tells how far it is.
2. `GET /clusters` and their thumbnails show who there is; `PUT /labels` says who matters.
3. `POST /score` ranks the photos. `GET /photos` lists the best ones, `/downloads` has the tables.

Folders and all other settings are those of `config.yaml`. Every error is `application/problem+json` with a
stable `code` and a sentence that says what to do.
"""
_TAGS = [
    {"name": "stages", "description": "Start the work. Each answers at once with a job."},
    {"name": "jobs", "description": "What became of the work."},
    {"name": "clusters", "description": "The people that the clustering found."},
    {"name": "people", "description": "The people with their labels, one by one."},
    {"name": "corrections", "description": "What is wrong with the grouping, and taking things back."},
    {"name": "labels", "description": "Who is who, and who matters."},
    {"name": "photos", "description": "The ranked photos."},
    {"name": "faces", "description": "The faces in the photos."},
    {"name": "pictures", "description": "Photos and faces as JPEGs for a browser, made once and kept."},
    {"name": "picks", "description": "What the user says of photos; it wins over the score in every output."},
    {"name": "exports", "description": "The photos that are taken home."},
    {"name": "downloads", "description": "The tables as CSV files."},
    {"name": "service", "description": "The service itself."},
]


def _build(settings: Settings) -> WorkflowOrchestrator:
    return bootstrap.build(settings, allow_download=False, caller="the service")


def create_app(load: Callable[[], Settings], build: Callable[[Settings], WorkflowOrchestrator] = _build) -> FastAPI:
    """Make the application; nothing is read or built before it starts.

    Args:
        load: Reads the settings.
        build: Builds the orchestrator; by default without downloading any weights.

    Returns:
        The application. Its start raises a CurationError if settings or state folder cannot be used.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with _log_to_console():
            try:
                context, store = await to_thread.run_sync(lambda: _start(load, build))
            except CurationError as error:
                app.state.start_refused = str(error)
                raise
            app.state.service = context
            try:
                with told_of_the_end(context.runner.request_stop):
                    yield
            finally:
                await to_thread.run_sync(context.runner.stop)
                await to_thread.run_sync(context.catalog.ranked.close)
                store.close()

    # The Swagger page with its scripts from here: an event is often far from any network.
    app = FastAPIOffline(
        title="Curation",
        version=__version__,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    for module in (
        stages,
        jobs,
        clusters,
        people,
        corrections,
        faces,
        labels,
        photos,
        pictures,
        picks,
        exports,
        downloads,
        health,
    ):
        app.include_router(module.router)
    for router in PAGE_ROUTERS:
        app.include_router(router)
    add_problem_handlers(app)
    app.add_middleware(SameSiteGuard)
    app.add_middleware(_ShortStartErrors)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


class _ShortStartErrors:
    """Tells the server why the start was refused in a sentence, where Starlette sends a traceback."""

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
    load: Callable[[], Settings], build: Callable[[Settings], WorkflowOrchestrator]
) -> tuple[ServiceContext, JobStore]:
    settings = load()
    orchestrator = build(settings)
    store = JobStore(settings.io.state_dir / JOBS_DATABASE)
    logs = JobLogs(settings.io.state_dir)
    logs.forget_others({job.id for job in store.list(limit=2 * KEPT_JOBS)})
    runner = JobRunner(store, stage_runs(orchestrator), log_of=logs.recorded)
    catalog = Catalog(settings)
    kept = KeptResults(settings, catalog)
    pictures = EventPictures(settings, catalog, kept)
    threading.Thread(target=catalog.read_ahead, name="curation-read-ahead", daemon=True).start()
    people_edits = PeopleEdits(settings, catalog)
    return ServiceContext(settings, orchestrator, runner, catalog, logs, kept, pictures, people_edits), store


@contextmanager
def _log_to_console() -> Iterator[None]:
    """Show the stages' messages, unless whoever started the service has set up logging."""
    ours = logging.getLogger("curation")
    if ours.hasHandlers():
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s:     %(message)s"))
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        ours.setLevel(level)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes
        )
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        # Ours take the place of FastAPI's own, which no route answers with.
        for name in ("HTTPValidationError", "ValidationError"):
            components.pop(name, None)
        for model in (Problem, ProblemItem):
            components[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
            components[model.__name__].pop("$defs", None)
        for path in schema["paths"].values():
            for operation in path.values():
                _document_validation(operation["responses"])
        app.openapi_schema = schema
    return app.openapi_schema


def _document_validation(responses: dict[str, Any]) -> None:
    found = responses.get("422")
    if found is not None and "application/json" in found["content"]:
        found["description"] = "The request is not valid"
        found["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
