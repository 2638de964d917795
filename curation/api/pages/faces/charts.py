"""The page with the charts of the role plotter."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from curation.api.context import Context
from curation.api.http.errors import ApiProblem
from curation.api.pages.rendering import page_router, render
from curation.errors import CurationError
from curation.services.trail.charts import CHART_NAMES
from curation.services.viewer.charts import chart_picture, charts_of

__all__ = ["router"]

router = page_router()


@router.get("/review/faces/charts")
def charts_page(request: Request, context: Context) -> HTMLResponse:
    """The charts of the role plotter, with their numbers."""
    view, problem = None, ""
    try:
        view = charts_of(context.settings.services.log_dir)
    except CurationError as error:
        problem = str(error)
    return render(request, "faces/charts.html", place="faces", here="/review/faces/charts", view=view, problem=problem)


@router.get("/review/faces/charts/{name}.png", response_class=Response)
def chart(context: Context, name: str) -> Response:
    """A chart as a picture."""
    content = chart_picture(context.settings.services.log_dir, name) if name in CHART_NAMES else None
    if content is None:
        raise ApiProblem(404, "not_found", "there is no such chart; the role plotter draws them")
    # Its address has the time of the file in it.
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})
