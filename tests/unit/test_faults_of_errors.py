"""What is wrong with a file survives the way from wherever it was found: pools, workers of other machines."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest

from curation.errors import (
    FaceAnalysisError,
    PhotoDamagedError,
    PhotoError,
    PhotoTooLargeError,
    PhotoUnknownFormError,
    PhotoUnreadableError,
    fault_of,
)
from curation.remote.codec import Codec
from curation.workers.distributed.messages import fault_told
from curation.workers.pool import call, outcome_of

CUT = PhotoDamagedError("the file is cut off", "cut", "the upper 40 %")


def caused(cause: BaseException) -> PhotoError:
    error = PhotoUnreadableError("the file cannot be read")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (CUT, ("cut", "the upper 40 %")),
        (PhotoUnreadableError("odd"), ("damaged", "")),
        (caused(OSError(errno.EIO, "Input/output error")), ("unreadable", "")),
        (caused(OSError("image file is truncated")), ("damaged", "")),  # of a decoder
        (PhotoUnknownFormError("floats"), ("", "")),
        (PhotoTooLargeError("large"), ("", "")),
        (FaceAnalysisError("engine"), ("", "")),
    ],
)
def test_the_fault_of_an_error_goes_through_pools_and_messages(error: PhotoError, fault: tuple[str, str]) -> None:
    assert fault_of(error) == fault

    def fails(task: object) -> object:
        raise error

    failure = outcome_of("task", call(fails, "task")).failure
    assert failure is not None
    assert (failure.reason, failure.fault, failure.good) == (str(error), *fault)
    codec = Codec()
    again = codec.decoded(json.loads(json.dumps(codec.encoded(error))))
    assert (str(again), fault_of(again)) == (str(error), fault)
    assert fault_told(json.loads(json.dumps(list(fault)))) == fault


@pytest.mark.parametrize("value", [None, "cut", ["cut"], ["cut", 5], ["of a newer version", ""], {"cut": ""}])
def test_an_answer_that_says_something_else_says_no_fault(value: Any) -> None:
    assert fault_told(value) == ("", "")


def test_a_fault_that_there_is_not_is_no_error_of_photos() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Codec().decoded({"photo_error": ["PhotoDamagedError", "x", "of a newer version", ""]})
