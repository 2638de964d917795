"""What the attribute services answer, as HTTP: the problem of a picture of which nothing was read."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from curation.api.http.errors import ApiProblem

if TYPE_CHECKING:
    from curation.services.answers import ImageAnswer

__all__ = ["ATTRIBUTE_PROBLEMS", "STATUS_OF_GRPC", "problem_of_answer"]

STATUS_OF_GRPC: Mapping[str, HTTPStatus] = {
    "INVALID_ARGUMENT": HTTPStatus(422),
    "OUT_OF_RANGE": HTTPStatus(422),
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "FAILED_PRECONDITION": HTTPStatus.SERVICE_UNAVAILABLE,
    "RESOURCE_EXHAUSTED": HTTPStatus.SERVICE_UNAVAILABLE,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "CANCELLED": HTTPStatus.SERVICE_UNAVAILABLE,
    "ABORTED": HTTPStatus.SERVICE_UNAVAILABLE,
    "DEADLINE_EXCEEDED": HTTPStatus.GATEWAY_TIMEOUT,
    "UNAUTHENTICATED": HTTPStatus.BAD_GATEWAY,
    "PERMISSION_DENIED": HTTPStatus.BAD_GATEWAY,
    "UNIMPLEMENTED": HTTPStatus.BAD_GATEWAY,
    "ALREADY_EXISTS": HTTPStatus.BAD_GATEWAY,
    "DATA_LOSS": HTTPStatus.BAD_GATEWAY,
    "INTERNAL": HTTPStatus.BAD_GATEWAY,
    "UNKNOWN": HTTPStatus.BAD_GATEWAY,
}
"""The HTTP status of each gRPC status but OK; a test checks that none is missing."""

# Of errors that no role of ours has named: those of connections, and of other servers.
_CODE_OF_GRPC = {
    "RESOURCE_EXHAUSTED": "services_busy",
    "UNAVAILABLE": "services_unavailable",
    "CANCELLED": "services_unavailable",
    "ABORTED": "services_unavailable",
    "DEADLINE_EXCEEDED": "services_too_slow",
    "UNAUTHENTICATED": "services_refused",
    "PERMISSION_DENIED": "services_refused",
    "UNIMPLEMENTED": "services_refused",
    "INVALID_ARGUMENT": "request_invalid",
    "OUT_OF_RANGE": "request_invalid",
}
_CODE_ELSE = "services_failed"
_ALWAYS_NAMED = frozenset({"RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "UNAUTHENTICATED", "PERMISSION_DENIED"})
_STATUS_OF_CODE = {"too_large": HTTPStatus(413)}
_RETRY_AFTER_S = {"RESOURCE_EXHAUSTED": 2, "UNAVAILABLE": 5, "CANCELLED": 5, "ABORTED": 5}

ATTRIBUTE_PROBLEMS = {
    "too_large": (413, "the picture has 41.3 MB, more than the 32 MB of services.max_image_mb: send a smaller one"),
    "photo_unreadable": (422, "the file is cut off after 31 of 98 kB"),
    "photo_too_large": (422, "the photo has 220 megapixels, more than the 120 of io.max_photo_megapixels"),
    "services_failed": (502, "the role landmarks failed; its log has the details"),
    "services_refused": (502, "the services refuse the token: set services.token as it is there"),
    "services_unavailable": (
        503,
        "no role image_input answers at 127.0.0.1:50051: start it with `python -m curation services up`",
    ),
    "services_busy": (503, "64 pictures are waiting already: try again in a moment"),
    "weights_missing": (503, "the weights age_gender.onnx are missing: python -m curation weights download openvino"),
    "extra_missing": (503, "this needs the extra services: make extras EXTRAS=services"),
    "services_too_slow": (504, "the answer did not come in time: the services are busy"),
}
"""For `problem_responses`."""


def problem_of_answer(answer: ImageAnswer) -> ApiProblem | None:
    """The problem of an answer without an image; None if it has one, be it a partial one."""
    if answer.image is not None:
        return None
    grpc_status = answer.grpc_status
    status = _STATUS_OF_CODE.get(answer.code) or STATUS_OF_GRPC.get(grpc_status, HTTPStatus.BAD_GATEWAY)
    is_named = answer.code and answer.code != grpc_status.lower() and grpc_status not in _ALWAYS_NAMED
    code = answer.code if is_named else _CODE_OF_GRPC.get(grpc_status, _CODE_ELSE)
    wait_s = _RETRY_AFTER_S.get(grpc_status)
    return ApiProblem(
        status,
        code,
        answer.message or answer.status,
        extra={"request_id": answer.request_id},
        headers={} if wait_s is None else {"Retry-After": str(wait_s)},
    )
