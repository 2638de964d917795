"""people_seen.json on disk: what the user answered about people without a face.

It is changed under the lock of the corrections. Its content is checked by `curation.domain.labelling.people_seen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from curation.domain.labelling.people_seen import (
    PEOPLE_SEEN_VERSION,
    PersonSeen,
    parse_people_seen,
    people_seen_json,
)
from curation.errors import PeopleSeenError
from curation.storage.atomic import write_bytes
from curation.storage.said.answers_file import answers_content, read_answers

__all__ = ["PEOPLE_SEEN", "people_seen_content", "read_people_seen", "write_people_seen"]

PEOPLE_SEEN = "people_seen.json"
"""The name of the file in the output folder."""


def read_people_seen(path: Path) -> dict[str, PersonSeen]:
    """The answers by id; none if there is no file.

    Raises:
        PeopleSeenError: If it is not valid.
        StorageError: If it cannot be read.
    """
    return read_answers(path, parse_people_seen, error=PeopleSeenError, otherwise="delete it and answer again")


def write_people_seen(path: Path, people: Mapping[str, PersonSeen]) -> None:
    """Write answers, which the caller has validated, one a line.

    Raises:
        StorageError: If the file cannot be written; the old one is then unchanged.
    """
    write_bytes(path, people_seen_content(people))


def people_seen_content(people: Mapping[str, PersonSeen]) -> bytes:
    """The content of the file."""
    return answers_content("people", PEOPLE_SEEN_VERSION, people_seen_json(people))
