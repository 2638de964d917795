"""What a run over the clips found, in lines for the user."""

from __future__ import annotations

from curation.domain.report import FilmsReport

__all__ = ["told_of_films"]

_SHOWN = 5


def told_of_films(report: FilmsReport, record: str) -> tuple[str, ...]:
    """The lines; none if there is nothing to tell.

    Args:
        report: Of the run.
        record: Where the run record is.
    """
    lines = []
    if report.total or report.companions:
        minutes = report.seconds_of_film / 60
        film = f"{minutes:.0f} min" if minutes >= 2 else f"{report.seconds_of_film:.0f} s"
        lines.append(
            f"{report.analysed} of {_counted(report.total, 'clip')} ({film}) looked at in {report.seconds:.1f} s"
        )
        on_photos = f", {report.known_people} of them on photos, too" if report.people else ""
        people = "1 person" if report.people == 1 else f"{report.people} people"
        lines.append(f"{_counted(report.tracks, 'appearance')} of {people}{on_photos}")
    if report.partial:
        lines.append(f"  of {_counted(report.partial, 'clip')} only a part could be looked at")
    if report.companions:
        lines.append(f"  {_counted(report.companions, 'short film')} beside photos of the same name left out")
    for failure in report.failures[:_SHOWN]:
        lines.append(f"  failed: {failure.image_path}: {failure.reason}")
    if len(report.failures) > _SHOWN:
        lines.append(f"  and {len(report.failures) - _SHOWN} more, see {record}")
    return (*lines, *(f"  note: {warning}" for warning in report.warnings))


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
