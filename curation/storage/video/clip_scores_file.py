"""clip_scores.csv and best_frames.csv: clips and their best pictures, ranked beside the photos."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from curation.domain.choosing.best_frames import BestFrame, ClipScore, FramePerson, Worth
from curation.domain.faces.face import Box
from curation.domain.film.times import rational, rational_text, seconds_text
from curation.domain.judging.photo_score import PHOTO_SCORE_COLUMNS, SCORE_DIGITS, PhotoScore
from curation.errors import FaceDataError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import write_bytes
from curation.storage.csv_tables import CellReader, csv_bytes, read_content, records

__all__ = [
    "BEST_FRAMES",
    "BEST_FRAME_COLUMNS",
    "CLIP_SCORES",
    "CLIP_SCORE_COLUMNS",
    "read_best_frames",
    "read_clip_scores",
    "write_best_frames",
    "write_clip_scores",
]

CLIP_SCORES = "clip_scores.csv"
BEST_FRAMES = "best_frames.csv"
_OF_PHOTOS_ONLY = frozenset({"image_path", "burst_id", "best_of_burst", "burst_rank", "pick", "rating"})
_SHARED = tuple(name for name in PHOTO_SCORE_COLUMNS if name not in _OF_PHOTOS_ONLY)
CLIP_SCORE_COLUMNS: tuple[str, ...] = (*_SHARED, "video_path", "time_s", "time", "capture_time")
"""Those of photo_scores.csv that clips have, and which moment of which clip it is; `time` is the exact time."""
BEST_FRAME_COLUMNS = (
    *("rank", "video_path", "time_s", "cluster_id", "person", "category", "worth", "sentence", "final_score"),
    *("results_string", "people", "eyes", "smile", "focus", "exposure", "facial_area", "best_photo"),
    *("capture_time", "time", "frame_id"),
)
_REMEDY = "run the scoring again (python run_scoring.py) to create the file again"


def write_clip_scores(path: Path, scores: Sequence[ClipScore]) -> None:
    """Write clip_scores.csv in the given order; a file that has the same content already is not touched.

    Raises:
        StorageError: If it cannot be written.
    """
    rows = [
        (
            *(_cell(getattr(clip.score, name)) for name in _SHARED),
            clip.score.image_path,
            "" if clip.time is None else seconds_text(clip.time),
            "" if clip.time is None else rational_text(clip.time),
            clip.capture_time,
        )
        for clip in scores
    ]
    write_bytes(path, csv_bytes(CLIP_SCORE_COLUMNS, rows))


def write_best_frames(path: Path, frames: Sequence[BestFrame]) -> None:
    """Write best_frames.csv in the given order.

    Raises:
        StorageError: If it cannot be written.
    """
    rows = [
        (
            frame.rank,
            frame.video_path,
            seconds_text(frame.time),
            frame.person.cluster_id,
            frame.person.name,
            frame.person.category,
            frame.worth.value,
            frame.sentence,
            _cell(frame.final_score),
            frame.results_string,
            frame.people,
            _cell(frame.eyes),
            _cell(frame.smile),
            _cell(frame.focus),
            _cell(frame.exposure),
            json.dumps(list(frame.facial_area)),
            frame.best_photo,
            frame.capture_time,
            rational_text(frame.time),
            frame.frame_id,
        )
        for frame in frames
    ]
    write_bytes(path, csv_bytes(BEST_FRAME_COLUMNS, rows))


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"{value:.{SCORE_DIGITS}f}" if isinstance(value, float) else value


def read_clip_scores(path: Path) -> list[ClipScore]:
    """Read clip_scores.csv in the order of its rows.

    Raises:
        FaceDataError: If there is no such file, a column is missing, or a cell is not valid.
        StorageError: If it cannot be read.
    """
    cell = CellReader(path, _REMEDY)
    readers: dict[str, Callable[[str, str], Any]] = {
        "rank": lambda column, value: cell.whole(column, value, 0),
        "final_score": cell.unit_or_empty,
        **{
            name: (lambda column, value: cell.whole(column, value, 0) if value else None)
            for name in _SHARED
            if name.endswith("_count")
        },
        **{name: cell.unit_or_empty for name in _SHARED if name.endswith("_score")},
    }
    out = []
    for values in _rows(path, CLIP_SCORE_COLUMNS, cell):
        shared: dict[str, Any] = {
            name: readers[name](name, values[name]) if name in readers else values[name] for name in _SHARED
        }
        time = _time(path, cell.line, values["time"]) if values["time"] else None
        out.append(ClipScore(PhotoScore(image_path=values["video_path"], **shared), time, values["capture_time"]))
    return out


def read_best_frames(path: Path) -> list[BestFrame]:
    """Read best_frames.csv in the order of its rows.

    Raises:
        FaceDataError: If there is no such file, a column is missing, or a cell is not valid.
        StorageError: If it cannot be read.
    """
    cell = CellReader(path, _REMEDY)
    out = []
    for values in _rows(path, BEST_FRAME_COLUMNS, cell):
        unit = {name: cell.unit_or_empty(name, values[name]) for name in ("eyes", "smile", "focus", "exposure")}
        try:
            worth, area = Worth(values["worth"]), Box(*map(int, parse_json(values["facial_area"])))
        except PARSER_ERRORS as error:
            raise FaceDataError(f"{path}, line {cell.line}: {error}; {_REMEDY}") from error
        out.append(
            BestFrame(
                frame_id=values["frame_id"],
                video_path=values["video_path"],
                time=_time(path, cell.line, values["time"]),
                person=FramePerson(
                    cell.whole("cluster_id", values["cluster_id"], 0), values["person"], values["category"]
                ),
                worth=worth,
                sentence=values["sentence"],
                rank=cell.whole("rank", values["rank"], 1),
                final_score=cell.unit_or_empty("final_score", values["final_score"]) or 0.0,
                results_string=values["results_string"],
                people=values["people"],
                facial_area=area,
                best_photo=values["best_photo"],
                capture_time=values["capture_time"],
                **unit,
            )
        )
    return out


def _rows(path: Path, columns: Sequence[str], cell: CellReader) -> list[Mapping[str, str]]:
    out: list[Mapping[str, str]] = []
    for line, values in records(path, read_content(path, _REMEDY), columns, _REMEDY):
        cell.line = line
        out.append(dict(zip(columns, values, strict=True)))
    return out


def _time(path: Path, line: int, text: str) -> Fraction:
    try:
        return rational(text)
    except ValueError as error:
        raise FaceDataError(f"{path}, line {line}: {text!r} is no time; {_REMEDY}") from error
