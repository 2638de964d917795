"""What rows of assets have in common in both databases: their columns as text and numbers, and the index of people.

Text that comes from outside is stored with escapes (`escaped`), because file names on Linux may hold bytes that are no
text, which neither database stores, and PostgreSQL stores no NUL character either.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from curation.domain.assets.asset import Asset, AssetQuery
from curation.domain.assets.states import AssetState, FailCode
from curation.domain.outfits.outfit import ColourName
from curation.parsing.not_valid import PARSER_ERRORS, READING_ERRORS

__all__ = [
    "COLOUR_BITS",
    "LOST",
    "LOST_FOR_GOOD",
    "RECORD_DAMAGED",
    "PersonRow",
    "asks_for_people",
    "asset_of_row",
    "checked_document_text",
    "colour_bits",
    "document_text",
    "escaped",
    "plain",
    "time_text",
]

logger = logging.getLogger(__name__)

COLOUR_BITS: Mapping[ColourName, int] = {
    ColourName.BLACK: 1 << 0,
    ColourName.WHITE: 1 << 1,
    ColourName.GREY: 1 << 2,
    ColourName.RED: 1 << 3,
    ColourName.ORANGE: 1 << 4,
    ColourName.YELLOW: 1 << 5,
    ColourName.GREEN: 1 << 6,
    ColourName.BLUE: 1 << 7,
    ColourName.PURPLE: 1 << 8,
    ColourName.PINK: 1 << 9,
    ColourName.BROWN: 1 << 10,
    ColourName.BEIGE: 1 << 11,
}
"""A bit for each colour, as rows of people keep them. Never change one: a new colour takes the next bit."""

RECORD_DAMAGED = (
    "what was found in this picture is damaged on this disk: delete it here, and hand the picture in once more"
)
_CHECKSUM = "checksum"

LOST = "its worker gave no sign any more; the picture is tried again"
LOST_FOR_GOOD = (
    "its worker died at each try, so that the picture is not tried again; re-save the picture, or give a worker more "
    "memory, then hand it in once more"
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What can be searched of one person.

    Attributes:
        person_index: Number of the person in its picture.
        tops: Bits of the colours that a search for a top finds, see `COLOUR_BITS`.
        bottoms: Likewise of what is worn below the hips.
        cut_at: A `CutAt`.
    """

    person_index: int
    tops: int
    bottoms: int
    cut_at: str


def colour_bits(names: Iterable[ColourName]) -> int:
    """The bits of some colours in one number."""
    bits = 0
    for name in names:
        bits |= COLOUR_BITS[name]
    return bits


def asks_for_people(query: AssetQuery) -> bool:
    """Whether a query asks something of a person, which only rows with people answer."""
    asked = (query.top, query.bottom, query.cut_at, query.people)
    return any(one is not None for one in asked)


def escaped(text: str) -> str:
    """Any text as plain ASCII, without loss."""
    return json.dumps(text)[1:-1]


def plain(text: str) -> str:
    """The text of `escaped`."""
    read: str = json.loads(f'"{text}"')
    return read


def document_text(document: Mapping[str, Any]) -> str:
    """A document as it is stored.

    Raises:
        ValueError: If it is no plain JSON.
    """
    return json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def time_text(seconds: float) -> str:
    """A time in seconds since 1970 as UTC, ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def checked_document_text(document: Mapping[str, Any]) -> str:
    """A document as SQLite keeps it: with a checksum, since nothing else there notices a changed byte in it.

    Raises:
        ValueError: If it is no plain JSON.
    """
    return document_text({**document, _CHECKSUM: _checksum(document)})


def asset_of_row(row: Mapping[str, Any], image_paths: Iterable[str]) -> Asset:
    """A row of either database as a value. One that is damaged says so, and keeps nobody from reading the others.

    Args:
        row: Its columns by name; `document` may be missing.
        image_paths: Of its photos, escaped.
    """
    try:
        document = None if row.get("document") is None else _document(row["document"])
    except PARSER_ERRORS as error:
        logger.warning("the record of the asset %s is damaged: %s", row["id"], error)
        row, document = {**row, "message": escaped(RECORD_DAMAGED)}, None
    try:
        return _asset(row, image_paths, document)
    except READING_ERRORS as error:
        logger.warning("the row of the asset %s is damaged: %s", row["id"], error)
        return Asset(
            id=str(row["id"]),
            sha256=str(row["sha256"]),
            settings_hash=str(row["settings_hash"]),
            name=str(row["name"]),
            image_paths=(),
            state=AssetState.FAILED,
            code=FailCode.DATABASE,
            message=RECORD_DAMAGED,
            attempts=0,
            created_at=time_text(0),
            updated_at=time_text(0),
            version=row["version"] if isinstance(row["version"], int) else 0,
        )


def _asset(row: Mapping[str, Any], image_paths: Iterable[str], document: Mapping[str, Any] | None) -> Asset:
    if not (row["name"].isascii() and row["message"].isascii()):
        raise ValueError("its texts are not what was written")
    return Asset(
        id=row["id"],
        sha256=row["sha256"],
        settings_hash=row["settings_hash"],
        name=plain(row["name"]),
        image_paths=tuple(sorted(plain(path) for path in image_paths)),
        state=AssetState(row["state"]),
        code=row["code"],
        message=plain(row["message"]),
        attempts=int(row["attempts"]),
        created_at=time_text(row["created_at"]),
        updated_at=time_text(row["updated_at"]),
        version=int(row["version"]),
        document=document,
    )


def _document(text: str) -> Mapping[str, Any]:
    document: dict[str, Any] = json.loads(text)
    checksum = document.pop(_CHECKSUM, None)  # documents of earlier versions have none
    if checksum is not None and checksum != _checksum(document):
        raise ValueError("its checksum is wrong")
    return document


def _checksum(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(document_text(document).encode()).hexdigest()[:16]
