"""How errors become HTTP responses: one table of statuses, and one format of the body.

Every error body is `application/problem+json` (RFC 9457) with a stable `code` and a sentence that
says what to do.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from curation.api.http.requests.validation_words import field_of, said_of
from curation.errors import (
    AddressRefusedError,
    AssetDocumentError,
    AssetNotFailedError,
    AssetNotFoundError,
    AssetRejectedError,
    AssetsOffError,
    AttributeDocumentError,
    AttributesOffError,
    BrokerUnavailableError,
    BusyError,
    CatalogueFileError,
    CharacterNotFoundError,
    ClipRefusedError,
    ClipUnreadableError,
    ClusterNotFoundError,
    CollectorUnavailableError,
    CorrectionNotFoundError,
    CorrectionsError,
    CurationError,
    DatabaseBusyError,
    DecodersBusyError,
    EventNotFoundError,
    EventsFileError,
    EventsOpenError,
    EventTakenError,
    ExtraMissingError,
    FaceAnalysisError,
    FaceDataError,
    FaceNotFoundError,
    FacePresentError,
    FilmDocumentError,
    FilmNotReadyError,
    FolderNotFoundError,
    FolderRefusedError,
    GalleryError,
    GalleryOffError,
    InputError,
    KnownPersonNotFoundError,
    KnownPersonTakenError,
    LabelsChangedError,
    LabelsConflictError,
    LabelsError,
    LabelTakenError,
    NameTakenError,
    NotAPhotoError,
    NotAttachableError,
    NotClusteredError,
    NotFoundError,
    NothingToSplitError,
    NothingToUndoError,
    NotScoredError,
    NoWayBackError,
    ObjectChangedError,
    ObjectMissingError,
    ObjectStorageError,
    ObjectStorageUnavailableError,
    OtherEventError,
    PeopleSeenError,
    PersonNotFoundError,
    PhotoDamagedError,
    PhotoError,
    PhotoGoneError,
    PhotoNotFoundError,
    PhotoNotWrittenError,
    PhotoPresentError,
    PhotoRefusedError,
    PhotosMissingError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    PhotoUnknownFormError,
    PhotoUnreadableError,
    PicksError,
    PickTakenError,
    PosterNotFoundError,
    QueueFullError,
    RedisUnavailableError,
    RefusalsError,
    RoleUnavailableError,
    RulesError,
    RunInterruptedError,
    SettingFixedError,
    SettingsError,
    SettingsFileError,
    StorageError,
    SuggestionNotFoundError,
    TileNotFoundError,
    TooBusyError,
    TooManyPhotosError,
    UnfoundWordNotFoundError,
    UploadTooLargeError,
    VideoFileNotFoundError,
    VideoNotFoundError,
    VideosOffError,
    WeightsBrokenError,
    WeightsError,
    WeightsMissingError,
    WorkerError,
    WorkersMissingError,
)
from curation.storage.disk_faults import disk_fault

__all__ = [
    "PROBLEM_JSON",
    "STATUS_OF_ERROR",
    "ApiProblem",
    "add_problem_handlers",
    "invalid_body",
    "problem_body",
    "problem_of",
    "problem_response",
    "problem_responses",
    "status_of",
]

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

STATUS_OF_ERROR: Mapping[type[CurationError], HTTPStatus] = {
    CurationError: HTTPStatus.INTERNAL_SERVER_ERROR,
    SettingsError: HTTPStatus.INTERNAL_SERVER_ERROR,
    ExtraMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    # The state of the service's folders does not allow the request; the request itself is valid.
    InputError: HTTPStatus.CONFLICT,
    PhotosMissingError: HTTPStatus.CONFLICT,
    FaceDataError: HTTPStatus.CONFLICT,
    OtherEventError: HTTPStatus.CONFLICT,
    CorrectionsError: HTTPStatus.CONFLICT,
    AttributeDocumentError: HTTPStatus.CONFLICT,
    PicksError: HTTPStatus.CONFLICT,
    PeopleSeenError: HTTPStatus.CONFLICT,
    RefusalsError: HTTPStatus.CONFLICT,
    LabelsError: HTTPStatus(422),
    BusyError: HTTPStatus.CONFLICT,
    TooBusyError: HTTPStatus.TOO_MANY_REQUESTS,
    QueueFullError: HTTPStatus.TOO_MANY_REQUESTS,
    WeightsError: HTTPStatus.SERVICE_UNAVAILABLE,
    WeightsMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    WeightsBrokenError: HTTPStatus.SERVICE_UNAVAILABLE,
    WorkerError: HTTPStatus.SERVICE_UNAVAILABLE,
    RunInterruptedError: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageError: HTTPStatus.INSUFFICIENT_STORAGE,
    RedisUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RoleUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    CollectorUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    PhotoError: HTTPStatus(422),
    PhotoUnreadableError: HTTPStatus(422),
    PhotoDamagedError: HTTPStatus(422),
    PhotoUnknownFormError: HTTPStatus(422),
    PhotoNotWrittenError: HTTPStatus.INTERNAL_SERVER_ERROR,
    PhotoTooLargeError: HTTPStatus(422),
    PhotoTooSmallError: HTTPStatus(422),
    FaceAnalysisError: HTTPStatus(422),
    SettingsFileError: HTTPStatus.CONFLICT,
    SettingFixedError: HTTPStatus.CONFLICT,
    RulesError: HTTPStatus(422),
    NotClusteredError: HTTPStatus.CONFLICT,
    NotScoredError: HTTPStatus.CONFLICT,
    NotFoundError: HTTPStatus.NOT_FOUND,
    PersonNotFoundError: HTTPStatus.NOT_FOUND,
    ClusterNotFoundError: HTTPStatus.NOT_FOUND,
    PhotoNotFoundError: HTTPStatus.NOT_FOUND,
    FaceNotFoundError: HTTPStatus.NOT_FOUND,
    TileNotFoundError: HTTPStatus.NOT_FOUND,
    AssetNotFoundError: HTTPStatus.NOT_FOUND,
    AssetsOffError: HTTPStatus.CONFLICT,
    AssetDocumentError: HTTPStatus.CONFLICT,
    SuggestionNotFoundError: HTTPStatus.NOT_FOUND,
    AssetNotFailedError: HTTPStatus.CONFLICT,
    AssetRejectedError: HTTPStatus(422),
    DatabaseBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    DecodersBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    CorrectionNotFoundError: HTTPStatus.NOT_FOUND,
    UnfoundWordNotFoundError: HTTPStatus.NOT_FOUND,
    PhotoGoneError: HTTPStatus.NOT_FOUND,
    LabelTakenError: HTTPStatus.CONFLICT,
    NoWayBackError: HTTPStatus.CONFLICT,
    PickTakenError: HTTPStatus.CONFLICT,
    AttributesOffError: HTTPStatus.CONFLICT,
    FacePresentError: HTTPStatus.CONFLICT,
    NotAttachableError: HTTPStatus(422),
    LabelsChangedError: HTTPStatus.PRECONDITION_FAILED,
    LabelsConflictError: HTTPStatus.PRECONDITION_FAILED,
    NothingToSplitError: HTTPStatus(422),
    NothingToUndoError: HTTPStatus.CONFLICT,
    PhotoRefusedError: HTTPStatus(422),
    NotAPhotoError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UploadTooLargeError: HTTPStatus(413),
    TooManyPhotosError: HTTPStatus(413),
    PhotoPresentError: HTTPStatus.CONFLICT,
    NameTakenError: HTTPStatus.CONFLICT,
    ClipUnreadableError: HTTPStatus(422),
    ClipRefusedError: HTTPStatus(422),
    AddressRefusedError: HTTPStatus(422),
    FilmDocumentError: HTTPStatus.CONFLICT,
    CatalogueFileError: HTTPStatus.CONFLICT,
    VideosOffError: HTTPStatus.CONFLICT,
    FilmNotReadyError: HTTPStatus.CONFLICT,
    VideoNotFoundError: HTTPStatus.NOT_FOUND,
    CharacterNotFoundError: HTTPStatus.NOT_FOUND,
    PosterNotFoundError: HTTPStatus.NOT_FOUND,
    VideoFileNotFoundError: HTTPStatus.NOT_FOUND,
    ObjectStorageError: HTTPStatus.BAD_GATEWAY,
    ObjectStorageUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ObjectMissingError: HTTPStatus.NOT_FOUND,
    ObjectChangedError: HTTPStatus.PRECONDITION_FAILED,
    BrokerUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    WorkersMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    GalleryError: HTTPStatus.SERVICE_UNAVAILABLE,
    GalleryOffError: HTTPStatus.CONFLICT,
    KnownPersonNotFoundError: HTTPStatus.NOT_FOUND,
    KnownPersonTakenError: HTTPStatus.CONFLICT,
    EventNotFoundError: HTTPStatus.NOT_FOUND,
    EventTakenError: HTTPStatus.CONFLICT,
    EventsFileError: HTTPStatus.CONFLICT,
    EventsOpenError: HTTPStatus.SERVICE_UNAVAILABLE,
    FolderNotFoundError: HTTPStatus.NOT_FOUND,
    FolderRefusedError: HTTPStatus.FORBIDDEN,
}
"""The HTTP status of every CurationError; a test checks that none is missing."""


_WHERE_TO_LOOK: Mapping[type[CurationError], str] = {
    PersonNotFoundError: "GET /clusters lists the ids",
    ClusterNotFoundError: "GET /people lists all",
    PhotoNotFoundError: "GET /photos lists all",
    FaceNotFoundError: "GET /photos/{photo_id} lists those of a photo",
    TileNotFoundError: "GET /photos/{photo_id}/tiles tells which there are",
    AssetNotFoundError: "GET /assets lists all",
    CorrectionNotFoundError: "GET /corrections lists all",
    UnfoundWordNotFoundError: "GET /unfound lists all",
    VideoNotFoundError: "GET /videos lists all",
    CharacterNotFoundError: "GET /videos/{id}/people lists all",
    PosterNotFoundError: "GET /videos/{id}/posters lists all",
}
"""The requests that list what exists; added to messages of errors that know nothing of HTTP."""


_CODE_OF_ERROR: Mapping[type[CurationError], str] = {
    SettingsFileError: "settings_invalid",
    RulesError: "request_invalid",
}
"""Errors that are sent to clients with another `code` than their own."""


def status_of(error: CurationError) -> HTTPStatus:
    """The HTTP status of an error; for a class that is not in the table, that of its nearest parent."""
    return next(STATUS_OF_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_OF_ERROR)


def problem_of(error: CurationError) -> ApiProblem:
    """The problem for a CurationError: its status, its code, and its message with the request that helps."""
    status, detail = status_of(error), str(error)
    code = _CODE_OF_ERROR.get(type(error), error.code)
    if type(error) in _WHERE_TO_LOOK:
        detail = f"{detail}; {_WHERE_TO_LOOK[type(error)]}"
    if isinstance(error, LabelsConflictError):
        return ApiProblem(status, code, detail, extra={"conflicts": list(error.conflicts)})
    if isinstance(error, RulesError):
        errors = [{"where": f"body.{key}", "message": text} for key, text in error.problems]
        detail = "the rules are not valid: " + "; ".join(f"{e['where']}: {e['message']}" for e in errors)
        return ApiProblem(status, code, detail, extra={"errors": errors})
    headers = {"Retry-After": "3"} if isinstance(error, DecodersBusyError) else None
    return ApiProblem(status, code, detail, headers=headers)


_MOST_MISTAKES = 20
_CODE_OF_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "media_type_not_supported",
    422: "request_invalid",
}


class ApiProblem(Exception):
    """A problem that is sent to the client. Only `curation.api` raises it; all other code raises a CurationError.

    Attributes:
        status: The HTTP status.
        code: The stable name of the problem.
        detail: A sentence that says what is wrong and what to do.
        extra: Additional members of the body.
        headers: Additional headers of the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


