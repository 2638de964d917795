"""The page about what the user said that finds nobody, and the line that leads there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context, ServiceContext
from curation.api.pages.people_view import person_cards
from curation.api.pages.rendering import page_router, render
from curation.domain.identity.unfound import Unfound, UnfoundKind, counts_told, told
from curation.domain.judging.picks import UNJUDGED
from curation.errors import CurationError
from curation.event.unfound_words import UNFOUND_ID_PATTERN, unfound_id

__all__ = ["router", "unfound_line"]

logger = logging.getLogger(__name__)

router = page_router()

_TITLES = {
    UnfoundKind.LABEL: "Names and categories",
    UnfoundKind.CORRECTION: "Corrections",
    UnfoundKind.PICK: "Picks and stars",
    UnfoundKind.SEEN: "Answers about people without a face",
}
_FIXED = (UnfoundKind.CORRECTION, UnfoundKind.SEEN)  # cannot be given to others
_SHOWN_OF_KIND = 200
_SHOWN_PHOTOS = 3
_MOST_PEOPLE = 500
_MOST_PHOTOS = 30
_MAX_QUERY_CHARS = 1000

LabelId = Annotated[str, Path(pattern=UNFOUND_ID_PATTERN)]


@dataclass(frozen=True, slots=True)
class _Row:
    """A word in the list.

    Attributes:
        id: See `unfound_id`.
        title: The word as people say it.
        category: Of a label; empty for other words.
        reason: Why it finds nobody.
        photos: The first of its photos.
        photo_name: The file name of the first one; empty for none.
    """

    id: str
    title: str
    category: str
    reason: str
    photos: str
    photo_name: str


@dataclass(frozen=True, slots=True)
class _Group:
    """The words of one kind.

    Attributes:
        kind: Their kind.
        title: The heading.
        count: How many there are.
        words: The first of them.
        more: How many are not shown.
        gives: Whether they can be given to somebody else.
    """

    kind: UnfoundKind
    title: str
    count: int
    words: Sequence[_Row]
    more: int
    gives: bool


def unfound_line(context: ServiceContext) -> str:
    """What finds nobody in one sentence; empty if everything finds somebody, or if that cannot be told."""
    try:
        return counts_told(context.unfound.listed())
    except CurationError as error:
        logger.info("what finds nobody is not shown: %s", error)
        return ""


@router.get("/review/unfound")
def unfound_page(request: Request, context: Context) -> HTMLResponse:
    """All words that find nobody, in groups."""
    if not context.catalog.face_data_path.is_file():
        return render(request, "people/none.html", place="people")
    return render(request, "unfound/index.html", **_list(context))


@router.get("/fragments/unfound")
def unfound_fragment(request: Request, context: Context) -> HTMLResponse:
    """The list."""
    return render(request, "unfound/_list.html", **_list(context))


@router.get("/fragments/unfound/line")
def line_fragment(request: Request, context: Context) -> HTMLResponse:
    """The line on other pages."""
    return render(request, "unfound/_line_text.html", unfound_line=unfound_line(context))


@router.get("/fragments/unfound/people/{word_id}")
def people_fragment(request: Request, context: Context, word_id: LabelId) -> HTMLResponse:
    """The people who may get a label, as options: those with another name are left out."""
    words = [word for word in context.unfound.listed() if word.kind is UnfoundKind.LABEL]
    wanted = next((word.name for word in words if unfound_id(word) == word_id and _has_name(word)), "")
    cards = [
        card
        for card in person_cards(context.catalog)
        if not (wanted and card.name) or card.name.casefold() == wanted.casefold()
    ]
    return render(request, "unfound/_people.html", people=cards[:_MOST_PEOPLE], left=max(0, len(cards) - _MOST_PEOPLE))


@router.get("/fragments/unfound/photos")
def photos_fragment(
    request: Request, context: Context, query: Annotated[str, Query(alias="q", max_length=_MAX_QUERY_CHARS)] = ""
) -> HTMLResponse:
    """Photos without a pick whose name has some text, as options: names that begin with it come first."""
    wanted = query.strip().casefold()
    picks = context.catalog.ranked.picks()
    found = [
        (path.casefold() != wanted, not PurePosixPath(path.casefold()).name.startswith(wanted), path, id_)
        for id_, known in context.catalog.photos_by_id().items()
        if wanted in (path := known.image_path).casefold() and known.error is None and picks.of(path) == UNJUDGED
    ]
    found.sort()
    return render(request, "unfound/_photos.html", photos=[(id_, path) for *_, path, id_ in found[:_MOST_PHOTOS]])


def _list(context: ServiceContext) -> Mapping[str, Any]:
    words = context.unfound.listed()
    groups = []
    for kind, title in _TITLES.items():
        of_kind = [word for word in words if word.kind is kind]
        if of_kind:
            shown = [_row(word) for word in of_kind[:_SHOWN_OF_KIND]]
            more = len(of_kind) - len(shown)
            groups.append(_Group(kind, title, len(of_kind), shown, more, kind not in _FIXED))
    return {"groups": groups, "told": told(words)}


def _row(word: Unfound) -> _Row:
    more = len(word.photos) - _SHOWN_PHOTOS
    photos = ", ".join(word.photos[:_SHOWN_PHOTOS]) + (f" and {more:,} more" if more > 0 else "")
    category = ""
    if word.kind is UnfoundKind.LABEL:
        said = word.said
        category = str(said.get("category") or "") if isinstance(said, Mapping) else str(said)
    return _Row(
        id=unfound_id(word),
        title=_capital(word.name),
        category=category,
        reason=_capital(word.reason),
        photos=photos,
        photo_name=PurePosixPath(word.photos[0]).name if word.photos else "",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _has_name(word: Unfound) -> bool:
    return isinstance(word.said, Mapping) and bool(word.said.get("name"))
