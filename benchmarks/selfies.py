"""How often a selfie finds the right person of an event, and how often somebody else.

The people of lfw are halved: `FEW_LESS` was chosen on one half, and the other one is reported. In each of ten events
half of the people of a half are there, with one to all of their other photos; of each of them one photo that is not
in the event is the selfie, and so is one of each person who is not there.

    python run_clustering.py --input ../shared/photos/lfw --output /tmp/lfw
    python -m benchmarks.selfies /tmp/lfw
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.recognition.guests import GuestIndex
from curation.domain.recognition.known import ClusterFaces
from curation.domain.recognition.policy import RecognitionRule
from curation.event.guests.finder import measured_rule
from curation.pipelines.recognition.clusters import embedder_of_record
from curation.storage.face_data_file import EMBEDDINGS, FACE_DATA, read_embeddings, read_face_data
from curation.storage.run_records import CLUSTERING_RUN, read_run_record
from ground_truth.splits import in_test_half

__all__ = ["main"]

_EVENTS = 10
_MANY = 3

Photos = list[tuple[str, NDArray[np.float32]]]


def main(folder: Path) -> int:
    """Print the table for an output folder of lfw; the exit code."""
    rows = read_face_data(folder / FACE_DATA)
    vectors = read_embeddings(folder / EMBEDDINGS, rows)
    rule = measured_rule(embedder_of_record(read_run_record(folder / CLUSTERING_RUN) or {})[1])
    if rule is None:
        print("these weights were not measured", file=sys.stderr)
        return 1
    faces = Counter(row.image_path for row in rows)
    people: dict[str, Photos] = defaultdict(list)
    for row in rows:
        person = row.image_path.partition("/")[0]
        if row.cluster_id >= 0 and faces[row.image_path] == 1 and in_test_half(person):
            people[person].append((row.image_path, vectors[row.embedding_row]))
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in range(_EVENTS):
        _run(people, np.random.default_rng(seed), outcomes, rule)
    print("| photos in the event | selfies | found rightly | somebody else | nobody |\n| --- | --- | --- | --- | --- |")
    for kind, counts in sorted(outcomes.items()):
        total = counts.total()
        shares = (f"{counts[each] / total:.1%}" for each in ("right", "wrong", "nobody"))
        print(f"| {kind} | {total} | {' | '.join(shares)} |")
    return 0


def _run(
    people: Mapping[str, Photos],
    random: np.random.Generator,
    outcomes: Mapping[str, Counter[str]],
    rule: RecognitionRule,
) -> None:
    """One event, and all selfies."""
    clusters: list[ClusterFaces] = []
    selfies: list[tuple[int | None, NDArray[np.float32]]] = []
    sizes: dict[int, int] = {}
    for number, name in enumerate(sorted(people)):
        photos = [people[name][place] for place in random.permutation(len(people[name]))]
        if random.random() < 0.5:
            selfies.append((None, photos[0][1]))
            continue
        if len(photos) > 1:
            selfies.append((number, photos[0][1]))
            photos = photos[1 : 1 + int(random.integers(1, len(photos)))]
        sizes[number] = len(photos)
        vectors = np.stack([vector for _, vector in photos])
        clusters.append(ClusterFaces(number, vectors, tuple(path for path, _ in photos)))
    index = GuestIndex(clusters, rule)
    for person, face in selfies:
        found = index.match(face).cluster_ids
        kind = "not there" if person is None else f"{sizes[person]}" if sizes[person] < _MANY else f"{_MANY} or more"
        outcomes[kind]["nobody" if not found else "right" if set(found) == {person} else "wrong"] += 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
