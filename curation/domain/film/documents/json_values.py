"""Values of a JSON document that may be damaged or hostile: each is checked, and errors name its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from curation.domain.film.times import rational

__all__ = ["JsonValue"]

_Value = TypeVar("_Value")
_Enum = TypeVar("_Enum", bound=StrEnum)

_MAX_WHOLE = 10**12
_MAX_NUMBER = 1e12
_MAX_TIME_S = 10**8
_ROUNDING = 1e-6
_MAX_RATIONAL_CHARS = 60
_SHOWN_CHARS = 60


class JsonValue:
    """A value of a parsed JSON document, with its place.

    Every method raises ValueError with the place and what is expected there, if the value is not of that kind.
    """

    def __init__(self, value: Any, at: str = "") -> None:
        """Take a value and its place, such as `film.tracks[3]`; empty for the document itself."""
        self._value = value
        self._at = at

    def __getitem__(self, key: str) -> JsonValue:
        """The value of a key that has to be there."""
        found = self.get(key)
        if found is None:
            raise self.wrong(f"an object with the key {key!r}")
        return found

    def get(self, key: str) -> JsonValue | None:
        """The value of a key, None if the key is not there."""
        if not isinstance(self._value, dict):
            raise self.wrong("an object")
        if key not in self._value:
            return None
        return JsonValue(self._value[key], f"{self._at}.{key}" if self._at else key)

    def __iter__(self) -> Iterator[JsonValue]:
        """The values of a list."""
        if not isinstance(self._value, list | tuple):
            raise self.wrong("a list")
        return (JsonValue(each, f"{self._at}[{number}]") for number, each in enumerate(self._value))

    def many(self, read: Callable[[JsonValue], _Value], *, length: int | None = None) -> tuple[_Value, ...]:
        """The values of a list, each read by a function."""
        values = tuple(read(each) for each in self)
        if length is not None and len(values) != length:
            raise self.wrong(f"a list of {length}")
        return values

    def optional(self, read: Callable[[JsonValue], _Value]) -> _Value | None:
        """None for null, else the value read by a function."""
        return None if self._value is None else read(self)

    def text(self) -> str:
        """A string."""
        if not isinstance(self._value, str):
            raise self.wrong("a text")
        return self._value

    def truth(self) -> bool:
        """A boolean."""
        if not isinstance(self._value, bool):
            raise self.wrong("true or false")
        return self._value

    def whole(self, lowest: int = 0, highest: int = _MAX_WHOLE) -> int:
        """A whole number from `lowest` to `highest`."""
        if type(self._value) is not int or not lowest <= self._value <= highest:
            raise self.wrong(f"a whole number from {lowest} to {highest}")
        return self._value

    def number(self, lowest: float = -_MAX_NUMBER, highest: float = _MAX_NUMBER) -> float:
        """A finite number from `lowest` to `highest`."""
        if type(self._value) not in (int, float) or not lowest <= self._value <= highest:
            raise self.wrong(f"a number from {lowest:g} to {highest:g}")
        return float(self._value)

    def share(self) -> float:
        """A number in [0, 1], up to the rounding of single precision."""
        return self.number(-_ROUNDING, 1.0 + _ROUNDING)

    def one_of(self, kind: type[_Enum]) -> _Enum:
        """A member of an enumeration."""
        if not isinstance(self._value, str) or self._value not in list(kind):
            raise self.wrong(" or ".join(kind))
        return kind(self._value)

    def rational(self) -> Fraction:
        """A time or a rate in seconds without loss, such as `1001/24000`."""
        text = self.text()
        if len(text) > _MAX_RATIONAL_CHARS:
            raise self.wrong("a time such as 1001/24000")
        try:
            value = rational(text)
        except ValueError:
            raise self.wrong("a time such as 1001/24000") from None
        if abs(value) > _MAX_TIME_S:
            raise self.wrong(f"a time of at most {_MAX_TIME_S} s")
        return value

    def wrong(self, wanted: str) -> ValueError:
        """The error for this value."""
        return ValueError(f"{self._at or 'the document'} is {_shown(self._value)} where {wanted} is expected")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return "a number of very many digits"
    if isinstance(value, float) and not math.isfinite(value):
        return "no finite number"
    return ascii(value)[:_SHOWN_CHARS]
