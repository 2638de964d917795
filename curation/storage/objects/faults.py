"""What goes wrong with object storage: whose fault it is, whether another try may help, and what to tell the user.

Nothing of what a server or a library said is repeated but status, code and kind of fault: their texts may hold signed
addresses and keys.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from curation.errors import (
    CurationError,
    ObjectChangedError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
)

__all__ = ["Fault", "FaultKind", "ShortBodyError", "Tries", "of_library", "raised", "understood"]

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_TOLD = {1: logging.DEBUG, 4: logging.WARNING}  # by failed tries: after a few seconds the user should know
_FEWEST_TRIES = 3  # also where each one takes as long as an answer may

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
# A role's or an instance's credentials are asked for at these addresses where the environment holds none.
_NO_CREDENTIALS = re.compile(
    r"169\.254\.\d+\.\d+|metadata\.google|instance ?metadata|retrieving instance|security-credentials|latest/api/token"
    r"|credential.{0,40}(missing|not found|load)|MissingCredential|NoCredentials",
    re.IGNORECASE,
)
_EXPIRED = frozenset({"ExpiredToken", "TokenRefreshRequired", "ExpiredTokenException", "RequestExpired"})
_WRONG_KEY = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "InvalidToken"})
_WRONG_CLOCK = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
_LATER = frozenset({"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "ConditionalRequestConflict"})


class FaultKind(Enum):
    """What to do about a fault."""

    AGAIN = auto()
    MISSING = auto()
    CHANGED = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, with a part of a sentence that says what happened and holds no secret."""

    kind: FaultKind
    text: str


def understood(status: int | None, code: str, text: str = "") -> Fault:
    """What an answer means.

    Args:
        status: Of HTTP; None if there was no answer.
        code: Of the error in the answer, such as `NoSuchBucket`; empty if there is none.
        text: What a library says; searched, never repeated.
    """
    if code in _LATER:
        return Fault(FaultKind.AGAIN, f"it answers {code}")
    if code == "NoSuchBucket":
        return Fault(FaultKind.REFUSED, "there is no such bucket: check its name, and AWS_ENDPOINT_URL and AWS_REGION")
    if code in _EXPIRED:
        return Fault(FaultKind.REFUSED, "the credentials have expired: put new ones into the environment")
    if code in _WRONG_KEY:
        return Fault(
            FaultKind.REFUSED,
            f"it does not know these credentials ({code}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            "AWS_SESSION_TOKEN and AWS_REGION",
        )
    if code in _WRONG_CLOCK:
        return Fault(FaultKind.REFUSED, "the clock of this machine is wrong: set it")
    if status == 404:
        return Fault(FaultKind.MISSING, "there is no such object")
    if status in (409, 412):
        return Fault(FaultKind.CHANGED, "it was written by somebody else in the meantime")
    if status in (301, 307, 308):
        return Fault(FaultKind.REFUSED, "the bucket is in another region: set AWS_REGION")
    if status in (401, 403):
        what = f" ({code})" if code else ""
        return Fault(
            FaultKind.REFUSED, f"access is denied{what}: check the credentials, and what they are allowed to do"
        )
    if status == 501:
        return Fault(FaultKind.REFUSED, "it does not know this kind of request (501): conditional writes are needed")
    if status is not None and (status in (408, 425, 429) or status >= 500):
        return Fault(FaultKind.AGAIN, f"it answers {status}{f' {code}' if code else ''}")
    if status == 400 and not code:
        # An answer about an object's head has no text in which a code could stand.
        return Fault(FaultKind.REFUSED, "it refuses the request (400): check the credentials, they may have expired")
    if status is not None:
        return Fault(FaultKind.REFUSED, f"it refuses the request ({status}{f' {code}' if code else ''})")
    if _NO_CREDENTIALS.search(text):
        return Fault(
            FaultKind.REFUSED,
            "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (of GCS "
            "GOOGLE_APPLICATION_CREDENTIALS, of Azure AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY)",
        )
    return Fault(FaultKind.AGAIN, _without_answer(text))


def _without_answer(text: str) -> str:
    lowered = text.lower()
    if "timedout" in lowered or "timed out" in lowered:
        return "no answer in time"
    if "dns" in lowered or "name resolution" in lowered or "getaddrinfo" in lowered:
        return "there is no such server: check AWS_ENDPOINT_URL"
    if "refused" in lowered:
        return "nothing listens at its address: check AWS_ENDPOINT_URL"
    if "certificate" in lowered:
        return "its certificate is not trusted: set AWS_CA_BUNDLE to the file of who signed it"
    if "connect" in lowered:
        return "it cannot be reached: check the network and AWS_ENDPOINT_URL"
    return "the answer was not whole, or not readable"


def raised(fault: Fault, what: str) -> CurationError:
    """The exception for a fault that is final.

    Args:
        fault: As `understood` returns it.
        what: What was tried, such as `s3://bucket/key cannot be read`.
    """
    text = f"{what}: {fault.text}"
    if fault.kind is FaultKind.MISSING:
        return ObjectMissingError(text)
    if fault.kind is FaultKind.CHANGED:
        return ObjectChangedError(text)
    if fault.kind is FaultKind.AGAIN:
        return ObjectStorageUnavailableError(f"{text}; run again when it answers, what is done is kept")
    return ObjectStorageError(text)


class Tries:
    """Tries something again for as long as another try may help."""

    def __init__(self, patience_s: float, fault_of: Callable[[Exception], Fault | None]) -> None:
        """Set the bounds.

        Args:
            patience_s: How long to go on with tries; always at least three times.
            fault_of: What an exception means; None if it is none of the storage's, which then goes on its way.
        """
        self._patience_s = patience_s
        self._fault_of = fault_of

    def of(self, what: str, action: Callable[[int], _T]) -> _T:
        """Do it, and again after a fault that may be over soon.

        Args:
            what: For messages, such as `s3://bucket/key cannot be read`.
            action: Gets the number of earlier tries that failed.

        Raises:
            ObjectStorageError: As `raised` tells.
        """
        give_up = time.monotonic() + self._patience_s
        pause = _FIRST_PAUSE_S
        failed = 0
        while True:
            try:
                return action(failed)
            except CurationError:
                raise
            except Exception as error:
                fault = self._fault_of(error)
                if fault is None:
                    raise
                failed += 1
                is_late = time.monotonic() + pause > give_up and failed >= _FEWEST_TRIES
                if fault.kind is not FaultKind.AGAIN or is_late:
                    # Not `from error`: its text may hold signed addresses.
                    raise raised(fault, what) from None
            if failed in _TOLD:
                _log.log(_TOLD[failed], "%s: %s; trying again", what, fault.text)
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE_S)


def of_library(error: Exception) -> Fault | None:
    """What an exception of obstore means; None if it is none of the storage's."""
    from obstore import exceptions

    if isinstance(error, ShortBodyError):
        return Fault(FaultKind.AGAIN, "the answer was not whole")
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        return None
    text = str(error)
    status = _STATUS.search(text)
    code = _CODE.search(text)
    if isinstance(error, exceptions.InvalidPathError):
        return Fault(FaultKind.REFUSED, "a key has an empty part, . or .. in it: give such objects other names")
    if not isinstance(error, exceptions.BaseError | FileNotFoundError | ValueError):
        return None
    # Azure's answers about several objects at once have no status that the text tells.
    unsaid = 404 if isinstance(error, FileNotFoundError) else None
    return understood(int(status[1]) if status else unsaid, code[1] if code else "", text)


class ShortBodyError(Exception):
    """A body ended before it was whole."""
