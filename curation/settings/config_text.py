"""Changing single values of config.yaml, and leaving every other character of it as its owner wrote it.

ruamel.yaml says where in the text a value stands; that piece alone is replaced. Where this does not give what was
asked for (aliases, tags, odd nesting), ruamel.yaml writes the whole file, which keeps comments and order too, but
not all of the spacing.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from curation.errors import SettingsError

__all__ = ["Scalar", "changed_config"]

Scalar = bool | int | float | str
KeyPath = tuple[str, ...]

_BOM = "\ufeff"
_INDENT = 2


def changed_config(content: bytes, changes: Mapping[KeyPath, Scalar]) -> bytes:
    """The text of a settings file with some values changed.

    Args:
        content: Of the file; UTF-8, maybe with a byte order mark.
        changes: From the path of a key, such as `("scoring", "weights", "smile")`, to its value. Keys that the file
            does not have yet are added after their neighbours.

    Returns:
        The new text. Comments, order, quotes, line ends and spacing of all that does not change stay as they are.

    Raises:
        SettingsError: If the file is not YAML that can be changed.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError("the settings file is not UTF-8 text: save it as UTF-8") from error
    mark, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    try:
        data = yaml.safe_load(text)
        wanted = _merged(data, changes)
        needed = {path: value for path, value in changes.items() if not _is_same(_lookup(data, path), value)}
        new = text
        try:
            for path, value in needed.items():
                new = _with_value(new, path, value)
        except YAMLError:
            new = ""  # a change of one piece made the whole senseless
        if not _is_same(_loaded(new) or {}, wanted):
            new = _rewritten(text, needed)
    except (YAMLError, yaml.YAMLError) as error:
        raise SettingsError(
            f"the settings file is not YAML that can be changed here: {str(error).partition(chr(10) * 2)[0]}"
        ) from error
    if not _is_same(_loaded(new) or {}, wanted):
        raise SettingsError("the settings file is written in a way that cannot be changed here: edit it by hand")
    return (mark + new).encode("utf-8")


def _loaded(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _merged(data: Any, changes: Mapping[KeyPath, Scalar]) -> dict[str, Any]:
    if data is not None and not isinstance(data, dict):
        raise SettingsError(f"the settings file must hold sections such as `scoring:`, not a {type(data).__name__}")
    out = _copied(data or {})
    for path, value in changes.items():
        place = out
        for key in path[:-1]:
            if place.get(key) is None:
                place[key] = {}
            if not isinstance(place[key], dict):
                raise SettingsError(
                    f"`{'.'.join(path)}` cannot be set: `{key}` holds {place[key]!r}, not keys of its own"
                )
            place = place[key]
        place[path[-1]] = value
    return out


def _copied(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in data.items()}


def _lookup(data: Any, path: Sequence[str]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _is_same(found: Any, wanted: Any) -> bool:
    """Equal, and of the same kind: YAML reads a bare `off` as false, which means the same here."""
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(_is_same(found[key], value) for key, value in wanted.items())
        )
    return bool(found == wanted) or (wanted == "off" and found is False)


# --- The piece of text that changes -----------------------------------------------------------------------


def _with_value(text: str, path: KeyPath, value: Scalar) -> str:
    root = YAML(typ="rt").compose(io.StringIO(text))
    if root is None:
        return _appended(text, path, value)
    node: Node = root
    for depth, key in enumerate(path):
        if not isinstance(node, MappingNode):
            # `scoring:` without anything below it
            return text
        child = _child(node, key)
        if child is None or (depth < len(path) - 1 and _is_empty(child)):
            return _inserted(text, node, path, depth, value, child)
        node = child
    if not isinstance(node, ScalarNode):
        return text
    start, end = node.start_mark.index, node.end_mark.index
    return _spliced(text, start, end, _scalar(value))


def _child(node: MappingNode, key: str) -> Node | None:
    return next((value for name, value in node.value if isinstance(name, ScalarNode) and name.value == key), None)


def _is_empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value in ("", "null", "~") and node.style is None


def _spliced(text: str, start: int, end: int, new: str) -> str:
    """Replace a piece; a comment behind it stays in its column where the room suffices."""
    rest = text[end:]
    spaces = len(rest) - len(rest.lstrip(" "))
    longer = len(new) - (end - start)
    if rest[spaces : spaces + 1] == "#":
        rest = " " * max(1, spaces - longer) + rest[spaces:]
    return text[:start] + new + rest


def _inserted(text: str, node: MappingNode, path: KeyPath, depth: int, value: Scalar, empty: Node | None) -> str:
    """Add `path[depth:]` below `node`; `empty` is the value of `path[depth]` if it has one without content."""
    if node.flow_style:
        nested = _scalar(value)
        for key in reversed(path[depth + 1 :]):
            nested = f"{{{key}: {nested}}}"
        close = node.end_mark.index - 1
        body = text[node.start_mark.index + 1 : close]
        gap = "" if not body.strip() else " " if body.rstrip().endswith(",") else ", "
        kept = text[: node.start_mark.index + 1] + body.rstrip()
        return kept + f"{gap}{path[depth]}: {nested}" + body[len(body.rstrip()) :] + text[close:]
    column = node.value[0][0].start_mark.column if node.value else 0
    if empty is not None:
        line_end = _line_end(text, empty.end_mark.index)
        return _with_lines(text, line_end, path[depth + 1 :], column + _INDENT, value)
    last = node.value[-1][1] if node.value else node
    return _with_lines(text, _end_of_block(text, last), path[depth:], column, value)


def _end_of_block(text: str, node: Node) -> int:
    """Behind the line that the last value of a node stands on; comments that follow belong to what comes next."""
    while isinstance(node, MappingNode) and not node.flow_style and node.value:
        node = node.value[-1][1]
    index = node.end_mark.index
    # The mark of a block that is not a mapping may lie behind the blank lines that follow it.
    while index > 0 and text[index - 1] in " \t\r\n":
        index -= 1
    return _line_end(text, index)


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _with_lines(text: str, index: int, keys: Sequence[str], column: int, value: Scalar) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [" " * (column + _INDENT * depth) + f"{key}:" for depth, key in enumerate(keys)]
    lines[-1] += f" {_scalar(value)}"
    before = text[:index]
    if before and not before.endswith("\n"):
        before += end
    return before + end.join(lines) + end + text[index:]


def _appended(text: str, path: KeyPath, value: Scalar) -> str:
    return _with_lines(text, len(text), path, 0, value)


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SettingsError(f"{value} is no value for a settings file")
        digits, mark, exponent = repr(value).partition("e")
        # 1e-05 is a text for YAML 1.1, which wants a point.
        return f"{digits}.0e{exponent}" if mark and "." not in digits else repr(value)
    return value if value.isidentifier() else yaml.safe_dump(value, default_style='"').strip()


# --- The whole file ---------------------------------------------------------------------------------------


def _rewritten(text: str, changes: Mapping[KeyPath, Scalar]) -> str:
    parser = YAML(typ="rt")
    parser.preserve_quotes = True
    parser.width = 10_000  # no line is folded
    data = parser.load(text) or {}
    for path, value in changes.items():
        place = data
        for key in path[:-1]:
            if place.get(key) is None:
                place[key] = {}
            place = place[key]
        place[path[-1]] = value
    out = io.StringIO()
    parser.dump(data, out)
    return out.getvalue().replace("\n", "\r\n") if "\r\n" in text else out.getvalue()
