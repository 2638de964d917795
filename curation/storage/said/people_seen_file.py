"""people_seen.json on disk: what the user answered about people without a face.

It is changed under the lock of the corrections. Its content is checked by `curation.domain.labelling.people_seen`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from curation.domain.labelling.people_seen import (
    PEOPLE_SEEN_VERSION,
    PersonSeen,
    parse_people_seen,
    people_seen_json,
)
from curation.errors import PeopleSeenError
from curation.storage.atomic import explained, write_bytes

__all__ = ["PEOPLE_SEEN", "read_people_seen", "write_people_seen"]

PEOPLE_SEEN = "people_seen.json"
"""The name of the file in the output folder."""


def read_people_seen(path: Path) -> dict[str, PersonSeen]:
    """The answers by id; none if there is no file.

    Raises:
        PeopleSeenError: If it is not valid.
        StorageError: If it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise PeopleSeenError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    try:
        return parse_people_seen(json.loads(text))
    except PeopleSeenError as error:
        raise PeopleSeenError(f"{path}: {error}") from error
    except json.JSONDecodeError as error:
        raise PeopleSeenError(
            f"{path} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}; correct it, or delete "
            "it and answer again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise PeopleSeenError(f"{path} is nested too deeply, or has numbers too long to be answers") from error


def write_people_seen(path: Path, people: Mapping[str, PersonSeen]) -> None:
    """Write answers, which the caller has validated, one a line.

    Raises:
        StorageError: If the file cannot be written; the old one is then unchanged.
    """
    lines = [f"    {json.dumps(entry, ensure_ascii=False)}" for entry in people_seen_json(people)]
    entries = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    text = f'{{\n  "version": {PEOPLE_SEEN_VERSION},\n  "people": {entries}\n}}\n'
    write_bytes(path, text.encode("utf-8", "backslashreplace"))
