"""How often the measures of a face cannot tell, on photos of several sources.

    python -m benchmarks.answered ../shared

Faces are those of the engine retinaface-arcface. How right the answers are is measured by `make eval`.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from curation.domain.judging.measures import FaceMeasures
from curation.engines.base import FaceEngine
from curation.engines.building import build_engine
from curation.engines.landmarks import LandmarkPredictor
from curation.engines.selection import select_engine
from curation.photos.files.decoding import open_photo
from curation.pipelines.measuring import measure_photo
from curation.settings import load_settings

MAX_MEGAPIXELS = 120
WHOLE_PHOTOS = ("codebasics_sports", "groups", "five_celebs", "deepface_pairs")


class Bench:
    """The engine, the predictor and the labelled photos."""

    def __init__(self, data: Path) -> None:
        weights = data / "weights/deepface_home/.deepface/weights"
        overrides: dict[str, dict[str, object]] = {
            "io": {"models_dir": str(weights.resolve())},
            "engine": {"name": "retinaface-arcface", "download": False},
        }
        settings = load_settings(None, default_root=data, overrides=overrides)
        self.engine: FaceEngine = build_engine(select_engine(settings, pinned=None, allow_download=False))
        self.predictor = LandmarkPredictor()
        self.photos = data / "photos"

    def listed(self, name: str) -> list[dict[str, str]]:
        """The rows of a set's labels.csv."""
        with (self.photos / name / "labels.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def whole_photos(self, name: str) -> Iterator[Path]:
        """All pictures of a set of whole photos."""
        for path in sorted((self.photos / name).rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"):
                yield path


def told(bench: Bench) -> None:
    """How often the measures cannot tell, on frontal faces of 80 px and more."""
    for name in (*WHOLE_PHOTOS[:3], "lfw"):
        paths = (
            list(bench.whole_photos(name))
            if name != "lfw"
            else [bench.photos / name / r["path"] for r in bench.listed(name)][::4]
        )
        faces: list[FaceMeasures] = []
        for path in paths:
            photo = open_photo(path, max_megapixels=MAX_MEGAPIXELS)
            detected = bench.engine.analyse(photo)
            faces += measure_photo(photo, [(face.box, face.landmarks) for face in detected], bench.predictor).faces
        frontal = [face for face in faces if abs(face.yaw_deg) < 25 and face.size_px >= 80]
        shares = {
            what: np.mean([getattr(face, what).value is None for face in frontal])
            for what in ("eyes", "smile", "focus")
        }
        print(
            f"cannot tell on {name}: {len(frontal)} frontal faces; "
            + ", ".join(f"{k} {v:.1%}" for k, v in shares.items())
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    told(Bench(parser.parse_args().data))


if __name__ == "__main__":
    main()
