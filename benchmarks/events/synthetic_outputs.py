"""The output files of both stages for a synthetic event, written without running the stages: what a service reads.

    python -m benchmarks.events.synthetic_outputs FOLDER [--photos 20000]

Writes FOLDER/config.yaml, FOLDER/out with the tables, labels and run records, FOLDER/photos with some of the photos,
and FOLDER/state with the analysis store of these photos. Start a service for it with
`CURATION_CONFIG=FOLDER/config.yaml`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from benchmarks.events.synthetic_measures import MEASURES_PER_FACE, MEASURES_PER_PHOTO, synthetic_measures
from curation.domain.faces.face import (
    AnalysedFace,
    Box,
    DetectedFace,
    FaceQuality,
    FaceRow,
    FiveLandmarks,
    PhotoAnalysis,
    Point,
)
from curation.domain.judging.photo_score import PhotoScore
from curation.photos.files.content import content_sha256
from curation.pipelines.scoring.event import measures_key
from curation.storage.analysis_store import AnalysisStore
from curation.storage.embeddings_file import EmbeddingsWriter
from curation.storage.face_data_file import write_face_data
from curation.storage.file_stamps import stamp_of
from curation.storage.photo_scores_file import PHOTO_SCORES, write_photo_scores
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN, write_run_record
from curation.storage.said.labels_file import write_labels

__all__ = ["FACES_PER_PHOTO", "PHOTO_FILES", "write_event"]

FACES_PER_PHOTO = 3
PHOTO_FILES = 400
"""Number of photos that exist as files; the others are known, but missing."""
PEOPLE = 2000  # a few are in most photos, most are strangers in one or two
_SIZE_PX = (6000, 4000)
_KEY, _PREDICTOR = "synthetic", "c" * 64


def write_event(folder: Path, photos: int) -> None:
    """Write an event.

    Args:
        folder: Folder to write into.
        photos: Number of photos; each has three faces.
    """
    random = np.random.default_rng(0)
    paths = [f"day {number % 3}/IMG_{number:06d}.jpg" for number in range(photos)]
    rows = _rows(random, paths)
    out = folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    embeddings = folder / "embeddings.tmp"
    with embeddings.open("wb") as file:
        writer = EmbeddingsWriter(file)
        vectors = random.standard_normal((len(rows), 128)).astype(np.float32)
        writer.add(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        writer.finish()
    digest = write_face_data(out, rows, embeddings)
    write_photo_scores(out / PHOTO_SCORES, _scores(random, paths))
    write_labels(out / "cluster_labels.json", {str(c): _label(c) for c in range(30)})
    write_run_record(
        out / CLUSTERING_RUN,
        {
            "face_data_sha256": digest,
            "analysis_key": _KEY,
            "next_cluster_id": PEOPLE,
            "photos_without_faces": [],
            "input_dir": str(folder / "photos"),
        },
    )
    write_run_record(out / SCORING_RUN, {"landmark_model": _PREDICTOR})
    (folder / "config.yaml").write_text(
        "io:\n  input_dir: photos\n  output_dir: out\n  state_dir: state\n  models_dir: models\n", encoding="utf-8"
    )
    _write_photos(random, folder, paths[:PHOTO_FILES], rows)


def _rows(random: np.random.Generator, paths: Sequence[str]) -> list[FaceRow]:
    people = (PEOPLE * random.random((len(paths), FACES_PER_PHOTO)) ** 6).astype(int)
    quality = random.random(people.shape)
    rows: list[FaceRow] = []
    for photo, path in enumerate(paths):
        for place in range(FACES_PER_PHOTO):
            left = 400 + 1800 * place
            points = FiveLandmarks(*(Point(left + x, 900.0 + x) for x in (90.0, 210.0, 150.0, 105.0, 195.0)))
            rows.append(
                FaceRow(
                    path,
                    place,
                    Box(left, 800, 300, 380),
                    0.98,
                    int(people[photo, place]),
                    0.9,
                    round(float(quality[photo, place]), 4),
                    points,
                    len(rows),
                    "synthetic",
                )
            )
    return rows


def _label(cluster: int) -> str | dict[str, str]:
    category = "main" if cluster < 4 else "important" if cluster < 15 else "other"
    return {"name": f"Guest {cluster}", "category": category} if cluster < 20 else category


def _scores(random: np.random.Generator, paths: Sequence[str]) -> list[PhotoScore]:
    values = np.sort(random.random(len(paths)))[::-1].tolist()
    parts = random.random((len(paths), 4)).round(4).tolist()
    order = random.permutation(len(paths)).tolist()
    return [
        PhotoScore(
            rank=rank,
            image_path=paths[photo],
            final_score=value,
            results_string="main 2/2 · eyes 2/2 · smile 1/2 (Guest 1 serious) · focus ok",
            people="Guest 1; Guest 3; person 812",
            main_count=2,
            important_count=0,
            other_count=1,
            unknown_count=0,
            eyes_score=eyes,
            smile_score=smile,
            focus_score=focus,
            exposure_score=exposure,
            people_score=0.5,
            vetoes="Guest 1 (main) blinks" if rank > 0.8 * len(paths) else "",
            problems="Guest 1 blinks; Guest 3 serious" if rank % 3 == 0 else "",
            error="",
            burst_id=photo // 5 + 1,
            best_of_burst=photo % 5 == 0,
            burst_rank=photo % 5 + 1,
            picture_score=0.9,
            well_shown_count=2,
        )
        for rank, (value, (eyes, smile, focus, exposure), photo) in enumerate(
            zip(values, parts, order, strict=True), start=1
        )
    ]


def _write_photos(random: np.random.Generator, folder: Path, paths: Sequence[str], rows: Sequence[FaceRow]) -> None:
    picture = _picture(random)
    jpeg: bytes = simplejpeg.encode_jpeg(picture, quality=88, colorspace="RGB", colorsubsampling="420")
    chip: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(picture[:256, :256]), quality=88, colorspace="RGB")
    model = folder / "photo.jpg"
    model.write_bytes(jpeg)
    sha256 = content_sha256(model)
    with closing(AnalysisStore(folder / "state")) as store:
        for photo, path in enumerate(paths):
            file = folder / "photos" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                os.link(model, file)  # all have the same content of 24 megapixels
            stamp = stamp_of(file)
            assert stamp is not None
            faces = rows[photo * FACES_PER_PHOTO : (photo + 1) * FACES_PER_PHOTO]
            analysis = PhotoAnalysis(*_SIZE_PX, tuple(_analysed(row, chip) for row in faces))
            store.save_analysis(stamp, sha256, _KEY, analysis)
            values = random.random(MEASURES_PER_FACE * FACES_PER_PHOTO + MEASURES_PER_PHOTO).tolist()
            measures = synthetic_measures(values, size_px=_SIZE_PX)
            store.save_measures(stamp, sha256, measures_key(_PREDICTOR, faces), measures)
    model.unlink()


def _picture(random: np.random.Generator) -> NDArray[np.uint8]:
    """A smooth picture with some noise, so that the JPEG is about as large as that of a real photo."""
    width, height = _SIZE_PX
    small = random.integers(0, 255, (height // 50, width // 50, 3), dtype=np.uint8)
    large = np.repeat(np.repeat(small, 50, axis=0), 50, axis=1)
    noisy = np.clip(large + random.integers(-12, 12, large.shape, dtype=np.int16), 0, 255)
    return np.asarray(noisy, dtype=np.uint8)


def _analysed(row: FaceRow, chip: bytes) -> AnalysedFace:
    vector = np.zeros(128, dtype=np.float32)
    detected = DetectedFace(row.facial_area, row.landmarks, row.detection_confidence, vector)
    return AnalysedFace(detected, FaceQuality(300, 0.8, 3.0, row.face_quality), chip)


def main() -> None:
    """Write an event."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=20_000)
    options = parser.parse_args()
    write_event(options.folder, options.photos)
    print(json.dumps({"photos": options.photos, "faces": FACES_PER_PHOTO * options.photos}))


if __name__ == "__main__":
    main()
