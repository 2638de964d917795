"""The charts that the role plotter draws, with the numbers behind each as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.services.trail.charts import CHART_NAMES, CHARTS_DIR, NUMBERS_NAME
from curation.storage.atomic import explained

__all__ = ["Chart", "ChartsView", "chart_picture", "charts_of"]

_TITLES = {
    "ages": "Apparent ages",
    "sexes": "Apparent sexes",
    "faces": "Faces in a picture",
    "latency": "How long each step takes",
    "timeline": "Answers over time",
    "errors": "Steps that failed",
}
_UNKNOWN = "cannot tell"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart.

    Attributes:
        name: Of `CHART_NAMES`.
        title: For people.
        version: Changes when the picture does.
        head: Titles of the table's columns.
        rows: Its cells as text; the first of each row says what the row is about.
    """

    name: str
    title: str
    version: int
    head: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ChartsView:
    """All charts of a batch.

    Attributes:
        start: Time of the first step, UTC, ISO 8601; empty if there is none.
        end: Time of the last one.
        pictures: How many pictures were answered.
        faces: How many faces they have.
        without_result: Pictures whose ages and sexes are not known any more.
        charts: In the order in which they are shown.
    """

    start: str
    end: str
    pictures: int
    faces: int
    without_result: int
    charts: tuple[Chart, ...]


def charts_of(log_dir: Path) -> ChartsView | None:
    """The charts as they are now; None if there are none yet.

    Args:
        log_dir: `services.log_dir`, which the role plotter must share with this machine.

    Raises:
        StorageError: If they cannot be read.
    """
    path = log_dir / CHARTS_DIR / NUMBERS_NAME
    try:
        numbers = read_json(path)
        charts = []
        for name in CHART_NAMES:
            picture = path.with_name(f"{name}.png")
            head, rows = _TABLES[name](numbers)
            charts.append(Chart(name, _TITLES.get(name, name), picture.stat().st_mtime_ns, head, tuple(rows)))
        return ChartsView(
            start=str(numbers["start"]),
            end=str(numbers["end"]),
            pictures=int(numbers["pictures"]),
            faces=int(numbers["faces"]),
            without_result=int(numbers["without_result"]),
            charts=tuple(charts),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        raise StorageError(
            f"{path} has no numbers of charts: delete it, and draw the charts again: python -m curation services plot"
        ) from error


def chart_picture(log_dir: Path, name: str) -> bytes | None:
    """A chart as a PNG; None if it is not there.

    Args:
        log_dir: `services.log_dir`.
        name: One of `CHART_NAMES`.

    Raises:
        ValueError: If it is another name.
        StorageError: If it cannot be read.
    """
    if name not in CHART_NAMES:
        raise ValueError(f"there is no chart {name!r}")
    path = log_dir / CHARTS_DIR / f"{name}.png"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error


def _ages(numbers: Mapping[str, Any]) -> tuple[Row, Sequence[Row]]:
    rows = [
        (f"{bar['from']} to {bar['below'] - 1}", str(bar["female"]), str(bar["male"]), str(bar["unknown"]))
        for bar in numbers["ages"]
    ]
    rows.append((_UNKNOWN, "", "", str(numbers["ages_unknown"])))
    return ("Years", "Female", "Male", "Sex unknown"), rows


def _sexes(numbers: Mapping[str, Any]) -> tuple[Row, Sequence[Row]]:
    words = {"unknown": _UNKNOWN}
    return ("Sex", "Faces"), [(words.get(sex, sex), str(count)) for sex, count in numbers["sexes"].items()]


def _faces(numbers: Mapping[str, Any]) -> tuple[Row, Sequence[Row]]:
    rows = [(str(each["faces"]), str(each["pictures"])) for each in numbers["faces_per_picture"]]
    return ("Faces", "Pictures"), rows


def _latency(numbers: Mapping[str, Any]) -> tuple[Row, Sequence[Row]]:
    rows = [
        (
            f"{each['role']}: {each['step']}",
            str(each["count"]),
            *map(_seconds, (each["p50_s"], each["p95_s"], each["longest_s"])),
        )
        for each in numbers["latencies"]
    ]
    return ("Step", "Times", "Median, s", "95 % within, s", "Longest, s"), rows


def _timeline(numbers: Mapping[str, Any]) -> tuple[Row, Sequence[Row]]:
    rows = [
        (
            str(each["start"]),
            str(each["pictures"]),
            str(each["errors"]),
            _seconds(each["p50_s"]),
            _seconds(each["p95_s"]),
        )
        for each in numbers["timeline"]
        if each["pictures"] or each["errors"]
    ]
    return ("From", "Pictures", "Errors", "Median, s", "95 % within, s"), rows


def _errors(numbers: Mapping[str, Any]) -> tuple[Row, Sequence[Row]]:
    return ("Error", "Times"), [(f"{each['role']}: {each['code']}", str(each["count"])) for each in numbers["errors"]]


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


_TABLES = {
    "ages": _ages,
    "sexes": _sexes,
    "faces": _faces,
    "latency": _latency,
    "timeline": _timeline,
    "errors": _errors,
}
