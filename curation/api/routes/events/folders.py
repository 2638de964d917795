"""Looking for a folder of photos."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from curation.api.http.errors import problem_responses
from curation.api.http.events.places import folder_browser
from curation.api.schemas.events.folders import FolderViewOut

__all__ = ["router"]

router = APIRouter(tags=["events"])


@router.get(
    "/folders",
    summary="The folders of this machine",
    responses=problem_responses(
        folder_refused=(403, "/etc lies outside of the folders that the service may show; set service.folder_roots"),
        folder_not_found=(404, "there is no folder /home/anna/photos/wedding"),
    ),
)
def list_folders(
    request: Request,
    path: Annotated[
        str | None, Query(max_length=4000, description="The folder; by default the first of the roots.")
    ] = None,
) -> FolderViewOut:
    """The folders in a folder, to choose one for `POST /events`.

    Only folders in one of `service.folder_roots` are shown: by default the home folder, and none where other machines
    can reach the service.
    """
    return FolderViewOut.of(folder_browser(request).look(path))
