"""Find the distances at which a face of a poster is a character, for the weights of an engine.

    python -m training.posters ../shared [--engine NAME --models DIR] [--half tuning|test] [--characters 6]

Makes films of people of lfw: a character is the quality-weighted mean of 2 to 6 photos, made small and compressed as
faces of films are; other photos of the same people are stills, and people who are not in the film are strangers. Prints
for each distance which share of the stills is accepted and right, accepted and wrong, and which share of the strangers
is accepted. Choose on the tuning half of the people, with 6 and with 20 characters; the chosen values go into
curation/engines/weights/poster_limits.py by hand. About ten minutes on one core.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.domain.film.posters import Gallery, MatchRule, PosterMatch, PosterMatching, match_faces
from curation.engines.base import FaceEngine
from curation.pipelines.measuring import face_quality
from ground_truth.array_photo import ArrayPhoto
from ground_truth.data_folder import SMALL_WEIGHTS
from ground_truth.engines import engine_at
from ground_truth.splits import in_test_half

_FILMS = 300
_STRANGERS = 40  # of each film
_STILLS = 2  # of each character
_MIN_PHOTOS = 4
_FILM_SCALE = (0.45, 1.0)  # of lfw's 250 pixels: faces 50 to 110 pixels high
_FILM_JPEG = (45, 85)
_NO_LIMIT = MatchRule(distance=2.0)
_SHOWN = 10


class Faces(NamedTuple):
    """A person's photos: as they are, and as a film would show them with the quality of each."""

    stills: dict[str, NDArray[np.float32]]
    in_film: dict[str, tuple[NDArray[np.float32], float]]


class Match(NamedTuple):
    """Where a face came out: the right row of the gallery (-1 for a stranger), and the match without any limit."""

    right: int
    found: PosterMatch


def read_faces(photos: Path, engine: FaceEngine, *, test_half: bool) -> dict[str, Faces]:
    """The faces of one half of the people of lfw."""
    random = np.random.default_rng(0)
    out: dict[str, Faces] = defaultdict(lambda: Faces({}, {}))
    with (photos / "lfw" / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if in_test_half(row["person"]) == test_half]
    for row in rows:
        with Image.open(photos / "lfw" / row["path"]) as picture:
            array = np.asarray(picture.convert("RGB"))
        still = _middle_face(engine, array)
        small = _middle_face(engine, _as_in_a_film(array, random))
        if still is not None and small is not None:
            out[row["person"]].stills[row["path"]] = still[0]
            out[row["person"]].in_film[row["path"]] = small
    return dict(out)


def matches(people: dict[str, Faces], characters: int, way: PosterMatching) -> Iterator[Match]:
    """Stills and strangers against made films."""
    random = np.random.default_rng(1)
    names = sorted(people)
    many = [name for name in names if len(people[name].stills) >= _MIN_PHOTOS]
    for _ in range(_FILMS):
        cast = [many[place] for place in random.choice(len(many), characters, replace=False)]
        means, faces, owners, stills = [], [], [], []
        for row, name in enumerate(cast):
            paths = sorted(people[name].stills)
            random.shuffle(paths)
            count = min(len(paths) - 1, int(random.integers(2, 7)))
            shown = [people[name].in_film[path] for path in paths[:count]]
            mean = np.sum([max(quality, 1e-3) * vector for vector, quality in shown], axis=0)
            means.append((mean / np.linalg.norm(mean)).astype(np.float32))
            faces += [vector for vector, _ in shown]
            owners += [row] * count
            stills += [(row, people[name].stills[path]) for path in paths[count : count + _STILLS]]
        gallery = Gallery(tuple(range(characters)), np.stack(means), np.stack(faces), np.array(owners, dtype=np.intp))
        others = [name for name in names if name not in cast]
        for place in random.choice(len(others), min(_STRANGERS, len(others)), replace=False):
            stranger = people[others[place]].stills
            stills.append((-1, stranger[min(stranger)]))
        found = match_faces([vector for _, vector in stills], gallery, _NO_LIMIT, way)
        yield from (Match(right, each) for (right, _), each in zip(stills, found, strict=True))


def table(cases: Sequence[Match], way: PosterMatching) -> Iterator[str]:
    """A line for each distance around the one that accepts hardly any stranger."""
    distances = np.array([_deciding(case.found, way) for case in cases])
    right = np.array([case.right for case in cases])
    is_right = np.array([case.found.cluster_id == case.right for case in cases])
    known = right >= 0
    yield f"{way}: {known.sum()} stills, {(~known).sum()} strangers; nearest right {is_right[known].mean():.4f}"
    strangers = np.sort(distances[~known])
    start, end = np.quantile(strangers, 0.0), np.quantile(strangers, 0.02)
    for limit in np.linspace(start, end, _SHOWN):
        accepted = distances <= limit
        yield (
            f"  {limit:.3f}  right {(accepted & is_right)[known].mean():.4f}  wrong "
            f"{(accepted & ~is_right)[known].mean():.4f}  strangers {accepted[~known].mean():.4f}"
        )


def _deciding(found: PosterMatch, way: PosterMatching) -> float:
    distance = found.distance if way is PosterMatching.PERSON else found.nearest_face_distance
    return 2.0 if distance is None else distance


def _as_in_a_film(array: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    scale = random.uniform(*_FILM_SCALE)
    small = cv2.resize(array, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(*_FILM_JPEG))])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))[:, :, ::-1]).astype(
        np.uint8, copy=False
    )


def _middle_face(engine: FaceEngine, array: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float] | None:
    pad = array.shape[0] // 2
    photo = ArrayPhoto(np.pad(array, ((pad, pad), (pad, pad), (0, 0))))
    middle = np.array([photo.width, photo.height]) / 2
    face = min(
        engine.analyse(photo),
        key=lambda each: float(np.linalg.norm(each.landmarks.as_array().mean(axis=0) - middle)),
        default=None,
    )
    return None if face is None else (face.embedding, face_quality(photo.full(), face).score)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with photos/ and weights/")
    parser.add_argument("--engine", default="retinaface-arcface")
    parser.add_argument("--models", type=Path, help="folder of the weights (default: the small ones of the data)")
    parser.add_argument("--half", choices=["tuning", "test"], default="tuning")
    parser.add_argument("--characters", type=int, nargs="+", default=[6, 20])
    options = parser.parse_args()
    engine = engine_at(options.engine, options.models or options.data / SMALL_WEIGHTS)
    people = read_faces(options.data / "photos", engine, test_half=options.half == "test")
    for characters in options.characters:
        print(f"{characters} characters a film, {options.half} half of {len(people)} people")
        for way in PosterMatching:
            for line in table(list(matches(people, characters, way)), way):
                print(line)


if __name__ == "__main__":
    main()
