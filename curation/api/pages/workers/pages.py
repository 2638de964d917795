"""The page Workers: who works on what now."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context
from curation.api.pages.rendering import page_router, render
from curation.api.pages.workers.view import workers_view

__all__ = ["router"]

router = page_router()


@router.get("/review/workers")
def workers_page(request: Request, context: Context) -> HTMLResponse:
    """Workers and processes, kept up to date by the page's script."""
    view = workers_view(context.who_works.now(), context.runner.active)
    return render(request, "workers/index.html", place="event", view=view)


@router.get("/fragments/workers")
def workers_fragment(request: Request, context: Context) -> HTMLResponse:
    """What changes on the page."""
    view = workers_view(context.who_works.now(), context.runner.active)
    return render(request, "workers/_now.html", view=view)
