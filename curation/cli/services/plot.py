"""`services plot`: charts of a batch, from the log and the results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from curation.cli.services.since import SINCE_HELP, since
from curation.settings import Settings

__all__ = ["add_commands"]


def add_commands(groups: Any) -> None:
    """Add the command `plot`."""
    plot = groups.add_parser(
        "plot",
        help="charts of ages, sexes, faces, errors and latency",
        description="Draws charts of what the services found, how long they took and what failed, as PNG files, with "
        "the numbers as charts.json. The role plotter does the same all the time.",
    )
    plot.add_argument("--since", type=since, metavar="WHEN", help=SINCE_HELP)
    plot.add_argument("--output", type=Path, metavar="DIR", help="default: charts in services.log_dir")
    plot.set_defaults(command=_plot)


def _plot(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.services.trail.batch_figures import LogFacts
    from curation.services.trail.charts import CHARTS_DIR, draw_charts
    from curation.services.trail.people import KnownPeople
    from curation.services.trail.reading import lines_since

    services = settings.services
    facts = LogFacts()
    for line in lines_since(services, arguments.since):
        facts.add(line)
    known = KnownPeople(services)
    try:
        figures = facts.figures(known.of(facts.pictures))
    finally:
        known.close()
    for path in draw_charts(figures, arguments.output or services.log_dir / CHARTS_DIR):
        print(path)
    errors = sum(count for *_, count in figures.errors)
    print(f"pictures: {figures.pictures}, faces: {figures.faces}, steps that failed: {errors}")
    return 0
