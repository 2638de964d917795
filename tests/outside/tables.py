"""Tables, settings and the records of runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from curation.domain.choosing.best_frames import Worth
from curation.domain.judging.photo_score import PHOTO_SCORE_COLUMNS
from curation.jobs.events.registry import EventRegistry
from curation.jobs.events.summaries import Summaries
from curation.services.config_json import with_config_json
from curation.settings import ServicesSettings, load_settings
from curation.settings.config_text import changed_config
from curation.storage.embeddings_file import EmbeddingsFile
from curation.storage.face_data_file import FACE_COLUMNS, first_engine, read_embeddings, read_face_data
from curation.storage.photo_scores_file import read_photo_scores
from curation.storage.run_records import next_cluster_id, read_run_record
from curation.storage.settings_file import read_config
from curation.storage.video.catalogue_file import read_catalogue
from curation.storage.video.clip_scores_file import (
    BEST_FRAME_COLUMNS,
    CLIP_SCORE_COLUMNS,
    read_best_frames,
    read_clip_scores,
)
from tests.outside.reader import FileReader, json_file, npy

__all__ = ["READERS"]

_POINTS = [[20.25, 20.0], [40, 20], [30, 30], [-2.5, 40], [38, 40]]


def _face_table(path: Path) -> object:
    return read_face_data(path), first_engine(path)


def _embeddings(path: Path) -> object:
    with EmbeddingsFile(path) as file:
        return file.shape, read_embeddings(path, []).shape, file.sha256()


def _config(path: Path) -> object:
    settings = load_settings(path, default_root=path.parent)
    return settings, changed_config(read_config(path), {("scoring", "weights", "smile"): 0.5})


def _events(path: Path) -> object:
    folder = path.parent
    overrides = {"io": {"state_dir": folder, "input_dir": folder / "photos", "output_dir": folder / "out"}}
    settings = load_settings(None, default_root=folder, overrides=overrides)
    registry = EventRegistry(settings)
    summaries = Summaries(settings)
    return [(event, summaries.of(event)) for event in registry.known()]


READERS: tuple[FileReader, ...] = (
    json_file(
        "run record",
        "clustering_run.json",
        {"corrections": ["a"], "next_cluster_id": 3, "counts": {"photos": 3}, "settings": {"io": {"input_dir": "x"}}},
        lambda path: (read_run_record(path), next_cluster_id(read_run_record(path))),
    ),
    FileReader(
        "faces",
        "face_data.csv",
        (
            ",".join(FACE_COLUMNS)
            + '\na.jpg,0,"[10, 0, 40, 50]",0.98,3,0.5,0.25,"'
            + json.dumps(_POINTS)
            + '",0,dlib\nb.jpg,0,"[10, 0, 40, 50]",0.98,3,0.5,0.25,"'
            + json.dumps(_POINTS)
            + '",1,dlib\n'
        ).encode(),
        _face_table,
    ),
    FileReader("embeddings", "embeddings.npy", npy(np.ones((3, 4), dtype="<f4")), _embeddings),
    FileReader(
        "scores",
        "photo_scores.csv",
        (
            ",".join(PHOTO_SCORE_COLUMNS)
            + "\n1,a.jpg,0.9,r,Anna,1,0,0,0,0.5,0.5,0.5,0.5,0.5,,,,1,true,1,picked,5,0.5,1,,,,\n"
        ).encode(),
        read_photo_scores,
    ),
    FileReader(
        "scores of clips",
        "clip_scores.csv",
        (
            ",".join(CLIP_SCORE_COLUMNS) + "\n1,0.9,r,Anna,1,0,0,0,0.5,0.5,0.5,0.5,0.5,,,,0.5,1,,,,,a.mp4,1.5,3/2,\n"
        ).encode(),
        read_clip_scores,
    ),
    FileReader(
        "best frames",
        "best_frames.csv",
        (
            ",".join(BEST_FRAME_COLUMNS)
            + f"\n1,a.mp4,1.5,0,Anna,main,{next(iter(Worth))},s,0.9,r,Anna,0.5,0.5,0.5,0.5,"
            + '"[1, 2, 3, 4]",b.jpg,,3/2,f\n'
        ).encode(),
        read_best_frames,
    ),
    FileReader(
        "catalogue",
        "movies.csv",
        b"item_id,trailer,poster\nfilm-1,a.mp4,a.jpg\nfilm-2,b.mp4,\n",
        read_catalogue,
    ),
    FileReader(
        "settings",
        "config.yaml",
        b"io:\n  input_dir: photos\nscoring:\n  weights: {smile: 0.3}\n  rules:\n    group_bonus: 0.1\n"
        b"service: &a\n  port: 8000\n",
        _config,
    ),
    json_file(
        "services",
        "config.json",
        {"service1_address": "127.0.0.1:50051", "redis_port": 6379},
        lambda path: with_config_json(ServicesSettings(), path),
    ),
    json_file(
        "list of events",
        "events.json",
        {
            "version": 1,
            "events": [
                {"input": "/photos", "output": "/out", "id": "photos-1", "name": "x", "opened_at": "2026-01-01"}
            ],
        },
        _events,
    ),
)
