"""The .json files beside photos that Google Takeout exports: people without a place, and favourites."""

from __future__ import annotations

from curation.domain.judging.picks import Pick
from curation.domain.told.names import person_name
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.photos.told.words import SourceWords

__all__ = ["takeout_words"]

_MAX_NAMES = 200


def takeout_words(content: bytes) -> SourceWords | None:
    """What the file says; None if it is not one of Google Takeout, or says nothing."""
    try:
        data = parse_json(content)
    except PARSER_ERRORS:
        return None
    # Other programs and people keep .json files beside photos, too.
    if not isinstance(data, dict) or "title" not in data or not ({"photoTakenTime", "url"} & data.keys()):
        return None
    people = data.get("people")
    listed = people[:_MAX_NAMES] if isinstance(people, list) else []
    names = [person_name(one.get("name")) for one in listed if isinstance(one, dict)]
    pick = Pick.PICKED if data.get("favorited") is True else None
    kept = tuple(dict.fromkeys(name for name in names if name))
    return SourceWords(pick=pick, names=kept, program="Google Photos") if pick or kept else None
