"""Charts of a batch as PNG files, with the numbers behind them as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.services.trail.batch_figures import AGE_BIN_YEARS, BatchFigures
from curation.storage.atomic import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CHARTS_DIR", "CHART_NAMES", "NUMBERS_NAME", "draw_charts"]

CHARTS_DIR = "charts"
"""Folder in `services.log_dir` for the charts of the role plotter."""

NUMBERS_NAME = "charts.json"
"""The numbers behind the charts."""

CHART_NAMES = ("ages", "sexes", "faces", "latency", "timeline", "errors")
"""Names of the charts; each is a file NAME.png."""

# Okabe and Ito's colours, which colour-blind people can tell apart.
_BLUE, _ORANGE, _GREY, _RED = "#0072B2", "#E69F00", "#9A9A9A", "#D55E00"
_SEXES = (("female", _ORANGE), ("male", _BLUE), ("unknown", _GREY))
_SEX_WORDS = {"female": "female", "male": "male", "unknown": "cannot tell"}
_INK, _SOFT = "#222222", "#5F5F5F"
_SIZE_IN, _DPI = (8.0, 4.5), 120
_MOST_ERRORS = 12
_MOST_STEPS = 14
_MOST_FACES = 20


def draw_charts(figures: BatchFigures, folder: Path) -> tuple[Path, ...]:
    """Draw all charts and write the numbers; each file appears as a whole.

    Args:
        figures: The numbers.
        folder: Made if it is missing.

    Returns:
        The pictures, in the order of `CHART_NAMES`, and the file of numbers.

    Raises:
        StorageError: If a file cannot be written.
    """
    draws: tuple[Callable[[BatchFigures, Axes], tuple[str, str]], ...] = (
        _ages,
        _sexes,
        _faces,
        _latency,
        _timeline,
        _errors,
    )
    paths = []
    for name, draw in zip(CHART_NAMES, draws, strict=True):
        path = folder / f"{name}.png"
        write_bytes(path, _picture(figures, draw), durable=False)
        paths.append(path)
    numbers = folder / NUMBERS_NAME
    document = json.dumps(figures.document(), indent=1, allow_nan=False) + "\n"
    write_bytes(numbers, document.encode(), durable=False)
    return (*paths, numbers)


def _picture(figures: BatchFigures, draw: Callable[[BatchFigures, Axes], tuple[str, str]]) -> bytes:
    # Without pyplot, which keeps all figures and asks for a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    title, note = draw(figures, axes)
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=_INK)
    axes.set_title(note, loc="left", fontsize=9, color=_SOFT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#BBBBBB")
    axes.tick_params(colors=_SOFT, labelsize=9)
    axes.set_axisbelow(True)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _ages(figures: BatchFigures, axes: Axes) -> tuple[str, str]:
    known = sum(sum(by_sex.values()) for _, by_sex in figures.ages)
    if figures.ages:
        firsts = [first for first, _ in figures.ages]
        bottoms = [0] * len(firsts)
        for sex, colour in _SEXES:
            heights = [by_sex[sex] for _, by_sex in figures.ages]
            if sum(heights):
                axes.bar(
                    firsts,
                    heights,
                    bottom=bottoms,
                    width=AGE_BIN_YEARS * 0.92,
                    align="edge",
                    color=colour,
                    label=_SEX_WORDS[sex],
                )
            bottoms = [bottom + height for bottom, height in zip(bottoms, heights, strict=True)]
        axes.set_xlim(firsts[0] - 1, firsts[-1] + AGE_BIN_YEARS + 1)
        axes.set_xticks([*firsts, firsts[-1] + AGE_BIN_YEARS])
        axes.legend(frameon=False, fontsize=9, labelcolor=_INK)
        _counted(axes, "y", max(bottoms))
    else:
        _nothing(axes, "no age is known yet")
    axes.set_xlabel("apparent age in years", color=_SOFT, fontsize=9)
    axes.set_ylabel("faces", color=_SOFT, fontsize=9)
    untold = f"; of {figures.ages_unknown} more the age cannot be told" if figures.ages_unknown else ""
    return "Apparent ages", f"{_number(known, 'face')}{untold}{_missing(figures)}"


def _sexes(figures: BatchFigures, axes: Axes) -> tuple[str, str]:
    total = sum(figures.sexes.values())
    if total:
        for number, (sex, colour) in enumerate(_SEXES):
            count = figures.sexes[sex]
            axes.barh(number, count, color=colour, height=0.6)
            axes.text(count, number, f"  {count} ({count / total:.0%})", va="center", fontsize=10, color=_INK)
        axes.set_yticks(range(len(_SEXES)), [_SEX_WORDS[sex] for sex, _ in _SEXES])
        axes.invert_yaxis()
        axes.set_xlim(0, 1.18 * max(figures.sexes.values()))
        _counted(axes, "x", max(figures.sexes.values()))
    else:
        _nothing(axes, "no sex is known yet")
    axes.set_xlabel("faces", color=_SOFT, fontsize=9)
    return "What the network takes faces for", f"{_number(total, 'face')}{_missing(figures)}"


def _faces(figures: BatchFigures, axes: Axes) -> tuple[str, str]:
    if figures.faces_per_picture:
        by_count = dict(figures.faces_per_picture)
        last = min(max(by_count), _MOST_FACES)
        heights = [by_count.get(count, 0) for count in range(last)]
        heights.append(sum(pictures for count, pictures in by_count.items() if count >= last))
        axes.bar(range(last + 1), heights, color=_BLUE, width=0.8)
        for count, height in enumerate(heights):
            if height:
                axes.text(count, height, str(height), ha="center", va="bottom", fontsize=8, color=_SOFT)
        names = [str(count) for count in range(last)] + [f"{last}+" if max(by_count) > last else str(last)]
        axes.set_xticks(range(last + 1), names)
        axes.set_xlim(-0.7, max(last, 4) + 0.7)
        _counted(axes, "y", max(heights))
    else:
        _nothing(axes, "no picture was answered yet")
    axes.set_xlabel("faces of a picture", color=_SOFT, fontsize=9)
    axes.set_ylabel("pictures", color=_SOFT, fontsize=9)
    mean = figures.faces / figures.pictures if figures.pictures else 0.0
    return (
        "Faces of each picture",
        f"{_number(figures.pictures, 'picture')}, {figures.faces} faces, {mean:.1f} a picture",
    )


def _latency(figures: BatchFigures, axes: Axes) -> tuple[str, str]:
    steps = figures.latencies[:_MOST_STEPS]
    if steps:
        for number, step in enumerate(steps):
            axes.plot([step.p50_s, step.p95_s], [number, number], color=_BLUE, linewidth=5, solid_capstyle="round")
            axes.plot(
                step.p50_s,
                number,
                "o",
                color="white",
                markeredgecolor=_BLUE,
                markersize=8,
                markeredgewidth=2,
                clip_on=False,
            )
            text = f"  {_seconds(step.p50_s)} · {_seconds(step.p95_s)}"
            axes.text(max(step.p95_s, step.p50_s), number, f"  {text}", va="center", fontsize=8.5, color=_INK)
        axes.set_yticks(range(len(steps)), [f"{step.role}: {step.step}  ({step.count})" for step in steps])
        axes.set_ylim(len(steps) - 0.4, -0.6)
        axes.set_xlim(0, 1.25 * max(max(step.p95_s for step in steps), 1e-3))
        axes.grid(axis="x", color="#E6E6E6")
    else:
        _nothing(axes, "no step was timed yet")
    axes.set_xlabel("seconds", color=_SOFT, fontsize=9)
    return (
        "How long the steps take",
        "dot: half of the pictures take no longer; end of the bar: 95 of 100 take no longer",
    )


def _timeline(figures: BatchFigures, axes: Any) -> tuple[str, str]:
    if not figures.timeline:
        _nothing(axes, "nothing happened yet")
        return "Over the batch", "pictures answered a second"
    from matplotlib import dates as untyped

    dates: Any = untyped
    width = timedelta(seconds=figures.timeline[0].seconds)
    starts = [datetime.fromisoformat(each.start) for each in figures.timeline]
    rates = [each.pictures / each.seconds for each in figures.timeline]
    axes.bar(
        starts,
        rates,
        width=width,
        align="edge",
        color="#A9CCE3",
        edgecolor="#A9CCE3",
        linewidth=0.4,
        label="pictures a second",
    )
    if any(each.errors for each in figures.timeline):
        failures = [each.errors / each.seconds for each in figures.timeline]
        axes.bar(starts, failures, width=width, align="edge", color=_RED, alpha=0.85, label="errors a second")
    axes.set_ylabel("a second", color=_SOFT, fontsize=9)
    axes.set_xlim(starts[0], starts[-1] + width)
    locator = dates.AutoDateLocator(tz=UTC, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC))
    axes.set_xlabel("time (UTC)", color=_SOFT, fontsize=9)
    right = axes.twinx()
    there = [(start, each) for start, each in zip(starts, figures.timeline, strict=True) if each.p50_s is not None]
    middle = [start + width / 2 for start, _ in there]
    marker = "o" if len(there) < 4 else ""
    right.plot(middle, [each.p95_s for _, each in there], color=_ORANGE, marker=marker, label="95 of 100 within")
    right.plot(middle, [each.p50_s for _, each in there], color=_INK, marker=marker, label="half within")
    right.set_ylim(bottom=0)
    right.set_ylabel("seconds to the answer", color=_SOFT, fontsize=9)
    right.tick_params(colors=_SOFT, labelsize=9)
    right.spines["top"].set_visible(False)
    for side in ("left", "bottom", "right"):
        right.spines[side].set_color("#BBBBBB")
    handles, labels = axes.get_legend_handles_labels()
    more_handles, more_labels = right.get_legend_handles_labels()
    axes.set_ylim(top=1.25 * max(*rates, 1e-3))
    right.set_ylim(top=1.25 * max([each.p95_s or 0.0 for _, each in there], default=1.0) or 1.0)
    right.legend(handles + more_handles, labels + more_labels, frameon=False, fontsize=8.5, ncols=4, loc="upper left")
    note = f"{figures.start[:19].replace('T', ' ')} to {figures.end[:19].replace('T', ' ')} UTC"
    return "Over the batch", note


def _errors(figures: BatchFigures, axes: Axes) -> tuple[str, str]:
    total = sum(count for *_, count in figures.errors)
    shown = figures.errors[:_MOST_ERRORS]
    if shown:
        for number, (_, _, count) in enumerate(shown):
            axes.barh(number, count, color=_RED, height=0.6)
            axes.text(count, number, f"  {count}", va="center", fontsize=9, color=_INK)
        axes.set_yticks(range(len(shown)), [f"{role}: {code}" for role, code, _ in shown])
        axes.set_ylim(max(len(shown), 4) - 0.4, -0.6)
        axes.set_xlim(0, 1.12 * shown[0][2])
        _counted(axes, "x", shown[0][2])
    else:
        _nothing(axes, "no step failed")
    axes.set_xlabel("steps that failed", color=_SOFT, fontsize=9)
    more = f"; {len(figures.errors) - len(shown)} rarer kinds are not shown" if len(figures.errors) > len(shown) else ""
    return "Errors", f"{_number(total, 'step')} failed{more}; retries count each time"


def _counted(axes: Axes, axis: Any, most: int) -> None:
    """Whole numbers only, and faint lines to read them by."""
    from matplotlib.ticker import MaxNLocator

    (axes.yaxis if axis == "y" else axes.xaxis).set_major_locator(MaxNLocator(integer=True, nbins=min(8, most + 1)))
    axes.grid(axis=axis, color="#E6E6E6")


def _nothing(axes: Axes, words: str) -> None:
    axes.text(0.5, 0.5, words, ha="center", va="center", fontsize=12, color=_SOFT, transform=axes.transAxes)
    axes.set_xticks([])
    axes.set_yticks([])


def _missing(figures: BatchFigures) -> str:
    if not figures.without_result:
        return ""
    return f"; results of {_number(figures.without_result, 'picture')} are no longer there"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"
