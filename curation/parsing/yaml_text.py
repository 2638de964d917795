"""YAML within limits: no key twice, no deep nesting, and aliases that do not multiply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from curation.parsing.not_valid import PARSER_ERRORS, NotValidError

__all__ = ["parse_yaml"]

_MAX_CHARACTERS = 2**18  # some ten times config.yaml with all its comments
_MAX_DEPTH = 40
_MAX_VALUES = 20_000
"""With what aliases repeat: config.yaml with all its keys has some 300."""
_MAX_NUMBER = 308
"""Characters of a number; a longer one is not finite, or cannot be shown."""
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


def parse_yaml(text: str) -> Any:
    """The value that a YAML text holds; None if it is empty.

    Args:
        text: One document.

    Raises:
        NotValidError: If it is not YAML, has tags or other values than YAML's own, names a key twice, or passes a
            limit; says in which line and column.
    """
    if len(text) > _MAX_CHARACTERS:
        raise NotValidError(f"it has {len(text):,} characters, and at most {_MAX_CHARACTERS:,} are read")
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return None
        _refuse_depth(root)
        _check(root)
        return loader.construct_document(root)
    except NotValidError:
        raise
    except yaml.YAMLError as error:
        raise NotValidError(str(error)) from error
    except RecursionError as error:
        raise NotValidError("it is nested too deeply") from error
    except PARSER_ERRORS as error:  # of a value, such as a date that there is not
        raise NotValidError(f"a value cannot be read: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_depth(root: yaml.Node) -> None:
    """Look through the text's values, those of aliases as often as they stand there, without following itself."""
    count = 0
    waiting = [iter((root,))]
    while waiting:
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
            continue
        count += 1
        if count > _MAX_VALUES:
            raise NotValidError(f"{_place(node)}it has more than {_MAX_VALUES:,} values; are there aliases of aliases?")
        if len(waiting) > _MAX_DEPTH:
            raise NotValidError(f"{_place(node)}it is nested too deeply, more than {_MAX_DEPTH} levels")
        waiting.append(_inner(node))


def _inner(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _check(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and len(node.value) > _MAX_NUMBER:
        raise NotValidError(f"{_place(node)}a number of {len(node.value):,} characters")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise NotValidError(f"{_place(key)}the key `{key.value[:60]}` is there twice: keep one of the two")
                seen.add(key.value)
    for inner in _inner(node):
        _check(inner)


def _place(node: yaml.Node) -> str:
    mark = node.start_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: "
