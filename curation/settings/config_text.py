"""Changes single values of config.yaml without changing any other character.

ruamel.yaml gives the position of a value in the text, and only that part is replaced. If the result is not the wanted
one (aliases, tags, odd nesting), ruamel.yaml writes the whole file, which preserves comments and order, but not all of
the spacing.
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
from curation.parsing.not_valid import PARSER_ERRORS, NotValidError
from curation.parsing.yaml_text import parse_yaml

__all__ = ["Scalar", "changed_config"]

Scalar = bool | int | float | str | None
KeyPath = tuple[str, ...]

_BOM = "\ufeff"
_INDENT = 2
_NOT_CHANGEABLE: tuple[type[Exception], ...] = (YAMLError, *PARSER_ERRORS)


def changed_config(content: bytes, changes: Mapping[KeyPath, Scalar]) -> bytes:
    """The text of a settings file with some values changed.

    Args:
        content: Content of the file: UTF-8, optionally with a byte order mark.
        changes: New values by the path of their key, such as `("scoring", "weights", "smile")`. Keys that are not in
            the file yet are added at the end of their section, unless their value is None.

    Returns:
        The new content. Comments, order, quotes, line ends and spacing of everything else stay the same.

    Raises:
        SettingsError: If the file is not valid YAML, or cannot be changed in this way.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError("the settings file is not UTF-8 text: save it as UTF-8") from error
    mark, text = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    try:
        data = parse_yaml(text)
        changes = {
            path: value for path, value in changes.items() if value is not None or _lookup(data, path) is not None
        }
        wanted = _merged(data, changes)
        needed = {path: value for path, value in changes.items() if not _is_same(_lookup(data, path), value)}
        new = text
        try:
            for path, value in needed.items():
                new = _with_value(new, path, value)
        except YAMLError:
            new = ""  # the replaced part made the text invalid
        if not _is_same(_loaded(new) or {}, wanted):
            new = _rewritten(text, needed)
    except _NOT_CHANGEABLE as error:
        raise SettingsError(
            f"the settings file is not valid YAML, so it cannot be changed: {str(error).partition(chr(10) * 2)[0]}"
        ) from error
    if not _is_same(_loaded(new) or {}, wanted):
        raise SettingsError("the settings file cannot be changed automatically: edit it by hand")
    return (mark + new).encode("utf-8")


def _loaded(text: str) -> Any:
    try:
        return parse_yaml(text)
    except NotValidError:
        return None


def _merged(data: Any, changes: Mapping[KeyPath, Scalar]) -> dict[str, Any]:
    if data is not None and not isinstance(data, dict):
        raise SettingsError(f"the settings file must contain sections such as `scoring:`, not a {type(data).__name__}")
    out = _copied(data or {})
    for path, value in changes.items():
        section = out
        for key in path[:-1]:
            if section.get(key) is None:
                section[key] = {}
            if not isinstance(section[key], dict):
                raise SettingsError(
                    f"`{'.'.join(path)}` cannot be set: `{key}` contains {section[key]!r}, not keys of its own"
                )
            section = section[key]
        section[path[-1]] = value
    return out


def _copied(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in data.items()}


def _lookup(data: Any, path: Sequence[str]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _is_same(found: Any, wanted: Any) -> bool:
    """Whether the values are equal; YAML 1.1 reads a bare `off` as false, which counts as equal to "off"."""
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(_is_same(found[key], value) for key, value in wanted.items())
        )
    return bool(found == wanted) or (wanted == "off" and found is False)


# --- Replacing a part of the text -------------------------------------------------------------------------


def _with_value(text: str, path: KeyPath, value: Scalar) -> str:
    root = YAML(typ="rt").compose(io.StringIO(text))
    if root is None:
        return _appended(text, path, value)
    node: Node = root
    for depth, key in enumerate(path):
        if not isinstance(node, MappingNode):
            # a section without keys, such as a bare `scoring:`
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
    """Replace a part of the text; a comment behind it stays in its column if there is enough space."""
    rest = text[end:]
    spaces = len(rest) - len(rest.lstrip(" "))
    longer = len(new) - (end - start)
    if rest[spaces : spaces + 1] == "#":
        rest = " " * max(1, spaces - longer) + rest[spaces:]
    return text[:start] + new + rest


def _inserted(text: str, node: MappingNode, path: KeyPath, depth: int, value: Scalar, empty: Node | None) -> str:
    """Add `path[depth:]` below `node`; `empty` is the node of `path[depth]` if that key has an empty value."""
    if node.flow_style:
        nested = _scalar(value)
        for key in reversed(path[depth + 1 :]):
            nested = f"{{{key}: {nested}}}"
        close = node.end_mark.index - 1
        body = text[node.start_mark.index + 1 : close]
        gap = "" if not body.strip() else " " if body.rstrip().endswith(",") else ", "
        before = text[: node.start_mark.index + 1] + body.rstrip()
        return before + f"{gap}{path[depth]}: {nested}" + body[len(body.rstrip()) :] + text[close:]
    column = node.value[0][0].start_mark.column if node.value else 0
    if empty is not None:
        line_end = _line_end(text, empty.end_mark.index)
        return _with_lines(text, line_end, path[depth + 1 :], column + _INDENT, value)
    last = node.value[-1][1] if node.value else node
    return _with_lines(text, _end_of_block(text, last), path[depth:], column, value)


def _end_of_block(text: str, node: Node) -> int:
    """The end of the line with the last value of a node; comments after it belong to the next key."""
    while isinstance(node, MappingNode) and not node.flow_style and node.value:
        node = node.value[-1][1]
    index = node.end_mark.index
    # The end mark of a block that is not a mapping may be after the blank lines that follow it.
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
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SettingsError(f"{value} cannot be a value in the settings file")
        digits, mark, exponent = repr(value).partition("e")
        # YAML 1.1 reads 1e-05 as a string: a float needs a decimal point.
        return f"{digits}.0e{exponent}" if mark and "." not in digits else repr(value)
    return value if value.isidentifier() else yaml.safe_dump(value, default_style='"').strip()


# --- Rewriting the file -----------------------------------------------------------------------------------


def _rewritten(text: str, changes: Mapping[KeyPath, Scalar]) -> str:
    parser = YAML(typ="rt")
    parser.preserve_quotes = True
    parser.width = 10_000  # do not fold lines
    data = parser.load(text) or {}
    for path, value in changes.items():
        section = data
        for key in path[:-1]:
            if section.get(key) is None:
                section[key] = {}
            section = section[key]
        section[path[-1]] = value
    out = io.StringIO()
    parser.dump(data, out)
    return out.getvalue().replace("\n", "\r\n") if "\r\n" in text else out.getvalue()
