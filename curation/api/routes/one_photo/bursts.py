"""The people of the burst that a photo belongs to."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.urls import face_picture_url, photo_picture_url
from curation.api.routes.photos import PHOTO_NOT_FOUND, PhotoIdPath, photo_not_found
from curation.api.schemas.one_photo.bursts import BurstOut, burst_out
from curation.domain.bursts.best_faces import FaceLimits
from curation.errors import NOT_CLUSTERED
from curation.event.one_photo.burst_faces import burst_faces

__all__ = ["router"]

router = APIRouter(tags=["photos"])


@router.get(
    "/photos/{photo_id}/burst",
    summary="The people of a photo's burst",
    responses=problem_responses(
        not_clustered=(409, NOT_CLUSTERED),
        face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
        labels_invalid=(422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
        **PHOTO_NOT_FOUND,
    ),
)
def get_photo_burst(request: Request, context: Context, photo_id: PhotoIdPath) -> BurstOut:
    """For each person the face in every photo and the best of them, and the photo that is best for most people."""
    entry = context.catalog.photo(photo_id)
    if entry is None:
        raise photo_not_found(photo_id)
    thresholds = context.orchestrator.settings.scoring.thresholds  # the current ones, which may change
    limits = FaceLimits(thresholds.eyes_open, thresholds.focus)
    found = burst_faces(context.catalog, context.analysis, entry, limits)
    return burst_out(found, partial(photo_picture_url, request), partial(face_picture_url, request))
