from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from curation.errors import CollectorUnavailableError
from curation.services.trail.line import trace_of
from curation.services.trail.opening import open_trail
from curation.services.trail.otlp import OtlpSink
from curation.services.trail.step import Step
from tests.processes import wait_until
from tests.queue_world import services_settings
from tests.redis_server import RedisServer, free_port


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent; answers with a status that a test sets."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.paths: set[str] = set()
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def spans(self) -> list[dict[str, Any]]:
        return [
            span
            for document in self.documents
            for resource in document["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        collector = self.server
        assert isinstance(collector, Collector)
        content = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/json"
        collector.paths.add(self.path)
        if collector.status == 200:
            collector.documents.append(json.loads(content))
        self.send_response(collector.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        """Not into the tests' output."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_step_is_a_span_of_its_pictures_trace(collector: Collector, tmp_path: Path) -> None:
    settings = services_settings(RedisServer("127.0.0.1", free_port()), tmp_path, otlp_endpoint=collector.address)
    trail = open_trail(settings, "landmarks")
    sha256 = "ab" * 32
    trail.tell(Step(role="landmarks", step="decoded", sha256=sha256, request_id="r", runtime_s=0.25, faces=3))
    trail.tell(
        Step(
            role="storage", step="failed", status="error", sha256=sha256, request_id="r", code="storage", detail="full"
        )
    )
    trail.tell(Step(role="landmarks", step="started"))
    wait_until(lambda: len(collector.spans) == 3, "all steps are exported")
    trail.close()
    assert collector.paths == {"/v1/traces"}
    by_name = {span["name"]: span for span in collector.spans}
    decoded, failed = by_name["landmarks: decoded"], by_name["storage: failed"]
    assert decoded["traceId"] == failed["traceId"] == trace_of(sha256, "r")
    assert int(decoded["endTimeUnixNano"]) - int(decoded["startTimeUnixNano"]) == 250_000_000
    assert (decoded["status"], failed["status"]) == ({"code": 1}, {"code": 2, "message": "full"})
    assert {"key": "curation.faces", "value": {"intValue": "3"}} in decoded["attributes"]
    assert {"key": "error.type", "value": {"stringValue": "storage"}} in failed["attributes"]
    assert len({span["spanId"] for span in collector.spans}) == 3
    for span in collector.spans:
        assert (len(span["traceId"]), len(span["spanId"])) == (32, 16)
    services = {
        attribute["value"]["stringValue"]
        for document in collector.documents
        for resource in document["resourceSpans"]
        for attribute in resource["resource"]["attributes"]
        if attribute["key"] == "service.name"
    }
    assert services == {"curation.landmarks", "curation.storage"}


def test_a_collector_that_is_away_or_busy_gets_the_lines_later(collector: Collector) -> None:
    sink = OtlpSink(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(CollectorUnavailableError, match="otlp_endpoint"):
        sink.write([])
    sink.close()
    sink = OtlpSink(f"{collector.address}/v1/traces/")
    for status in (503, 429):
        collector.status = status
        with pytest.raises(CollectorUnavailableError, match=str(status)):
            sink.write([])
    collector.status = 400
    with pytest.raises(ValueError, match="refuses"):
        sink.write([])
    sink.close()
    assert collector.paths == {"/v1/traces"}
