"""Embeddings of made-up people, as many as wanted, spread like the real ones of photos/lfw.

    python run_clustering.py --input ../shared/photos/lfw --output OUT --engine retinaface-arcface
    python -m benchmarks.synthetic_faces OUT ../shared/photos/lfw/labels.csv

prints how similar two faces are, of one person and of two, real against made-up. A face is its person's place plus its
own deviation, both normal, with spectra that fall off exponentially; people are alike in groups. The constants were
fitted so to the embeddings of the engine retinaface-arcface with EdgeFace-XS (512 dimensions): 1760 faces of 438
people, one to a photo, none too poor to identify. Eigenvalues, variances and their falls are those of the covariances
within and between people; ALIKE, GROUPS and FACE_SPREAD were chosen by that comparison.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["MadeUpFaces", "made_up_faces"]

DIMENSIONS = 512
# Of unit vectors, squared lengths: the common part, between people, and of a face around its person.
COMMON, BETWEEN, WITHIN = 0.012, 0.63, 0.36
# How soon the eigenvalues fall off, in dimensions: half of the effective number (sum² / sum of squares).
BETWEEN_FALL, WITHIN_FALL = 49.0, 73.0
WITHIN_SPREAD = 0.2  # of a person's own variance, relative (log-normal)
FACE_SPREAD = 0.6  # of a face's own variance, likewise
ALIKE, GROUPS = 0.2, 40  # part of the variance between people that they share in groups, and how many groups
# Not from lfw, whose number of faces a person is cut at 12: how faces of an event spread over people.
SINGLES = 0.08  # faces of people who are seen once
NOISE = 0.03  # faces that show too little of a person: blurred, turned away, no face at all
NOISE_WITHIN = 1.5  # their variance around their person
TAIL = 0.9  # the r-th person has a share of (r + HEAD)**-TAIL
HEAD = 5.0
PEOPLE_PER_FACE = 1 / 25


@dataclass(frozen=True, slots=True, eq=False)
class MadeUpFaces:
    """Embeddings (N, 512) float32 of unit length, and the person (N,) of each."""

    embeddings: NDArray[np.float32]
    people: NDArray[np.int64]


def made_up_faces(count: int, seed: int = 0) -> MadeUpFaces:
    """Faces in random order."""
    random = np.random.default_rng(seed)
    people = _people(count, random)
    number = int(people.max()) + 1
    between = _spectrum(BETWEEN, BETWEEN_FALL)
    within = _spectrum(WITHIN, WITHIN_FALL)
    turn = np.linalg.qr(random.normal(size=(DIMENSIONS, DIMENSIONS)))[0].astype(np.float32)
    common = random.normal(size=DIMENSIONS)
    common *= np.sqrt(COMMON) / np.linalg.norm(common)
    alike = random.standard_normal((GROUPS, DIMENSIONS), dtype=np.float32)[random.integers(0, GROUPS, number)]
    alone = random.standard_normal((number, DIMENSIONS), dtype=np.float32)
    places = np.float32(np.sqrt(ALIKE)) * alike + np.float32(np.sqrt(1 - ALIKE)) * alone
    places = places * between + common.astype(np.float32)
    own = np.exp(WITHIN_SPREAD * random.normal(size=number))[people]
    own *= np.exp(FACE_SPREAD * random.normal(size=count))
    own[random.random(count) < NOISE] *= NOISE_WITHIN / WITHIN
    out = np.empty((count, DIMENSIONS), dtype=np.float32)
    for start in range(0, count, 4096):
        part = slice(start, start + 4096)
        noise = random.standard_normal(out[part].shape, dtype=np.float32) * within
        noise *= np.sqrt(own[part, None]).astype(np.float32)
        # The directions in which faces of a person differ are not those in which people differ.
        out[part] = places[people[part]] + noise @ turn
        out[part] /= np.linalg.norm(out[part], axis=1, keepdims=True)
    return MadeUpFaces(out, people)


def _spectrum(total: float, fall: float) -> NDArray[np.float32]:
    """Standard deviations by dimension."""
    values = np.exp(-np.arange(DIMENSIONS) / fall)
    return np.asarray(np.sqrt(values * total / values.sum()), dtype=np.float32)


def _people(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    singles = int(SINGLES * count)
    known = max(1, int(PEOPLE_PER_FACE * count))
    share = (np.arange(known) + HEAD) ** -TAIL
    drawn = random.choice(known, size=count - singles, p=share / share.sum())
    return random.permutation(np.concatenate([drawn, known + np.arange(singles)])).astype(np.int64)


def _print_similarities(name: str, embeddings: NDArray[np.float32], people: NDArray[np.int64]) -> None:
    first, second = np.triu_indices(len(people), 1)
    similarity = (embeddings @ embeddings.T)[first, second]
    is_same = people[first] == people[second]
    for what, values in (("of one person", similarity[is_same]), ("of two people", similarity[~is_same])):
        shares = " | ".join(f"{value:.3f}" for value in np.quantile(values, [0.01, 0.5, 0.99, 0.999]))
        print(f"| {name}, {what} | {values.mean():.3f} | {values.std():.3f} | {shares} |")


def main() -> None:
    """Print how similar two faces are, real and made-up."""
    # Not above: processes whose memory is measured make faces, too.
    from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_face_data

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="output folder of run_clustering.py")
    parser.add_argument("labels", type=Path, help="labels.csv of its photos")
    options = parser.parse_args()
    with options.labels.open(encoding="utf-8", newline="") as file:
        person_of = {row["path"]: row["person"] for row in csv.DictReader(file)}
    rows = read_face_data(options.output / FACE_DATA)
    faces_on = Counter(row.image_path for row in rows)
    rows = [r for r in rows if r.cluster_id >= 0 and faces_on[r.image_path] == 1 and r.image_path in person_of]
    embeddings = np.load(options.output / EMBEDDINGS)[[row.embedding_row for row in rows]]
    people = np.unique([person_of[row.image_path] for row in rows], return_inverse=True)[1]
    print("| two faces | mean | deviation | 1 % | 50 % | 99 % | 99.9 % |\n|---|---|---|---|---|---|---|")
    _print_similarities("real", embeddings, people)
    made_up = made_up_faces(3_000)
    _print_similarities("made-up", made_up.embeddings, made_up.people)


if __name__ == "__main__":
    main()
