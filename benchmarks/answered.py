"""How often the measures of a face have no value ("cannot tell"), on photos of several sources.

    python -m benchmarks.answered ../shared

Faces are those of the engine retinaface-arcface. `make eval` measures how right the values are.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from curation.domain.measuring.measures import FaceMeasures
from curation.engines.base import FaceEngine
from curation.engines.landmarks import LandmarkPredictor
from curation.photos.files.decoding import open_photo
from curation.pipelines.measuring import measure_photo
from ground_truth.engines import small_engine

_MAX_MEGAPIXELS = 120
_WHOLE_PHOTOS = ("codebasics_sports", "groups", "five_celebs")
_PORTRAITS = "lfw"
_PORTRAIT_STEP = 4  # one of so many photos is used
_MAX_YAW_DEG = 25
_MIN_FACE_PX = 80
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def _sets(photos: Path) -> Iterator[tuple[str, list[Path]]]:
    for name in _WHOLE_PHOTOS:
        yield name, [path for path in sorted((photos / name).rglob("*")) if path.suffix.lower() in _SUFFIXES]
    with (photos / _PORTRAITS / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
        paths = [photos / _PORTRAITS / row["path"] for row in csv.DictReader(file)]
    yield _PORTRAITS, paths[::_PORTRAIT_STEP]


def _frontal_faces(paths: Sequence[Path], engine: FaceEngine, predictor: LandmarkPredictor) -> list[FaceMeasures]:
    faces: list[FaceMeasures] = []
    for path in paths:
        photo = open_photo(path, max_megapixels=_MAX_MEGAPIXELS)
        found = engine.analyse(photo)
        faces += measure_photo(photo, [(face.box, face.landmarks) for face in found], predictor).faces
    return [face for face in faces if abs(face.yaw_deg) < _MAX_YAW_DEG and face.size_px >= _MIN_FACE_PX]


def main() -> None:
    """Print the shares of frontal faces of 80 px and more."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    data: Path = parser.parse_args().data
    engine, predictor = small_engine(data), LandmarkPredictor()
    for name, paths in _sets(data / "photos"):
        faces = _frontal_faces(paths, engine, predictor)
        shares = {
            what: np.mean([getattr(face, what).value is None for face in faces]) for what in ("eyes", "smile", "focus")
        }
        print(
            f"cannot tell on {name}: {len(faces)} frontal faces; "
            + ", ".join(f"{what} {share:.1%}" for what, share in shares.items())
        )


if __name__ == "__main__":
    main()
