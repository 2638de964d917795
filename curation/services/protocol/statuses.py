"""How our errors become gRPC statuses: one table, and one form of the details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import grpc
from google.protobuf.message import DecodeError

from curation.errors import (
    BusyError,
    CurationError,
    ExtraMissingError,
    FaceAnalysisError,
    InputError,
    NotFoundError,
    PhotoError,
    RedisUnavailableError,
    RoleUnavailableError,
    RunInterruptedError,
    SettingsError,
    StorageError,
    UploadTooLargeError,
    WeightsError,
    WorkerError,
)
from curation.services.protocol import image_processing_pb2 as pb

__all__ = [
    "DETAIL_KEY",
    "RETRY_AFTER_KEY",
    "STATUS_OF_ERROR",
    "AnsweredError",
    "detail_of",
    "detail_of_trailers",
    "status_of",
]

DETAIL_KEY = "error-detail-bin"
"""Trailing metadata of a failed call: a serialised ErrorDetail."""

RETRY_AFTER_KEY = "retry-after"
"""Trailing metadata of a call that was refused because too much is waiting: seconds."""

STATUS_OF_ERROR: Mapping[type[CurationError], grpc.StatusCode] = {
    CurationError: grpc.StatusCode.INTERNAL,
    SettingsError: grpc.StatusCode.FAILED_PRECONDITION,
    ExtraMissingError: grpc.StatusCode.FAILED_PRECONDITION,
    InputError: grpc.StatusCode.INVALID_ARGUMENT,
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    UploadTooLargeError: grpc.StatusCode.INVALID_ARGUMENT,
    WeightsError: grpc.StatusCode.FAILED_PRECONDITION,
    # The disk of the server: somebody has to look after it before trying again helps.
    StorageError: grpc.StatusCode.FAILED_PRECONDITION,
    RedisUnavailableError: grpc.StatusCode.UNAVAILABLE,
    RoleUnavailableError: grpc.StatusCode.UNAVAILABLE,
    BusyError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    WorkerError: grpc.StatusCode.UNAVAILABLE,
    RunInterruptedError: grpc.StatusCode.UNAVAILABLE,
    PhotoError: grpc.StatusCode.INVALID_ARGUMENT,
    FaceAnalysisError: grpc.StatusCode.INVALID_ARGUMENT,
}
"""The status of each branch of our errors; a class that is not in it has that of its nearest parent."""


class AnsweredError(CurationError):
    """An error that another role answered; it is passed on as it came.

    Attributes:
        detail: The error.
    """

    def __init__(self, detail: pb.ErrorDetail) -> None:
        super().__init__(detail.message)
        self.detail = detail


def status_of(error: CurationError) -> grpc.StatusCode:
    """The gRPC status of an error."""
    if isinstance(error, AnsweredError):
        # Of another program perhaps, with a name that is none, or that means success.
        found = grpc.StatusCode.__members__.get(error.detail.status, grpc.StatusCode.INTERNAL)
        return grpc.StatusCode.INTERNAL if found is grpc.StatusCode.OK else found
    return next(STATUS_OF_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_OF_ERROR)


def detail_of(error: CurationError) -> pb.ErrorDetail:
    """Code, sentence and status of an error."""
    if isinstance(error, AnsweredError):
        return error.detail
    return pb.ErrorDetail(code=error.code, message=str(error), status=status_of(error).name)


def detail_of_trailers(
    status: grpc.StatusCode, details: str | None, trailers: Sequence[tuple[str, str | bytes]] | None
) -> pb.ErrorDetail:
    """The details of a failed call, for whoever called.

    Args:
        status: Of the call.
        details: Its text.
        trailers: Its trailing metadata.

    Returns:
        What the server said; for an error of the connection or of another server, the status in small letters is the
        code.
    """
    for key, value in trailers or ():
        if key == DETAIL_KEY and isinstance(value, bytes):
            with suppress(DecodeError):  # of another program
                detail: pb.ErrorDetail = pb.ErrorDetail.FromString(value)
                return detail
    return pb.ErrorDetail(code=status.name.lower(), message=details or status.name, status=status.name)
