"""known_refused.json on disk: names of the gallery that the user said "no" to.

It is changed under the lock of the corrections. Its content is checked by `curation.domain.recognition.refusals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from curation.domain.recognition.refusals import REFUSALS_VERSION, RefusedName, parse_refusals, refusals_json
from curation.errors import RefusalsError
from curation.storage.atomic import write_bytes
from curation.storage.said.answers_file import answers_content, read_answers

__all__ = ["KNOWN_REFUSED", "RECOGNISED", "read_refusals", "refusals_content", "write_refusals"]

KNOWN_REFUSED = "known_refused.json"
"""The name of the file in the output folder."""
RECOGNISED = "recognised.json"
"""The name of the file with the proposals that these answers are about; runs write it."""


def read_refusals(path: Path) -> dict[str, RefusedName]:
    """The answers by id; none if there is no file.

    Raises:
        RefusalsError: If it is not valid.
        StorageError: If it cannot be read.
    """
    return read_answers(path, parse_refusals, error=RefusalsError, otherwise="delete it to be asked again")


def write_refusals(path: Path, refusals: Mapping[str, RefusedName]) -> None:
    """Write answers, which the caller has validated, one a line.

    Raises:
        StorageError: If the file cannot be written; the old one is then unchanged.
    """
    write_bytes(path, refusals_content(refusals))


def refusals_content(refusals: Mapping[str, RefusedName]) -> bytes:
    """The content of the file."""
    return answers_content("refused", REFUSALS_VERSION, refusals_json(refusals))
