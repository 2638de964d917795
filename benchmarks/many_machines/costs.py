"""What one photo costs those who work on it, measured on this machine."""

from __future__ import annotations

import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from curation.bootstrap import worker_setup
from curation.domain.faces.face import FaceRow
from curation.engines.selection import select_engine
from curation.engines.weights.inventory import locate
from curation.engines.weights.registry import DLIB_PREDICTOR_FILE
from curation.errors import CurationError, PhotoError
from curation.photos.files.listing import PhotoFile
from curation.pipelines.per_photo import (
    AnalysedPhoto,
    AnalyseTask,
    MeasuredPhoto,
    MeasureTask,
    analyse_photo_worker,
    score_photo_worker,
)
from curation.remote.codec import Codec
from curation.settings import load_settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.worker_setup import build_worker
from ground_truth.errors import Unavailable

__all__ = ["PhotoCosts", "bytes_per_listed_photo", "bytes_per_row", "measured_costs"]

_KEY = "plan"
_ENGINE = "retinaface-arcface"
_SAVED = 300  # photos in the store of the measurement
_LISTED = 20_000


@dataclass(frozen=True, slots=True)
class PhotoCosts:
    """Medians over photos, of one core of this machine.

    Attributes:
        photos: How many were measured.
        photo_mb: Of a file.
        faces: On a photo, the mean.
        analyse_s: Finding and embedding faces, in a worker.
        score_s: Measuring, in a worker.
        variation: Deviation of `analyse_s`, as a part of it.
        analyse_kb: Of the answer of the first stage, as it goes through the broker.
        score_kb: Of the second stage.
        read_s: Reading both answers, in the coordinator.
        save_s: Keeping both in the analysis store, in the coordinator.
        store_kb: What they take there.
    """

    photos: int
    photo_mb: float
    faces: float
    analyse_s: float
    score_s: float
    variation: float
    analyse_kb: float
    score_kb: float
    read_s: float
    save_s: float
    store_kb: float


def measured_costs(photos: Sequence[Path], models: Path, folder: Path) -> PhotoCosts:
    """Make this process a worker, and do with each photo what worker and coordinator do.

    Args:
        photos: Files.
        models: Folder of the weights.
        folder: For the store.

    Raises:
        Unavailable: If the weights are missing, or no photo can be read.
    """
    io = {"input_dir": folder, "output_dir": folder, "state_dir": folder / "state", "models_dir": models}
    settings = load_settings(
        None, default_root=folder, overrides={"io": io, "engine": {"name": _ENGINE, "download": False}}
    )
    try:
        spec = select_engine(settings, pinned=None, allow_download=False)
        predictor = locate(DLIB_PREDICTOR_FILE, models)
    except CurationError as error:
        raise Unavailable(str(error)) from error
    AnalysisStore(folder / "state").close()
    build_worker(worker_setup(settings, spec, predictor))
    analyse_s, score_s, sizes, faces = [], [], [], []
    answers: list[tuple[Path, AnalysedPhoto, MeasuredPhoto]] = []
    for turn, path in enumerate((photos[0], *photos)):
        try:
            analysed, seconds = _timed(partial(analyse_photo_worker, AnalyseTask(path.name, path, _KEY)))
            assert analysed.analysis is not None  # the store is empty
            found = tuple((face.detected.box, face.detected.landmarks) for face in analysed.analysis.faces)
            task = MeasureTask(path.name, path, found, None, _KEY)
            measured, scoring_s = _timed(partial(score_photo_worker, task))
        except PhotoError:
            continue
        if turn == 0:
            continue  # models were loaded
        analyse_s.append(seconds)
        score_s.append(scoring_s)
        sizes.append(path.stat().st_size / 1e6)
        faces.append(len(found))
        answers.append((path, analysed, measured))
    if not answers:
        raise Unavailable("none of the photos can be read")
    codec = Codec()
    texts = [[json.dumps(codec.encoded(part)) for part in parts] for _, *parts in answers]
    _, read_s = _timed(lambda: [codec.decoded(json.loads(text)) for pair in texts for text in pair])
    save_s, store_kb = _saved(answers, folder / "kept")
    return PhotoCosts(
        photos=len(answers),
        photo_mb=statistics.mean(sizes),
        faces=statistics.mean(faces),
        analyse_s=statistics.mean(analyse_s),
        score_s=statistics.mean(score_s),
        variation=statistics.pstdev(analyse_s) / statistics.mean(analyse_s),
        analyse_kb=statistics.mean(len(pair[0]) for pair in texts) / 1e3,
        score_kb=statistics.mean(len(pair[1]) for pair in texts) / 1e3,
        read_s=read_s / len(answers),
        save_s=save_s,
        store_kb=store_kb,
    )


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call returns, and the processor time that it took."""
    began = time.process_time()
    result = call()
    return result, time.process_time() - began


def _saved(answers: Sequence[tuple[Path, AnalysedPhoto, MeasuredPhoto]], folder: Path) -> tuple[float, float]:
    """Seconds and kilobytes of keeping one photo, each in a transaction of its own as in a run."""
    with closing(AnalysisStore(folder)) as store:
        before = store.path.stat().st_size
        began = time.perf_counter()
        for number in range(_SAVED):
            path, analysed, measured = answers[number % len(answers)]
            stamp = stamp_of(path)
            assert stamp is not None
            assert analysed.analysis is not None
            other = FileStamp(Path(f"{path}-{number}"), stamp.size_bytes, stamp.mtime_ns)
            sha256 = f"{number:08x}{analysed.sha256[8:]}"
            store.save_analysis(other, sha256, _KEY, analysed.analysis)
            store.save_measures(other, sha256, _KEY, measured.measures)
        seconds = time.perf_counter() - began
        path = store.path
    return seconds / _SAVED, (path.stat().st_size - before) / 1e3 / _SAVED


def bytes_per_listed_photo() -> float:
    """Memory of the coordinator for each photo of a run: its entry in the listing, its stamp and its task."""

    def listed(number: int) -> tuple[object, ...]:
        name = f"day {number % 7}/DSC_{number:07d}.jpg"
        path = Path("/somewhere/on/this/machine/objects/0123456789abcdef/originals") / name
        photo = PhotoFile(name, path, 7_000_000, 1_800_000_000_000_000_000 + number)
        return photo, FileStamp(path, photo.size_bytes, photo.mtime_ns), AnalyseTask(name, path, _KEY)

    tracemalloc.start()
    held = [listed(number) for number in range(_LISTED)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(held)


def bytes_per_row(read: Callable[[], Sequence[FaceRow]]) -> float:
    """Memory of the service for each row of face_data.csv that it has read."""
    tracemalloc.start()
    rows = read()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / max(1, len(rows))
