"""Files of the user's words that cannot be read, and the way back to their last good versions."""

from __future__ import annotations

from fastapi import APIRouter

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.schemas.files.words import GoBackIn, GoneBackOut, RefusedFileOut, RefusedFilesOut
from curation.event.people.ways_back import WaysBack, WordFile

__all__ = ["router"]

router = APIRouter(prefix="/words", tags=["corrections"])


@router.get("", summary="Files of words that cannot be read")
def get_words(context: Context) -> RefusedFilesOut:
    """Labels, corrections, picks and answers that were damaged or edited by hand so that they cannot be read.

    A file that cannot be read is never moved or overwritten by itself: requests that need it are answered with its
    problem until it is corrected, or until somebody goes back to its last version that could be read.
    """
    refused = WaysBack(context.settings, context.catalog).refused()
    return RefusedFilesOut(files=tuple(map(RefusedFileOut.of, refused)))


@router.post(
    "/{file}/back",
    summary="Go back to the last good version of a file of words",
    responses=problem_responses(
        no_way_back=(409, "corrections.json can be read: nothing was changed"),
        busy=(409, "another process is writing: try again"),
    ),
)
def go_back(context: Context, file: WordFile, body: GoBackIn) -> GoneBackOut:
    """The damaged file is kept beside the good one under another name; nothing is overwritten.

    What was said since that version, as far as the damaged file has it, counts no more: take it from there by hand.
    """
    ways = WaysBack(context.settings, context.catalog)
    kept = ways.go_back(file, body.version)
    return GoneBackOut(kept_as=kept.name, files=tuple(map(RefusedFileOut.of, ways.refused())))
