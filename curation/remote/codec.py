"""Tasks and results as plain JSON values, and back without loss: parent and workers exchange text, never pickles.

Plain values stand for themselves: null, true, false, whole numbers, finite floats (JSON's shortest text is exact),
texts and lists. Everything else is an object with one key that tells what it is:

| key | value |
|---|---|
| `tuple` | a list of the items |
| `dict` | a list of pairs |
| `bytes` | base64 |
| `text` | base64 of a text that UTF-8 cannot tell, such as a file name of undecodable bytes |
| `float` | `nan`, `inf` or `-inf` |
| `number` | dtype and base64 of one numpy number |
| `array` | dtype, shape and base64 of a numpy array |
| `fraction` | numerator and denominator |
| `time` | a date and time in ISO 8601 |
| `path` | a place and the path below it, see `curation.remote.places` |
| `weights` | name and SHA-256 of a model file, which the reader looks for on its own machine |
| `member` | name of an enumeration and value |
| `photo_error` | name of an error of one photo, message, what is wrong with its file, and what is still good |
| `object` | name of a class of `curation.remote.classes`, and the values of its fields in order |

Reading makes values of these kinds only, checks each field against its declared type, and runs no code of others.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from curation.engines.base import WeightsFile
from curation.errors import PhotoError, fault_of
from curation.parsing.not_valid import PARSER_ERRORS
from curation.remote.classes import class_named, name_of
from curation.remote.errors import photo_error_of
from curation.remote.field_types import field_checks, field_names

__all__ = ["Codec", "FindWeights", "PathPlaces"]

_MAX_DEPTH = 40
_MAX_DIMENSIONS = 6
_NUMBER_KINDS = "fiub"  # of numpy: floats, whole numbers with and without sign, booleans

FindWeights = Callable[[str, str], WeightsFile]
"""Finds a model file by name and SHA-256 on this machine."""


class PathPlaces(Protocol):
    """Tells paths as places that other machines have, too."""

    def told(self, path: Path) -> tuple[str, str]:
        """The place of a path, and the path below it."""

    def path(self, place: str, below: str) -> Path:
        """The path on this machine."""


class _NoPlaces:
    def told(self, path: Path) -> tuple[str, str]:
        raise ValueError("a path cannot be told here")

    def path(self, place: str, below: str) -> Path:
        raise ValueError("a path is not expected here")


def _no_weights(name: str, sha256: str) -> WeightsFile:
    raise ValueError("a model file is not expected here")


class Codec:
    """Encodes and decodes values; without arguments, those that hold neither paths nor model files."""

    def __init__(self, places: PathPlaces | None = None, find_weights: FindWeights = _no_weights) -> None:
        """Set what depends on the machine."""
        self._places = places or _NoPlaces()
        self._find_weights = find_weights

    def encoded(self, value: Any) -> Any:
        """A value as plain JSON values.

        Raises:
            TypeError: If it is of a class that is not told.
            CurationError: If a path lies in no place that other machines have.
        """
        kind = type(value)
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if kind is int or value is None or kind is bool:
            return value
        if kind is str:
            return value if value.isascii() else _encoded_text(value)
        if kind is list:
            return [self.encoded(item) for item in value]
        if kind is tuple:
            return {"tuple": [self.encoded(item) for item in value]}
        if kind is dict:
            return {"dict": [[self.encoded(key), self.encoded(item)] for key, item in value.items()]}
        if kind is bytes:
            return {"bytes": _base64(value)}
        return self._encoded_object(value, kind)

    def _encoded_object(self, value: Any, kind: type[Any]) -> Any:
        name = name_of(kind)
        if name is not None and not isinstance(value, Enum):
            values = value if isinstance(value, tuple) else [getattr(value, field) for field in field_names(name)]
            return {"object": [name, [self.encoded(item) for item in values]]}
        if isinstance(value, np.ndarray):
            return {"array": [_dtype_name(value.dtype), list(value.shape), _base64(_little(value).tobytes())]}
        if isinstance(value, np.generic):
            return {"number": [_dtype_name(value.dtype), _base64(_little(np.asarray(value)).tobytes())]}
        if kind is Fraction:
            return {"fraction": [value.numerator, value.denominator]}
        if kind is datetime:
            return {"time": value.isoformat()}
        if isinstance(value, Path):
            return {"path": [_encoded_text(text) for text in self._places.told(value)]}
        if kind is WeightsFile:
            return {"weights": [value.name, value.sha256]}
        if isinstance(value, PhotoError):
            return {"photo_error": [kind.__name__, *map(_encoded_text, (str(value), *fault_of(value)))]}
        if name is None:
            raise TypeError(f"values of {kind.__module__}.{kind.__name__} are not told to other machines")
        return {"member": [name, value.value]}

    def decoded(self, data: Any) -> Any:
        """The value of plain JSON values.

        Raises:
            ValueError: If they are not such a value; the message says what is wrong.
            CurationError: If a path or a model file is not to be had on this machine.
        """
        try:
            return self._decoded(data, 0)
        except ValueError:
            raise
        except PARSER_ERRORS as error:  # such as a list within the key of a dict
            raise ValueError(f"this is no value ({type(error).__name__}: {str(error)[:200]})") from error

    def _decoded(self, data: Any, depth: int) -> Any:
        kind = type(data)
        if kind is float:
            if not math.isfinite(data):
                raise ValueError("a number that is not finite")
            return data
        if kind is int or kind is str or data is None or kind is bool:
            return data
        if depth > _MAX_DEPTH:
            raise ValueError("values lie too deep in one another")
        if isinstance(data, list):
            return [self._decoded(item, depth + 1) for item in data]
        if not isinstance(data, dict) or len(data) != 1:
            raise ValueError("an object has one key, which tells what it is")
        ((tag, content),) = data.items()
        read = self._READERS.get(tag)
        if read is None:
            raise ValueError(f"there is no kind of value {str(tag)[:80]!r}")
        return read(self, content, depth + 1)

    def _tuple(self, content: Any, depth: int) -> Any:
        return tuple(self._decoded(item, depth) for item in _list(content))

    def _dict(self, content: Any, depth: int) -> Any:
        out = {}
        for pair in _list(content):
            key, value = _list(pair, 2)
            key = self._decoded(key, depth)
            if isinstance(key, list | dict | np.ndarray):
                raise ValueError("this cannot be a key")
            out[key] = self._decoded(value, depth)
        return out

    def _path(self, content: Any, depth: int) -> Any:
        place, below = (_text(self._decoded(item, depth)) for item in _list(content, 2))
        return self._places.path(place, below)

    def _weights(self, content: Any, depth: int) -> Any:
        name, sha256 = map(_text, _list(content, 2))
        return self._find_weights(name, sha256)

    def _photo_error(self, content: Any, depth: int) -> Any:
        name, message, fault, good = (_text(self._decoded(item, depth)) for item in _list(content, 4))
        return photo_error_of(name, message, fault, good)

    def _member(self, content: Any, depth: int) -> Any:
        name, value = _list(content, 2)
        kind = class_named(_text(name))
        if not issubclass(kind, Enum) or not isinstance(value, str | int):
            raise ValueError(f"{name} is no enumeration")
        return kind(value)  # a ValueError for one that it does not have

    def _object(self, content: Any, depth: int) -> Any:
        name, told = _list(content, 2)
        kind, checks = _made_of(_text(name))
        values = [self._decoded(item, depth) for item in _list(told, len(checks))]
        for number, (check, value) in enumerate(zip(checks, values, strict=True)):
            if not check(value):
                field = field_names(name)[number]
                raise ValueError(f"{field} of {name} cannot be a {type(value).__name__} such as this")
        return kind(*values)

    _READERS: Mapping[str, Callable[[Codec, Any, int], Any]] = {
        "tuple": _tuple,
        "dict": _dict,
        "bytes": lambda self, content, depth: _bytes(content),
        "text": lambda self, content, depth: _bytes(content).decode("utf-8", "surrogatepass"),
        "float": lambda self, content, depth: _special(content),
        "number": lambda self, content, depth: _number(content),
        "array": lambda self, content, depth: _array(content),
        "fraction": lambda self, content, depth: _fraction(content),
        "time": lambda self, content, depth: datetime.fromisoformat(_text(content)),
        "path": _path,
        "weights": _weights,
        "member": _member,
        "photo_error": _photo_error,
        "object": _object,
    }


@cache
def _made_of(name: str) -> tuple[type[Any], tuple[Callable[[Any], bool], ...]]:
    """A class of the table, and what its fields have to be.

    Raises:
        ValueError: If there is none, or it is an enumeration.
    """
    kind = class_named(name)
    if issubclass(kind, Enum):
        raise ValueError(f"{name} is an enumeration")
    return kind, field_checks(name)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _encoded_text(text: str) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"text": _base64(text.encode("utf-8", "surrogatepass"))}
    return text


def _little(array: Any) -> Any:
    """The same numbers, the lowest byte first."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _dtype_name(dtype: np.dtype[Any]) -> str:
    if dtype.kind not in _NUMBER_KINDS:
        raise TypeError(f"arrays of {dtype} are not told to other machines")
    return dtype.newbyteorder("<").str


