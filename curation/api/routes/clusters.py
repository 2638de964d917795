"""The clusters that the clustering found."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from curation.api.context import Context, ServiceContext
from curation.api.http.conditional import file_response
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.http.urls import cluster_thumbnail_url, face_picture_url
from curation.api.schemas.clusters import ClusterOut, ClusterPage
from curation.api.schemas.faces import FacePage, face_out
from curation.api.schemas.person_attributes import PersonAttributesOut
from curation.errors import NOT_CLUSTERED
from curation.event.catalog import ClusterSummary
from curation.event.people.attributes import PeopleLooks

__all__ = ["router"]

router = APIRouter(prefix="/clusters", tags=["clusters"])

MAX_CLUSTER_ID = 999_999_999
MAX_SAMPLE = 99  # `clustering.samples_per_cluster` goes up to 100

ClusterId = Annotated[int, Path(ge=0, le=MAX_CLUSTER_ID, description="From `GET /clusters`.")]
SampleNumber = Annotated[int, Path(ge=0, le=MAX_SAMPLE, description="From 0; see `sample_urls` of the cluster.")]

_NOT_USABLE = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "labels_invalid": (422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
}
_NOT_FOUND = {"cluster_not_found": (404, "there is no cluster 99; GET /clusters lists all")}
_NO_PICTURE = {"picture_not_found": (404, "cluster 3 has no picture; run the clustering again")}
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "A JPEG."},
    304: {"description": "The client already has this version of the picture (If-None-Match)."},
}


@router.get("", summary="All clusters, largest first", responses=problem_responses(**_NOT_USABLE))
def list_clusters(request: Request, context: Context, limit: Limit = 100, offset: Offset = 0) -> ClusterPage:
    """Each cluster is one person, as far as the clustering could tell; faces that are too poor are in no cluster."""
    clusters = context.catalog.clusters()
    looks = context.catalog.attributes.now()
    return ClusterPage(
        total=len(clusters),
        limit=limit,
        offset=offset,
        clusters=tuple(_cluster_out(request, looks, cluster) for cluster in clusters[offset : offset + limit]),
    )


@router.get("/{cluster_id}", summary="One cluster", responses=problem_responses(**_NOT_USABLE, **_NOT_FOUND))
def get_cluster(request: Request, context: Context, cluster_id: ClusterId) -> ClusterOut:
    """Its label, its numbers, and the addresses of its pictures."""
    cluster = context.catalog.cluster(cluster_id)
    if cluster is None:
        raise _not_found(cluster_id)
    event = context.catalog.event()
    if cluster_id in event.corrected:
        faces = event.sample_faces(cluster_id, context.settings.clustering.samples_per_cluster)
        urls = tuple(face_picture_url(request, face.face_id) for face in faces)
    else:
        urls = tuple(
            request.url_for("get_sample", cluster_id=cluster_id, number=number).path
            for number in range(len(context.catalog.samples(cluster_id)))
        )
    return _cluster_out(request, context.catalog.attributes.now(), cluster).model_copy(update={"sample_urls": urls})


@router.get(
    "/{cluster_id}/thumbnail",
    summary="The best face of a cluster",
    response_class=Response,
    responses={**_JPEG, **problem_responses(**_NOT_USABLE, **_NOT_FOUND, **_NO_PICTURE)},
)
async def get_thumbnail(request: Request, context: Context, cluster_id: ClusterId) -> Response:
    """A JPEG with an ETag."""
    response, face_id = await to_thread.run_sync(_thumbnail, request, context, cluster_id)
    # For a cluster that the user corrected, the clustering's picture may show a wrong face.
    return response if response is not None else await context.pictures.face(request, face_id)


@router.get(
    "/{cluster_id}/samples/{number}",
    summary="One of the varied faces of a cluster",
    response_class=Response,
    responses={**_JPEG, **problem_responses(**_NOT_USABLE, **_NOT_FOUND, **_NO_PICTURE)},
)
def get_sample(request: Request, context: Context, cluster_id: ClusterId, number: SampleNumber) -> Response:
    """Up to a dozen faces that differ, so that a wrong one is noticed at a glance."""
    if not context.catalog.has_cluster(cluster_id):
        raise _not_found(cluster_id)
    samples = context.catalog.samples(cluster_id)
    if number >= len(samples):
        return _picture(None, cluster_id)
    return _picture(file_response(request, samples[number], media_type="image/jpeg"), cluster_id)


@router.get(
    "/{cluster_id}/faces",
    summary="All faces of a cluster, best first",
    responses=problem_responses(**_NOT_USABLE, **_NOT_FOUND),
)
def list_faces(
    request: Request, context: Context, cluster_id: ClusterId, limit: Limit = 100, offset: Offset = 0
) -> FacePage:
    """Each face with its photo, so that a wrong one can be looked at in context."""
    event = context.catalog.event()
    total = event.face_count(cluster_id)
    if not total:
        raise _not_found(cluster_id)
    labels = context.catalog.labels()
    return FacePage(
        total=total,
        limit=limit,
        offset=offset,
        faces=tuple(face_out(request, face, labels) for face in event.faces_of_cluster(cluster_id, limit, offset)),
    )


def _thumbnail(request: Request, context: ServiceContext, cluster_id: int) -> tuple[Response | None, str]:
    """The clustering's picture of a cluster, if it is still valid, and the id of its best face."""
    event = context.catalog.event()
    if not event.face_count(cluster_id):
        raise _not_found(cluster_id)
    fits = cluster_id not in event.corrected
    path = context.catalog.thumbnail(cluster_id)
    return file_response(request, path, media_type="image/jpeg") if fits else None, event.best_face(cluster_id)


def _picture(response: Response | None, cluster_id: int) -> Response:
    if response is None:
        raise ApiProblem(
            404,
            "picture_not_found",
            f"cluster {cluster_id} has no such picture; run the clustering again: POST /cluster",
        )
    return response


def _not_found(cluster_id: int) -> ApiProblem:
    return ApiProblem(404, "cluster_not_found", f"there is no cluster {cluster_id}; GET /clusters lists all")


def _cluster_out(request: Request, looks: PeopleLooks, cluster: ClusterSummary) -> ClusterOut:
    return ClusterOut(
        id=cluster.id,
        faces=cluster.faces,
        photos=cluster.photos,
        name=None if cluster.label is None else cluster.label.name,
        category=None if cluster.label is None else cluster.label.category,
        thumbnail_url=cluster_thumbnail_url(request, cluster.id),
        attributes=PersonAttributesOut.of(looks.of_cluster(cluster.id)),
    )
