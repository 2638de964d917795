"""Files of the user's answers on disk: JSON, one answer a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from curation.errors import InputError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained
from curation.storage.said.last_good import way_back
from curation.storage.together.finishing import finish_pending

__all__ = ["answers_content", "read_answers"]

A = TypeVar("A")


def read_answers(
    path: Path, parse: Callable[[Any], dict[str, A]], *, error: type[InputError], otherwise: str
) -> dict[str, A]:
    """The answers by id; none if there is no file.

    Args:
        path: The file.
        parse: Checks its content, and raises `error`.
        error: What is raised for a file that is not valid.
        otherwise: What else than correcting it can be done, such as "delete it and answer again".

    Raises:
        InputError: Of the class `error`, if it is not valid.
        StorageError: If it cannot be read.
    """
    finish_pending(path.parent)
    try:
        return parse(read_json(path, unique=True))
    except FileNotFoundError:
        return {}
    except OSError as unreadable:
        raise explained(unreadable, path, "read") from unreadable
    except error as wrong:
        raise error(f"{path}: {wrong}{way_back(path)}") from wrong
    except PARSER_ERRORS as wrong:
        raise error(f"{path} is not valid JSON: {wrong}; correct it, or {otherwise}{way_back(path)}") from wrong


def answers_content(member: str, version: int, entries: Iterable[Mapping[str, Any]]) -> bytes:
    """The content of a file of answers, which the caller has validated, one a line.

    Args:
        member: Where the entries are in it.
        version: Of its form.
        entries: In the order in which the answers were given.
    """
    lines = [f"    {json.dumps(entry, ensure_ascii=False)}" for entry in entries]
    listed = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    text = f'{{\n  "version": {version},\n  "{member}": {listed}\n}}\n'
    return text.encode("utf-8", "backslashreplace")
