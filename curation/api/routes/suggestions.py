"""Questions to the user: what is probably wrong with the grouping."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.routes.people_problems import NOT_USABLE
from curation.api.schemas.people import MergeSuggestionOut, MergeSuggestions, PersonOut
from curation.event.people.view import person_view

__all__ = ["router"]

router = APIRouter(prefix="/suggestions", tags=["corrections"])

_TOP_PHOTOS = 100


@router.get("/merges", summary="Who may be the same person?", responses=problem_responses(**NOT_USABLE))
def list_merges(
    context: Context, limit: Annotated[int, Query(ge=1, le=100, description="At most so many.")] = 20
) -> MergeSuggestions:
    """The question first whose answer would change the best photos most.

    Answer with `POST /corrections`: `same_person` or `different_people`, with both as `cluster_ids`. What was answered
    is not asked again.
    """
    questions = context.merges.suggestions()
    event, labels = context.catalog.event(), context.catalog.labels()
    people = {person.id: person for person in context.catalog.clusters()}
    scores = context.catalog.scores()
    out = []
    for question in questions[:limit]:
        changed = event.photos_of_cluster(question.other)
        ranks = [scores[path].rank for path in changed if path in scores]
        out.append(
            MergeSuggestionOut(
                first=PersonOut.of(person_view(event, people[question.keep], labels)),
                second=PersonOut.of(person_view(event, people[question.other], labels)),
                likeness=round(question.likeness, 3),
                photos_changed=len(changed),
                top_photos_changed=sum(rank <= _TOP_PHOTOS for rank in ranks),
            )
        )
    return MergeSuggestions(total=len(questions), suggestions=tuple(out))
