"""Coverage of people, the choice of the best photos, and reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.schemas.choice import (
    MAX_REASONS,
    ChoiceIn,
    ChoiceOut,
    ChosenPhotoOut,
    CoverageOut,
    PartOfDayOut,
    PassedPhotoOut,
    PersonCoverageOut,
    PersonInChoiceOut,
    PhotoReasonsOut,
    RankingOut,
    ReasonOut,
    ReasonsOut,
    ShortcomingOut,
)
from curation.domain.choosing.best_choice import choose
from curation.domain.choosing.choice import ChoiceRequest, ChosenPhoto, PartInChoice
from curation.domain.choosing.shortcomings import NoGoodPhoto
from curation.domain.faces.ids import PHOTO_ID_PATTERN, face_id, photo_id
from curation.domain.judging.photo_reasons import PhotoReason
from curation.errors import NOT_CLUSTERED, NOT_SCORED, NotScoredError
from curation.event.rules.judgement import Judged

__all__ = ["router"]

router = APIRouter(tags=["choice"])

_BEST_SHOWN = 5
_NOT_READY = {
    "not_clustered": (409, NOT_CLUSTERED),
    "not_scored": (409, NOT_SCORED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "picks_invalid": (409, "picks.json is not valid JSON: line 3, column 5; correct it, or delete it and pick again"),
    "settings_invalid": (409, "config.yaml is not valid YAML: line 4; the previous rules still apply"),
}
_NOT_FOUND = {"photo_not_found": (404, "there is no photo 1f0c4be9d93c4c3c; GET /photos lists them")}
PhotoId = Annotated[
    str, Path(pattern=PHOTO_ID_PATTERN, description="From `GET /photos`.", examples=["1f0c4be9d93c4c3c"])
]


@router.get(
    "/ranking", summary="Whether the ranking is current", responses=problem_responses(not_scored=(409, NOT_SCORED))
)
def get_ranking(context: Context) -> RankingOut:
    """The ranking follows labels, corrections and rules by itself; this tells how far it is, and never takes long."""
    if context.catalog.ranked.photos() is None:
        raise NotScoredError
    state = context.ranking.state()
    return RankingOut(
        current=state.current,
        version=state.version,
        waiting=state.waiting,
        new_photos=state.new_photos,
        problem=state.problem,
    )


@router.get("/coverage", summary="Who is in how many good photos", responses=problem_responses(**_NOT_READY))
def get_coverage(
    context: Context,
    top: Annotated[
        int, Query(ge=1, le=100_000, description="Also count good photos among this number of best photos.")
    ] = 100,
) -> CoverageOut:
    """All main and important people with their photos, the good ones among them, and the people who have none."""
    judged = context.judgement.now()
    best = {score.image_path for score in judged.ranked[:top]}
    missing = judged.no_good_photos()
    people = tuple(
        PersonCoverageOut(
            name=one.person.display_name,
            category=one.person.category,
            cluster_ids=judged.event.clusters[one.person.key],
            photos=len(one.photos),
            good=len(one.good),
            picked=one.picked,
            in_top=len(best.intersection(one.good)),
            best_photo_ids=tuple(map(photo_id, one.good[:_BEST_SHOWN])),
            shortcomings=() if one.person.key not in missing else _shortcomings_out(missing[one.person.key]),
            best_so_far=_best_so_far(missing.get(one.person.key)),
        )
        for one in judged.coverage
    )
    return CoverageOut(
        top=top,
        photos=len(judged.ranked),
        without_good=tuple(person.name for person in people if person.good == 0),
        people=people,
        current=context.ranking.state().current,
    )


@router.post("/choice", summary="Choose the best photos", responses=problem_responses(**_NOT_READY, **_NOT_FOUND))
def make_choice(context: Context, body: ChoiceIn) -> ChoiceOut:
    """The best `count` photos in which all main and important people have enough good photos, and why each is chosen.

    Picked photos are always chosen, rejected and vetoed ones never. With `cover_day` each hour or scene that has a
    photo which may be chosen has one in the choice; where `count` is too small for that, people come first, then the
    parts of the day with the most photos. Of all choices that cover people and day as far as possible, this one has the
    highest sum of ratings and scores. Nothing is changed: pick the photos that you like with `PATCH /picks`, or export
    them with `POST /exports`.
    """
    judged = context.judgement.now()
    day = judged.day(body.cover_day)
    request = ChoiceRequest(
        body.count,
        body.main_at_least,
        body.important_at_least,
        body.one_per_burst,
        frozenset(_path(context, photo) for photo in body.keep),
        frozenset(_path(context, photo) for photo in body.leave_out),
    )
    choice = choose(request, judged.ranked, judged.people, judged.coverage, judged.rules, day)
    return ChoiceOut(
        photos=tuple(map(_chosen_out, choice.photos)),
        passed=tuple(
            PassedPhotoOut(
                photo_id=photo_id(one.score.image_path),
                image_path=one.score.image_path,
                rank=one.score.rank,
                reason=one.reason,
            )
            for one in choice.passed
        ),
        people=tuple(
            PersonInChoiceOut(
                name=one.covered.person.display_name,
                category=one.covered.person.category,
                cluster_ids=judged.event.clusters[one.covered.person.key],
                wanted=one.wanted,
                chosen=one.chosen,
                good=len(one.covered.good),
            )
            for one in choice.people
        ),
        cover_day=body.cover_day,
        parts=tuple(map(_part_out, choice.parts)),
        without_time=len(day.without_time),
        wrong_clock=len(day.apart),
        unmet=choice.unmet,
        current=context.ranking.state().current,
        proven=choice.proven,
    )


@router.get("/reasons", summary="Reasons for several photos", responses=problem_responses(**_NOT_READY, **_NOT_FOUND))
def list_reasons(
    context: Context,
    photo_id: Annotated[
        list[Annotated[str, Query(pattern=PHOTO_ID_PATTERN)]],
        Query(min_length=1, max_length=MAX_REASONS, description="Once per photo.", examples=[["1f0c4be9d93c4c3c"]]),
    ],
) -> ReasonsOut:
    """What is wrong and what is good about photos, in words; for a whole page of `GET /photos` at once."""
    judged = context.judgement.now()
    return ReasonsOut(
        photos=tuple(_reasons_out(judged, one, _path(context, one)) for one in photo_id),
        current=context.ranking.state().current,
    )


@router.get(
    "/photos/{photo_id}/reasons",
    summary="Reasons for one photo",
    responses=problem_responses(**_NOT_READY, **_NOT_FOUND),
)
def get_reasons(context: Context, photo_id: PhotoId) -> PhotoReasonsOut:
    """What is wrong with a photo, which photo of the same burst is better in that, and what is good."""
    return _reasons_out(context.judgement.now(), photo_id, _path(context, photo_id))


def _path(context: ServiceContext, photo: str) -> str:
    known = context.catalog.photos_by_id().get(photo)
    if known is None:
        raise ApiProblem(404, "photo_not_found", f"there is no photo {photo}; GET /photos lists them")
    return known.image_path


def _reasons_out(judged: Judged, photo: str, image_path: str) -> PhotoReasonsOut:
    reasons: Sequence[PhotoReason] = judged.reasons(image_path)
    return PhotoReasonsOut(
        photo_id=photo,
        reasons=tuple(
            ReasonOut(
                kind=reason.kind,
                text=reason.text,
                face_id=None if reason.face_index is None else face_id(photo, reason.face_index),
                better_photo_id=None if reason.better is None else photo_id(reason.better),
            )
            for reason in reasons
        ),
    )


def _shortcomings_out(found: NoGoodPhoto) -> tuple[ShortcomingOut, ...]:
    return tuple(ShortcomingOut(why=one.why, photos=one.photos, text=one.text) for one in found.shortcomings)


def _best_so_far(found: NoGoodPhoto | None) -> str | None:
    return None if found is None or found.best is None else photo_id(found.best)


def _part_out(part: PartInChoice) -> PartOfDayOut:
    return PartOfDayOut(
        name=part.part.name,
        begins=part.part.begins,
        ends=part.part.ends,
        photos=len(part.part.image_paths),
        usable=part.usable,
        chosen=tuple(map(photo_id, part.chosen)),
        others=tuple(map(photo_id, part.others)),
    )


def _chosen_out(photo: ChosenPhoto) -> ChosenPhotoOut:
    score = photo.score
    return ChosenPhotoOut(
        photo_id=photo_id(score.image_path),
        image_path=score.image_path,
        rank=score.rank,
        final_score=score.final_score,
        pick=score.pick,
        rating=score.rating,
        burst_id=score.burst_id,
        people=tuple(score.people.split("; ")) if score.people else (),
        reasons=photo.reasons,
        instead=tuple(map(photo_id, photo.instead)),
    )
