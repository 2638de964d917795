"""Requests of all kinds, valid and not, for every operation of the description, with all checks of schemathesis.

The service is the real application over a small event, asked directly. What is found is collected (in findings.txt of
the part's folder at once), so that one fault does not hide others.
"""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import hypothesis
import schemathesis
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from tests.described_service import AUTHORISED, KNOWN_IDS, described_service
from tests.service import ServiceClient
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_EXAMPLES = 20
_ANSWER_S = 120.0
_LEFT_OUT = frozenset(
    {
        # Valid by the schema is not yet possible: an id that nobody has, a folder outside of those that may be opened.
        "positive_data_acceptance",
        # It sends the token that the check takes away in a header that is always there.
        "ignored_auth",
        # What is deleted may be asked for again: it is a label that is taken back, or comes back by undo.
        "use_after_free",
        "ensure_resource_availability",
        "object_level_authorization",
    }
)


def run(soak: Soak) -> None:
    """Ask until the time is over, a service anew for each round."""
    found: dict[str, str] = {}
    for chance in soak.rounds():
        folder = soak.folder / f"round {soak.counts['rounds']}"
        folder.mkdir()
        with described_service(folder) as client:
            for operation in _operations(client):
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    _ask(soak, operation, mode, chance.randrange(2**32), found)
                if time.monotonic() > soak.ends_at:
                    break
        shutil.rmtree(folder, ignore_errors=True)
    soak.expect(not found, "every request gets a documented answer:\n" + "\n".join(found.values()))


def _operations(client: ServiceClient) -> Iterator[Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app, headers=AUTHORISED)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        yield result.ok()


def _ask(soak: Soak, operation: Any, mode: GenerationMode, seed: int, found: dict[str, str]) -> None:
    checks: list[Any] = [check for check in CHECKS.get_all() if check.__name__ not in _LEFT_OUT]

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode), st.booleans())
    def send(case: schemathesis.Case[Any], is_known: bool) -> None:
        if is_known and mode is GenerationMode.POSITIVE:
            for name in KNOWN_IDS.keys() & (case.path_parameters or {}).keys():
                case.path_parameters[name] = KNOWN_IDS[name]
        soak.counts["requests"] += 1
        try:
            case.call_and_validate(checks=checks, headers=AUTHORISED, timeout=_ANSWER_S)
        except FailureGroup as group:
            for failure in group.exceptions:
                _note(soak, failure, operation.label, case, found)
        except Exception as error:  # of the application, which the client passes on, or no answer in time
            _note(soak, error, operation.label, case, found)

    # An operation that takes nothing cannot be asked wrongly.
    with suppress(Unsatisfiable):
        send()


def _note(soak: Soak, failure: BaseException, label: str, case: schemathesis.Case[Any], found: dict[str, str]) -> None:
    title = failure.title if isinstance(failure, Failure) else type(failure).__name__
    key = f"{label}: {title}"
    if key not in found:
        said = str(failure).strip() if isinstance(failure, Failure) else _where(failure)
        said = said.replace("\n", " | ")[:600]
        found[key] = f"{key}: {said}; {case.as_curl_command()[:600]}"
        with (soak.folder / "findings.txt").open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(found[key] + "\n")


def _where(error: BaseException) -> str:
    """An error with the place where it began."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error!r} at {last.filename.rpartition('/')[2]}:{last.lineno}"


PART = SoakPart("requests", "requests of all kinds for every operation, with all checks", run)
