from __future__ import annotations

import inspect
import pickle
import re

import pytest

from curation import errors
from curation.errors import CurationError

EXIT_CODES = {
    "SettingsError": 2,
    "InputError": 3,
    "WeightsError": 4,
    "StorageError": 5,
    "BusyError": 6,
    "WorkerError": 5,
    "RunInterruptedError": 130,
}

ALL = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, CurationError)]


def drawn_tree() -> dict[str, tuple[str | None, int | None]]:
    """Parent and exit code of each class in the module's docstring."""
    out: dict[str, tuple[str | None, int | None]] = {}
    parents: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^((?:[│ ]   )*)(?:[├└]── )?(\w+Error)\b(.*)$", line)
        if match is None:
            continue
        depth = 0 if match[2] == "CurationError" else len(match[1]) // 4 + 1
        code = re.search(r"exit (\d+)$", match[3])
        out[match[2]] = (parents[depth - 1] if depth else None, int(code[1]) if code else None)
        parents[depth:] = [match[2]]
    return out


def test_the_drawing_is_the_tree() -> None:
    drawn = drawn_tree()
    assert {kind.__name__ for kind in ALL} == set(drawn)
    for kind in ALL:
        parent, exit_code = drawn[kind.__name__]
        if parent is not None:
            assert [base.__name__ for base in kind.__bases__] == [parent]
        if exit_code is not None:
            assert kind.exit_code == exit_code


def test_exit_codes_are_those_of_the_contract() -> None:
    assert {name: getattr(errors, name).exit_code for name in EXIT_CODES} == EXIT_CODES
    for kind in ALL:
        expected = [EXIT_CODES[base.__name__] for base in kind.__mro__ if base.__name__ in EXIT_CODES]
        # 1 says that the stage was done: only a photo's own error may carry it, and that ends no stage.
        assert kind.exit_code == (expected[0] if expected else 1 if issubclass(kind, errors.PhotoError) else 70)


# What clients know as an unreadable photo stays one, however much more is known of it.
WITH_THE_CODE_OF_THEIR_PARENT: set[type[CurationError]] = {errors.PhotoDamagedError, errors.PhotoUnknownFormError}


def test_codes_are_stable_names_of_their_own() -> None:
    codes = [kind.code for kind in ALL if kind not in WITH_THE_CODE_OF_THEIR_PARENT]
    assert len(set(codes)) == len(codes)
    assert {kind.code for kind in WITH_THE_CODE_OF_THEIR_PARENT} == {errors.PhotoUnreadableError.code}
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_everything_is_exported_and_described() -> None:
    assert set(errors.__all__) == {kind.__name__ for kind in ALL} | {
        "NOT_CLUSTERED",
        "NOT_SCORED",
        "fault_of",
        "is_caused_by_interrupt",
    }
    assert list(errors.__all__) == sorted(errors.__all__, key=lambda name: (not name.isupper(), name))
    assert all((kind.__doc__ or "").strip() for kind in ALL)


@pytest.mark.parametrize("kind", ALL)
def test_errors_travel_between_processes(kind: type[CurationError]) -> None:
    again = pickle.loads(pickle.dumps(kind("what to do")))
    assert type(again) is kind
    assert str(again) == "what to do"
