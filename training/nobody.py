"""Find where the weights of an engine put faces that cannot be read, on the tuning half of the people.

    python -m training.nobody ../shared --engine dlib [--models DIR] [--faces 160] [--directions 20] [--halves]

Spoils the chips of faces of lfw, groups and UTKFace in all ways of `ground_truth.spoilt_faces` that leave nothing to
read, embeds them, and finds the given number of directions that tell them from ordinary faces. What small children have
in common is taken out of the directions, so that the rule does not take them for unreadable.
Prints the directions as text for curation/engines/weights/unreadable_rules.py, and for a row of limits the share of
spoilt faces found and of good faces flagged; the limit is chosen from them by hand. The other halves, and spoilt
photos that the engine itself looks at, are for `make eval`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import DetectedFace
from curation.domain.grouping.unreadable_faces import UnreadableRule
from curation.engines.base import FaceEngine, PhotoPixels
from curation.engines.weights.grouping_rules import direction_text
from curation.photos.files.decoding import open_photo
from ground_truth.data_folder import SMALL_WEIGHTS
from ground_truth.detected_faces import PORTRAITS
from ground_truth.engines import engine_at
from ground_truth.evaluation import ENGINES
from ground_truth.splits import in_test_half
from ground_truth.spoilt_faces import CHIP_SPOILERS, SPOILT_BEYOND_READING, Chip, spoilt_chip

_SETS = ("lfw", "groups", "utkface")
_LEAST_PX = 40  # smaller faces are no sample of good ones
_LIMITS = np.arange(0.24, 0.56, 0.02)
_STARTS, _ROUNDS = 4, 40
_RIDGE = 0.5  # in mean variances of ordinary faces
_TEXT_COLUMNS = 108


def sample(data: Path, engine: FaceEngine, name: str, count: int) -> Iterator[tuple[PhotoPixels, DetectedFace]]:
    """About `count` faces of the tuning half of a set, with their photos."""
    root = data / "photos" / name
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    paths = [path for path in paths if not in_test_half(path.parent.name if name == "lfw" else path.name)]
    found = 0
    for path in paths[:: max(1, len(paths) // count)]:
        photo = open_photo(path, max_megapixels=120)
        faces = engine.analyse(photo)
        if name in PORTRAITS:
            faces = sorted(faces, key=partial(_off_centre, photo))[:1]
        for face in faces:
            if min(face.box.w, face.box.h) >= _LEAST_PX and found < count:
                found += 1
                yield photo, face


def _off_centre(photo: PhotoPixels, face: DetectedFace) -> float:
    """How far a face is from the middle of its photo, in pixels."""
    x, y = face.landmarks.as_array().mean(axis=0) - np.array([photo.width, photo.height]) / 2
    return float(np.hypot(x, y))


def spoilt_faces(
    engine: FaceEngine, faces: Iterator[tuple[PhotoPixels, DetectedFace]], ways: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, D) the faces as they are, and (N, W, D) after each of the W ways."""
    random = np.random.default_rng(1)
    before: list[Chip] = []

    def spoilt(chip: Chip) -> list[Chip]:
        other = before[-1] if before else chip[:, ::-1]
        before[:] = [chip]
        return [spoilt_chip(name, chip, other, random) for name in ways]

    whole, out = [], []
    for photo, face in faces:
        out.append(engine.embed_changed(photo, face.landmarks, spoilt))
        whole.append(face.embedding)
    return np.array(whole), np.array(out)


def directions_of(
    spoilt: NDArray[np.float64], faces: NDArray[np.float64], count: int, *, seed: int = 0
) -> NDArray[np.float64]:
    """The directions that tell spoilt faces from others.

    The spoilt ones are brought together around `count` centres (spherical k-means, the best of several starts), in
    coordinates in which ordinary faces vary equally in all directions; the direction of a centre c is that of the
    linear discriminant, S⁻¹ c, with S the covariance of ordinary faces plus a ridge.

    Args:
        spoilt: (M, D) embeddings less the mean of ordinary faces.
        faces: (N, D) ordinary faces less their mean.
        count: How many directions, K.
        seed: Of the starts.

    Returns:
        (K, D) of unit length.
    """
    covariance = faces.T @ faces / len(faces)
    covariance += _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    whitening = np.linalg.cholesky(np.linalg.inv(covariance))
    vectors = _unit(spoilt @ whitening)
    best, best_fit = vectors[:count], -1.0
    for start in range(_STARTS):
        random = np.random.default_rng(seed + start)
        centres = vectors[random.choice(len(vectors), 1)]
        while len(centres) < count:
            away = np.maximum(1.0 - (vectors @ centres.T).max(axis=1), 0.0) ** 2
            centres = np.vstack([centres, vectors[random.choice(len(vectors), p=away / away.sum())]])
        for _ in range(_ROUNDS):
            nearest = (vectors @ centres.T).argmax(axis=1)
            sums = np.array([vectors[nearest == k].sum(axis=0) for k in range(count)])
            lengths = np.linalg.norm(sums, axis=1, keepdims=True)
            centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), centres)
        fit = float((vectors @ centres.T).max(axis=1).mean())
        if fit > best_fit:
            best, best_fit = centres, fit
    return _unit(best @ whitening.T)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _print_text(direction: NDArray[np.float64]) -> None:
    text = direction_text(tuple(direction.tolist()))
    for start in range(0, len(text), _TEXT_COLUMNS):
        print(f'        "{text[start : start + _TEXT_COLUMNS]}"')


def main() -> None:
    """Print the directions and what each limit would flag."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--models", type=Path, help="folder with the ONNX weights (default: of DATA/weights)")
    parser.add_argument("--faces", type=int, default=160, help="of each set")
    parser.add_argument("--directions", type=int, default=20)
    parser.add_argument("--halves", action="store_true", help="half covered faces cannot be read either (dlib)")
    options = parser.parse_args()
    ways = tuple(CHIP_SPOILERS) if options.halves else SPOILT_BEYOND_READING
    engine = engine_at(options.engine, options.models or options.data / SMALL_WEIGHTS)
    of_set = {name: spoilt_faces(engine, sample(options.data, engine, name, options.faces), ways) for name in _SETS}
    whole = np.concatenate([faces for faces, _ in of_set.values()])
    spoilt = np.concatenate([out for _, out in of_set.values()])
    flat = spoilt.reshape(-1, spoilt.shape[2]).astype(np.float64)
    centre = np.mean([faces.mean(axis=0, dtype=np.float64) for faces, _ in of_set.values()], axis=0)
    directions = directions_of(flat - centre, whole - centre, options.directions)
    if engine.spec.grouping is not None and engine.spec.grouping.common:
        common = np.array(engine.spec.grouping.common)
        directions = _unit(directions - np.outer(directions @ common, common))
    print(f"{len(whole)} faces, {len(flat)} spoilt ones; centre of length {np.linalg.norm(centre):.4f}:")
    _print_text(centre)
    print("directions:")
    for direction in directions:
        _print_text(direction)
        print("        ,")
    rule = UnreadableRule(
        tuple(tuple(direction.tolist()) for direction in directions), 0.0, centre=tuple(centre.tolist())
    )
    for limit in _LIMITS.tolist():
        good = {name: float((rule.likeness(faces) >= limit).mean()) for name, (faces, _) in of_set.items()}
        found = (rule.likeness(flat.astype(np.float32)) >= limit).reshape(spoilt.shape[:2]).mean(axis=0)
        cells = [f"{name} {share:.4f}" for name, share in good.items()]
        cells += [f"{name} {share:.2f}" for name, share in zip(ways, found, strict=True)]
        print(f"limit {limit:.2f}: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