def problem_body(status: int, code: str, detail: str, instance: str, **extra: Any) -> dict[str, Any]:
    """The body of an error. `type` is `about:blank`: the meaning is in `code`, as RFC 9457 allows."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": instance,
        **extra,
    }


def problem_response(request: Request, problem: ApiProblem) -> Response:
    """The response for a problem."""
    body = problem_body(problem.status, problem.code, problem.detail, request.url.path, **problem.extra)
    # ASCII escapes can also represent file names that are not valid UTF-8.
    return Response(json.dumps(body, allow_nan=False), problem.status, problem.headers, media_type=PROBLEM_JSON)


def problem_responses(**examples: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """The error responses of a route for OpenAPI.

    Args:
        **examples: `code=(status, detail)`; several codes may share a status.
    """
    out: dict[int | str, dict[str, Any]] = {}
    for code, (status, detail) in examples.items():
        response = out.setdefault(
            status,
            {
                "description": HTTPStatus(status).phrase,
                "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        response["content"][PROBLEM_JSON]["examples"][code] = {"value": problem_body(status, code, detail, "/…")}
    return out


def invalid_body(error: ValidationError) -> ApiProblem:
    """The problem for a body that a route reads itself, in the words of all others."""
    return _invalid([(("body", *one["loc"]), cast(dict[str, Any], one)) for one in error.errors(include_url=False)])


def _invalid(mistakes: Sequence[tuple[tuple[str | int, ...], Mapping[str, Any]]]) -> ApiProblem:
    """The problem for a request with mistakes: as many as somebody reads are told, as a body may have a million."""
    told = mistakes[:_MOST_MISTAKES]
    errors = [{"where": ".".join(map(str, place)), "message": said_of(one)} for place, one in told]
    detail = "the request is not valid: " + "; ".join(f"{field_of(place)} {said_of(one)}" for place, one in told)
    if len(mistakes) > len(told):
        detail += f"; and {len(mistakes) - len(told):,} more"
    return ApiProblem(422, "request_invalid", detail, extra={"errors": errors})


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of `app` as problem+json."""

    def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiProblem)
        return problem_response(request, error)

    def on_curation_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, CurationError)
        problem = problem_of(error)
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("%s %s: %s", request.method, request.url.path, error)
        return problem_response(request, problem)

    def on_http_exception(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = _CODE_OF_STATUS.get(error.status_code, "http_error")
        detail = str(error.detail)
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = f"there is nothing at {request.url.path}; see /docs for all requests"
        elif error.status_code == HTTPStatus.BAD_REQUEST:
            # FastAPI raises it for a body that is not valid text.
            detail = "the body is not JSON text; send no body, or the JSON that /docs describes"
        elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("allow", (error.headers or {}).get("Allow", "other methods"))
            detail = f"{request.method} is not allowed here; allowed: {allowed}"
        return problem_response(request, ApiProblem(error.status_code, code, detail, headers=error.headers))

    def on_invalid_request(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(request, _invalid([(tuple(one["loc"]), one) for one in error.errors()]))

    def on_client_gone(request: Request, error: Exception) -> Response:
        # Nobody reads it; without it the log would call every upload that was broken off a fault of the program.
        return problem_response(request, ApiProblem(400, "bad_request", "the body of the request is cut off"))

    def on_unexpected(request: Request, error: Exception) -> Response:
        # The server logs the traceback; the client gets only what it can use.
        fault = disk_fault(error)
        if fault is not None:
            return problem_response(request, problem_of(fault))
        return problem_response(
            request, ApiProblem(500, "internal", "an unexpected error occurred; the service's log has the details")
        )

    app.add_exception_handler(ApiProblem, on_problem)
    app.add_exception_handler(CurationError, on_curation_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(ClientDisconnect, on_client_gone)
    app.add_exception_handler(Exception, on_unexpected)
