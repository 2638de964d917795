"""Whether a value is of the type that a field of a class declares: what arrives from elsewhere is checked by it."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from curation.remote.classes import class_named, name_of

__all__ = ["field_checks", "field_names"]

Check = Callable[[Any], bool]

_NUMBERS: dict[type[Any], tuple[type[Any], ...]] = {
    float: (float, int, np.floating, np.integer),
    int: (int, np.integer),
}


@cache
def field_names(name: str) -> tuple[str, ...]:
    """The fields of a class of the table, in the order in which it takes them."""
    kind = class_named(name)
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    named: tuple[str, ...] = kind._fields  # of a named tuple
    return named


@cache
def field_checks(name: str) -> tuple[Check, ...]:
    """For each field of a class of the table, whether a value fits its declared type.

    Raises:
        TypeError: If a field declares a type that nobody foresaw here; a fault of this program.
    """
    hints = get_type_hints(class_named(name))
    return tuple(_check(hints[field]) for field in field_names(name))


def _check(hint: Any) -> Check:
    """What tells whether a value is of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: True
    if hint is None or hint is type(None):
        return lambda value: value is None
    if origin in (Union, types.UnionType):
        return _any_of([_check(argument) for argument in arguments])
    if origin is Literal:
        return lambda value: value in arguments
    if origin is tuple:
        return _tuple_of(arguments)
    if origin is np.ndarray:
        (wanted,) = get_args(arguments[1])
        return lambda value: isinstance(value, np.ndarray) and _is_kind(value.dtype, wanted)
    if isinstance(hint, type) and origin is None:
        return _instance_of(hint)
    raise TypeError(f"nobody can tell whether a value is {hint}")


def _any_of(checks: list[Check]) -> Check:
    return lambda value: any(check(value) for check in checks)


def _tuple_of(arguments: tuple[Any, ...]) -> Check:
    if arguments[1:] == (...,):
        one = _check(arguments[0])
        return lambda value: type(value) is tuple and all(map(one, value))
    checks = [_check(argument) for argument in arguments]
    return lambda value: (
        type(value) is tuple
        and len(value) == len(checks)
        and all(check(item) for check, item in zip(checks, value, strict=True))
    )


def _instance_of(kind: type[Any]) -> Check:
    if kind in _NUMBERS:
        wanted = _NUMBERS[kind]
        return lambda value: type(value) is kind or (isinstance(value, wanted) and not isinstance(value, bool))
    if kind in (str, bytes, bool, Fraction) or name_of(kind) is not None:
        return lambda value: type(value) is kind
    return lambda value: isinstance(value, kind)


def _is_kind(found: np.dtype[Any], wanted: Any) -> bool:
    return bool(wanted is Any or np.issubdtype(found, wanted))
