"""The characters of a film: who, when and where; naming them; their faces."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.conditional import matches_any
from curation.api.http.errors import problem_responses
from curation.api.routes.people_responses import EDIT_PROBLEMS, LABELS_ETAG
from curation.api.routes.video.film_responses import (
    CHARACTER_NOT_FOUND,
    NOT_READY,
    VIDEO_NOT_FOUND,
    VIDEO_PROBLEMS,
    ClusterIdPath,
    VideoIdPath,
    binary,
)
from curation.api.schemas.known_people.proposals import ProposalAnswerIn
from curation.api.schemas.people import PersonPatch
from curation.api.schemas.video.characters import CharacterOut, CharactersOut, TracksOut, character_out, tracks_out
from curation.domain.labelling.label_changes import LabelChange, Unchanged
from curation.domain.labelling.labels import Category, PersonLabel
from curation.errors import LabelsChangedError
from curation.event.people.label_edits import LABELS_CHANGED
from curation.jobs.video.best_faces import MAX_BEST, best_faces
from curation.jobs.video.films import Character, Film

__all__ = ["router"]

router = APIRouter(prefix="/videos", tags=["videos"])

_PROBLEMS = {**VIDEO_PROBLEMS, **VIDEO_NOT_FOUND, **NOT_READY}
IfMatch = Annotated[
    str | None,
    Header(description="The ETag of `GET /videos/{video_id}/people`; 412 if the same label was changed since."),
]


@router.get(
    "/{video_id}/people",
    summary="The characters of a film",
    responses={200: {"headers": LABELS_ETAG}, **problem_responses(**_PROBLEMS)},
)
def list_characters(request: Request, response: Response, context: Context, video_id: VideoIdPath) -> CharactersOut:
    """Those seen longest first, with the names of now: people of the event are named by its labels."""
    films = context.videos.films
    film = films.get(video_id)
    response.headers["ETag"] = films.etag(film)
    result = films.result(film)
    proposals = context.film_known.proposals(films, film)
    people = tuple(character_out(request, film, one, result, proposals) for one in films.characters(film))
    return CharactersOut(video_id=film.id, people=people)


@router.patch(
    "/{video_id}/people/{cluster_id}",
    summary="Name a character",
    responses={
        200: {"headers": LABELS_ETAG},
        **problem_responses(
            **_PROBLEMS,
            character_not_found=CHARACTER_NOT_FOUND["character_not_found"],
            labels_changed=EDIT_PROBLEMS["labels_changed"],
            labels_conflict=EDIT_PROBLEMS["labels_conflict"],
            storage=EDIT_PROBLEMS["storage"],
            not_clustered=(409, "there is no face_data.csv yet; run the clustering first: POST /cluster"),
        ),
    },
)
def patch_character(
    request: Request,
    response: Response,
    context: Context,
    video_id: VideoIdPath,
    cluster_id: ClusterIdPath,
    body: PersonPatch,
    if_match: IfMatch = None,
) -> CharacterOut:
    """A person of the event gets the name in cluster_labels.json, so on all photos too; `POST /undo` takes it back.

    The name of anybody else is kept with the film, and follows the face when the film is looked at again.
    """
    films = context.videos.films
    film = films.get(video_id)
    character = films.character(film, cluster_id)
    if character.of_event:
        _label_event(context, cluster_id, body.change, if_match)
    else:
        _label_film(context, film, character, body.change, if_match)
    response.headers["ETag"] = films.etag(film)
    return _out(request, context, film, cluster_id)


@router.post(
    "/{video_id}/people/{cluster_id}/proposal",
    summary="Accept or refuse the name that is proposed for a character",
    responses=problem_responses(
        **_PROBLEMS,
        character_not_found=CHARACTER_NOT_FOUND["character_not_found"],
        suggestion_not_found=(404, "this name is not proposed for character 3 any more; nothing was changed"),
        storage=EDIT_PROBLEMS["storage"],
    ),
)
def answer_character_proposal(
    request: Request, context: Context, video_id: VideoIdPath, cluster_id: ClusterIdPath, body: ProposalAnswerIn
) -> CharacterOut:
    """Accepted, it is a name like one that was typed; refused, it is not proposed for this character again."""
    films = context.videos.films
    film = films.get(video_id)
    character = films.character(film, cluster_id)
    if body.answer == "refuse":
        context.film_known.decline(films, film, character, body.person_id)
        return _out(request, context, film, cluster_id)
    found = context.film_known.proposal(films, film, cluster_id, body.person_id)
    change = LabelChange(name=found.name, first_category=Category.IMPORTANT)
    if character.of_event:
        _label_event(context, cluster_id, change, None)
    else:
        _label_film(context, film, character, change, None)
    return _out(request, context, film, cluster_id)


@router.get(
    "/{video_id}/tracks",
    summary="Where the faces are over time",
    responses=problem_responses(**_PROBLEMS),
)
def get_tracks(
    context: Context,
    video_id: VideoIdPath,
    from_s: Annotated[float, Query(ge=0, le=1e6, description="Only tracks that are seen after this time.")] = 0.0,
    to_s: Annotated[float | None, Query(ge=0, le=1e6, description="Only tracks that begin before this time.")] = None,
) -> TracksOut:
    """For drawing over a player: boxes in pixels of the upright picture, at times since the start of the film."""
    films = context.videos.films
    film = films.get(video_id)
    return tracks_out(film, films.found(film), from_s=from_s, to_s=to_s)


@router.get(
    "/{video_id}/faces/{cluster_id}.jpg",
    summary="The face of a character",
    response_class=Response,
    responses={
        **binary("image/jpeg", "A face with some of its surroundings."),
        **problem_responses(
            **_PROBLEMS, **CHARACTER_NOT_FOUND, clip_unreadable=(422, "the film is damaged at this place")
        ),
    },
)
def get_character_face(
    request: Request,
    context: Context,
    video_id: VideoIdPath,
    cluster_id: ClusterIdPath,
    best: Annotated[
        int, Query(ge=0, le=MAX_BEST, description="0: the best face; higher: the best of other appearances.")
    ] = 0,
) -> Response:
    """Made of the film when it is first asked for. An appearance that is not there is answered with the best face."""
    films = context.videos.films
    film = films.get(video_id)
    faces = best_faces(films.found(film), films.found_person(film, cluster_id))
    face = faces[best] if best < len(faces) else faces[0]
    etag = f'"{film.id}-{face.time.numerator:x}-{face.time.denominator:x}-{"-".join(map(str, face.box))}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, etag, weak=True):
        return Response(status_code=304, headers=headers)
    content = face.chip_jpeg or context.videos.jobs.pictures.face(film.path, face.time, face.box)
    return Response(content, headers=headers, media_type="image/jpeg")


def _out(request: Request, context: ServiceContext, film: Film, cluster_id: int) -> CharacterOut:
    films = context.videos.films
    proposals = context.film_known.proposals(films, film)
    return character_out(request, film, films.character(film, cluster_id), films.result(film), proposals)


def _label_event(context: ServiceContext, cluster_id: int, change: LabelChange, if_match: str | None) -> None:
    def is_known(etag: str) -> bool:
        assert if_match is not None
        tags = [tag.strip().strip('"') for tag in if_match.split(",")]
        return any(tag == "*" or tag.rpartition(".")[0] == etag.strip('"') for tag in tags)

    what = f"named person {cluster_id} of a film"
    context.people.change_labels(lambda _: (cluster_id,), change, what, is_known=None if if_match is None else is_known)


def _label_film(
    context: ServiceContext, film: Film, character: Character, change: LabelChange, if_match: str | None
) -> None:
    films = context.videos.films
    if if_match is not None:
        tags = [tag.strip().strip('"') for tag in if_match.split(",")]
        if not any(tag == "*" or tag.rpartition(".")[2] == films.own_version(film) for tag in tags):
            raise LabelsChangedError(LABELS_CHANGED)
    person = character.person
    name = person.name if isinstance(change.name, Unchanged) else _checked(change.name)
    category = person.category if isinstance(change.category, Unchanged) else (change.category or "")
    if name and not category:
        category = change.first_category or ""
    films.say(film, person.cluster_id, name, str(category))


def _checked(name: str | None) -> str:
    """A name by the rules of labels; LabelsError if it is none."""
    from curation.domain.labelling.labels import parse_labels

    if name is None:
        return ""
    labels = parse_labels({"0": {"name": name, "category": Category.OTHER.value}}, known_ids=(0,))
    label: PersonLabel = labels.by_cluster[0]
    return label.name or ""
