"""Embeddings of any number of synthetic faces, distributed like the real ones of photos/lfw.

    python run_clustering.py --input ../shared/photos/lfw --output OUT --engine retinaface-arcface
    python -m benchmarks.events.synthetic_faces OUT ../shared/photos/lfw/labels.csv

prints the similarity of two faces, of one person and of two people, for real and for synthetic faces. An embedding is
the mean of its person plus a deviation, both normally distributed, with spectra that decay exponentially; people are
similar within groups. The constants were fitted to the embeddings of the engine retinaface-arcface with EdgeFace-XS
(512 dimensions): 1760 faces of 438 people, one per photo, all good enough to identify. Eigenvalues, variances and their
decay are those of the covariances within and between people; GROUP_SHARE, GROUPS and FACE_SPREAD were chosen by the
comparison above.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["SyntheticFaces", "synthetic_faces"]

DIMENSIONS = 512
# Variances of unit vectors: the part that all faces share, between people, and of a face around its person.
COMMON, BETWEEN, WITHIN = 0.012, 0.63, 0.36
# Decay of the eigenvalues, in dimensions: half of the effective number (sum² / sum of squares).
BETWEEN_DECAY, WITHIN_DECAY = 49.0, 73.0
WITHIN_SPREAD = 0.2  # of the variance from person to person, relative (log-normal)
FACE_SPREAD = 0.6  # of the variance from face to face, likewise
GROUP_SHARE, GROUPS = 0.2, 40  # part of the variance between people that a group shares; number of groups
# How the faces of an event are distributed over people; not from lfw, which has at most 12 faces per person.
SINGLES = 0.08  # share of faces of people who are seen once
NOISE = 0.03  # share of faces that cannot be identified: blurred, turned away, no face at all
NOISE_WITHIN = 1.5  # their variance around their person
TAIL = 0.9  # the share of the r-th person is proportional to (r + HEAD)**-TAIL
HEAD = 5.0
PEOPLE_PER_FACE = 1 / 25


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticFaces:
    """Embeddings (N, 512) float32 of unit length, and the person (N,) of each."""

    embeddings: NDArray[np.float32]
    people: NDArray[np.int64]


def synthetic_faces(count: int, seed: int = 0) -> SyntheticFaces:
    """Synthetic faces in random order, the same for the same arguments."""
    random = np.random.default_rng(seed)
    people = _people(count, random)
    number = int(people.max()) + 1
    between = _spectrum(BETWEEN, BETWEEN_DECAY)
    within = _spectrum(WITHIN, WITHIN_DECAY)
    turn = np.linalg.qr(random.normal(size=(DIMENSIONS, DIMENSIONS)))[0].astype(np.float32)
    common = random.normal(size=DIMENSIONS)
    common *= np.sqrt(COMMON) / np.linalg.norm(common)
    alike = random.standard_normal((GROUPS, DIMENSIONS), dtype=np.float32)[random.integers(0, GROUPS, number)]
    alone = random.standard_normal((number, DIMENSIONS), dtype=np.float32)
    places = np.float32(np.sqrt(GROUP_SHARE)) * alike + np.float32(np.sqrt(1 - GROUP_SHARE)) * alone
    places = places * between + common.astype(np.float32)
    own = np.exp(WITHIN_SPREAD * random.normal(size=number))[people]
    own *= np.exp(FACE_SPREAD * random.normal(size=count))
    own[random.random(count) < NOISE] *= NOISE_WITHIN / WITHIN
    out = np.empty((count, DIMENSIONS), dtype=np.float32)
    for start in range(0, count, 4096):
        part = slice(start, start + 4096)
        noise = random.standard_normal(out[part].shape, dtype=np.float32) * within
        noise *= np.sqrt(own[part, None]).astype(np.float32)
        # The faces of one person vary in other directions than the people do.
        out[part] = places[people[part]] + noise @ turn
        out[part] /= np.linalg.norm(out[part], axis=1, keepdims=True)
    return SyntheticFaces(out, people)


def _spectrum(total: float, decay: float) -> NDArray[np.float32]:
    """Standard deviations by dimension."""
    values = np.exp(-np.arange(DIMENSIONS) / decay)
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
    """Print the similarity of two faces, real and synthetic."""
    # Not at the top of the module: processes whose memory is measured import it too.
    from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_face_data

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="output folder of run_clustering.py")
    parser.add_argument("labels", type=Path, help="labels.csv of its photos")
    options = parser.parse_args()
    with options.labels.open(encoding="utf-8-sig", newline="") as file:
        person_of = {row["path"]: row["person"] for row in csv.DictReader(file)}
    rows = read_face_data(options.output / FACE_DATA)
    faces_on = Counter(row.image_path for row in rows)
    rows = [r for r in rows if r.cluster_id >= 0 and faces_on[r.image_path] == 1 and r.image_path in person_of]
    embeddings = np.load(options.output / EMBEDDINGS)[[row.embedding_row for row in rows]]
    people = np.unique([person_of[row.image_path] for row in rows], return_inverse=True)[1]
    print("| two faces | mean | standard deviation | 1 % | 50 % | 99 % | 99.9 % |\n|---|---|---|---|---|---|---|")
    _print_similarities("real", embeddings, people)
    synthetic = synthetic_faces(3_000)
    _print_similarities("synthetic", synthetic.embeddings, synthetic.people)


if __name__ == "__main__":
    main()
