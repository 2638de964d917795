"""Focus: whether the sharper of two photos of one face ranks first, for any noise, JPEG quality, light and size.

Series with defocus and motion blur are computed from sharp faces of groups and deepface_pairs; constants were chosen on
codebasics_sports and five_celebs. The usual measures run on the same faces: the variance of the Laplacian, Tenengrad
(mean squared Sobel gradient) and Brenner's measure (mean squared difference over two pixels).
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.faces.face import FiveLandmarks
from curation.domain.measuring.calibration import photo_focus_measure
from curation.engines.base import Pixels
from curation.engines.landmarks import LandmarkPredictor
from curation.photos.files.decoding import open_photo
from curation.photos.looks.focus import sharpest_detail
from curation.pipelines.measuring import face_focus, measure_photo
from ground_truth.evaluation import Evaluation

__all__ = ["tables"]

Picture = NDArray[np.uint8]
Values = tuple[float, float, float, float]

_SETS = ("groups", "deepface_pairs")
_FACES = 30  # an even sample of those that qualify
_MIN_SHARPNESS = 0.75
_MIN_EYES_PX, _MAX_EYES_PX = 48.0, 160.0
_MAX_MEGAPIXELS = 120
_DEFOCUS = (0.02, 0.04, 0.07, 0.12)  # radii in distances of the eyes; each step adds at least 0.7 px
_MOTION = (0.06, 0.12, 0.2)  # lengths in distances of the eyes; each step adds at least 2 px
_SMEARS = (0.06, 0.1, 0.16, 0.25, 0.4)  # lengths that are judged by the threshold
_SOFT = (0.01, 0.02, 0.03)  # standard deviations of defocus that are judged by the threshold
_IN_FOCUS_FROM = 0.4  # the default of scoring.thresholds.focus
_PHOTO_SMEARS_PX = (10, 20, 40)  # lengths on whole photos, reduced to 1024 pixels
_PHOTO_PX = 1024
_NO_DETAIL = -9.0
_PHOTO_STEP = 6  # one of so many photos of a set is smeared
_NAMES = ("ours", "Laplacian", "Tenengrad", "Brenner")


@dataclass(frozen=True, slots=True, eq=False)
class _Face:
    array: Picture
    landmarks: FiveLandmarks
    eyes_px: float


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Measure."""
    faces = _sharp_faces(evaluation)
    right: dict[str, dict[str, list[tuple[bool, ...]]]] = defaultdict(lambda: defaultdict(list))
    unchanged: dict[str, list[tuple[bool, ...]]] = defaultdict(list)
    for number, face in enumerate(faces):
        _series(face, np.random.default_rng(number), right, unchanged)
    rows = []
    for change, kinds in right.items():
        pairs = [pair for kind in kinds.values() for pair in kind]
        ours = [_share(kinds[kind], 0) for kind in ("defocus", "motion")]
        rows.append([change, str(len(pairs)), *ours, *(_share(pairs, i) for i in range(1, 4))])
    yield Table(
        f"Pairs of photos of {len(faces)} sharp faces of {' and '.join(_SETS)} in the right order, sharper first, that "
        "differ by at least one visible step of blur: 4 radii of defocus, 3 lengths of motion in two directions.",
        ["change", "pairs", "ours, defocus", "ours, motion", *_NAMES[1:]],
        rows,
    )
    yield Table(
        f"Changes that should not affect the value, on the same {len(faces)} faces: share unaffected (noise may add "
        "0.02 to ours, 3 % to the others, sharp or defocused; size may change ours by 0.1, the others by 20 %).",
        ["change", "faces", *_NAMES],
        [[change, str(len(values)), *(_share(values, i) for i in range(4))] for change, values in unchanged.items()],
    )
    yield _by_threshold(faces)
    yield _places(evaluation)
    yield _smeared_photos(evaluation)


def _share(answers: Sequence[tuple[bool, ...]], column: int) -> str:
    return f"{np.mean([answer[column] for answer in answers]):.1%}"