def _dtype(name: Any) -> np.dtype[Any]:
    if not isinstance(name, str) or len(name) > 4 or name[:1] not in "<|" or name[1:2] not in _NUMBER_KINDS:
        raise ValueError("this is no type of numbers")
    try:
        return np.dtype(name)
    except TypeError as error:
        raise ValueError(f"there are no numbers {name!r}") from error


def _list(content: Any, length: int | None = None) -> list[Any]:
    if not isinstance(content, list) or length not in (None, len(content)):
        raise ValueError("a list is expected" if length is None else f"a list of {length} is expected")
    return content


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise ValueError("a text is expected")
    return content


def _bytes(content: Any) -> bytes:
    try:
        return base64.b64decode(_text(content), validate=True)
    except binascii.Error as error:
        raise ValueError(f"this is no base64: {error}") from error


def _special(content: Any) -> float:
    if content not in ("nan", "inf", "-inf"):
        raise ValueError("a number that is not finite is nan, inf or -inf")
    return float(content)


def _number(content: Any) -> Any:
    name, text = _list(content, 2)
    dtype, data = _dtype(name), _bytes(text)
    if len(data) != dtype.itemsize:
        raise ValueError(f"one number of {dtype} has {dtype.itemsize} bytes, not {len(data)}")
    return np.frombuffer(data, dtype=dtype)[0]


def _array(content: Any) -> Any:
    name, shape, text = _list(content, 3)
    dtype, data = _dtype(name), _bytes(text)
    sizes = _list(shape)
    if len(sizes) > _MAX_DIMENSIONS or not all(type(size) is int and 0 <= size < 2**40 for size in sizes):
        raise ValueError("this is no shape of an array")
    if math.prod(sizes) * dtype.itemsize != len(data):
        raise ValueError(f"an array of {dtype} and the shape {sizes} does not have {len(data)} bytes")
    return np.frombuffer(data, dtype=dtype).reshape(sizes).copy()


def _fraction(content: Any) -> Fraction:
    numerator, denominator = _list(content, 2)
    if type(numerator) is not int or type(denominator) is not int or denominator <= 0:
        raise ValueError("this is no fraction")
    return Fraction(numerator, denominator)
