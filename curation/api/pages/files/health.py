"""The page of files that should be copied again before the card is formatted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from curation.api.context import Context, ServiceContext
from curation.api.pages.rendering import page_router, render
from curation.domain.faces.ids import photo_id
from curation.domain.files.broken import BrokenFile
from curation.domain.files.health import FaultKind

__all__ = ["router"]

router = page_router()

_MOST_SHOWN = 500
_WORDS: Mapping[FaultKind, str] = {
    FaultKind.EMPTY: "empty",
    FaultKind.CUT: "cut off",
    FaultKind.ZEROED: "partly never written",
    FaultKind.SPLICED: "mixed with another file",
    FaultKind.DAMAGED: "damaged",
    FaultKind.PLACEHOLDER: "not here",
    FaultKind.UNREADABLE: "cannot be read",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A file in the list.

    Attributes:
        file: What is known of it.
        words: How it is broken, in a word or two.
        reason: What was seen, as the beginning of a sentence.
        photo_id: Of its page; None if it has none.
    """

    file: BrokenFile
    words: str
    reason: str
    photo_id: str | None


@dataclass(frozen=True, slots=True)
class _Group:
    """Files with a heading.

    Attributes:
        key: For ids of the page.
        title: The heading.
        advice: What to do.
        count: How many there are.
        rows: The first of them.
    """

    key: str
    title: str
    advice: str
    count: int
    rows: Sequence[_Row]


@router.get("/review/files")
def files_page(request: Request, context: Context) -> HTMLResponse:
    """All files that are broken, and photos that are not on this disk."""
    if not context.catalog.face_data_path.is_file():
        return render(request, "people/none.html", place="event")
    return render(request, "files/index.html", place="event", **_values(context))


def _values(context: ServiceContext) -> Mapping[str, Any]:
    files = context.catalog.broken_files()
    known = context.catalog.photos_by_id()
    broken = [file for file in files if not file.is_absent]
    absent = [file for file in files if file.is_absent]
    groups = [
        _group(
            "broken",
            "Copy these again before you format the card",
            "As long as they are still on the card, or on another disk, copy them again and look through the photos "
            "again: what is whole then is taken off this list.",
            broken,
            known,
        ),
        _group(
            "absent",
            "Not on this disk",
            "Only a placeholder of each is here. Download or copy them, and look through the photos again.",
            absent,
            known,
        ),
    ]
    return {"groups": [group for group in groups if group.count], "photos": len(known)}


def _group(key: str, title: str, advice: str, files: Sequence[BrokenFile], known: Mapping[str, object]) -> _Group:
    rows = []
    for file in files[:_MOST_SHOWN]:
        id_ = photo_id(file.image_path)
        rows.append(
            _Row(file, _WORDS[file.fault], file.reason[:1].upper() + file.reason[1:], id_ if id_ in known else None)
        )
    return _Group(key, title, advice, len(files), rows)
