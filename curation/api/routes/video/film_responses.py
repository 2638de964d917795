"""What routes about films document for OpenAPI, and how they find a film."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from curation.api.http.video.desk import VIDEOS_OFF
from curation.api.schemas.people import MAX_CLUSTER_ID
from curation.api.schemas.video.films import VIDEO_ID_PATTERN
from curation.api.schemas.video.posters import POSTER_ID_PATTERN

__all__ = [
    "CHARACTER_NOT_FOUND",
    "NOT_READY",
    "POSTER_NOT_FOUND",
    "VIDEO_NOT_FOUND",
    "VIDEO_PROBLEMS",
    "ClusterIdPath",
    "PosterIdPath",
    "VideoIdPath",
    "binary",
]

VideoIdPath = Annotated[
    str,
    Path(pattern=VIDEO_ID_PATTERN, description="From `GET /videos`.", examples=["9f86d081884c7d6560303ae22b998861"]),
]
ClusterIdPath = Annotated[int, Path(ge=0, le=MAX_CLUSTER_ID, description="From `GET /videos/{video_id}/people`.")]
PosterIdPath = Annotated[
    str,
    Path(
        pattern=POSTER_ID_PATTERN,
        description="From `GET /videos/{video_id}/posters`.",
        examples=["9f86d081884c7d65"],
    ),
]
VIDEO_PROBLEMS = {
    "videos_off": (409, VIDEOS_OFF),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "busy": (409, ".films.lock is held by another process; try again when it has ended"),
    "labels_invalid": (422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
}
VIDEO_NOT_FOUND = {"video_not_found": (404, "there is no film 9f86d081884c7d6560303ae22b998861; GET /videos lists all")}
NOT_READY = {
    "video_not_ready": (409, "trailer.mp4 has no result yet: it is working"),
    "film_document_invalid": (409, "result.json is not the result of a film: try the film again"),
    "video_file_not_found": (404, "the result of trailer.mp4 is gone; try the film again"),
}
CHARACTER_NOT_FOUND = {
    "character_not_found": (404, "trailer.mp4 has no character 99; GET /videos/{id}/people lists all")
}
POSTER_NOT_FOUND = {
    "poster_not_found": (404, "trailer.mp4 has no poster 9f86d081884c7d65; GET /videos/{id}/posters lists all")
}


def binary(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that answers with a file."""
    return {
        200: {
            "content": {media_type: {"schema": {"type": "string", "format": "binary"}}},
            "description": description,
            "headers": {"ETag": {"description": "Changes when the file does.", "schema": {"type": "string"}}},
        },
        304: {"description": "The client already has this version of the file (If-None-Match)."},
    }
