"""Every class that is told comes back equal from JSON text; wrong or hostile text makes an error, never more."""

from __future__ import annotations

import json
import math
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.engines.base import WeightsFile
from curation.errors import FaceAnalysisError, PhotoError, PhotoUnreadableError, SettingsError, WeightsMissingError
from curation.remote.classes import CLASSES, class_named
from curation.remote.codec import Codec
from curation.remote.field_types import field_names
from curation.remote.places import Places

_ROOTS = {"input": Path("/photos of/the event"), "video": Path("/films")}
_SHA256 = "ab" * 32


def _found(name: str, sha256: str) -> WeightsFile:
    return WeightsFile(name, Path("/elsewhere") / name, sha256)


_CODEC = Codec(Places(_ROOTS), _found)
_TEXTS = st.text(max_size=8) | st.just("IMG_\udcff\udc80.jpg") | st.just("größe/名.jpg")
_DEEP = 4
_FLOATS = st.floats(allow_nan=False)


def _back(value: Any, codec: Codec = _CODEC) -> Any:
    return codec.decoded(json.loads(json.dumps(codec.encoded(value), allow_nan=False)))


def _values(hint: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a declared type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in (None, NoneType):
        return st.none()
    if origin in (typing.Union, UnionType):
        return st.one_of([_values(argument, depth) for argument in arguments])
    if origin is tuple and arguments[1:] == (...,):
        if depth > _DEEP:  # a class may hold others of its kind
            return st.just(())
        return st.lists(_values(arguments[0], depth + 1), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*[_values(argument, depth + 1) for argument in arguments])
    if origin is np.ndarray:
        (kind,) = get_args(arguments[1])
        shapes = st.lists(st.integers(0, 3), min_size=1, max_size=2)
        return shapes.map(lambda shape: np.random.default_rng(1).normal(size=shape).astype(kind))
    simple: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(-(2**62), 2**62),
        float: _FLOATS,
        str: _TEXTS,
        bytes: st.binary(max_size=9),
        Fraction: st.fractions(),
        datetime: st.datetimes(),
        Path: st.sampled_from([_ROOTS["input"] / "a" / "b.jpg", _ROOTS["video"] / "f\udcff.mp4"]),
        WeightsFile: st.just(_found("net.onnx", _SHA256)),
    }
    if hint in simple:
        return simple[hint]
    assert hint.__name__ in CLASSES, f"{hint} is not told"
    return _of_class(hint.__name__, depth)


def _of_class(name: str, depth: int = 0) -> st.SearchStrategy[Any]:
    kind = class_named(name)
    if issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    hints = typing.get_type_hints(kind)
    return st.builds(kind, *[_later(hints[field], depth + 1) for field in field_names(name)])


def _later(hint: Any, depth: int) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: _values(hint, depth))