def _sharp_faces(evaluation: Evaluation) -> list[_Face]:
    found = []
    seen: set[bytes] = set()
    for name in _SETS:
        folder = evaluation.set_folder(name)
        by_photo = defaultdict(list)
        for row in evaluation.clustered("retinaface-arcface", folder, name).rows:
            if min(row.facial_area.w, row.facial_area.h) >= 90 and row.detection_confidence > 0.9:
                by_photo[row.image_path].append(row)
        for path, rows in by_photo.items():
            pixels = open_photo(folder / path, max_megapixels=_MAX_MEGAPIXELS).full()
            for row in rows[:2]:
                face = _cut(pixels, row.landmarks)
                if face.eyes_px < _MIN_EYES_PX or face.array[::16, ::16].tobytes() in seen:
                    continue  # the sets contain some photos several times
                seen.add(face.array[::16, ::16].tobytes())
                if (face_focus(Pixels(face.array, 1.0), face.landmarks).value or 0.0) > _MIN_SHARPNESS:
                    found.append(face)
    return found[:: max(1, len(found) // _FACES)]


def _cut(pixels: Pixels, landmarks: FiveLandmarks) -> _Face:
    """The face with its surroundings, reduced so that its eyes are at most `_MAX_EYES_PX` apart."""
    five = (landmarks.as_array() + 0.5) * pixels.scale - 0.5
    eyes_px = float(np.linalg.norm(five[1] - five[0]))
    left, top = (max(0, int(v)) for v in five.mean(axis=0) - 2.2 * eyes_px)
    right, bottom = (int(v) for v in five.mean(axis=0) + 2.2 * eyes_px)
    array = np.ascontiguousarray(pixels.array[top:bottom, left:right])
    face = _Face(array, FiveLandmarks.from_array(five - [left, top]), eyes_px)
    return face if eyes_px <= _MAX_EYES_PX else _reduced(face, _MAX_EYES_PX / eyes_px)


def _reduced(face: _Face, scale: float) -> _Face:
    array = np.asarray(cv2.resize(face.array, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    five = (face.landmarks.as_array() + 0.5) * scale - 0.5
    return _Face(array, FiveLandmarks.from_array(five), face.eyes_px * scale)


def _values(face: _Face) -> Values:
    ours = face_focus(Pixels(face.array, 1.0), face.landmarks).value
    x, y = face.landmarks.as_array().mean(axis=0)
    reach = 1.1 * face.eyes_px
    crop = face.array[max(0, int(y - reach)) : int(y + reach), max(0, int(x - reach)) : int(x + reach)]
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return (
        ours or 0.0,
        float(cv2.Laplacian(grey, cv2.CV_32F).var()),
        float((across**2 + down**2).mean()),
        float(((grey[:, 2:] - grey[:, :-2]) ** 2).mean()),
    )


def _changes(rng: np.random.Generator) -> Mapping[str, Callable[[Picture], Picture]]:
    def grain(picture: Picture, sigma: float, blurred: float = 0.0) -> Picture:
        noise = np.asarray(rng.normal(0, 1, picture.shape), dtype=np.float32)
        if blurred:
            noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), blurred), dtype=np.float32)
        return np.asarray(np.clip(picture + noise * (sigma / noise.std()), 0, 255), dtype=np.uint8)

    def jpeg(picture: Picture, quality: int) -> Picture:
        code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), dtype=np.uint8)

    def any_of_all(picture: Picture) -> Picture:
        dim = (picture * rng.uniform(0.5, 1)).astype(np.uint8)
        return jpeg(grain(dim, rng.uniform(0, 10), rng.choice([0, 0.7])), int(rng.integers(40, 96)))

    return {
        "noise 2": lambda p: grain(p, 2),
        "noise 5": lambda p: grain(p, 5),
        "noise 10": lambda p: grain(p, 10),
        "noise 15": lambda p: grain(p, 15),
        "smoothed grain 10, JPEG 85": lambda p: jpeg(grain(p, 10, 0.8), 85),
        "JPEG 30": lambda p: jpeg(p, 30),
        "JPEG 60": lambda p: jpeg(p, 60),
        "JPEG 95": lambda p: jpeg(p, 95),
        "gamma 2": lambda p: (255 * (p / 255) ** 2).astype(np.uint8),
        "half the contrast": lambda p: (64 + 0.5 * p).astype(np.uint8),
        "low light (30 % and noise 5)": lambda p: grain((p * 0.3).astype(np.uint8), 5),
        "light, noise and JPEG at random": any_of_all,
    }


