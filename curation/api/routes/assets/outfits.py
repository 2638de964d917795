"""People from behind and dress code: what the clothes of an event's people tell."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.routes.people_responses import EDIT_PROBLEMS, READ_PROBLEMS
from curation.api.schemas.assets.outfits import (
    AnsweredOut,
    AnswerIn,
    DressOut,
    OutfitSuggestionOut,
    OutfitSuggestionsOut,
    SpreadOut,
)
from curation.domain.labelling.people_seen import SeenAnswer
from curation.domain.outfits.dress import DressCount
from curation.domain.outfits.outfit import ColourName
from curation.errors import AssetsOffError
from curation.event.outfits.event_outfits import EventOutfits
from curation.event.outfits.suggestions import SUGGESTION_ID_PATTERN

__all__ = ["dress_told", "outfits_of", "router"]

router = APIRouter(prefix="/outfits", tags=["outfits"])

_OFF = (
    "this service does not work on assets: set assets.enabled to true in config.yaml "
    "(or CURATION_ASSETS__ENABLED=true), and start it again"
)
_READ = {
    **READ_PROBLEMS,
    "assets_off": (409, _OFF),
    "people_seen_invalid": (409, "people_seen.json is not valid JSON: line 3; correct it, or delete it"),
}
_ANSWERS = {"accept": SeenAnswer.ACCEPTED, "refuse": SeenAnswer.REFUSED}


def outfits_of(context: ServiceContext) -> EventOutfits:
    """The outfits of the event.

    Raises:
        AssetsOffError: If the service does not work on assets.
    """
    if not context.outfits.is_on:
        raise AssetsOffError(_OFF)
    return context.outfits


@router.get("/suggestions", summary="Who people without a face may be", responses=problem_responses(**_READ))
def list_outfit_suggestions(
    context: Context, limit: Annotated[int, Query(ge=1, le=100, description="The maximum number of suggestions.")] = 20
) -> OutfitSuggestionsOut:
    """People seen from behind, who wear what somebody with a name wears on another photo of the event.

    Only people who can be told by their clothes are suggested; where people dress alike (a choir, a team), `off` says
    so. Nothing is written unless you answer. Answers follow their photos and can be undone with `POST /undo`.
    """
    found = outfits_of(context).suggester.suggestions()
    return OutfitSuggestionsOut(
        total=len(found.found),
        suggestions=tuple(map(OutfitSuggestionOut.of, found.found[:limit])),
        without_face=found.without_face,
        off=found.spread.off,
        spread=SpreadOut.of(found.spread),
    )


@router.post(
    "/suggestions/{suggestion_id}",
    summary="Accept or refuse a suggestion",
    responses=problem_responses(
        **_READ,
        busy=EDIT_PROBLEMS["busy"],
        storage=EDIT_PROBLEMS["storage"],
        suggestion_not_found=(404, "there is no suggestion 1f0c4be9d93c4c3c; it may have been answered"),
    ),
)
def answer_outfit_suggestion(
    context: Context,
    suggestion_id: Annotated[
        str,
        Path(
            pattern=SUGGESTION_ID_PATTERN, description="From `GET /outfits/suggestions`.", examples=["1f0c4be9d93c4c3c"]
        ),
    ],
    body: AnswerIn,
) -> AnsweredOut:
    """Written to people_seen.json. Who is accepted is on the photo: on its page, in `GET /coverage`, in searches."""
    suggester = outfits_of(context).suggester
    one = suggester.answer(suggestion_id, _ANSWERS[body.answer])
    left = len(suggester.suggestions().found)
    return AnsweredOut(suggestion=OutfitSuggestionOut.of(one), answer=body.answer, left=left)


@router.get("/dress", summary="How many people wear a colour, and who does not", responses=problem_responses(**_READ))
def get_dress(
    context: Context,
    top: Annotated[ColourName | None, Query(description="The colour above the hips.")] = None,
    bottom: Annotated[ColourName | None, Query(description="The colour below the hips, on the same person.")] = None,
) -> DressOut:
    """For a dress code: the people with a name, by what they wear on most photos; others are counted as bodies only."""
    if top is None and bottom is None:
        raise ApiProblem(422, "request_invalid", "say what is to be worn: top=black, bottom=white, or both")
    count = outfits_of(context).dress(top, bottom)
    return DressOut.from_count(count, dress_told(count, top, bottom))


def dress_told(count: DressCount, top: ColourName | None, bottom: ColourName | None) -> str:
    """A count in one sentence."""
    asked = " and ".join(
        f"a {name.value} {part}" for name, part in ((top, "top"), (bottom, "bottom")) if name is not None
    )
    if not count.told:
        return f"it cannot be told of anybody with a name whether they wear {asked}"
    lacking = [person.name for person in count.people if person.wears is False]
    who = f"; not: {', '.join(lacking[:20])}" + (f" and {len(lacking) - 20} more" if len(lacking) > 20 else "")
    wear = "wears" if count.wearing == 1 else "wear"
    return f"{count.wearing} of {count.told} people {wear} {asked}" + (who if lacking else "")
