from __future__ import annotations

import pytest

from curation.errors import (
    ObjectChangedError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
)
from curation.storage.objects.faults import Fault, FaultKind, Tries, raised, understood


@pytest.mark.parametrize(
    ("status", "code", "text", "kind", "told"),
    [
        (404, "NoSuchKey", "", FaultKind.MISSING, "no such object"),
        (404, "", "", FaultKind.MISSING, "no such object"),
        (404, "NoSuchBucket", "", FaultKind.REFUSED, "no such bucket"),
        (412, "PreconditionFailed", "", FaultKind.CHANGED, "somebody else"),
        (409, "ConditionalRequestConflict", "", FaultKind.AGAIN, "ConditionalRequestConflict"),
        (403, "AccessDenied", "", FaultKind.REFUSED, "access is denied"),
        (403, "SignatureDoesNotMatch", "", FaultKind.REFUSED, "does not know these credentials"),
        (400, "ExpiredToken", "", FaultKind.REFUSED, "have expired"),
        (403, "RequestTimeTooSkewed", "", FaultKind.REFUSED, "clock"),
        (301, "PermanentRedirect", "", FaultKind.REFUSED, "another region"),
        (400, "RequestTimeout", "", FaultKind.AGAIN, "RequestTimeout"),
        (429, "", "", FaultKind.AGAIN, "429"),
        (500, "InternalError", "", FaultKind.AGAIN, "InternalError"),
        (503, "SlowDown", "", FaultKind.AGAIN, "SlowDown"),
        (501, "NotImplemented", "", FaultKind.REFUSED, "conditional writes"),
        (418, "", "", FaultKind.REFUSED, "418"),
        (None, "", "error sending request ... TimedOut", FaultKind.AGAIN, "no answer in time"),
        (None, "", "kind: Connect ... dns error: name resolution", FaultKind.AGAIN, "no such server"),
        (None, "", "Connection refused (os error 111)", FaultKind.AGAIN, "nothing listens"),
        (None, "", "invalid peer certificate: UnknownIssuer", FaultKind.AGAIN, "certificate"),
        (None, "", "GET http://169.254.169.254/latest/api/token", FaultKind.REFUSED, "no credentials"),
        (None, "", "connection closed before message completed", FaultKind.AGAIN, ""),
    ],
)
def test_what_answers_mean(status: int | None, code: str, text: str, kind: FaultKind, told: str) -> None:
    fault = understood(status, code, text)
    assert fault.kind is kind
    assert told in fault.text


def test_each_kind_has_its_exception() -> None:
    kinds = {
        FaultKind.MISSING: ObjectMissingError,
        FaultKind.CHANGED: ObjectChangedError,
        FaultKind.AGAIN: ObjectStorageUnavailableError,
        FaultKind.REFUSED: ObjectStorageError,
    }
    for kind, wanted in kinds.items():
        error = raised(Fault(kind, "so it is"), "s3://bucket/key cannot be read")
        assert type(error) is wanted
        assert str(error).startswith("s3://bucket/key cannot be read: so it is")


class _Broken(Exception):
    pass


def _again(error: Exception) -> Fault | None:
    return Fault(FaultKind.AGAIN, "broken") if isinstance(error, _Broken) else None


def test_tries_end_when_it_works() -> None:
    seen: list[int] = []

    def action(failed: int) -> str:
        seen.append(failed)
        if failed < 2:
            raise _Broken
        return "done"

    assert Tries(5, _again).of("x", action) == "done"
    assert seen == [0, 1, 2]


def test_at_least_three_tries_also_without_patience() -> None:
    seen: list[int] = []

    def action(failed: int) -> None:
        seen.append(failed)
        raise _Broken

    with pytest.raises(ObjectStorageUnavailableError, match="x: broken; run again"):
        Tries(0, _again).of("x", action)
    assert seen == [0, 1, 2]


def test_other_exceptions_go_on_their_way() -> None:
    def action(_: int) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        Tries(5, _again).of("x", action)
