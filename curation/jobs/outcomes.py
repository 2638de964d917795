"""The result of a run, in the form that is stored with its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from curation.domain.choosing.export import ExportReport
from curation.domain.choosing.sidecars import SidecarReport
from curation.domain.report import ClusteringReport, Failure, FilmsReport, ScoringReport

__all__ = ["JobOutcome", "outcome_of", "with_films"]


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """The result of a run that succeeded.

    Attributes:
        counts: Numbers, for instance `total`, `failed`, `seconds`.
        failures: Photos that failed, with the reasons; the first hundred are stored.
        warnings: Sentences on what the user should know about the result.
        result: The output of the run, such as its files; plain JSON values.
    """

    counts: Mapping[str, int | float]
    failures: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)


def outcome_of(report: ClusteringReport | FilmsReport | ScoringReport | ExportReport | SidecarReport) -> JobOutcome:
    """The outcome from a stage's report: all its numbers, failures and warnings."""
    values = {item.name: getattr(report, item.name) for item in fields(report)}
    counts = {
        name: value for name, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }
    warnings = report.warnings
    outputs = (report.path,) if isinstance(report, ExportReport) else report.outputs
    return JobOutcome(counts, report.failures, warnings, {"outputs": list(outputs)})


def with_films(outcome: JobOutcome, films: FilmsReport) -> JobOutcome:
    """The outcome of a clustering with what was found in the clips after it; the same if there are none."""
    if not films.total and not films.companions and not films.warnings:
        return outcome
    outputs = [*outcome.result.get("outputs", ()), *films.outputs]
    return replace(
        outcome,
        counts={
            **outcome.counts,
            "clips": films.total,
            "clips_failed": films.failed,
            "clip_people": films.people,
            "seconds": outcome.counts.get("seconds", 0) + films.seconds,
        },
        failures=(*outcome.failures, *films.failures),
        warnings=(*outcome.warnings, *films.warnings),
        result={**outcome.result, "outputs": outputs},
    )
