"""The rules of scoring: reading, previewing and changing them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from curation.api.context import Context, ServiceContext
from curation.api.http.conditional import matches_any
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.starting import start_job
from curation.api.schemas.jobs import JobOut
from curation.api.schemas.rules import (
    MovedPhoto,
    PresetOut,
    RuleControlOut,
    RulePreview,
    RuleSectionOut,
    RulesOut,
    RulesPreviewRequest,
    RulesSaved,
    RulesUpdate,
    ScorePartOut,
    SideOut,
)
from curation.domain.faces.ids import photo_id
from curation.domain.judging.presets import PRESETS
from curation.domain.judging.rule_changes import JudgedPhoto, compare_tops, explain_move
from curation.errors import NOT_CLUSTERED, NOT_SCORED
from curation.event.ranked_photos import ranking_rules
from curation.event.rules.controls import SECTIONS, controls, own_value, preset_values, value_of
from curation.event.rules.rule_book import CurrentRules
from curation.jobs.job import Stage
from curation.settings import ScoringSettings

__all__ = ["router"]

router = APIRouter(prefix="/rules", tags=["rules"])

_ETAG = {"ETag": {"description": "The entity tag of the settings file, for If-Match.", "schema": {"type": "string"}}}
_CHANGED = "the settings file was changed meanwhile; GET /rules again, and send your change with the new ETag"
_INVALID = {
    "settings_invalid": (409, "config.yaml is not valid YAML: line 4; the previous rules still apply"),
}
_REQUEST_INVALID = {
    "request_invalid": (422, "the rules are not valid: body.scoring.weights: at least one weight must be above 0")
}
_NOT_READY = {
    "not_clustered": (409, NOT_CLUSTERED),
    "not_scored": (409, NOT_SCORED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "picks_invalid": (409, "picks.json is not valid JSON: line 3, column 5; correct it, or delete it and pick again"),
}


@router.get(
    "",
    summary="The current rules",
    responses={200: {"headers": _ETAG}, **problem_responses(**_INVALID)},
)
def get_rules(response: Response, context: Context) -> RulesOut:
    """All weights, thresholds and rules with their ranges, defaults and meanings, as they are in config.yaml now."""
    etag, scoring = context.rules.current()
    response.headers["ETag"] = etag
    return _rules_out(context, scoring)


@router.post(
    "/preview",
    summary="Preview other rules",
    responses=problem_responses(**_INVALID, **_NOT_READY, **_REQUEST_INVALID),
)
def preview_rules(context: Context, body: RulesPreviewRequest) -> RulePreview:
    """Which photos would enter and leave the best `top`, and why. Nothing is saved, and no photo is opened."""
    context.catalog.photos()
    picks = context.catalog.ranked.picks()
    _, scoring = context.rules.current()
    other = context.rules.preview(body.values())
    event, before = context.rescorer.ranked(scoring, picks)
    _, after = context.rescorer.ranked(other, picks)
    change = compare_tops(before, after, body.top)
    old = {score.image_path: score for score in before}
    new = {score.image_path: score for score in after}

    def moved(path: str) -> MovedPhoto:
        one = JudgedPhoto(old[path], context.rescorer.parts(event, path, scoring))
        two = JudgedPhoto(new[path], context.rescorer.parts(event, path, other))
        return MovedPhoto(
            photo_id=photo_id(path),
            image_path=path,
            burst_id=two.score.burst_id,
            before=_side(one),
            after=_side(two),
            reasons=explain_move(one, two),
        )

    return RulePreview(
        top=min(body.top, len(after)),
        photos=len(after),
        not_measured=len(event.unmeasured),
        moved=change.moved,
        newly_vetoed=change.newly_vetoed,
        no_longer_vetoed=change.no_longer_vetoed,
        entered=tuple(map(moved, change.entered)),
        left=tuple(map(moved, change.left)),
        current=context.ranking.settle(),
    )


@router.put(
    "",
    summary="Change the rules",
    responses={
        200: {"headers": _ETAG},
        **problem_responses(
            **_INVALID,
            setting_fixed=(
                409,
                "scoring.weights.smile is set by the environment variable CURATION_SCORING__WEIGHTS__SMILE, which "
                "overrides the settings file; change it there",
            ),
            rules_changed=(412, _CHANGED),
            **_REQUEST_INVALID,
            storage=(507, "the disk is full: free some space and run again"),
        ),
    },
)
def put_rules(
    request: Request,
    response: Response,
    context: Context,
    body: RulesUpdate,
    if_match: Annotated[
        str | None,
        Header(description="The ETag of `GET /rules`: 412 if the settings file was changed in the meantime."),
    ] = None,
) -> RulesSaved:
    """Saves the values in config.yaml, keeping its comments and order, and starts a job that ranks the photos again.

    Values that the request omits stay as they are.
    """
    saved = context.rules.save(body.values(), only_if=lambda etag: if_match is None or matches_any(if_match, etag))
    if saved is None:
        raise ApiProblem(412, "rules_changed", _CHANGED)
    return _saved(request, response, context, saved)


def _saved(request: Request, response: Response, context: ServiceContext, saved: CurrentRules) -> RulesSaved:
    etag, scoring = saved
    job, note = _rescoring(request, context)
    response.headers["ETag"] = etag
    out = _rules_out(context, scoring)
    return RulesSaved(**{name: getattr(out, name) for name in RulesOut.model_fields}, job=job, note=note)


def _rescoring(request: Request, context: ServiceContext) -> tuple[JobOut | None, str]:
    """Start the scoring, if the photos were scored before. The rules are saved already, so a refusal is only a note."""
    if context.catalog.ranked.photos() is None:
        return None, "the rules are saved; the photos are not scored yet: POST /score"
    if context.catalog.ranked.table_rules() == ranking_rules(context.rules.current()[1]):
        return None, "the rules are saved; the ranking is current"
    try:
        # The response's headers are those of the rules; the job is in the body.
        return start_job(Stage.SCORING, {}, request, Response(), context), "the photos are being ranked again"
    except ApiProblem as problem:
        return None, f"the rules are saved, but the ranking is out of date: {problem.detail}"


def _rules_out(context: ServiceContext, scoring: ScoringSettings) -> RulesOut:
    fixed = context.rules.fixed()
    defaults = ScoringSettings(preset=scoring.preset)
    origin = context.settings.origin
    scored = context.catalog.ranked.table() is not None
    by_section: dict[str, list[RuleControlOut]] = {name: [] for name in SECTIONS}
    for control in controls():
        by_section[control.path[0]].append(
            RuleControlOut(
                key=".".join(control.path),
                kind=control.kind,
                value=value_of(scoring, control.path),
                default=value_of(ScoringSettings() if control.path == ("preset",) else defaults, control.path),
                follows_preset=own_value(scoring, control.path) is None,
                minimum=control.minimum,
                exclusive_minimum=control.exclusive,
                maximum=control.maximum,
                choices=control.choices,
                unit=control.unit,
                text=control.text,
                fixed_by=fixed.get(control.path),
            )
        )
    return RulesOut(
        file="config.yaml" if origin is None else origin.path.name,
        ranking_is_current=context.ranking.settle() if scored else None,
        sections=tuple(
            RuleSectionOut(name=name, title=title, text=text, controls=tuple(by_section[name]))
            for name, (title, text) in SECTIONS.items()
        ),
        presets=tuple(
            PresetOut(
                name=name,
                text=preset.text,
                values={".".join(path): value for path, value in preset_values(name).items()},
            )
            for name, preset in PRESETS.items()
        ),
    )


def _side(judged: JudgedPhoto) -> SideOut:
    score = judged.score
    return SideOut(
        rank=score.rank,
        final_score=score.final_score,
        parts=tuple(ScorePartOut(name=part.name, weight=part.weight, value=part.value) for part in judged.parts),
        vetoes=tuple(score.vetoes.split("; ")) if score.vetoes else (),
        results_string=score.results_string,
    )
