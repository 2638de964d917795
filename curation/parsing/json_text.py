"""JSON within limits: what the parser of Python accepts and only breaks what comes after it is refused here."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from curation.parsing.not_valid import NotValidError
from curation.parsing.plain_files import MAX_FILE_BYTES, read_plain

__all__ = ["MAX_DEPTH", "parse_json", "read_json"]

MAX_DEPTH = 64
"""Levels of lists and objects; the deepest document of this program has nine."""

_MAX_DIGITS = 308
"""Of a number before its point: no more fit into a float, and no id or count has a tenth of them."""

# What texts are looked through for, with 0 for every digit and e for every E. Strings may have it too, so that finding
# it only means that each number is looked at.
_PLAIN_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_NUMBER = b"0" * 200  # with an exponent below 100, shorter ones are finite
_LARGE_EXPONENT = re.compile(rb"0e\+?0{3,}(?:[\s,\]}]|\Z)")

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = b"[]{}"
_OTHERS = bytes(sorted(set(range(256)) - set(_BRACKETS)))
_BOM = b"\xef\xbb\xbf"


def read_json(path: Path, *, unique: bool = False, limit_bytes: int = MAX_FILE_BYTES) -> Any:
    """The value in a JSON file.

    Args:
        path: Of the file.
        unique: See `parse_json`.
        limit_bytes: Larger files are not read.

    Raises:
        OSError: If it cannot be read.
        NotValidError: As for `parse_json`, or if it is too large.
    """
    return parse_json(read_plain(path, limit_bytes=limit_bytes), unique=unique)


def parse_json(content: bytes | str, *, unique: bool = False) -> Any:
    """The value that a JSON text holds; all its numbers are finite.

    Args:
        content: UTF-8, with or without a byte order mark, or text.
        unique: Refuse an object that has a key twice. Without it the last one counts.

    Raises:
        NotValidError: If it is not JSON in UTF-8, is nested more than `MAX_DEPTH` levels deep, or has a number of more
            than 308 digits or that is not finite; says in which line and column.
    """
    if isinstance(content, str):
        text = content.removeprefix("\ufeff")
        data = text.encode("utf-8", "surrogatepass")
    else:
        data = content.removeprefix(_BOM)
        text = _decoded(data)
    _refuse_depth(data, text)
    strict = _may_be_large(data)
    try:
        return json.loads(
            text,
            parse_constant=_refused,
            # The parser itself reads the numbers, far faster, where none can be too long.
            parse_int=_whole if strict else None,
            parse_float=_finite if strict else None,
            object_pairs_hook=_unique if unique else None,
        )
    except json.JSONDecodeError as error:
        raise NotValidError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except NotValidError:
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotValidError(str(error) or "it does not fit into the memory") from error


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotValidError(f"line {line}: not UTF-8 text; save it as UTF-8") from error


def _may_be_large(data: bytes) -> bool:
    plain = data.translate(_PLAIN_DIGITS)
    if _LONG_NUMBER in plain:
        return True
    return (b"0e000" in plain or b"0e+000" in plain) and _LARGE_EXPONENT.search(plain) is not None


def _refuse_depth(data: bytes, text: str) -> None:
    if not _is_deep(data) or not _is_deep(_STRING.sub(b"", data)):
        return
    depth, line, is_string, is_escaped = 0, 1, False, False
    for sign in text:
        if is_string:
            is_string = is_escaped or sign != '"'
            is_escaped = sign == "\\" and not is_escaped
        elif sign == '"':
            is_string = True
        elif sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotValidError(f"line {line}: nested too deeply, more than {MAX_DEPTH} levels")
        elif sign in "]}":
            depth -= 1
        line += sign == "\n"


def _is_deep(data: bytes) -> bool:
    """Whether brackets are left when all levels of closed ones are taken out, which goes at the speed of memory."""
    brackets = data.translate(None, _OTHERS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return len(brackets) > 0


def _refused(word: str) -> float:
    raise NotValidError(f"{word} is no number of JSON")


def _whole(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise NotValidError(f"the number {text[:12]}... has {len(text):,} digits, more than anything here can have")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotValidError(f"the number {text[:12]} is larger than any that can be calculated with")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in out if keys.count(key) > 1)
        raise NotValidError(f"it must not name {json.dumps(twice[:60])} twice: keep one of the two")
    return out
