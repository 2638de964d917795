"""Files of films and of the attribute services."""

from __future__ import annotations

import json
from pathlib import Path

from curation.domain.film.clip import ClipStatus
from curation.domain.film.people import PosterStatus
from curation.jobs.video import poster_files
from curation.jobs.video.film_folders import FilmFolders
from curation.jobs.video.film_names import read_names
from curation.jobs.video.poster_files import read_poster
from curation.services.queue.sent import SentPictures
from curation.services.trail.charts import CHARTS_DIR, NUMBERS_NAME
from curation.services.trail.line import TrailLine, line_of_text
from curation.services.viewer.charts import charts_of
from curation.storage.video.result_files import read_document, read_result
from curation.storage.video.stored_predictions import StoredPredictions
from tests.outside.reader import FileReader, json_file

__all__ = ["READERS"]

_BOX = [10, 10, 40, 40]


def _charts(path: Path) -> object:
    return charts_of(path.parent.parent)


def _predictions(path: Path) -> object:
    return StoredPredictions(path.parent).record("film-1")


def _result(path: Path) -> object:
    return read_result(path), read_document(path)


def _film(path: Path) -> object:
    folders = FilmFolders(path.parent.parent)
    return folders.get(path.parent.name), folders.records()


def _trail(path: Path) -> object:
    if not path.is_file():
        return []
    return [line_of_text(line) for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]


READERS: tuple[FileReader, ...] = (
    json_file(
        "film",
        "0123456789abcdef/film.json",
        {
            "format": 1,
            "id": "0123456789abcdef",
            "name": "x",
            "created_at": "x",
            "summary": None,
            "tasks": [],
            "posters": [],
            "joined": [1],
        },
        _film,
    ),
    json_file(
        "names of a film",
        "names.json",
        {
            "format": 1,
            "names": {
                "0": {
                    "name": "Anna",
                    "category": "main",
                    "anchors": [{"start": "0", "end": "1/2", "time": "1/4", "box": _BOX}],
                }
            },
        },
        read_names,
    ),
    json_file(
        "poster",
        "poster.json",
        {
            "width": 4,
            "height": 3,
            "unmatched": 0,
            "faces": [
                {
                    "box": _BOX,
                    "status": next(iter(PosterStatus)),
                    **dict.fromkeys(poster_files._PLAIN, 0),
                }
            ],
        },
        lambda path: read_poster(path.parent),
    ),
    json_file("result of a film", "result.json", {"files": {}, "version": 1, "people": []}, _result),
    FileReader(
        "sent pictures",
        "sent.jsonl",
        b'["a.jpg", 1, 2, "ab"]\n["b.jpg", 1, 2, "cd"]\n',
        SentPictures,
    ),
    FileReader(
        "log of the services",
        "trail.jsonl",
        json.dumps(
            {
                **dict.fromkeys(TrailLine.__slots__, "x"),
                "time": "2026-01-01T00:00:00Z",
                "pid": 1,
                "number": 1,
                "runtime_s": 0.5,
                "faces": 1,
            }
        ).encode(),
        _trail,
    ),
    json_file(
        "charts",
        f"{CHARTS_DIR}/{NUMBERS_NAME}",
        {
            "start": "x",
            "end": "y",
            "pictures": 1,
            "faces": 1,
            "without_result": 0,
            "ages": [{"from": 0, "below": 10, "female": 1, "male": 1, "unknown": 0}],
            "ages_unknown": 0,
            "sexes": {"female": 1},
            "faces_per_picture": [{"faces": 1, "pictures": 1}],
            "latencies": [{"role": "r", "step": "s", "count": 1, "p50_s": 0.1, "p95_s": 0.2, "longest_s": None}],
            "timeline": [{"start": "x", "pictures": 1, "errors": 0, "p50_s": 0.1, "p95_s": 0.1}],
            "errors": [{"role": "r", "code": "c", "count": 1}],
        },
        _charts,
    ),
    json_file(
        "predictions",
        "film-1_item.json",
        {
            "version": 1,
            "item_id": "film-1",
            "status": next(iter(ClipStatus)),
            "problems": [],
            "has_failure": False,
            "key": "k",
            "settings_key": "s",
            "files": {},
            "cells": {},
        },
        _predictions,
    ),
)