def assert_same(one: Any, other: Any) -> None:
    """Equal in every bit, also where the class does not compare."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    elif isinstance(one, float):
        assert one.hex() == other.hex()
    else:
        assert one == other


@pytest.mark.parametrize("name", sorted(CLASSES))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_class_comes_back_equal(name: str, data: st.DataObject) -> None:
    value = data.draw(_of_class(name))
    assert_same(value, _back(value))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | _FLOATS | _TEXTS | st.binary(max_size=5) | st.fractions(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(_TEXTS | st.integers(), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
@settings(deadline=None)
def test_plain_values_come_back_equal(value: Any) -> None:
    assert_same(value, _back(value)) if not isinstance(value, dict) else None
    assert _back(value) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2])
def test_odd_numbers_come_back_bit_by_bit(value: float) -> None:
    assert _back(value).hex() == value.hex()
    told = _back(np.float32(value))
    assert type(told) is np.float32 and told.tobytes() == np.float32(value).tobytes()


def test_arrays_of_all_kinds_come_back() -> None:
    for array in (
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.zeros((0, 512), dtype=np.float32),
        np.array(3.5),
        np.array([True, False]),
        np.arange(12, dtype=np.float64).reshape(3, 4).T,
    ):
        told = _back(array)
        assert told.shape == array.shape and np.array_equal(told, array)
        told[...] = 0  # a copy of its own
    assert _back(np.float16(0.5)).dtype == np.float16
    with pytest.raises(TypeError, match="arrays of object"):
        _CODEC.encoded(np.array([object()]))


def test_errors_of_photos_come_back_by_their_class() -> None:
    for error in (PhotoUnreadableError("cut off"), FaceAnalysisError("no \udcff")):
        told = _back(error)
        assert type(told) is type(error) and str(told) == str(error)
    odd = type("OddError", (PhotoError,), {})
    with pytest.raises(ValueError, match="OddError"):
        _back(odd("x"))


def test_only_classes_of_the_table_are_told() -> None:
    for value in (object(), {1, 2}, complex(1), Codec(), SettingsError("x"), WeightsMissingError("x")):
        with pytest.raises(TypeError, match="not told"):
            _CODEC.encoded(value)


def test_paths_outside_all_places_are_refused_with_what_to_do() -> None:
    for path in ("/elsewhere/a.jpg", "/photos of/the event/../secret.jpg"):
        with pytest.raises(SettingsError, match=r"Copy it there, or use performance\.pool: local"):
            _CODEC.encoded(Path(path))
    assert _back(_ROOTS["input"] / "sub dir" / "ä.jpg") == _ROOTS["input"] / "sub dir" / "ä.jpg"
    elsewhere = Codec(Places({"input": Path("/mnt/event")}), _found)
    assert elsewhere.decoded(_CODEC.encoded(_ROOTS["input"] / "a.jpg")) == Path("/mnt/event/a.jpg")
    with pytest.raises(ValueError, match="not expected"):
        Codec().decoded({"path": ["input", "a.jpg"]})


_HOSTILE = [
    {"path": ["input", "../../etc/passwd"]},
    {"path": ["input", "/etc/passwd"]},
    {"path": ["input", ""]},
    {"path": ["input", "a\0b"]},
    {"path": ["root", "etc/passwd"]},
    {"path": "input"},
    {"object": ["os.system", ["true"]]},
    {"object": ["Path", ["/etc/passwd"]]},
    {"object": ["__class__", []]},
    {"object": ["Box", [1, 2, 3]]},
    {"object": ["Box", [1, 2, 3, "4"]]},
    {"object": ["Box", [1, 2, 3, True]]},
    {"object": ["Point", [1, {"float": "huge"}]]},
    {"object": ["Attribute", ["age"]]},
    {"object": ["FileStamp", ["/etc/passwd", 1, 1]]},
    {"object": [["Box"], []]},
    {"object": ["DetectedFace", [None, None, 0.5, {"array": ["<f8", [1], "AAAAAAAAAAA="]}]]},
    {"member": ["Attribute", "height"]},
    {"member": ["Box", "x"]},
    {"member": ["Attribute", ["age"]]},
    {"array": ["O", [1], "AAAA"]},
    {"array": ["|O", [1], "AAAAAAAAAAA="]},
    {"array": ["<f4", [2**30, 2**30], "AAAA"]},
    {"array": ["<f4", [-1], "AAAA"]},
    {"array": ["<f4", [2], "AAAA"]},
    {"array": ["<f9", [1], "AAAA"]},
    {"array": ["<f4", [1] * 9, "AAAAAA=="]},
    {"array": ["<f4", "1", "AAAAAA=="]},
    {"number": ["<f8", "AAAA"]},
    {"bytes": "no base64!"},
    {"bytes": 5},
    {"text": "////"},
    {"fraction": [1, 0]},
    {"fraction": ["1", 2]},
    {"float": 1},
    {"time": "yesterday"},
    {"time": 5},
    {"photo_error": ["SystemExit", "x"]},
    {"photo_error": ["SettingsError", "x"]},
    {"weights": ["a"]},
    {"py/object": "os.system"},
    {"tuple": 5},
    {"tuple": [], "dict": []},
    {"dict": [[{"dict": []}, 1]]},
    {"dict": [[1]]},
    {},
    {"a": 1, "b": 2},
]


@pytest.mark.parametrize("data", _HOSTILE, ids=[json.dumps(data)[:60] for data in _HOSTILE])
def test_wrong_or_hostile_json_is_an_error_that_says_why(data: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        _CODEC.decoded(json.loads(json.dumps(data)))


def test_what_lies_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    with pytest.raises(ValueError, match="too deep"):
        _CODEC.decoded(deep)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["object", "array", "tuple", "path", "bytes", "member", "dict", "x"]), inner, max_size=2
            )
        ),
        max_leaves=20,
    )
)
@settings(deadline=None)
def test_any_json_is_read_or_refused(data: Any) -> None:
    try:
        _CODEC.decoded(data)
    except ValueError as error:
        assert str(error)