def _series(
    face: _Face,
    rng: np.random.Generator,
    right: dict[str, dict[str, list[tuple[bool, ...]]]],
    unchanged: dict[str, list[tuple[bool, ...]]],
) -> None:
    discs = [_disc(max(part * face.eyes_px, 0.7 * step)) for step, part in enumerate(_DEFOCUS, 1)]
    angle = rng.uniform(0, math.pi)
    series = [("defocus", discs)]
    for turn in (angle, angle + math.pi / 2):
        series.append(
            ("motion", [_line(max(part * face.eyes_px, 2.0 * step), turn) for step, part in enumerate(_MOTION, 1)])
        )
    for kind, kernels in series:
        pictures = [face.array, *(_filtered(face.array, kernel) for kernel in kernels)]
        plain = [_values(_Face(picture, face.landmarks, face.eyes_px)) for picture in pictures]
        _compare(right["none"][kind], plain, plain)
        for change, alter in _changes(rng).items():
            altered = [_values(_Face(alter(picture), face.landmarks, face.eyes_px)) for picture in pictures]
            _compare(right[f"{change}, both"][kind], altered, altered)
            _compare(right[f"{change}, only the blurred one"][kind], plain, altered)
            _compare(right[f"{change}, only the sharper one"][kind], altered, plain)
            if kind == "defocus" and ("noise" in change or "grain" in change) and "light" not in change:
                for before, after in zip(plain, altered, strict=True):
                    limits = (before[0] + 0.02, *(1.03 * value for value in before[1:]))
                    unchanged[f"{change} adds no sharpness"].append(
                        tuple(value <= limit for value, limit in zip(after, limits, strict=True))
                    )
        _sizes(face, kind, pictures, plain, right, unchanged)


def _sizes(
    face: _Face,
    kind: str,
    pictures: Sequence[Picture],
    plain: Sequence[Values],
    right: dict[str, dict[str, list[tuple[bool, ...]]]],
    unchanged: dict[str, list[tuple[bool, ...]]],
) -> None:
    for scale in (0.7, 0.5):
        if face.eyes_px * scale < 32:
            continue
        small = [_values(_reduced(_Face(picture, face.landmarks, face.eyes_px), scale)) for picture in pictures]
        _compare(right[f"the sharper one at {scale} of the size"][kind], small, plain)
        # A blur of less than a pixel is not visible any more, so the first step does not count.
        _compare(
            right[f"the blurred one at {scale} of the size"][kind], plain, [small[0], plain[0], *small[2:]], first=2
        )
        if kind == "defocus":
            before, after = plain[0], small[0]
            ratios = [abs(math.log(b / a)) <= math.log(1.2) for a, b in zip(after[1:], before[1:], strict=True)]
            unchanged[f"{scale} of the size"].append((abs(after[0] - before[0]) <= 0.1, *ratios))


def _compare(
    answers: list[tuple[bool, ...]], sharper: Sequence[Values], blurred: Sequence[Values], *, first: int = 1
) -> None:
    for i, j in combinations(range(len(sharper)), 2):
        if j >= first:
            answers.append(tuple(a > b for a, b in zip(sharper[i], blurred[j], strict=True)))


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


