"""Export of the log to an OpenTelemetry collector: OTLP over HTTP in its JSON form, one span for each step.

The form is that of opentelemetry-proto's `ExportTraceServiceRequest` in JSON: 64-bit numbers are strings, trace and
span ids are hex. All spans of a picture's request share its trace id, on all machines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import requests

from curation.errors import CollectorUnavailableError
from curation.services.trail.line import TrailLine

__all__ = ["OtlpSink", "spans_document"]

_TIMEOUT_S = 3.0
_PATH = "/v1/traces"
_INTERNAL = 1  # SpanKind
_OK, _ERROR = 1, 2  # StatusCode
_REFUSED_FROM, _AGAIN = 400, (408, 429)
_AGAIN_FROM = 500
_MICROSECOND = timedelta(microseconds=1)


class OtlpSink:
    """Sends lines to a collector; the sink `Sink` of OpenTelemetry.

    Args:
        endpoint: Address of the collector, such as `http://127.0.0.1:4318`; `/v1/traces` is added if it has no path.
    """

    def __init__(self, endpoint: str) -> None:
        address = endpoint.rstrip("/")
        self._address = address if address.endswith(_PATH) else address + _PATH
        self._session = requests.Session()

    @property
    def name(self) -> str:
        """The address."""
        return self._address

    def write(self, lines: Sequence[TrailLine]) -> None:
        """Send lines in one request.

        Raises:
            CollectorUnavailableError: If it does not answer, or asks to send them again later.
        """
        try:
            answer = self._session.post(self._address, json=spans_document(lines), timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            raise CollectorUnavailableError(
                f"the collector at {self._address} does not answer: start it, or change "
                f"services.otlp_endpoint ({error})"
            ) from error
        if answer.status_code in _AGAIN or answer.status_code >= _AGAIN_FROM:
            raise CollectorUnavailableError(f"the collector at {self._address} answers {answer.status_code}")
        if answer.status_code >= _REFUSED_FROM:
            # The same lines would be refused again.
            raise ValueError(f"the collector at {self._address} refuses the log: {answer.status_code} {answer.reason}")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def spans_document(lines: Sequence[TrailLine]) -> dict[str, Any]:
    """The lines as the JSON form of an `ExportTraceServiceRequest`, grouped by process and role."""
    groups: dict[tuple[str, str, int], list[TrailLine]] = {}
    for line in lines:
        groups.setdefault((line.role, line.host, line.pid), []).append(line)
    return {
        "resourceSpans": [
            {
                "resource": {
                    "attributes": _attributes(
                        {"service.name": f"curation.{role}", "host.name": host, "process.pid": pid}
                    )
                },
                "scopeSpans": [{"scope": {"name": "curation.services"}, "spans": [_span(line) for line in of_role]}],
            }
            for (role, host, pid), of_role in groups.items()
        ]
    }


def _span(line: TrailLine) -> dict[str, Any]:
    span_id = hashlib.sha256(f"{line.source}:{line.number}".encode()).hexdigest()
    end_ns = _nanoseconds(line)
    start_ns = end_ns - round((line.runtime_s or 0.0) * 1e9)
    status: dict[str, Any] = {"code": _ERROR if line.is_error else _OK}
    if line.is_error:
        status["message"] = line.detail or line.code
    return {
        # A step that is about no picture, such as a start, is a trace of its own.
        "traceId": line.trace or span_id[16:48],
        "spanId": span_id[:16],
        "name": f"{line.role}: {line.step}",
        "kind": _INTERNAL,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(end_ns),
        "attributes": _attributes(
            {
                "curation.step": line.step,
                "curation.sha256": line.sha256,
                "curation.request_id": line.request_id,
                "curation.faces": line.faces,
                "error.type": line.code,
                "curation.detail": line.detail,
            }
        ),
        "status": status,
    }


def _nanoseconds(line: TrailLine) -> int:
    moment = line.moment
    since = moment - moment.replace(year=1970, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return since // _MICROSECOND * 1000


def _attributes(values: dict[str, str | int | None]) -> list[dict[str, Any]]:
    """Attributes in OTLP's form; those without a value are left out."""
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
        if value not in (None, "")
    ]
