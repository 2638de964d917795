"""How right the measure of focus is, and how often measures cannot tell, on labelled photos.

    python -m benchmarks.measure_accuracy ../shared [focus told]

Faces are those of the engine retinaface-arcface. Focus is compared with the variance of the Laplacian on made series of
real faces. Eyes and smiles are measured by `make eval`.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.faces import DetectedFace
from curation.domain.measures import FaceMeasures
from curation.engines.base import FaceEngine, Pixels
from curation.engines.landmarks import LandmarkPredictor
from curation.engines.selection import build_engine, select_engine
from curation.photos.decoding import open_photo
from curation.pipelines.measuring import face_quality, measure_photo
from curation.settings import load_settings

Picture = NDArray[np.uint8]
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


def focus(bench: Bench) -> None:
    """Pairs of one face put in the right order, sharper first."""
    rng = np.random.default_rng(1)
    right: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for name in ("groups", "deepface_pairs", "codebasics_sports"):
        for path in list(bench.whole_photos(name))[::5]:
            photo = open_photo(path, max_megapixels=MAX_MEGAPIXELS)
            for face in bench.engine.analyse(photo)[:2]:
                if face_quality(photo.full(), face).sharpness > 0.75:
                    _focus_series(photo.full().array, face, rng, right)
    for what, pairs in right.items():
        ours, laplacian = np.mean(pairs, axis=0)
        print(f"focus, {what:46} {len(pairs):5} pairs: right {ours:.1%}, variance of the Laplacian {laplacian:.1%}")


Measured = tuple[float, float]


def _focus_series(
    photo: Picture, face: DetectedFace, rng: np.random.Generator, right: dict[str, list[tuple[bool, bool]]]
) -> None:
    eyes_px = float(np.linalg.norm(np.subtract(face.landmarks.left_eye, face.landmarks.right_eye)))

    def measured(picture: Picture) -> Measured:
        box = face.box
        grey = cv2.cvtColor(picture[box.y : box.y + box.h, box.x : box.x + box.w], cv2.COLOR_RGB2GRAY)
        return face_quality(Pixels(picture, 1.0), face).sharpness, float(cv2.Laplacian(grey, cv2.CV_64F).var())

    def grain(picture: Picture) -> Picture:
        return np.clip(picture + rng.normal(0, rng.choice([4, 8, 14]), picture.shape), 0, 255).astype(np.uint8)

    def jpeg(picture: Picture) -> Picture:
        quality = int(rng.choice([90, 75, 60]))
        return np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1), np.uint8
        )

    def dim(picture: Picture) -> Picture:
        return (picture * 0.35).astype(np.uint8)

    # Steps of blur in parts of the distance of the eyes, but at least visible in pixels.
    radii = [max(part * eyes_px, 0.7 * (i + 1)) for i, part in enumerate((0.02, 0.04, 0.07, 0.12))]
    lengths = [max(part * eyes_px, 2.0 * (i + 1)) for i, part in enumerate((0.06, 0.12, 0.2))]
    angle = float(rng.uniform(0, math.pi))
    defocus = [photo] + [_filtered(photo, _disc(radius)) for radius in radii]
    motion = [photo] + [_filtered(photo, _line(length, angle)) for length in lengths]
    changes: dict[str, Callable[[Picture], Picture]] = {"noise": grain, "JPEG": jpeg, "dim light": dim}
    plain = [measured(picture) for picture in defocus]
    series = {"defocus": (plain, plain), "motion": ([measured(picture) for picture in motion],) * 2}
    for what, change in changes.items():
        changed = [measured(change(picture)) for picture in defocus]
        series[f"defocus, both with {what}"] = (changed, changed)
        series[f"defocus, only the blurred one with {what}"] = (plain, changed)
        series[f"defocus, only the sharper one with {what}"] = (changed, plain)
        if what == "noise":
            for clean, noisy in zip(plain, changed, strict=True):
                right["noise adds no sharpness (0.03 allowed)"].append(
                    (noisy[0] <= clean[0] + 0.03, noisy[1] <= clean[1] * 1.03)
                )
    for what, (sharper, blurred) in series.items():
        for i in range(len(sharper)):
            for j in range(i + 1, len(blurred)):
                right[what].append((sharper[i][0] > blurred[j][0], sharper[i][1] > blurred[j][1]))


def _filtered(picture: Picture, kernel: NDArray[np.float32]) -> Picture:
    return np.asarray(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101), dtype=np.uint8)


def _disc(radius: float) -> NDArray[np.float32]:
    reach = math.ceil(radius) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _line(length: float, angle: float) -> NDArray[np.float32]:
    reach = math.ceil(length / 2) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=np.float32)
    steps = np.linspace(-length / 2, length / 2, max(3, int(length * 4)))
    for x, y in zip(reach + steps * math.cos(angle), reach + steps * math.sin(angle), strict=True):
        column, row = int(x), int(y)
        fx, fy = x - column, y - row
        kernel[row : row + 2, column : column + 2] += np.outer([1 - fy, fy], [1 - fx, fx])
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


PARTS = {"told": told, "focus": focus}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    arguments = parser.parse_args()
    bench = Bench(arguments.data)
    for part in arguments.parts or PARTS:
        PARTS[part](bench)


if __name__ == "__main__":
    main()