def _by_threshold(faces: Sequence[_Face]) -> Table:
    """How many faces are out of focus by the threshold, as they are, defocused and smeared."""
    rng = np.random.default_rng(0)
    rows = [["unchanged", *_rated([(face.array, face) for face in faces])]]
    for part in _SOFT:
        soft = [(np.asarray(cv2.GaussianBlur(f.array, (0, 0), part * f.eyes_px), dtype=np.uint8), f) for f in faces]
        rows.append([f"defocus, {part:.0%} of the distance of the eyes (standard deviation)", *_rated(soft)])
    for part in _SMEARS:
        smeared = [(_filtered(f.array, _line(part * f.eyes_px, rng.uniform(0, math.pi))), f) for f in faces]
        rows.append([f"motion, {part:.0%} of the distance of the eyes", *_rated(smeared)])
    header = ["face", "faces", "median of the measure", "rated out of focus"]
    return Table("The same faces, each smeared in a random direction, against the threshold of 0.4.", header, rows)


def _rated(pictures: Sequence[tuple[Picture, _Face]]) -> list[str]:
    values = [face_focus(Pixels(picture, 1.0), face.landmarks).value or 0.0 for picture, face in pictures]
    out = sum(value < _IN_FOCUS_FROM for value in values)
    return [str(len(values)), f"{np.median(values):.2f}", str(out)]


def _smeared_photos(evaluation: Evaluation) -> Table:
    """Whole photos of people, sharp and smeared."""
    rng = np.random.default_rng(0)
    details: dict[str, list[float]] = defaultdict(list)
    for name in _SETS:
        paths = sorted(evaluation.set_folder(name).rglob("*"))
        for path in [path for path in paths if path.suffix.lower() in (".jpg", ".jpeg", ".png")][::_PHOTO_STEP]:
            picture = open_photo(path, max_megapixels=_MAX_MEGAPIXELS).reduced(_PHOTO_PX).array
            details["unchanged"].append(_photo_detail(picture))
            for length in _PHOTO_SMEARS_PX:
                kernel = _line(length * max(picture.shape) / _PHOTO_PX, rng.uniform(0, math.pi))
                details[f"motion of {length} pixels"].append(_photo_detail(_filtered(picture, kernel)))
    rows = [
        [
            change,
            str(len(found)),
            f"{np.median(found):.1f}",
            *(_rated_photos(found, people) for people in (True, False)),
        ]
        for change, found in details.items()
    ]
    return Table(
        f"Whole photos of people ({' and '.join(_SETS)}), reduced to {_PHOTO_PX} pixels, as they are and smeared in a "
        "random direction: rated in focus where a face is found in them, and where none is.",
        ["photo", "photos", "median of the detail (log2)", "in focus, with a face", "in focus, without"],
        rows,
    )


def _photo_detail(picture: Picture) -> float:
    found = sharpest_detail(picture)
    return _NO_DETAIL if found is None else found


def _rated_photos(details: Sequence[float], with_people: bool) -> str:
    values = [photo_focus_measure(detail, with_people=with_people).value or 0.0 for detail in details]
    return str(sum(value >= _IN_FOCUS_FROM for value in values))


def _places(evaluation: Evaluation) -> Table:
    """The focus of photos without faces."""
    rows = []
    predictor = LandmarkPredictor()
    for name in ("blur_focus200", "blur_kwentar"):
        folder = evaluation.set_folder(name)
        found: dict[str, list[float]] = defaultdict(list)
        with (folder / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                photo = open_photo(folder / row["path"], max_megapixels=_MAX_MEGAPIXELS)
                found[row["label"]].append(measure_photo(photo, [], predictor).focus.value or 0.0)
        for label, values in sorted(found.items()):
            low, middle, high = np.quantile(values, [0, 0.5, 1])
            in_focus = sum(value >= 0.4 for value in values)
            rows.append([name, label, str(len(values)), f"{low:.2f} / {middle:.2f} / {high:.2f}", str(in_focus)])
    header = ["set", "label", "photos", "lowest / median / highest", "rated in focus"]
    return Table("Photos of objects and places, without faces.", header, rows)
