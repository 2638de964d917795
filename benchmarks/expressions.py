"""The time of the networks for eyes and smiles, for all faces of a photo together and for each face alone.

    python -m benchmarks.expressions ../shared [--full]

The time of the landmarks is given for comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.report import Row, main, median_seconds
from curation.domain.faces.face import FiveLandmarks
from curation.engines.base import Pixels
from curation.engines.expressions.networks import ExpressionReader, packaged_expressions
from curation.engines.landmarks import LandmarkPredictor
from curation.photos.files.decoding import open_photo
from ground_truth.engines import small_engine
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_PHOTO = "groups/human/person-vlado.jpg"
_FACES = (1, 4, 16)


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Milliseconds per face, on one core."""
    path = data / "photos" / _PHOTO
    if not path.is_file():
        raise Unavailable(f"{path} is not there")
    photo = open_photo(path, max_megapixels=100)
    found = small_engine(data).analyse(photo)
    if not found:
        raise Unavailable(f"no face is found in {path}")
    five: FiveLandmarks = found[0].landmarks
    pixels = photo.full()
    predictor, reader = LandmarkPredictor(), packaged_expressions()
    landmarks = predictor.predict(pixels, five)
    if landmarks is None:
        raise Unavailable(f"no landmarks are found in {path}")
    for count in _FACES:
        faces = [landmarks.points + shift for shift in np.linspace(0, 3, count)[:, None, None]]
        together, alone, predicted = median_seconds(
            [
                partial(reader.read, pixels, faces),
                partial(_one_by_one, reader, pixels, faces),
                partial(predictor.predict, pixels, five),
            ],
            rounds=20 if quick else 200,
        )
        yield Row(
            "expressions",
            f"both eyes and the mouth, {count} face{'s' if count > 1 else ''} of a photo together",
            1000 * together / count,
            "ms/face",
            f"each face alone: {1000 * alone / count:.2f} ms (landmarks: {1000 * predicted:.2f} ms)",
            alone / together,
        )


def _one_by_one(reader: ExpressionReader, pixels: Pixels, faces: Sequence[NDArray[np.float64]]) -> None:
    for face in faces:
        reader.read(pixels, [face])


if __name__ == "__main__":
    main(__doc__, rows)
