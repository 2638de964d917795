"""Metrics for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from curation.api.http.metrics import METRICS_TYPE

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format.",
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "example": 'curation_http_requests_total{method="GET",route="/photos",status="200"} 17.0\n'
                    'curation_jobs{stage="clustering",state="succeeded"} 2.0\ncuration_photos 812.0\n',
                }
            },
        }
    },
)
def get_metrics(request: Request) -> Response:
    """Requests and their durations by route, jobs by stage and state, photos, faces, clusters, and this process.

    If the service has several processes, each of them counts its own requests.
    """
    return Response(request.app.state.metrics.text(), media_type=METRICS_TYPE)
