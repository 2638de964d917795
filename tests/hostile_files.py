"""Hostile contents: what breaks parsers, as whole files and as values in the place of valid ones."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from curation.errors import CurationError

__all__ = [
    "FRAGMENTS",
    "WHOLE_FILES",
    "TooSlow",
    "fault_of",
    "hostile_bytes",
    "hostile_json",
    "hostile_lines",
    "in_time",
]

_DEEP = 100_000
_DIGITS = 5_000
_HUGE = "9" * _DIGITS

FRAGMENTS: tuple[str, ...] = (
    *("null", "true", "false", "0", "-1", "-0", "-0.0", "1.5", "1e999", "-1e999", "NaN", "Infinity", "-Infinity"),
    *("9223372036854775808", "-9223372036854775809", "1" + "0" * 400, _HUGE, f"-{_HUGE}", f"0.{_HUGE}", "1e5000"),
    *(
        '""',
        '"\\u0000"',
        '"\\ud800"',
        '"\\udcff.jpg"',
        '"../../etc/passwd"',
        '"none"',
        '"nan"',
        f'"{_HUGE}"',
        '"' + "x" * 10_000 + '"',
    ),
    *("[]", "{}", "[null]", "[[]]", '{"": 0}', "[1, 2, 3, 4, 5, 6, 7]", "[0, 0, 0, 0]", "[1e999, NaN, 1, 1]"),
    *("[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, '{"a": 1, "a": 2}'),
)
"""JSON texts in the place of a value."""

WHOLE_FILES: tuple[bytes, ...] = (
    *(b"", b" \n", b"\0" * 4096, b"\xff\xfe\0\0", b"\xef\xbb\xbf", b"\xff" * 100, b"null", b"0", b'""', b"[]", b"{}"),
    *(b"true", b"[null]", b"NaN", _HUGE.encode(), b"[" * _DEEP, b'{"a":' * _DEEP, b"[" * _DEEP + b"]" * _DEEP),
    *(b'{"a":' * _DEEP + b"1" + b"}" * _DEEP, b'"\\ud800"', b"\r" * 50, b'"' * 999, b"," * 200_000, b"x" * 300_000),
    *(b"version: 1\n", b"PK\x03\x04" + b"\0" * 60, b"PK\x05\x06" + b"\0" * 18, b"\x93NUMPY", b"SQLite format 3\0"),
)


def hostile_json(valid: bytes, *, fragments: tuple[str, ...] = FRAGMENTS) -> Iterator[tuple[str, bytes]]:
    """The document with each of its values replaced by each fragment, left out, or given twice."""
    data = json.loads(valid)
    mark = "\x01hostile\x01"
    for path in _paths(data, ()):
        where = "/".join(map(str, path)) or "the whole"
        template = json.dumps(_with(data, path, mark))
        for fragment in fragments:
            yield f"{where} = {fragment[:40]}", template.replace(json.dumps(mark), fragment).encode()
        if path:
            yield f"{where} left out", json.dumps(_without(data, path)).encode()
            if isinstance(path[-1], str):
                for key in ("", "\ud800", "\0", "-1", "007", _HUGE, "9" * 30, "1e3", "x" * 5000):
                    yield f"{where} called {key[:20]!a}", json.dumps(_renamed(data, path, key)).encode()


def hostile_bytes(valid: bytes, chance: random.Random) -> bytes:
    """The content with some bytes changed, cut, doubled or put in."""
    out = bytearray(valid)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(7):
            case 0:
                out[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del out[at:]
            case 2:
                del out[at : at + chance.randrange(1, 64)]
            case 3:
                out[at:at] = out[at : at + chance.randrange(1, 64)]
            case 4:
                out[at:at] = chance.choice(FRAGMENTS).encode()
            case 5:
                out[at:at] = chance.choice(
                    (b"\0", b'"', b",", b"\n", b"\r", b"\xff", b"\xef\xbb\xbf", b"{", b"[", b"]")
                )
            case _:
                out[at : at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80"))
    return bytes(out)


def hostile_lines(valid: bytes, chance: random.Random) -> bytes:
    """A table as it may come back from a spreadsheet or an editor: cells, lines and marks changed."""
    lines = valid.decode("utf-8").split("\n")
    cells = (*FRAGMENTS, '"', '""', "'", "=1+1", "1,5", "3.0", "\t", "#N/A", "  ", "TRUE", "٣", "1_000", "x" * 200_000)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(lines))
        parts = lines[at].split(",")
        match chance.randrange(7):
            case 0 | 1 | 2:
                parts[chance.randrange(len(parts))] = chance.choice(cells)
                lines[at] = ",".join(parts)
            case 3:
                del lines[at]
                lines = lines or [""]
            case 4:
                lines.insert(at, chance.choice(lines))
            case 5:
                lines[at] = chance.choice((";", "\t")).join(parts)
            case _:
                lines[at] += chance.choice((",", ",,,,,,,,", '"', "\r", "\0"))
    text = "\n".join(lines)
    encoding = chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"))
    return text.encode(encoding, "replace")


def fault_of(read: Callable[[], object]) -> str:
    """What a reader did that it must not do; empty if it gave a value or an error of the user's."""
    try:
        with in_time(20):
            read()
    except CurationError as error:
        return f"exit 70: {error}" if error.exit_code == 70 else ""
    except BaseException as error:  # that is what is looked for, MemoryError and SystemExit too
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {str(error)[:160]}"
    return ""


class TooSlow(BaseException):
    """Not even code that catches all errors catches it."""


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in this block, of the main thread, if it takes longer."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _paths(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _paths(inner, (*path, number))


def _with(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy


def _changed(value: Any, path: tuple[str | int, ...], change: Callable[[Any, Any], Any]) -> Any:
    if len(path) == 1:
        return change(value, path[0])
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(value[path[0]], path[1:], change)
    return copy


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    def left(inner: Any, key: Any) -> Any:
        if isinstance(inner, dict):
            return {name: each for name, each in inner.items() if name != key}
        return [each for number, each in enumerate(inner) if number != key]

    return _changed(value, path, left)


def _renamed(value: Any, path: tuple[str | int, ...], new: str) -> Any:
    return _changed(
        value, path, lambda inner, key: {new if name == key else name: each for name, each in inner.items()}
    )
