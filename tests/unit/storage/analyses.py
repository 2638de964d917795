"""An analysis with a few faces, and changes of the store's file behind its back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FaceQuality, FiveLandmarks, PhotoAnalysis
from curation.storage.analysis_store import STORE_NAME
from curation.storage.file_stamps import FileStamp

__all__ = ["STAMP", "analysis", "execute"]

STAMP = FileStamp(Path("/photos/a.jpg"), 1000, 123)


def analysis(faces: int = 2) -> PhotoAnalysis:
    points = FiveLandmarks.from_array(np.array([[20.254, 20.0], [40, 20], [30, 30], [22, 40], [38, 40]]))
    return PhotoAnalysis(
        400,
        300,
        tuple(
            AnalysedFace(
                DetectedFace(
                    Box(10 * index, 0, 40, 50), points, 0.98765, np.eye(8, dtype=np.float32)[index] * np.float32(0.1)
                ),
                FaceQuality(40, 0.51234, -12.5, 0.71234),
                f"jpeg {index}".encode(),
            )
            for index in range(faces)
        ),
    )


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / STORE_NAME)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
