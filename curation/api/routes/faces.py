"""Single faces."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.routes.people_responses import EDIT_PROBLEMS, LABELS_ETAG, PERSON_NOT_FOUND, READ_PROBLEMS
from curation.api.schemas.faces import DrawnFaceIn, DrawnFaceOut, FaceOut, face_out
from curation.domain.faces.face import Box
from curation.domain.faces.ids import FACE_ID_PATTERN
from curation.errors import NOT_CLUSTERED
from curation.event.people.drawing import FaceDrawing

__all__ = ["FACE_NOT_FOUND", "FaceIdPath", "face_not_found", "router"]

router = APIRouter(prefix="/faces", tags=["faces"])

FaceIdPath = Annotated[
    str,
    Path(pattern=FACE_ID_PATTERN, description="From `GET /photos/{photo_id}`.", examples=["5b41f1e3a0c9d27e-0"]),
]
FACE_NOT_FOUND = {
    "face_not_found": (404, "there is no face 5b41f1e3a0c9d27e-7; GET /photos/{photo_id} lists those of a photo")
}


def face_not_found(face_id: str) -> ApiProblem:
    """The problem of an unknown face id."""
    return ApiProblem(
        404, "face_not_found", f"there is no face {face_id}; GET /photos/{{photo_id}} lists those of a photo"
    )


@router.get(
    "/{face_id}",
    summary="One face",
    responses=problem_responses(
        not_clustered=(409, NOT_CLUSTERED),
        face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
        labels_invalid=(422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
        **FACE_NOT_FOUND,
    ),
)
def get_face(request: Request, context: Context, face_id: FaceIdPath) -> FaceOut:
    """Its photo, box and landmarks, and its person."""
    face = context.catalog.face(face_id)
    if face is None:
        raise face_not_found(face_id)
    return face_out(request, face, context.catalog.labels())


@router.post(
    "",
    status_code=201,
    summary="Draw a face that was not found",
    responses={
        201: {"headers": LABELS_ETAG},
        **problem_responses(
            **READ_PROBLEMS,
            **PERSON_NOT_FOUND,
            photo_not_found=(404, "there is no photo 5b41f1e3a0c9d27e; GET /photos lists all"),
            photo_gone=(404, "the photo a.jpg is gone: put it back, or run the clustering again"),
            face_present=(409, "a face was found there already: choose that face and say who it is"),
            photo_unreadable=(422, "the box [0, 0, 4, 4] is too small to show a face"),
            weights_missing=(503, "retinaface.onnx is missing: python -m curation weights fetch"),
            **EDIT_PROBLEMS,
        ),
    },
)
def draw_face(request: Request, response: Response, context: Context, body: DrawnFaceIn) -> DrawnFaceOut:
    """Embeds the face at a place of a photo, and shows it at once; every later clustering keeps it.

    It takes a second or two. The face is numbered after the others of its photo until the next clustering numbers all
    from left to right. `DELETE /corrections/{id}` takes it back.
    """
    box = body.box
    drawing = FaceDrawing(
        context.settings, context.catalog, context.people, context.analysis, context.orchestrator.picture_faces
    )
    drawn = drawing.draw(body.photo_id, Box(box.x, box.y, box.w, box.h), body.cluster_id, body.name)
    response.headers["ETag"] = drawn.etag
    labels = context.catalog.labels()
    return DrawnFaceOut(
        face=face_out(request, drawn.face, labels), was_seen=drawn.was_seen, correction_id=drawn.correction
    )
