"""Which files should be copied again before the card is formatted, and which photos are not on this disk."""

from __future__ import annotations

from fastapi import APIRouter

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.schemas.files.health import BrokenFileOut, FileCounts, FilesPage
from curation.domain.faces.ids import photo_id
from curation.domain.files.broken import counts, told
from curation.errors import NOT_CLUSTERED

__all__ = ["router"]

router = APIRouter(prefix="/files", tags=["photos"])


@router.get(
    "",
    summary="Files to copy again",
    responses=problem_responses(
        not_clustered=(409, NOT_CLUSTERED),
        face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    ),
)
def list_files(context: Context, limit: Limit = 100, offset: Offset = 0) -> FilesPage:
    """Files that the last clustering found cut off, zeroed, spliced, damaged or empty, and photos that are elsewhere.

    As long as the card is not formatted, they can be copied again; the next clustering takes what was mended off this
    list. `GET /downloads/file_health.csv` has the same as a table.
    """
    catalog = context.catalog
    if not catalog.face_data_path.is_file():
        raise ApiProblem(409, "not_clustered", NOT_CLUSTERED)
    files, known = catalog.broken_files(), catalog.photos_by_id()
    broken, absent = counts(files)
    shown = [(file, photo_id(file.image_path)) for file in files[offset : offset + limit]]
    return FilesPage(
        total=len(files),
        limit=limit,
        offset=offset,
        counts=FileCounts(photos=len(known), broken=broken, absent=absent),
        told=told(files),
        files=tuple(BrokenFileOut.of(file, id_ if id_ in known else None) for file, id_ in shown),
    )
