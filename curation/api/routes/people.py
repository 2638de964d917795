"""The people of the event: who they are, and how much they matter."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.conditional import known_version
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.routes.people_problems import EDITED, LABELS_ETAG, NOT_USABLE, PERSON_NOT_FOUND
from curation.api.schemas.people import (
    MAX_CLUSTER_ID,
    NamesOut,
    PeopleChanged,
    PeoplePatch,
    PersonOut,
    PersonPage,
    PersonPatch,
)
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category, Labels
from curation.domain.labelling.merging import LabelChange
from curation.errors import ClusterNotFoundError
from curation.event.catalog import ClusterSummary
from curation.event.people.view import display_name, person_view

__all__ = ["router"]

router = APIRouter(prefix="/people", tags=["people"])

ClusterId = Annotated[int, Path(ge=0, le=MAX_CLUSTER_ID, description="As `GET /people` gives it.")]
IfMatch = Annotated[
    str | None,
    Header(
        description="The ETag under which you know the labels. Changes that others made since are kept; if they are of "
        "the same person, the answer is 412 with both versions. Without it the version counts that was read last."
    ),
]
_NAMES = 20


@router.get(
    "",
    summary="All people, largest first",
    responses={200: {"headers": LABELS_ETAG}, **problem_responses(**NOT_USABLE)},
)
def list_people(
    response: Response,
    context: Context,
    category: Annotated[Category | None, Query(description="Only people whom the labels put there.")] = None,
    labelled: Annotated[bool | None, Query(description="Only people with a label, or only those without.")] = None,
    min_photos: Annotated[int, Query(ge=0, le=1_000_000, description="Only people on so many photos.")] = 0,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PersonPage:
    """Everybody whose face was found, as the clustering and the user's corrections group them."""
    etag, labels = context.people.labels()
    response.headers["ETag"] = etag
    event = context.catalog.event()
    people = [
        person
        for person in context.catalog.clusters()
        if person.photos >= min_photos
        and (labelled is None or (person.label is not None) is labelled)
        and (category is None or (person.label is not None and person.label.category is category))
    ]
    return PersonPage(
        total=len(people),
        limit=limit,
        offset=offset,
        people=tuple(PersonOut.of(person_view(event, person, labels)) for person in people[offset : offset + limit]),
    )


@router.get(
    "/names",
    summary="Names that were given already",
    responses=problem_responses(**NOT_USABLE),
)
def list_names(
    context: Context,
    q: Annotated[
        str, Query(max_length=MAX_NAME_CHARS, description="What the names, or parts of them, begin with.")
    ] = "",
) -> NamesOut:
    """For completing what somebody types: at most twenty, those of the most photos first."""
    labels = context.catalog.labels()
    photos = context.catalog.event().photo_counts
    wanted = " ".join(q.split()).casefold()
    count: dict[str, int] = {}
    for cluster, label in labels.by_cluster.items():
        if label.name is not None:
            name = display_name(labels, cluster)
            count[name] = count.get(name, 0) + photos.get(cluster, 0)
    found = [
        name
        for name in count
        if name.casefold().startswith(wanted) or any(part.startswith(wanted) for part in name.casefold().split())
    ]
    found.sort(key=lambda name: (not name.casefold().startswith(wanted), -count[name], name))
    return NamesOut(names=tuple(found[:_NAMES]))


@router.get(
    "/{cluster_id}",
    summary="One person",
    responses={200: {"headers": LABELS_ETAG}, **problem_responses(**NOT_USABLE, **PERSON_NOT_FOUND)},
)
def get_person(response: Response, context: Context, cluster_id: ClusterId) -> PersonOut:
    """Label and numbers. All faces are at `/clusters/{cluster_id}/faces`."""
    etag, labels = context.people.labels()
    response.headers["ETag"] = etag
    return PersonOut.of(person_view(context.catalog.event(), _person(context, cluster_id), labels, alone=True))


@router.patch(
    "/{cluster_id}",
    summary="Name a person, or say how much they matter",
    responses={
        200: {"headers": LABELS_ETAG},
        **problem_responses(**NOT_USABLE, **PERSON_NOT_FOUND, **EDITED),
    },
)
def patch_person(
    response: Response, context: Context, cluster_id: ClusterId, body: PersonPatch, if_match: IfMatch = None
) -> PersonOut:
    """Saved at once into cluster_labels.json.

    Who is given a name that is there already takes its category; a category counts for all clusters of the name.
    """
    _person(context, cluster_id)
    what = _what(body.change, display_name(context.catalog.labels(), cluster_id))
    etag, labels, _ = context.people.change_labels(
        lambda _: (cluster_id,), body.change, what, is_known=known_version(if_match)
    )
    response.headers["ETag"] = etag
    return PersonOut.of(person_view(context.catalog.event(), _person(context, cluster_id), labels, alone=True))


@router.patch(
    "",
    summary="Label many people at once",
    responses={
        200: {"headers": LABELS_ETAG},
        **problem_responses(**NOT_USABLE, **PERSON_NOT_FOUND, **EDITED),
    },
)
def patch_people(response: Response, context: Context, body: PeoplePatch, if_match: IfMatch = None) -> PeopleChanged:
    """All of them, or none if anything is wrong. It is one change for `POST /undo`."""
    below = body.strangers_below_photos
    if below is None:
        ids = dict.fromkeys(body.ids)
        for cluster in ids:
            _person(context, cluster)
        change, what = body.change, _what(body.change, f"{len(ids)} people")
        etag, _, changed = context.people.change_labels(lambda _: ids, change, what, is_known=known_version(if_match))
    else:
        photos = context.catalog.event().photo_counts

        def strangers(labels: Labels) -> list[int]:
            return [cluster for cluster, count in photos.items() if count < below and cluster not in labels.by_cluster]

        change, what = LabelChange(category=Category.OTHER), f"ignored strangers on fewer than {below} photos"
        etag, _, changed = context.people.change_labels(strangers, change, what, is_known=known_version(if_match))
    response.headers["ETag"] = etag
    return PeopleChanged(changed=changed)


def _person(context: ServiceContext, cluster_id: int) -> ClusterSummary:
    person = context.catalog.cluster(cluster_id)
    if person is None:
        raise ClusterNotFoundError(f"there is no person {cluster_id}")
    return person


def _what(change: LabelChange, who: str) -> str:
    """A change in words."""
    said = []
    if isinstance(change.name, str):
        said.append(f"named {who} {' '.join(change.name.split())}")
    elif change.name is None:
        said.append(f"took the name from {who}")
    if isinstance(change.category, Category):
        said.append(f"set {who} to {change.category.value}")
    elif change.category is None:
        said.append(f"took the category from {who}")
    return ", ".join(said)
