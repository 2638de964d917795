"""Metrics for Prometheus: the requests, the jobs, and the size of the event."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from time import perf_counter

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation import __version__
from curation.api.context import ServiceContext
from curation.api.http.errors import ApiProblem
from curation.errors import CurationError

__all__ = ["METRICS_TYPE", "RequestMeter", "ServiceMetrics"]

METRICS_TYPE = CONTENT_TYPE_LATEST
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_NO_ROUTE = "none"
"""The route of requests that were refused by a guard, or that match no route."""
_OTHER = "other"


class ServiceMetrics:
    """The metrics of one application, counted from its creation."""

    def __init__(
        self, context: Callable[[], ServiceContext], others: Callable[[], Sequence[ServiceContext]] = tuple
    ) -> None:
        """Start counting.

        Args:
            context: Returns the parts of the event of the settings when the metrics are requested.
            others: Returns those of other events that are open.
        """
        # The time at which each counter started: twice as many lines that nobody uses.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "curation_http_requests",
            "Requests by the route that answered them.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "curation_http_request_duration_seconds",
            "From the request to the end of the response; without event streams.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_Event(context, others))
        # Memory, open files and CPU time of this process; empty where the system does not report them.
        ProcessCollector(registry=self._registry)

    def count(self, method: str, route: str, status: int, duration_s: float | None) -> None:
        """Count a request that was answered."""
        # A client may invent methods, and each one would stay in memory.
        method = method if method in _METHODS else _OTHER
        self._requests.labels(method, route, str(status)).inc()
        if duration_s is not None:
            self._durations.labels(method, route).observe(duration_s)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format. Reads tables and jobs: do not call it in the event loop."""
        return generate_latest(self._registry)


class RequestMeter:
    """Counts and times every request of an application."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        """Measure `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it with its status and duration."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = perf_counter()
        # What the server answers if the application sends nothing.
        status, is_stream = 500, False

        async def noting(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                is_stream = any(
                    name.lower() == b"content-type" and value.startswith(b"text/event-stream")
                    for name, value in message["headers"]
                )
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            # The route's template, not the path: each id would become a metric of its own.
            route = getattr(scope.get("route"), "path", _NO_ROUTE)
            self._metrics.count(scope["method"], route, status, None if is_stream else perf_counter() - began_s)


class _Event(Collector):
    """The metrics of jobs and tables, read when they are requested."""

    def __init__(self, context: Callable[[], ServiceContext], others: Callable[[], Sequence[ServiceContext]]) -> None:
        self._context = context
        self._others = others

    def describe(self) -> Iterable[Metric]:
        # Without it the registry would collect all metrics when it is registered.
        return ()

    def collect(self) -> Iterator[Metric]:
        context = self._context()
        yield InfoMetricFamily("curation_build", "The program.", value={"version": __version__})
        # If a table cannot be read, only its own metrics are missing.
        with suppress(CurationError):
            yield _jobs(context)
        yield from _progress(context)
        counts: tuple[tuple[str, str, Callable[[], int]], ...] = (
            ("curation_photos", "Photos of the last scoring.", lambda: len(context.catalog.photos())),
            ("curation_faces", "Faces of the last clustering.", lambda: len(context.catalog.event().rows)),
            ("curation_clusters", "Clusters that have faces.", lambda: len(context.catalog.clusters())),
        )
        for name, text, count in counts:
            with suppress(ApiProblem, CurationError):
                yield GaugeMetricFamily(name, text, value=count())
        yield GaugeMetricFamily(
            "curation_pictures_made", "Pictures made for browsers since the start.", value=context.pictures.made_count
        )
        others = self._others()
        yield GaugeMetricFamily(
            "curation_other_events_open", "Events that are open beside that of the settings.", value=len(others)
        )
        running = [job for other in others for job in other.runner.active]
        family = GaugeMetricFamily("curation_other_jobs_running", "Running jobs of other events.", labels=("stage",))
        for stage, number in sorted(Counts(job.stage.value for job in running).items()):
            family.add_metric((stage,), number)
        yield family


def _jobs(context: ServiceContext) -> Metric:
    family = GaugeMetricFamily("curation_jobs", "Stored jobs, by stage and state.", labels=("stage", "state"))
    for (stage, state), count in context.runner.counts().items():
        family.add_metric((stage.value, state.value), count)
    return family


def _progress(context: ServiceContext) -> Iterator[Metric]:
    done = GaugeMetricFamily("curation_job_done", "Units of its phase that a job has done.", labels=("stage", "phase"))
    total = GaugeMetricFamily("curation_job_total", "All units of the phase of a job.", labels=("stage", "phase"))
    for job in context.runner.active:
        if job.progress is not None:
            labels = (job.stage.value, job.progress.phase)
            done.add_metric(labels, job.progress.done)
            total.add_metric(labels, job.progress.total)
    yield done
    yield total
