"""The people of the event and their labels."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.conditional import known_version
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.http.urls import face_picture_url
from curation.api.routes.faces import FACE_NOT_FOUND, face_not_found
from curation.api.routes.people_responses import EDIT_PROBLEMS, LABELS_ETAG, NO_AGES, PERSON_NOT_FOUND, READ_PROBLEMS
from curation.api.schemas.people import (
    MAX_CLUSTER_ID,
    NamesOut,
    PeopleChanged,
    PeoplePatch,
    PersonChoiceOut,
    PersonChoices,
    PersonOut,
    PersonPage,
    PersonPatch,
)
from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.faces.ids import FACE_ID_PATTERN
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import MAX_NAME_CHARS, Category, Labels
from curation.errors import ClusterNotFoundError
from curation.event.catalog import ClusterSummary
from curation.event.people.choices import person_choices
from curation.event.people.view import display_name, person_view

__all__ = ["router"]

router = APIRouter(prefix="/people", tags=["people"])

ClusterId = Annotated[int, Path(ge=0, le=MAX_CLUSTER_ID, description="From `GET /people`.")]
IfMatch = Annotated[
    str | None,
    Header(
        description="The ETag of the labels that your change is based on. Changes that others made since then are "
        "merged; if they concern the same person, the response is 412 with both versions. Without this header, the "
        "version that was read last counts."
    ),
]
_NAMES = 20


@router.get(
    "",
    summary="All people, largest first",
    responses={200: {"headers": LABELS_ETAG}, **problem_responses(**READ_PROBLEMS, **NO_AGES)},
)
def list_people(
    response: Response,
    context: Context,
    category: Annotated[Category | None, Query(description="Only people of this category.")] = None,
    labelled: Annotated[bool | None, Query(description="Only people with a label, or only those without.")] = None,
    min_photos: Annotated[int, Query(ge=0, le=1_000_000, description="Only people in at least so many photos.")] = 0,
    age_group: Annotated[
        AgeGroup | None, Query(description="Only people who look like this; needs `attributes.age` in config.yaml.")
    ] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PersonPage:
    """All people whose faces were found, as the clustering and the user's corrections group them."""
    etag, labels = context.people.labels()
    response.headers["ETag"] = etag
    event = context.catalog.event()
    looks = context.catalog.attributes.now()
    if age_group is not None:
        looks.demand_ages()
    people = [
        person
        for person in context.catalog.clusters()
        if person.photos >= min_photos
        and (labelled is None or (person.label is not None) is labelled)
        and (category is None or (person.label is not None and person.label.category is category))
        and (age_group is None or looks.group_of_cluster(person.id) is age_group)
    ]
    return PersonPage(
        total=len(people),
        limit=limit,
        offset=offset,
        people=tuple(
            PersonOut.of(person_view(event, person, labels), looks.of_cluster(person.id))
            for person in people[offset : offset + limit]
        ),
    )


@router.get(
    "/names",
    summary="Known names",
    responses=problem_responses(**READ_PROBLEMS),
)
def list_names(
    context: Context,
    q: Annotated[str, Query(max_length=MAX_NAME_CHARS, description="The beginning of a name or of a word in it.")] = "",
) -> NamesOut:
    """For the completion of a name: at most twenty, those of people in the most photos first."""
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
    "/choices",
    summary="Whom a face may be given to",
    responses=problem_responses(**READ_PROBLEMS, **FACE_NOT_FOUND),
)
def list_choices(
    request: Request,
    context: Context,
    q: Annotated[str, Query(max_length=MAX_NAME_CHARS, description="The beginning of a name or number.")] = "",
    face_id: Annotated[
        str | None, Query(pattern=FACE_ID_PATTERN, description="The face: people who look like it come first.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 12,
) -> PersonChoices:
    """People with their pictures, named or not, for choosing whose face it is."""
    face = None if face_id is None else context.catalog.face(face_id)
    if face_id is not None and face is None:
        raise face_not_found(face_id)
    found = person_choices(context.catalog, context.merge_suggester, context.analysis, q, face)
    return PersonChoices(
        total=len(found),
        people=tuple(
            PersonChoiceOut(
                cluster_id=one.cluster,
                title=one.title,
                name=one.name,
                category=one.category,
                photos=one.photos,
                picture_url=face_picture_url(request, one.face_id),
                likeness=None if one.likeness is None else round(max(-1.0, min(1.0, one.likeness)), 4),
            )
            for one in found[:limit]
        ),
    )


@router.get(
    "/{cluster_id}",
    summary="One person",
    responses={200: {"headers": LABELS_ETAG}, **problem_responses(**READ_PROBLEMS, **PERSON_NOT_FOUND)},
)
def get_person(response: Response, context: Context, cluster_id: ClusterId) -> PersonOut:
    """Its label and numbers. All faces are at `/clusters/{cluster_id}/faces`."""
    etag, labels = context.people.labels()
    response.headers["ETag"] = etag
    return _person_out(context, cluster_id, labels)


@router.patch(
    "/{cluster_id}",
    summary="Label a person",
    responses={
        200: {"headers": LABELS_ETAG},
        **problem_responses(**READ_PROBLEMS, **PERSON_NOT_FOUND, **EDIT_PROBLEMS),
    },
)
def patch_person(
    response: Response, context: Context, cluster_id: ClusterId, body: PersonPatch, if_match: IfMatch = None
) -> PersonOut:
    """Changes the name or category and saves it in cluster_labels.json at once.

    A person who gets the name of another cluster also gets its category; a category applies to all clusters of the
    same name.
    """
    _person(context, cluster_id)
    what = _what(body.change, display_name(context.catalog.labels(), cluster_id))
    etag, labels, _ = context.people.change_labels(
        lambda _: (cluster_id,), body.change, what, is_known=known_version(if_match)
    )
    response.headers["ETag"] = etag
    return _person_out(context, cluster_id, labels)


@router.patch(
    "",
    summary="Label many people at once",
    responses={
        200: {"headers": LABELS_ETAG},
        **problem_responses(**READ_PROBLEMS, **PERSON_NOT_FOUND, **EDIT_PROBLEMS),
    },
)
def patch_people(response: Response, context: Context, body: PeoplePatch, if_match: IfMatch = None) -> PeopleChanged:
    """Changes all of them, or none if there is an error. It is one change for `POST /undo`."""
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


def _person_out(context: ServiceContext, cluster_id: int, labels: Labels) -> PersonOut:
    view = person_view(context.catalog.event(), _person(context, cluster_id), labels, alone=True)
    return PersonOut.of(view, context.catalog.attributes.now().of_cluster(cluster_id))


def _what(change: LabelChange, who: str) -> str:
    """A change in words, for undo."""
    parts = []
    if isinstance(change.name, str):
        parts.append(f"named {who} {' '.join(change.name.split())}")
    elif change.name is None:
        parts.append(f"took the name from {who}")
    if isinstance(change.category, Category):
        parts.append(f"set {who} to {change.category.value}")
    elif change.category is None:
        parts.append(f"took the category from {who}")
    return ", ".join(parts)
