"""Suggested merges: people who may be the same person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.routes.people_responses import READ_PROBLEMS
from curation.api.schemas.people import MergeSuggestionOut, MergeSuggestions, PersonOut
from curation.event.people.view import person_view

__all__ = ["router"]

router = APIRouter(prefix="/suggestions", tags=["corrections"])

_TOP_PHOTOS = 100


@router.get("/merges", summary="People who may be the same", responses=problem_responses(**READ_PROBLEMS))
def list_merges(
    context: Context, limit: Annotated[int, Query(ge=1, le=100, description="The maximum number of suggestions.")] = 20
) -> MergeSuggestions:
    """Only questions whose answer is open; those that change the best photos come first, the likeliest of them first.

    Answer with `POST /corrections`: `same_person` or `different_people`, with both as `cluster_ids`. Pairs that were
    answered are not suggested again.
    """
    suggestions = context.merge_suggester.suggestions()
    event, labels = context.catalog.event(), context.catalog.labels()
    people = {person.id: person for person in context.catalog.clusters()}
    scores = context.catalog.scores()
    out = []
    for suggestion in suggestions[:limit]:
        changed = event.photos_of_cluster(suggestion.other)
        ranks = [scores[path].rank for path in changed if path in scores]
        out.append(
            MergeSuggestionOut(
                first=PersonOut.of(person_view(event, people[suggestion.keep], labels)),
                second=PersonOut.of(person_view(event, people[suggestion.other], labels)),
                probability=round(suggestion.probability, 3),
                photos_changed=len(changed),
                top_photos_changed=sum(rank <= _TOP_PHOTOS for rank in ranks),
            )
        )
    return MergeSuggestions(total=len(suggestions), suggestions=tuple(out))
