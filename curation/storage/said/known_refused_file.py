"""known_refused.json on disk: names of the gallery that the user said "no" to.

It is changed under the lock of the corrections. Its content is checked by `curation.domain.recognition.refusals`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from curation.domain.recognition.refusals import REFUSALS_VERSION, RefusedName, parse_refusals, refusals_json
from curation.errors import RefusalsError
from curation.storage.atomic import explained, write_bytes

__all__ = ["KNOWN_REFUSED", "RECOGNISED", "read_refusals", "write_refusals"]

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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise RefusalsError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    try:
        return parse_refusals(json.loads(text))
    except RefusalsError as error:
        raise RefusalsError(f"{path}: {error}") from error
    except json.JSONDecodeError as error:
        raise RefusalsError(
            f"{path} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}; correct it, or delete "
            "it to be asked again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise RefusalsError(f"{path} is nested too deeply, or has numbers too long to be answers") from error


def write_refusals(path: Path, refusals: Mapping[str, RefusedName]) -> None:
    """Write answers, which the caller has validated, one a line.

    Raises:
        StorageError: If the file cannot be written; the old one is then unchanged.
    """
    lines = [f"    {json.dumps(entry, ensure_ascii=False)}" for entry in refusals_json(refusals)]
    entries = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    text = f'{{\n  "version": {REFUSALS_VERSION},\n  "refused": {entries}\n}}\n'
    write_bytes(path, text.encode("utf-8", "backslashreplace"))
